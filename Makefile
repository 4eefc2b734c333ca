# Two commands: `make demo` shows the whole thing, `make test` checks the whole thing. The rest is comfort.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && { command -v $$p; break; }; done)
VENV ?= .venv
PORT ?= 8480
FRESH ?=
PYTEST_ARGS ?=
INPUTS ?= 1000000
SEED ?= 1
MINUTES ?= 0
CHECKS ?=

.PHONY: help demo test test-vm test-faults lint types arrows pytest format bench shots shots-phone clean setup setup-gl oracles fuzz fuzz-devices atheris lock

help:
	@echo "make demo          the whole shop on this machine (PORT=$(PORT), FRESH=1 begins anew)"
	@echo "make test          lint, types, import contracts and every test"
	@echo "make test-vm       drivers against the real USB stack in QEMU, about a minute (docs/test-vm.md; CHECKS=hid: some)"
	@echo "make test-faults   kills, power cuts and bad networks for ten minutes (SEED=1; MINUTES=60: on with further seeds)"
	@echo "make bench         every benchmark beside its peer (Chromium is used where it is installed)"
	@echo "make shots         draw docs/screens again; make shots-phone: the phone's pages"
	@echo "make oracles       install the libraries payment codes and readers are compared with (needs npm for some)"
	@echo "make fuzz          a million broken payment codes (INPUTS=$(INPUTS)) into every decoder; some minutes"
	@echo "make fuzz-devices  ten million inputs (INPUTS=10000000) into every parser of peripherals; an hour"
	@echo "make format clean  what they say"

setup setup-gl setup-test:
	@test -n "$(PYTHON)" || { echo "setup: Endcap needs Python 3.11 or newer and found none" >&2; exit 1; }
	@$(PYTHON) .ci/setup.py --venv $(VENV) --gl $(if $(filter setup-gl,$@),required,wanted) $(if $(filter setup-test,$@),--browser)

# exec: Ctrl-C and SIGTERM reach the demo itself.
demo: setup-gl
	@exec $(VENV)/bin/endcap demo --port $(PORT) $(if $(FRESH),--fresh)

test: lint types arrows pytest

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup
	$(VENV)/bin/mypy

arrows: setup
	@$(VENV)/bin/lint-imports --no-logo

pytest: setup-test
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

# Debian's kernel in QEMU; brings QEMU itself, installs nothing. Skipped with the reason where that is not possible.
test-vm: setup
	$(VENV)/bin/python -m pytest -m vm tests/vm --durations=5 $(if $(CHECKS),-k '$(CHECKS)') $(PYTEST_ARGS)

# Power cuts mount loop devices, which root may; without it they are left out, and said to be.
test-faults: setup-test
	$(VENV)/bin/python -m tests.faults --seed $(SEED) --minutes $(MINUTES)

format: setup
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: setup-gl
	$(VENV)/bin/python -m benchmarks

shots: setup-gl
	$(VENV)/bin/python -m kiosk.shots docs/screens

oracles: setup
	$(VENV)/bin/python tests/oracles/install.py

# atheris is needed for nothing else and has no wheel for every machine: it is no part of the environment.
atheris: setup
	@$(VENV)/bin/python -c 'import atheris' 2>/dev/null || $(VENV)/bin/python -m pip install -q \
		--disable-pip-version-check --no-deps "$$(sed -n 's/^fuzz = \["\([^"]*\)"\].*/\1/p' pyproject.toml)"

fuzz: atheris
	$(VENV)/bin/python -m tests.fuzz $(INPUTS)

fuzz-devices: INPUTS = 10000000
fuzz-devices: atheris
	$(VENV)/bin/python -m tests.fuzz.devices $(INPUTS)

# The phone's pages, by Debian's chromium; the pictures of docs/shop.md.
shots-phone: setup-test
	$(VENV)/bin/python -m tests.browser.shots docs/screens

# Resolve pyproject's ranges anew and write down what came out; everything else installs from that file.
lock:
	rm -rf .lock-venv && $(PYTHON) .ci/setup.py --venv .lock-venv --from-pyproject
	.lock-venv/bin/python -m pip freeze --exclude-editable --all --exclude pip --exclude endcap > requirements.lock
	rm -rf .lock-venv

clean:
	rm -rf $(VENV) .endcap .endcap-vm .oracles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info build dist
