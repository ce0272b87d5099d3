# On a fresh machine, with Python 3.11 or newer and make:
#
#   make run      install, build the index, serve the page at http://127.0.0.1:7860
#   make test     install what the tests need too, a browser included, and run them all
#   make stress   the long runs: load, faults, fuzzing, a soak, an archive; the better part of two hours (ARGS=--short: minutes)
#   make format   let ruff put the code in order
#   make clean    remove what these made
#
# PYTHON=... names the Python to use, ARGS=... is passed on: make run ARGS="--port 8000", make test ARGS="-k citation".

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --constraint constraints.txt
# The first that is Python 3.11 or newer is used; later versions come later, as wheels for them do.
PYTHONS := $(if $(PYTHON),"$(PYTHON)",python3.11 python3.12 python3.13 python3 python)

.PHONY: run test stress format clean
.DEFAULT_GOAL := run

run: $(VENV)/ready-to-run
	@$(PY) app.py $(ARGS)

test: $(VENV)/ready-to-test
	@echo "Looking for a Chromium and nginx; without them they are installed (a minute or two)."
	@$(PY) -m tests.browser.chromium
	@$(PY) -m tests.web.nginx
	@echo "Checking format, lint and types (about a minute), then running the tests (some minutes)."
	@$(PY) -m ruff format --check --quiet . || { echo "Not formatted as ruff does: run 'make format'." >&2; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@$(PY) -m pytest $(ARGS)

stress: $(VENV)/ready-to-test
	@$(PY) -m tests.stress $(ARGS)

format: $(VENV)/ready-to-test
	@$(PY) -m ruff check --quiet --fix . || true
	@$(PY) -m ruff format .

clean:
	rm -rf $(VENV) index/built .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/ready-to-run: requirements.txt constraints.txt $(VENV)/created
	@echo "Installing what it runs on: torch, FAISS, Gradio and others (about 2 GB, more where torch brings CUDA; some minutes, once)."
	@$(PIP) --requirement requirements.txt
	@touch $@

$(VENV)/ready-to-test: tests/requirements.txt $(VENV)/ready-to-run
	@echo "Installing what the tests need (seconds, once)."
	@$(PIP) --requirement tests/requirements.txt
	@touch $@

$(VENV)/created:
	@for python in $(PYTHONS); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making a virtual environment in $(VENV) with $$("$$python" --version)."; \
	    "$$python" -m venv $(VENV) && touch $@ && exit 0; \
	    echo "error: $$python cannot make a virtual environment; on Debian or Ubuntu: apt install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "error: found no Python 3.11 or newer (tried: $(subst ",,$(PYTHONS))); install one, or name it: make $(or $(MAKECMDGOALS),run) PYTHON=/path/to/python3.11" >&2; \
	exit 1
