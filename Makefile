# The README's commands. Each makes its own virtual environment from pinned versions. Another Python: make test PYTHON=python3.13 VENV=.venv313
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/pip --disable-pip-version-check install -qq
OUT ?= demo-output
TURN ?= commit

.PHONY: demo test test-wheel lint style types bench clean sample

demo: $(VENV)/.run
	@$(BIN)/gluteal-grade batch data/sample -o $(OUT) || [ $$? -eq 3 ]
	@echo; echo "Open these:"; ls -1 $(OUT)/index.html $(OUT)/contact_sheet_001.png $(OUT)/cohort.csv $(OUT)/*/overlay_summary.png $(OUT)/*/report.html
	@echo; echo "Read them in the browser: $(BIN)/gluteal-grade review $(OUT) --reader me"

# Types and floors are checked beside the tests, on a core that they leave idle now and then; what they say comes last.
test: $(VENV)/.dev style build/dcmjs/.done
	@$(BIN)/python -m compileall -q src tests scripts  # tests start the program often: not to be compiled every time, whatever the environment says
	@$(BIN)/python -m tests.rewritten  # nor their assertions to be prepared by every worker
	@mkdir -p build; $(MAKE) --no-print-directory types > build/types.log 2>&1 & types=$$!; \
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 4 --dist loadfile --no-loadscope-reorder --turn $(TURN); tests=$$?; \
	wait $$types; typed=$$?; cat build/types.log; [ $$tests -eq 0 ] && [ $$typed -eq 0 ]  # four on two cores: tests of servers wait a lot; make test TURN=all: every long one (tests/turns.py)

# What OHIF reads DICOM with (32 MB from npm), for one test, which is skipped without it.
DCMJS := tests/report/dicom/dcmjs
build/dcmjs/.done: $(DCMJS)/package-lock.json
	@mkdir -p $(@D); cp $(DCMJS)/package.json $(DCMJS)/package-lock.json $(@D); \
	if command -v npm >/dev/null && (cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --silent); then touch $@; \
	else echo "No dcmjs (npm or its registry is missing): its test is skipped."; fi

# The wheel as users get it, in an environment of its own; the libraries are those of $(VENV), found by a path file.
WHEEL := build/wheel
test-wheel: $(VENV)/.dev
	rm -rf $(WHEEL)
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/pip --disable-pip-version-check wheel -q --no-deps -w $(WHEEL) .
	$(BIN)/python -m venv --without-pip $(WHEEL)/venv
	$(BIN)/pip --disable-pip-version-check --python $(WHEEL)/venv/bin/python install -q --no-deps --no-index $(WHEEL)/*.whl
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$$(echo $(WHEEL)/venv/lib/python3*/site-packages)/libraries.pth"
	env -u PYTHONPATH OMP_NUM_THREADS=1 $(WHEEL)/venv/bin/python -m pytest -q tests/wheel

lint: style types

style: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python scripts/bench.py
	@echo
	$(BIN)/python scripts/bench_segmenter.py
	@echo
	$(BIN)/python -m scripts.bench_cohort
	@echo
	$(BIN)/python -m scripts.bench_receive

sample: $(VENV)/.dev
	$(BIN)/python scripts/make_sample_data.py

.PHONY: docs
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "Open build/site/index.html"

# What a release carries: a bill of materials (CycloneDX) of the libraries in $(VENV), and what is known of their weaknesses. The tools have an environment of their own.
AUDIT := build/audit
.PHONY: sbom audit
sbom: $(VENV)/.run $(AUDIT)/.done
	@mkdir -p dist
	$(AUDIT)/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.json

# --strict: a library that could not be looked up is a failure, not a line below "No known vulnerabilities found".
audit: $(AUDIT)/.done
	@$(AUDIT)/bin/pip-audit --strict -r constraints.txt --no-deps --disable-pip 2> $(AUDIT)/said.log; code=$$?; \
	$(PYTHON) -c "import sys, pathlib, make; sys.exit(make.audited($$code, pathlib.Path('$(AUDIT)/said.log')))"

$(AUDIT)/.done:
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/pip --disable-pip-version-check install -qq cyclonedx-bom pip-audit
	@touch $@

clean:
	rm -rf $(VENV) $(OUT) build dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[review]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) -e '.[dev]'
	@touch $@

$(VENV)/.docs: $(VENV)/.run
	$(PIP) -e '.[docs]'
	@touch $@
