# Every target needs Python 3.11 or newer, and make. The data live outside the checkout.
.DEFAULT_GOAL := help
.PHONY: help up test splits bench opinions pictures soak fmt lock client clean go chromium wrk
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKED := --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header
COMPILE := .venv/lock/bin/uv pip compile pyproject.toml $(LOCKED) --extra build

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 14

up: .venv/run ## set everything up and run the platform; Ctrl-C stops it
	@exec $(BIN)/tallystick up

test: .venv/dev go chromium tests/counterparties/node_modules ## run every test, the tidy ones included
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder

splits: .venv/dev ## test the platform in one process, in three, and in one for each part
	@SPLITS=all $(BIN)/pytest -q tests/acceptance

bench: .venv/dev wrk ## measure, and print one JSON line per figure
	@$(BIN)/python -m tests.bench

opinions: .venv/dev .venv/opinions/made ## compare our verdicts with checkov's, and write the page (PUBLIC=DIR: public ones too)
	@$(BIN)/python -m tests.governance.opinions $(PUBLIC)

pictures: .venv/dev chromium tests/counterparties/node_modules ## take the pictures of every page into docs
	@$(BIN)/python -m tests.browser.shots

soak: .venv/dev ## simulate 50 seeds of crashes and races
	@$(BIN)/pytest -q tests/simulation --seeds 50

fmt: .venv/dev ## format the code and mend what ruff can mend
	@$(BIN)/ruff format --quiet src tests
	@$(BIN)/ruff check --fix --quiet src tests

lock: .venv/lock/bin/uv ## write the lock files from pyproject.toml, and checkov's
	@$(COMPILE) --output-file requirements.lock
	@$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	@echo checkov | .venv/lock/bin/uv pip compile - $(LOCKED) --output-file requirements-opinions.lock
	@echo opa-golib-python-bindings | .venv/lock/bin/uv pip compile - $(subst 3.11,3.14,$(LOCKED)) --output-file requirements-opa.lock

client: .venv/dev ## write the client library from the routes
	@$(BIN)/python -m tests.client.generate

clean: ## remove what these targets made; the data stay
	@rm -rf .venv build dist .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	@find src tests -name __pycache__ -prune -exec rm -rf {} +

# A program of others rebuilds the record in one test: it is made of Go and one of its modules, as Debian has them.
go:
	@test -x /usr/bin/go && test -d /usr/share/gocode/src/golang.org/x/mod/sumdb \
		|| $(call debian,make test,golang-go golang-golang-x-mod-dev)

# Pages are tested in a browser, as Debian has it.
chromium:
	@test -x /usr/bin/chromium || $(call debian,make test,chromium)

# Certified issuers and clients of others talk to ours in some tests: programs of Node, as their lock names them.
tests/counterparties/node_modules: tests/counterparties/package-lock.json
	@command -v npm >/dev/null || $(call debian,make test,nodejs npm)
	@cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

wrk:
	@command -v wrk >/dev/null || $(call debian,make bench,wrk)

# Install packages of Debian where this may be done, or say what to do.
debian = { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing $(2)" \
	&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $(2) >/dev/null 2>&1; } \
	|| { echo "$(1) needs $(2): install it, for example with 'sudo apt-get install $(2)'."; exit 1; }

.venv/run: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what $< names (a minute or so, once)"
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements-dev.lock requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what $< names (a minute or so, once)"
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ .venv/run

# Checkov pins what it needs; it has an environment and a lock of its own, and no test knows it. OPA's library is
# beside it, by a lock of its own: it asks for a newer Python than it needs.
.venv/opinions/made: requirements-opinions.lock requirements-opa.lock | .venv/bin/python
	@echo "Installing what $< names (a minute or so, once)"
	@$(BIN)/python -m venv .venv/opinions
	@.venv/opinions/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r $<
	@.venv/opinions/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
		--no-deps --ignore-requires-python -r requirements-opa.lock
	@touch $@

.venv/lock/bin/uv: | .venv/bin/python
	@$(BIN)/python -m venv .venv/lock
	@.venv/lock/bin/python -m pip --disable-pip-version-check --quiet install uv

.venv/bin/python:
	@for python in python3.11 python3 python3.12 python3.13 python3.14; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		$$python -c 'import ensurepip, venv' 2>/dev/null || continue; \
		exec $$python -m venv .venv; \
	done; \
	echo "Tallystick needs Python 3.11 or newer with venv: on Debian or Ubuntu, install python3.11-venv."; \
	exit 1
