# The README's commands. Each makes its own virtual environment from pinned versions.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/pip --disable-pip-version-check install -qq
OUT ?= demo-output

.PHONY: demo test lint bench clean sample

demo: $(VENV)/.run
	@for study in healthy_dixon osteoarthritis_t1 tha_mars; do \
	  echo; echo "== $$study"; \
	  $(BIN)/gluteal-grade grade data/sample/$$study -o $(OUT) || [ $$? -eq 3 ] || exit 1; \
	done
	@echo; echo "Open these:"; ls -1 $(OUT)/*/overlay_summary.png $(OUT)/*/muscles.csv $(OUT)/*/result.json

test: $(VENV)/.dev lint
	$(BIN)/pytest -q -n 2 --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python scripts/bench.py
	@echo
	$(BIN)/python scripts/bench_segmenter.py

sample: $(VENV)/.dev
	$(BIN)/python scripts/make_sample_data.py

clean:
	rm -rf $(VENV) $(OUT) build dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) -e '.[dev]'
	@touch $@
