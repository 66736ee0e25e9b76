# mcoom. On a bare machine with Python >= 3.11 and make:
#   make run     set up and run the main job (results/population.h5 and its table)
#   make test    set up and run the fast tests

VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
# The first interpreter that is new enough; override with `make PYTHON=/path/to/python3.12 ...`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
# One worker thread per core is ours already; BLAS need not add its own.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: run test setup setup-dev check lint types layers full no-jit boundscheck bench lock clean
.DEFAULT_GOAL := run

run: setup
	@mkdir -p results
	$(BIN)/mcoom run population -o results/population.h5

test: setup-dev
	@$(BIN)/mcoom run handa-2017 --replicates 2 --quiet --fresh -o $(VENV)/warm.h5 >/dev/null  # compile once, not once a worker
	$(BIN)/python -m pytest -q -n $(JOBS) -m "not slow" tests

setup: $(VENV)/.runtime
setup-dev: $(VENV)/.dev

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "mcoom needs Python 3.11 or newer: install it, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "mcoom needs Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) -V 2>&1): say make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv and ensurepip (Debian: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install -q --require-hashes -r requirements.lock
	$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(PIP) install -q --require-hashes -r requirements-dev.lock
	@touch $@

check: lint types layers test

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev
	$(BIN)/mypy

layers: setup-dev
	$(BIN)/lint-imports

full: lint types layers no-jit boundscheck
	$(BIN)/python -m pytest -q -n $(JOBS) tests

# The same code without the compiler: units, and the engine against the oracle.
no-jit: setup-dev
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q -n $(JOBS) -m "not slow" tests/unit tests/oracle tests/oracle_match

# Flags that change the generated code need a cache of their own, or they are ignored.
boundscheck: setup-dev
	rm -rf $(VENV)/boundscheck-cache
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(CURDIR)/$(VENV)/boundscheck-cache \
	  $(BIN)/python -m pytest -q -m "not slow" tests/oracle_match

bench: setup-dev
	$(BIN)/python -m benchmarks.bench_twin
	$(BIN)/python -m benchmarks.bench_engine
	$(BIN)/python -m benchmarks.bench_jump
	$(BIN)/python -m benchmarks.bench_peers
	$(BIN)/python -m benchmarks.bench_blocks
	$(BIN)/python -m benchmarks.bench_shared

# Needs uv (maintainers only; users install the locks with plain pip).
UV_COMPILE = uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links pyproject.toml
lock:
	$(UV_COMPILE) --group build -o requirements.lock
	$(UV_COMPILE) --group build --extra test -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
