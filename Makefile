# Everything here works on a fresh checkout with Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run fresh connect test lint types unit postgresql soak fix requirements screenshots extension clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: $(VENV)/.installed ## Start the product on a simulated Lever and carrier, with demo data; Ctrl-C stops all of it
	@exec $(BIN)/python -m tools.run

fresh: ## Forget the demo's data; the next 'make run' begins anew
	@rm -rf .demo

connect: $(VENV)/.installed ## Do the whole Lever set-up on the running demo, through its own forms
	@$(BIN)/python -m tools.connect

test: $(VENV)/.installed-dev ## Lint, types and every test, browser and PostgreSQL included
	@$(BIN)/python -m tools.prerequisites
	@$(BIN)/python -m tools.check

lint: $(VENV)/.installed-dev ## Lint only
	@$(BIN)/ruff check .

types: $(VENV)/.installed-dev ## Types only
	@$(BIN)/mypy

unit: $(VENV)/.installed-dev ## The quick tests only: no browser, no PostgreSQL, no processes
	@$(BIN)/pytest -m "not browser and not flow"

postgresql: $(VENV)/.installed-dev ## Every test that uses a database, on PostgreSQL
	@$(BIN)/python -m tools.prerequisites
	@$(BIN)/pytest -q -n 2 --dist loadfile --database postgresql -m "not browser and not flow" tests

fix: $(VENV)/.installed-dev ## Let the linter mend what it can
	@$(BIN)/ruff check --fix .

requirements: $(VENV)/.installed-dev ## Compile the pinned requirements from the .in files
	@$(BIN)/pip install -q pip-tools
	@$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links --no-header -o requirements.txt requirements.in
	@$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links --no-header -o requirements-dev.txt requirements-dev.in

screenshots: $(VENV)/.installed-dev ## Make the pictures of the README and of every state of the inbox
	@$(BIN)/python -m tools.prerequisites
	@$(BIN)/python -m tools.screenshots

soak: $(VENV)/.installed-dev ## Ten minutes of several processes being killed; MINUTES=1 for a short one
	@$(BIN)/python -m tools.prerequisites
	@$(BIN)/python -m bench.soak --minutes $(or $(MINUTES),10)

extension: $(VENV)/.installed ## Pack the browser extension into build/, for the browsers' stores
	@$(BIN)/python -m tools.extension

bench-%: $(VENV)/.installed-dev ## Run one benchmark: sync, webhooks, inbox, notes, jobs, memory, stop
	@$(BIN)/python -m tools.prerequisites
	@$(BIN)/python -m bench.$*

clean: ## Forget the demo and the virtual environment
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh tools/venv.sh
	@touch $@

$(VENV)/.installed: $(VENV)/.made requirements.txt
	@echo "Installing the pinned requirements…"
	@$(BIN)/python -m pip install -q -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@echo "Installing what the tests need…"
	@$(BIN)/python -m pip install -q -r requirements-dev.txt
	@touch $@
