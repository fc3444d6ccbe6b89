# `make book` and `make test` are all that a fresh clone needs.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/requirements.lock

.PHONY: book test serve refresh bench

book: $(INSTALLED)
	$(BIN)/jupyter-book build --warningiserror --nitpick --keep-going .

test: $(INSTALLED)
	$(BIN)/pytest

serve: book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

refresh: book
	$(BIN)/python tools/refresh.py

bench: $(INSTALLED)
	$(BIN)/python tools/bench.py $(OPTIONS)

$(INSTALLED): requirements.lock
	@$(PYTHON) -c "import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit('This course needs Python 3.11, 3.12 or 3.13; $(PYTHON) is ' + sys.version.split()[0] + '. Name another with: make PYTHON=python3.12 ...')"
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@cp requirements.lock $@
