# Everything that is done with this project, by name. `make` alone lists it.
# Only paths relative to this folder, so that its own path may hold spaces.

PY := .venv/bin/python
NEWEST_FIRST := python3 python3.14 python3.13 python3.12 python3.11
# The first Python that is new enough; `make run PYTHON=...` names another one.
PYTHON ?= $(shell for p in $(NEWEST_FIRST); do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$p; break; fi; done)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-services test-all test-newest check format messages admin clean python setup-dev

help: ## List the targets
	@echo "make run starts the chat. All targets:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

setup: python ## Everything but starting: .venv, packages, .env, database, static files, local model
	@$(PYTHON) scripts/setup.py

run: setup ## Set up, then serve on PORT (default 8000)
	@$(PY) manage.py serve

admin: setup ## Make an administrator
	@$(PY) manage.py make_admin

test: setup-dev ## The fast tests: all but those in a browser and with real PostgreSQL and Redis
	@$(PY) -m pytest -q -m "not browser and not service" $(ARGS)

test-all: setup-dev ## All tests; what this machine lacks (Chromium, PostgreSQL, Redis) is skipped and named
	@$(PY) -m pytest -q $(ARGS)

test-newest: setup-dev ## The fast tests with the newest Python that this machine has beside the default one
	@python=$$($(PY) scripts/newest.py) && "$$python" -m pytest -q -m "not browser and not service" $(ARGS)

test-services: setup-dev ## The tests in a browser and with real services; what fails is tried once more, alone
	@$(PY) scripts/retest.py -q -m "browser or service" $(ARGS)

check: setup-dev ## Style, types, migrations, settings for production, translations, packages
	@$(PY) scripts/check.py

format: setup-dev ## Format the code, and mend what ruff can mend
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format .

messages: setup-dev ## Gather new texts into locale/ko (needs gettext)
	@$(PY) manage.py makemessages --locale ko --no-location --no-obsolete --ignore '.venv/*' --ignore 'var/*'

LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" --upgrade

lock: setup-dev ## Choose the newest packages that requirements*.txt admit, for every usual platform
	@$(LOCK) requirements.txt --output-file requirements.lock
	@$(LOCK) requirements-local.txt --constraints requirements.lock --output-file requirements-local.lock
	@$(LOCK) requirements-dev.txt --constraints requirements.lock --output-file requirements-dev.lock

clean: ## Remove what can be made again; .env and the data in var/ stay
	@rm -rf .venv .venv-newest var/static var/static.stamp .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
	@find locale -name '*.mo' -delete

setup-dev: python
	@$(PYTHON) scripts/setup.py --dev

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed and was not found. Install it from your system's packages"; \
		echo "(Debian, Ubuntu: apt install python3 python3-venv), or name one: make run PYTHON=/path/to/python3"; \
		exit 1; fi
