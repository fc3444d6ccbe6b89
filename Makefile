# `make book` and `make test` are all that a fresh clone needs.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/requirements.lock

# what the user set for other Pythons is not meant for this one
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONWARNINGS PIP_PREFIX PIP_ROOT PIP_TARGET
export PIP_USER := 0

.PHONY: book preview test test-stand-in test-all serve refresh bench

book: $(INSTALLED)
	$(BIN)/python _ext build --warningiserror --nitpick --keep-going .

preview: $(INSTALLED)
	COURSE_PREVIEW=1 $(BIN)/python _ext build --path-output _build/preview .

test: $(INSTALLED)
	$(BIN)/python -m pytest

# lessons without MNIST, all or those named: make test-stand-in LESSONS="dropout optimizers"
test-stand-in: $(INSTALLED)
	MNIST_NPZ=stand-in $(BIN)/python -m pytest $(if $(LESSONS),$(LESSONS:%=lessons/%.ipynb),lessons)

# what takes too long for every change
test-all: book test test-stand-in
	$(BIN)/python -m pytest -m long -rP tests

serve: book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

refresh: book
	$(BIN)/python tools/refresh.py

bench: $(INSTALLED)
	$(BIN)/python tools/bench.py $(OPTIONS)

# a .venv that was moved, or whose Python is gone or another one now, is made again
ifneq ($(shell grep -qsF "$$(pwd -P)/.venv" .venv/pyvenv.cfg && $(BIN)/python -Ic "import pip" 2>&1 || echo unusable),)
.PHONY: $(INSTALLED)
endif

$(INSTALLED): requirements.lock
	@$(PYTHON) -c "import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit('This course needs Python 3.11, 3.12 or 3.13; $(PYTHON) is ' + sys.version.split()[0] + '. Name another with: make PYTHON=python3.12 ...')"
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@cp requirements.lock $@
