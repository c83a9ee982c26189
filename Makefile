# `make run` and `make test` are all that a newcomer needs; each installs what it needs first.
SHELL := /bin/sh
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 5000

VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app app
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
CATALOGS := mfa/translations

.DEFAULT_GOAL := help
.PHONY: help install run serve test test-servers lint format shots bench bench-quick lighthouse translations lock clean

help:
	@echo "make run      serve on http://$(HOST):$(PORT), mails at /dev/mailbox"
	@echo "make serve    the server of production, with the settings of the environment"
	@echo "make test     run all tests, in a real browser too"
	@echo "make test-servers  those that keep something again, on PostgreSQL and Redis"
	@echo "make lint     format, lint, types, and the arrows between the rooms"
	@echo "make format   put the code into its form"
	@echo "make shots    a picture of every screen into docs/screens"
	@echo "make bench    measure the speed, beside what else there is, into docs/performance.md (half an hour)"
	@echo "make bench-quick  the same roughly, in a few minutes, on the screen alone"
	@echo "make lighthouse  what Lighthouse says of sign-in and the account page (needs Node.js)"
	@echo "make translations  bring the languages up to date"
	@echo "make lock     pin the newest versions of everything"

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
# Nobody can open a link to 0.0.0.0.
run: export MFA_SERVER_NAME ?= $(if $(filter 0.0.0.0,$(HOST)),127.0.0.1,$(HOST)):$(PORT)
run: install
	$(FLASK) db upgrade
	$(FLASK) run --host $(HOST) --port $(PORT)

serve: export HOST := $(HOST)
serve: export PORT := $(PORT)
serve: install
	exec $(BIN)/python -m deploy.serve

test test-servers: $(DEV)
	$(BIN)/python -m tests.support.chromium
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(STORES) $(TESTS)

test-servers: STORES := --servers

lint: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cd static/vendor && sha256sum --check --quiet *.sha256

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

# Gathers the texts of the interface into the catalogs and makes what the program reads of them. A new language:
# make translations LANGUAGE=de
translations: $(DEV)
	@[ -z "$(LANGUAGE)" ] || mkdir -p $(CATALOGS)/$(LANGUAGE)/LC_MESSAGES
	@[ -z "$(LANGUAGE)" ] || touch $(CATALOGS)/$(LANGUAGE)/LC_MESSAGES/messages.po
	$(BIN)/python -m tests.support.catalogs

lock: | $(BIN)/python
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --output-file requirements.lock $(LOCK_OPTIONS)
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --output-file requirements-dev.lock $(LOCK_OPTIONS)

LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --upgrade

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
