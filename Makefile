# Every target can be run again at any time; what is already done is not done twice.
# make lab PYTHON=python3.12 names the interpreter; make lock UPGRADE=--upgrade takes newer pins.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
UPGRADE ?=
# Whole files go to whatever worker is free, in the order of tests/conftest.py.
SPREAD := --numprocesses auto --dist loadfile --no-loadscope-reorder
UNIT := not browser and not notebooks and not witness and not clients and not slow and not waits and not long
# An environment of its own, so that the locked one stays what it is.
NEWEST := build/newest
COMPILE = $(PY) -m uv pip compile --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-header --no-annotate $(UPGRADE) pyproject.toml

# Debian keeps its name servers where the path of a plain user does not lead.
export PATH := $(PATH):/usr/sbin:/sbin

# The tests start hundreds of processes: what is compiled once is not compiled by each of them.
unexport PYTHONDONTWRITEBYTECODE

# In CI a missing peer is a failure, not a skip.
ifeq ($(CI),true)
export LAB_REQUIRE_PEERS ?= 1
endif

JUPYTER_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: help lab setup setup-test peers lint collected check test long newest pythons bench pictures lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' \
		| awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

lab: setup  ## set up what is needed and open your copy of the course in JupyterLab
	$(PY) -m lab_engine course update
	$(PY) -m jupyterlab $(JUPYTER_ROOT) --LabApp.default_url=/lab/tree/my/00_start_here.ipynb

setup:  ## create .venv with what the course needs
	@tools/setup.sh requirements.txt

setup-test:  ## create .venv with what the course and its tests need
	@tools/setup.sh requirements-test.txt

peers: setup-test  ## find or install Chromium and the DNS software the tests talk to
	@tools/peers.sh

lint: setup-test  ## ruff and mypy
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# What one process has compiled of the tests, four workers need not each compile.
collected: setup-test
	@$(PY) -m pytest --collect-only --quiet | tail -1

check: lint  ## lint and the quick unit tests: a minute
	$(PY) -m pytest $(SPREAD) -m "$(UNIT)"

test: setup-test  ## everything: lint, unit tests, notebooks, browser, real DNS peers
	@$(MAKE) --jobs 2 peers lint collected
	LAB_CHROMIUM="$$(tools/peers.sh chromium)" $(PY) -m pytest $(SPREAD) -m "not long"

long: export LAB_LONG ?= 1
long: peers  ## everything with large counts, then with other versions, the benchmarks, a table
	LAB_CHROMIUM="$$(tools/peers.sh chromium)" $(PY) tools/long.py $(SPREAD)

newest: setup-test  ## unit tests and notebooks with the newest versions that pyproject.toml allows
	$(PY) -m uv venv --quiet --clear --python $(PY) $(NEWEST)
	$(PY) -m uv --no-config pip install --quiet --upgrade --python $(NEWEST)/bin/python \
		--editable '.[test]'
	env -u LAB_LONG $(NEWEST)/bin/python -m pytest $(SPREAD) \
		-m "($(UNIT)) or (notebooks and not long)"

pythons: setup-test  ## unit tests under the other releases of Python that are to be had
	$(PY) -m tools.pythons $(SPREAD) -m "$(UNIT)"

bench: setup-test  ## measure; every number of the README's performance table
	$(PY) -m benchmarks

pictures: peers  ## redraw the lessons' static pictures
	LAB_CHROMIUM="$$(tools/peers.sh chromium)" $(PY) -m tools.pictures && $(PY) -m tools.screenshot && \
		$(PY) -m tools.covers && $(PY) -m tools.cheat_sheet && \
		$(PY) -m tools.cost

lock: setup-test  ## recompile the lock files from pyproject.toml
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --extra test --constraint requirements.txt --output-file requirements-test.txt
	cp requirements.txt binder/requirements.txt
	$(MAKE) setup-test && $(PY) -m tools.requests

clean:  ## remove .venv and every cache
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -path ./.git -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d \
		-prune -exec rm -rf {} +
