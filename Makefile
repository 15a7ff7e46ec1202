# Two commands matter: `make book` and `make test`. Both do their own set-up in .venv.
.DEFAULT_GOAL := help
.PHONY: help setup book pdf test lint lock licences clean benchmark

VENV := .venv
BIN := $(VENV)/bin
# The first Python of a version the package supports; override with `make PYTHON=/path/to/python ...`.
PYTHON ?= $(firstword $(shell for p in python3.11 python3.12 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && echo $$p; done))
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
PROFILE ?= quick
# EXTRAS=1 also installs openSMILE (non-commercial licence) and the rivals that benchmarks/ needs.
EXTRAS ?=
# COVERAGE=1 also prints how much of each module the tests execute.
COVERAGE ?=
STAMP := $(VENV)/.installed$(if $(EXTRAS),-extras)

help:
	@echo "make book                 build the book: _build/html/index.html (PROFILE=quick by default; smoke, full)"
	@echo "make pdf                  the book as one PDF, too: _build/book.pdf (needs Chromium)"
	@echo "make test                 style check, tests, notebooks against their recorded output"
	@echo "make setup [EXTRAS=1]     only install into $(VENV)"
	@echo "make benchmark            run every benchmark in benchmarks/"
	@echo "make lock                 renew the locks and environment.yml (UPGRADE=1: newest versions)"
	@echo "make licences             the licence of everything installed"
	@echo "make clean                remove $(VENV) and _build"

setup: $(STAMP)

$(VENV)/.installed: requirements.lock requirements-torch.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or 3.12 found; install one, or name it: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null || \
	  { echo "$(PYTHON) is no Python 3.11 or 3.12: $$($(PYTHON) --version 2>&1 || true)"; exit 1; }
	@echo "== setting up $(VENV) with $(PYTHON): about three minutes the first time"
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(PIP) install --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python tools/install_torch.py
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.installed-extras: $(VENV)/.installed requirements-extra.lock
	@echo "== adding openSMILE and the benchmarks' rivals"
	@$(PIP) install --no-deps --require-hashes -r requirements-extra.lock
	@touch $@

book: $(STAMP)
	@$(BIN)/mer-repro book --profile $(PROFILE)

pdf: $(STAMP)
	@$(BIN)/mer-repro book --profile $(PROFILE) --pdf

lint: $(STAMP)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

test: lint
	$(BIN)/pytest -n 2 --dist worksteal --durations 12 --durations-min 10 $(if $(COVERAGE),--cov=mer_repro --cov-report=term)
	$(BIN)/pytest -n 2 --nbval-lax --nbval-current-env book

benchmark: $(VENV)/.installed-extras
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

lock: $(STAMP)
	@$(BIN)/python tools/lock.py $(if $(UPGRADE),--upgrade)

licences: $(STAMP)
	@$(BIN)/python tools/licences.py

clean:
	rm -rf $(VENV) _build
