# Two commands matter: `make book` and `make test`. Both do their own set-up in .venv.
.DEFAULT_GOAL := help
.PHONY: help setup book test lint lock clean benchmark

VENV := .venv
BIN := $(VENV)/bin
# The first Python of a version the package supports; override with `make PYTHON=/path/to/python ...`.
PYTHON ?= $(firstword $(shell for p in python3.11 python3.12 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && echo $$p; done))
PROFILE ?= quick
# EXTRAS=1 also installs openSMILE (non-commercial licence) and the rivals that benchmarks/ needs.
EXTRAS ?=
STAMP := $(VENV)/.installed$(if $(EXTRAS),-extras)

help:
	@echo "make book                 build the book: _build/html/index.html (PROFILE=quick by default; smoke, full)"
	@echo "make test                 style check, tests, notebooks against their recorded output"
	@echo "make setup [EXTRAS=1]     only install into $(VENV)"
	@echo "make benchmark            run every benchmark in benchmarks/"
	@echo "make lock                 renew requirements.lock"
	@echo "make clean                remove $(VENV) and _build"

setup: $(STAMP)

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or 3.12 found; install one, or name it: make PYTHON=/path/to/python"; exit 1; }
	@echo "== setting up $(VENV) with $(PYTHON): about three minutes the first time"
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.installed-extras: $(VENV)/.installed requirements-extra.lock
	@echo "== adding openSMILE and the benchmarks' rivals"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock -r requirements-extra.lock
	@touch $@

book: $(STAMP)
	@$(BIN)/mer-repro book --profile $(PROFILE)

lint: $(STAMP)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

test: lint
	$(BIN)/pytest -n 2 --dist worksteal
	$(BIN)/pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env book

benchmark: $(VENV)/.installed-extras
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

lock: $(STAMP)
	@$(BIN)/python tools/lock.py

clean:
	rm -rf $(VENV) _build
