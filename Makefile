# MyCred4Home: everything starts here. Needs Python 3.11 or newer, git and make.
#   make demo    the three services with sample people
#   make test    all tests; installs what they need
#   make check   format, lint, types, import contract, tests: what CI holds
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
PEERS := tests/peers/node
PEERS_STAMP := $(PEERS)/node_modules/.installed
PORTS ?= 8001,8002,8003

# Demo and tests start many processes; without compiled modules each of them takes seconds longer.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help demo test check quick lock clean

help:  ## say what can be done
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(STAMP)  ## start issuer, wallet and verifier with sample people
	$(BIN)/python -m demo --ports $(PORTS)

test: $(STAMP) $(PEERS_STAMP)  ## run all tests, in a real browser too
	$(BIN)/python tests/setup_browser.py
	$(BIN)/python -m pytest -n 2 --dist loadgroup

quick: $(STAMP)  ## run the tests that need no browser and no peers
	$(BIN)/python -m pytest -q -n 2 -m "not browser and not peer"

check: $(STAMP)  ## check format, lint, types and import contract, then test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

lock: $(STAMP)  ## renew requirements.lock within the bounds of pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-annotate --no-header --universal \
	  --python-version 3.11 --all-extras pyproject.toml --output-file requirements.lock

clean:  ## forget the demo's data and what tests left behind
	rm -rf var .pytest_cache .mypy_cache .ruff_cache .hypothesis

# With uv where it is or can be had (seconds), else with pip alone (a minute). Nothing is fetched to
# build the project itself: its build tools are in the lock.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "MyCred4Home needs Python 3.11 or newer; say which with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { \
	  echo "This Python cannot make environments; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null \
	  || echo "uv cannot be installed here; pip takes a little longer"
	@if [ -x $(BIN)/uv ]; then install="$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python"; \
	  else install="$(BIN)/python -m pip install --quiet --disable-pip-version-check"; fi; \
	$$install --require-hashes -r requirements.lock; \
	$$install --no-deps --no-build-isolation --editable .
	@touch $@

# Peers in Node: from the PATH, else the one that PyPI ships. Without them the other tests still run.
$(PEERS_STAMP): $(STAMP) $(PEERS)/package.json $(PEERS)/package-lock.json
	@$(BIN)/python tests/setup_node.py $(PEERS) && touch $@ || \
	  echo "The packages of the Node peers could not be installed; tests that need them will say so."
