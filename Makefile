# Bare `make` prints the verbs. Everything is installed into .venv; nothing outside this folder is touched,
# except that `make system` (part of the tests) installs Debian packages when it may.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FLEETKIT := $(BIN)/fleetkit
CLUSTER ?=
PYTEST := $(BIN)/python -m pytest

# uv brings its own list of authorities; the system's knows those of the place as well, where there is one.
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/ca-certificates.crt),true,false)

.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: help setup system host lock demo test test-quick test-slow lint fmt type bench docs deploy destroy clean clean-all

help: ## print the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## install everything into .venv, from the lock of exact versions

$(READY): locks/requirements.txt locks/uv.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/uv.txt
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r locks/requirements.txt
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

system: ## install the Debian packages that the tests need, or say which are missing
	@scripts/system.sh

lock: $(READY) ## resolve the lock anew
	$(BIN)/uv pip compile pyproject.toml --extra sandbox --extra lab --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet --upgrade -o locks/requirements.txt
	$(BIN)/uv pip compile --group pages --constraint locks/requirements.txt --python-version 3.11 \
	  --python-platform x86_64-unknown-linux-gnu --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	  --upgrade -o locks/pages.txt

host:
	@scripts/host.sh

demo: host setup ## deploy, inspect and destroy a cluster in an emulated AWS, recorded
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/demo.sh

deploy: setup ## deploy CLUSTER=name for real: plan, approve, apply, verify
	@$(FLEETKIT) deploy $(CLUSTER) 2>&1

destroy: setup ## destroy CLUSTER=name, and prove that nothing is left
	@$(FLEETKIT) destroy $(CLUSTER) 2>&1

clean-all: setup ## destroy CLUSTER=name, then remove its local traces; records, backups and your signing key stay
	@$(FLEETKIT) destroy $(CLUSTER) --forget 2>&1

test-quick: setup ## the tests that need no network and start no servers
	$(PYTEST) -n 2

test: setup system ## everything that fits into forty minutes: what CI runs
	$(PYTEST) -n 2
	$(PYTEST) -n 2 --dist loadfile -m "(sandbox or browser) and not slow" --timeout 900

# The drills by themselves: their cluster would run on beside those of all others.
test-slow: setup system ## the rest
	$(PYTEST) -m slow --timeout 3600 tests/drills
	$(PYTEST) -n 2 --dist loadfile -m slow --timeout 3600 --ignore tests/drills

lint: setup ## ruff and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

fmt: setup ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

type: setup ## mypy, strict
	$(BIN)/mypy

bench: setup ## measure, and fail over a goal
	$(BIN)/python -m benchmarks --cluster 3

docs: setup ## make the generated parts of the documentation anew
	$(BIN)/python scripts/docs.py

clean: ## remove what the tools left; clusters and records stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
