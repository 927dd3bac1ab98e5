# Two commands do all set-up on a fresh machine: `make demo` and `make test`. Each builds .venv when it is missing or stale.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.built-from
BENCH_STAMP := $(VENV)/.built-for-bench
ARGS ?=
MINUTES ?= 10
SEED ?=

.PHONY: help demo check brokers test faults bench bench-kafka format clean
help: ## what each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The environment is stale when pyproject.toml is newer than the stamp.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,kafka]'
	@touch $(STAMP)

demo: $(STAMP) ## the story of one client, told as it happens (ONCE=1: tell it once and end)
	$(BIN)/sauma demo $(if $(ONCE),--once) $(ARGS)

check: $(STAMP) ## format, lint, types, layers and unit tests: under a minute, no broker
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto tests/unit

brokers: $(STAMP) ## fetch what the tests need to start a Kafka here, so that no test waits for a download
	PYTHONPATH=tests $(BIN)/python -m support.brokers

test: check brokers ## everything
	$(BIN)/pytest -q -n auto tests/law tests/contract tests/topology
	$(BIN)/pytest -q tests/integration tests/faults

faults: brokers ## kill, pause, cut and delay for MINUTES (10), and judge what came of it; SEED=n repeats a run
	PYTHONPATH=tests $(BIN)/python -m faults.kafka --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: $(STAMP) ## measure; prints figures and ratios, judges nothing (docs/benchmarks.md)
	$(BIN)/python -m bench.pipeline $(ARGS)
	PYTHONPATH=tests $(BIN)/python -m bench.decision
	$(MAKE) bench-kafka

# Faust and what it needs are for this alone: whoever only runs the tests does without.
$(BENCH_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,kafka,bench]'
	@touch $(BENCH_STAMP)

bench-kafka: $(BENCH_STAMP) brokers ## the measurements on Kafka alone; starts a broker by itself
	$(BIN)/python -m bench.kafka_throughput
	$(BIN)/python -m bench.kafka_latency
	$(BIN)/python -m bench.kafka_recovery
	$(BIN)/python -m bench.kafka_restore

format: $(STAMP) ## let the formatter and the fixable rules run
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove the environment and everything that runs have written
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis
