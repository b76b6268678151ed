# `make demo` and `make test` set everything up on a fresh machine; see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The package with benchmarks/ and datasets/ inside, as a wheel holds them: mypy and import-linter
# know a module by its folder.
LAID_OUT := build/laid_out

# What must hold without the core in C as well.
NUMPY_TESTS := tests/scoring/test_scorer.py tests/runtime/test_runtime.py tests/students

.PHONY: demo test lint peers clean

demo: $(READY)
	$(BIN)/python -m ensemble_kd.benchmarks.quality.demo --out demo_output

test: $(READY) lint
	$(BIN)/python -m pytest
	ENSEMBLE_KD_RUNTIME=numpy $(BIN)/python -m pytest $(NUMPY_TESTS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	rm -rf $(LAID_OUT)
	$(BIN)/python setup.py -q build_py --build-lib $(LAID_OUT)
	$(BIN)/mypy --cache-dir build/mypy $(LAID_OUT)/ensemble_kd
	cd $(LAID_OUT) && $(CURDIR)/$(BIN)/lint-imports --config $(CURDIR)/benchmarks/floors.toml

# The package itself is installed in place, so that a change of the code needs no new installation.
# The core in C is built in place too, and built anew when it changes.
$(READY): pyproject.toml constraints.txt setup.py ensemble_kd/_version.py $(wildcard ensemble_kd/runtime/core/*)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,bench,scoring,dev]'
	touch $@

# The benchmark's rivals need older versions, so they have an environment of their own. torch
# comes first and alone, so that its CPU build is taken where there is one, and TabTune last and
# without its requirements, of which those that it needs are in the extra.
peers:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-peers.txt torch
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-peers.txt '.[peers]'
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps tabtune==0.2.1
	@echo "Now: export ENSEMBLE_KD_PEERS=$(CURDIR)/.venv-peers/bin/python"

clean:
	rm -rf $(VENV) .venv-peers demo_output bench_output build ensemble_kd/_core*.so
