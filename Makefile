# `make book` and `make test` are all that a fresh clone needs.

PYTHON ?= python3
EDITION ?= student
BIN := .venv/bin
INSTALLED := .venv/requirements.lock

# what the user set for other Pythons is not meant for this one
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONWARNINGS PIP_PREFIX PIP_ROOT PIP_TARGET
export PIP_USER := 0

.PHONY: book preview test test-stand-in test-all serve refresh compare record lesson publish-student \
	grade publish-notebooks push-notebooks changed-pages picture slides print upgrade upgrade-summary links \
	release-files release download-terms pages actionlint bench load-test

book: $(INSTALLED)
	COURSE_EDITION=$(EDITION) $(BIN)/python _ext build --warningiserror --nitpick --keep-going \
		$(if $(filter instructor,$(EDITION)),--path-output _build/instructor) .

preview: $(INSTALLED)
	COURSE_EDITION=$(EDITION) COURSE_PREVIEW=1 $(BIN)/python _ext build --path-output _build/preview .

test: $(INSTALLED)
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest -m alone --numprocesses=0 tests

# lessons without MNIST, all or those named: make test-stand-in LESSONS="dropout optimizers"
test-stand-in: $(INSTALLED)
	MNIST_NPZ=stand-in $(BIN)/python -m pytest $(if $(LESSONS),$(LESSONS:%=lessons/%.ipynb),lessons)

# what takes too long for every change
test-all: book test test-stand-in
	$(BIN)/python -m pytest -m long -rP tests

serve: book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) 8000

SITE = $(if $(filter instructor,$(EDITION)),_build/instructor/_build/html,_build/html)

refresh: book
	$(BIN)/python tools/refresh.py

# for Colab, which opens notebooks from a branch
publish-notebooks: book
	$(MAKE) push-notebooks

# those of the last build, to this repository or to the one that is named as REPOSITORY; needs git alone
push-notebooks:
	$(PYTHON) tools/publish_notebooks.py $(REPOSITORY)

# this build beside the newest release in results/; fails where a conclusion moved
compare: book
	$(BIN)/python tools/compare.py

# what this build measured, kept as results/NAME.json: make record NAME=2027-winter
record: book
	$(BIN)/python tools/compare.py $(NAME)

# a new lesson with its parts: make lesson NAME=weight-decay
lesson: $(INSTALLED)
	$(BIN)/python tools/new_lesson.py $(NAME)

# _build/student, a tree for a branch or repository of its own, without closed solutions
publish-student: $(INSTALLED)
	COURSE_EDITION=$(EDITION) $(BIN)/python tools/publish_student.py

# the points of returned notebooks, whose code it runs: make grade FOLDER=answers
grade: $(INSTALLED)
	$(BIN)/python tools/grade.py "$(or $(FOLDER),answers)" $(SECONDS)

# new versions within requirements.txt, a build with them, and the comparison
upgrade: $(INSTALLED)
	$(BIN)/python tools/upgrade.py

# what that found, where GitHub shows it
upgrade-summary:
	cat _build/upgrade.md >> "$${GITHUB_STEP_SUMMARY:-/dev/stdout}"

# tries every link to elsewhere, and names those that are dead
links: $(INSTALLED)
	COURSE_PREVIEW=1 $(BIN)/python _ext build --builder linkcheck --path-output _build/links .

# _build/release, what a term's release offers: make release-files NAME=2027-winter
release-files: override EDITION := student
release-files: results/$(NAME).json book publish-student
	$(BIN)/python tools/release.py $(NAME)

results/%.json:
	$(error there is no $@, what the term measured: make record NAME=$* writes it; commit it, then tag)

# uploads that as the release of the tag NAME, with GitHub's gh, and has the site published with it
release:
	if gh release view $(NAME) > /dev/null; then gh release upload $(NAME) $(FILES) --clobber; \
	else gh release create $(NAME) $(FILES) --verify-tag --title $(NAME) --notes-file _build/release/notes.md; fi
	gh workflow run site.yml

FILES = _build/release/$(NAME)-site.zip _build/release/$(NAME)-notebooks.zip

# each term's site, from its release, into _build/terms; with GitHub's gh
download-terms: $(INSTALLED)
	$(BIN)/python tools/terms.py download

# _build/pages, what is published: the site, with those terms under their names
pages: book
	$(BIN)/python tools/terms.py

bench: $(INSTALLED)
	$(BIN)/python tools/bench.py $(OPTIONS)

# a class on a JupyterHub on this computer: make load-test STUDENTS=12 WHOLE=3 LESSON=over-fitting
load-test: $(INSTALLED)
	$(BIN)/python tools/load_test.py --students $(or $(STUDENTS),12) --whole $(or $(WHOLE),3) \
		--lesson $(or $(LESSON),over-fitting)

# the pages that differ from another state of the course: make changed-pages BASE=HEAD~3
changed-pages: $(INSTALLED)
	$(BIN)/python tools/changed_pages.py

picture: book
	$(BIN)/python tools/picture.py

# decks for a class from the lessons' cells that are marked as slides: _build/slides/index.html
slides: book
	COURSE_EDITION=$(EDITION) $(BIN)/python tools/slides.py

# the book and each lesson as PDF, or those named: make print LESSONS="dropout course"
print: book
	COURSE_EDITION=$(EDITION) $(BIN)/python tools/print_pages.py $(LESSONS)

# needs Docker; `make test` lints the workflows too, with zizmor
actionlint:
	docker run --rm --volume "$(CURDIR):/course:ro" --workdir /course $(ACTIONLINT)

ACTIONLINT := rhysd/actionlint:1.7.12@sha256:b1934ee5f1c509618f2508e6eb47ee0d3520686341fec936f3b79331f9315667

# a .venv that is of another lock, or was moved, or whose Python is gone or another one now, is made again
ifneq ($(shell cmp -s requirements.lock .venv/requirements.lock && grep -qsF "$$(pwd -P)/.venv" .venv/pyvenv.cfg && $(BIN)/python -Ic "import pip" 2>&1 || echo unusable),)
.PHONY: $(INSTALLED)
endif

$(INSTALLED):
	@$(PYTHON) -c "import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit('This course needs Python 3.11, 3.12 or 3.13; $(PYTHON) is ' + sys.version.split()[0] + '. Name another with: make PYTHON=python3.12 ...')"
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@cp requirements.lock $@
