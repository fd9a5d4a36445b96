# taobooks: `make demo` builds the books of a recorded chain, `make test` checks everything.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

.PHONY: setup demo test lint dev bench docs lock clean

setup: $(VENV)/.installed

# uv takes seconds where pip takes a minute; both check every hash.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "taobooks needs Python 3.11 or newer; set PYTHON=python3.11 (or newer)."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@if command -v uv >/dev/null 2>&1; then \
	  VIRTUAL_ENV=$(VENV) uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock && \
	  VIRTUAL_ENV=$(VENV) uv pip install --quiet --no-deps --editable .; \
	else \
	  $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --no-deps --editable .; \
	fi
	$(BIN)/python -m orchestration.defs.warehouse.project
	$(BIN)/python -m mechanics.engine
	$(BIN)/python -m orchestration.ledger
	@touch $@

demo: setup
	$(BIN)/taobooks refresh

test: lint
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

dev: setup
	$(BIN)/taobooks dev

bench: setup
	$(BIN)/python -m benchmarks

docs: setup
	$(BIN)/python docs/generate.py

# The lock files name no registry host; uv.lock does, and is not committed.
lock:
	uv lock && uv export --frozen --no-emit-project -o requirements.lock && \
	uv export --frozen --no-emit-project --no-dev --extra server -o requirements-server.lock

clean:
	rm -rf $(VENV) build *.egg-info dbt_project/target
