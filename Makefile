# Each target sets up what it needs: a virtual environment with pinned packages, and a .env for this machine.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.PHONY: run test lint e2e bench lock clean
.DELETE_ON_ERROR:

run: .venv/.product .env
	@$(BIN)/python manage.py serve --port $(PORT)

test: .venv/.tools .env
	$(BIN)/python -m pytest

lint: .venv/.tools .env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/python -m pytest -q tests/architecture

e2e: .venv/.tools .env
	$(BIN)/python -m pytest -m e2e

bench: .venv/.tools .env
	$(BIN)/python -m bench

# A development machine: DEBUG on, and a secret key of its own.
.env:
	@umask 077 && printf 'DEBUG=True\nSECRET_KEY=%s\n' "$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(50))')" > $@
	@echo "Wrote .env with DEBUG on and a new secret key; .env.example lists every variable."

.venv/.product: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "G'sves needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 run"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
	  { echo "The venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing the pinned packages (once)…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.tools: requirements-dev.txt .venv/.product
	@echo "Installing the packages for tests and lint (once)…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# Rewrites the locks from their .in files; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-parquet.in -o requirements-parquet.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-prometheus.in -o requirements-prometheus.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
