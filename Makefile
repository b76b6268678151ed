# `make demo` and `make test` set everything up on a fresh machine; see README.md.
PYTHON ?= python3
PYTHON_NEWEST ?= python3.13
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The package with benchmarks/ and datasets/ inside, as a wheel holds them: mypy and import-linter
# know a module by its folder.
LAID_OUT := build/laid_out

# On every core, at most four: each worker loads the training libraries. A worker takes over tests
# of another when it has none left, so fixtures of a module are made in one place but for few.
PYTEST := -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

# Where tests are that hold with either runtime.
RUNTIME_TESTS := tests/scoring tests/runtime tests/students

# The bundled tables differ in a last bit from one scikit-learn to the other.
NOT_OLDEST := $(addprefix --ignore=tests/, benchmarks datasets test_readme.py)
# What scoring and trees need, and where their tests are.
NEWEST := scikit-learn scipy pandas joblib lightgbm tqdm xgboost-cpu pyarrow pytest pytest-xdist hypothesis
NEWEST_TESTS := $(addprefix tests/, bundle contracts decision estimators export/c export/test_json.py \
	fitted_trees flow golden metrics rows runtime schema scoring students table_files tasks teachers transfer)

.PHONY: demo test test-all test-oldest test-newest lint peers clean

demo: $(READY)
	$(BIN)/python -m ensemble_kd.benchmarks.quality.demo --out demo_output

# Without the core in C, what differs by it.
test: $(READY) lint
	$(BIN)/python $(PYTEST)
	ENSEMBLE_KD_RUNTIME=numpy $(BIN)/python $(PYTEST) -m "runtimes and not slow" $(RUNTIME_TESTS)

# Those that are long and statistical, too.
test-all: $(READY) lint
	$(BIN)/python $(PYTEST) -m ""
	ENSEMBLE_KD_RUNTIME=numpy $(BIN)/python $(PYTEST) -m runtimes $(RUNTIME_TESTS)

# The lowest versions that pyproject.toml allows; torch first and alone, so that its CPU build is
# taken where there is one. Old libraries warn of each other, so warnings are no errors.
test-oldest:
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-oldest.txt torch
	.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-oldest.txt --editable '.[train,tune,tables,onnx,sign,scoring,dev]'
	.venv-oldest/bin/python $(PYTEST) -W default $(NOT_OLDEST) tests ensemble_kd

# The newest versions that there are, of what scoring and trees need; what needs more is skipped.
test-newest:
	$(PYTHON_NEWEST) -m venv .venv-newest
	.venv-newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --editable . $(NEWEST)
	.venv-newest/bin/python $(PYTEST) $(NEWEST_TESTS)

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
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,catboost,bench,datasets,scoring,pyod,shap,dev]'
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
	rm -rf $(VENV) .venv-oldest .venv-newest .venv-peers demo_output bench_output build ensemble_kd/_core*.so
