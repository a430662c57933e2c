# `make run` and `make test` do all their own set-up; each step is skipped when nothing that it reads has changed.

PYTHON ?= python3
DATA ?= ../shared/data/may_ship
VENV := .venv
BIN := $(VENV)/bin
SOURCES := src tests scripts benchmarks
DJANGO := KENTONGAN_HOME=$(CURDIR)/build/home DJANGO_SETTINGS_MODULE=kentongan.config.settings $(BIN)/python -W ignore -m django

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install assets areas collect compile dev run check test-servers test test-all faults screens messages format lock models wheel clean

help:  ## Show what there is.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: export KENTONGAN_HOME ?= $(CURDIR)/var
run: install  ## Start everything on http://127.0.0.1:8000 with the demo organisation; Ctrl-C ends it.
	@exec $(BIN)/kentongan up

install: $(VENV)/.base compile areas collect  ## Make .venv/bin/kentongan, with all that it needs.

# ---- environments ----

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Kentongan needs Python 3.11 or newer: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' \
	  || { echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making the virtual environment ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Kentongan and what it needs ..."
	@# --no-compile: what is used gets compiled when the steps below import it; the rest would be 100 MB for nothing.
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile -c constraints.txt -e . --group build
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "Installing the tools for tests and checks ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt --group dev
	@touch $@

dev: $(VENV)/.dev

# ---- what is built ----

compile: $(VENV)/.base
	@$(BIN)/python scripts/compile_messages.py

areas: $(VENV)/.base
	@$(BIN)/python scripts/build_areas.py

assets: $(VENV)/.base areas  ## Build the front-end parts with the pinned Node.
	@$(BIN)/python scripts/build_assets.py

collect: assets
	@if [ ! -e build/.collected ] || [ $(VENV)/.base -nt build/.collected ] || [ ! -e src/kentongan/web/collected ] \
	  || [ -n "$$(find src/kentongan/*/static -newer build/.collected -print -quit)" ]; then \
	  echo "Collecting styles and scripts ..."; \
	  $(DJANGO) collectstatic --noinput --clear --verbosity 0 && touch build/.collected; \
	fi

wheel: install  ## Build the wheel, front-end parts and areas included.
	@$(BIN)/python -m pip wheel -qq --no-deps --wheel-dir dist .
	@ls dist/*.whl

# ---- checks and tests ----

check: export KENTONGAN_HOME = $(CURDIR)/build/home
check: install dev  ## Lint, types, templates, layers, migrations, translations.
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/djlint src --lint --quiet
	$(BIN)/lint-imports
	$(DJANGO) check --fail-level WARNING
	$(DJANGO) makemigrations --check --dry-run
	$(BIN)/python scripts/check_messages.py

test-servers: dev  ## Install the servers that tests talk to (Bluesky, WordPress, axe-core; under build/).
	@$(BIN)/python scripts/build_servers.py

test: install dev test-servers  ## Run the tests, in less than half an hour.
	$(BIN)/pytest -m "not slow" -n 2 --dist loadfile $(ARGS)

test-all: install dev test-servers  ## Run every test, the slow ones too.
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

faults: install dev test-servers  ## 500 deliveries with workers and PostgreSQL killed at random (about half an hour).
	$(BIN)/python tests/faults/long.py $(ARGS)

screens: install dev test-servers  ## Take a picture of every screen, at 360 and 1440 px, into screens/.
	$(BIN)/python scripts/screens.py $(ARGS)

# ---- for those who work on it ----

format: dev  ## Format Python and templates.
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/djlint src --reformat --quiet

messages: dev  ## Gather new texts into the .po files (needs GNU gettext).
	@for app in src/kentongan/*/locale src/kentongan/channels/*/locale; do \
	  [ -d $$app ] && (cd $$app/.. && $(CURDIR)/$(BIN)/django-admin makemessages --locale id --no-wrap --no-obsolete --add-location file) || true; \
	done

models: install  ## Train what is committed in listening/pipeline/data from the sets in DATA (docs/decisions/0055).
	OMP_NUM_THREADS=1 $(BIN)/python -m kentongan.listening.training $(DATA)

lock: dev  ## Write the versions that are installed now into constraints.txt.
	@$(BIN)/python -m pip freeze --exclude-editable | grep -v '@ file' > constraints.txt

clean:  ## Remove all that was built; data in var/ stays.
	rm -rf $(VENV) build dist node_modules src/kentongan/web/static/vendor src/kentongan/web/collected src/kentongan/registry/data
	find src -name '*.mo' -delete
	find . -name __pycache__ -not -path './var/*' -type d -prune -exec rm -rf {} +
