# manyo: one target per stage. Each target installs what it needs into .venv on first use: a run needs the package
# alone; tests and checks need the development tools as well.
#
#   make demo                          everything, on the bundled samples
#   make extract CONFIG=configs/web.toml     one stage of your own run
#   make test | check | bench

PYTHON ?= python3
CONFIG ?= configs/demo.toml
OUT    ?=
VENV   := .venv
BIN    := $(VENV)/bin
OUT_FLAG := $(if $(OUT),--out $(OUT))
KERNEL_TESTS := $(addprefix tests/corpus/test_,$(addsuffix .py,sniff charset tags text notation paragraphs)) \
  $(addprefix tests/filters/test_,$(addsuffix .py,characters fluency repetition tells vocabulary words word_axes coherence plausibility benchmarks pii_speed)) \
  $(addprefix tests/dedup/test_,$(addsuffix .py,exact view minhash shingles keys pairs components similarity))
# pip compiles no module of a package: Python compiles those that are imported, a fifth of them, when they are.
# Where the environment forbids to keep what was compiled, every process of a test or stage would compile all again.
unexport PYTHONDONTWRITEBYTECODE
INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile -c requirements.lock
STAGES := extract langid filter dedup scrub tokenize report

.PHONY: help demo samples run $(STAGES) submit plan status stop test test-random kernels-check faults test-interop check lint types docs docs-check bench leaderboard site lock clean
.DELETE_ON_ERROR:

help:            ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(VENV)/installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "manyo needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) -e .
	@touch $@

$(VENV)/developed: $(VENV)/installed
	$(BIN)/python $(INSTALL) -e '.[dev,s3]'
	@touch $@

samples: $(VENV)/installed    ## pack the bundled pages into WARCs and packages
	@$(BIN)/python -m samples.pack build/samples

# Both cores compile: the run alone would compile for pages first and for texts then.
$(VENV)/warmed: $(VENV)/installed
	@$(BIN)/manyo warm
	@touch $@

demo: $(VENV)/warmed samples    ## the whole pipeline on the bundled samples
	@$(BIN)/manyo run --config configs/demo.toml $(OUT_FLAG)

run: $(VENV)/installed    ## the whole pipeline: make run CONFIG=FILE
	@$(BIN)/manyo run --config $(CONFIG) $(OUT_FLAG)

$(STAGES): $(VENV)/installed
	@$(BIN)/manyo $@ --config $(CONFIG) $(OUT_FLAG)

submit: $(VENV)/installed    ## the same run as a Ray job: make submit RAY_ADDRESS=http://HEAD:8265 CONFIG=FILE
	@$(BIN)/manyo submit --config $(CONFIG) $(OUT_FLAG)

plan: $(VENV)/installed    ## what a run will take, from a sample of its inputs: make plan CONFIG=FILE
	@$(BIN)/manyo plan --config $(CONFIG) $(OUT_FLAG)

status: $(VENV)/installed    ## how far a run is, and its Ray job: make status CONFIG=FILE
	@$(BIN)/manyo status --config $(CONFIG) $(OUT_FLAG)

stop: $(VENV)/installed    ## stop the Ray job: make stop RAY_ADDRESS=http://HEAD:8265 CONFIG=FILE
	@$(BIN)/manyo stop --config $(CONFIG) $(OUT_FLAG)

# Workers have whole files: fixtures of a file are built once. Long files begin (tests/conftest.py) instead of those with
# the most tests. Three for two cores: a third of a worker's time is waiting, for Ray, servers and processes.
test: $(VENV)/developed    ## the tests
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test-random: $(VENV)/developed    ## the property tests with a random seed, which they print
	seed=$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ') && echo "seed $$seed" && \
	$(BIN)/python -m pytest --hypothesis-profile=random --hypothesis-seed=$$seed

kernels-check: $(VENV)/developed    ## the tests of the kernels, without compiling and with checked array bounds
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest $(KERNEL_TESTS)
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=build/checked-kernels $(BIN)/python -m pytest $(KERNEL_TESTS)

faults: $(VENV)/developed    ## workers, nodes, drivers killed, disks full, storage that fails: twenty minutes; needs MANYO_DATA
	$(BIN)/python -m tests.pipelines.faults
	$(BIN)/python -m tests.pipelines.quiet_faults

lint: $(VENV)/developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/developed
	$(BIN)/mypy

docs: $(VENV)/developed    ## write the generated pages
	$(BIN)/python -m docs.generate

docs-check: $(VENV)/developed
	$(BIN)/python -m docs.generate --check

# The types take one core for a minute, while the first tests run on the other.
check: $(VENV)/developed    ## everything that CI runs
	@$(MAKE) --no-print-directory --jobs 2 lint types docs-check test

bench: $(VENV)/developed    ## speed next to the peers, in one run; needs MANYO_DATA
	$(BIN)/python $(INSTALL) -e '.[bench]'
	@test -n "$(MANYO_DATA)" || { echo "make bench: MANYO_DATA is not set: no pages and books to read"; exit 1; }
	for name in web filters "dedup quality" "dedup speed" scrub ocr sources profiles labels editions; do \
	  $(BIN)/python -m bench.$$name $(MANYO_DATA) || exit 1; done
	for name in tokens whatif "engine serial 1000" "engine ray 1000" scaling; do $(BIN)/python -m bench.$$name || exit 1; done

# TASKS="language pdf" asks some tasks, SEED=2 draws other items, DATA=FOLDER reads items of others instead.
leaderboard: $(VENV)/developed    ## manyo and its peers on items drawn from a seed: build/leaderboard/leaderboard.html
	$(BIN)/python -m bench run $(TASKS) --seed $(or $(SEED),1) $(if $(DATA),--data $(DATA))

.venv-interop/installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv-interop
	.venv-interop/bin/python $(INSTALL) -e '.[dev,interop]'
	@touch $@

test-interop: .venv-interop/installed    ## Megatron's own reader on our shards (installs PyTorch)
	.venv-interop/bin/python -m pytest tests/interop

site: $(VENV)/developed    ## the documentation as a site in build/site, which opens from disk; every link is checked
	$(BIN)/python $(INSTALL) -e '.[site]'
	$(BIN)/python -m docs.site

lock:            ## resolve the dependencies again; pins that still fit stay (UPGRADE=--upgrade moves them all)
	$(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet uv
	build/lock/bin/uv pip compile --universal --python-version 3.11 pyproject.toml $(UPGRADE) \
	  --extra s3 --extra bench --extra interop --extra dev --extra kenlm --extra datatrove --extra hojichar --extra site \
	  --no-annotate --quiet --custom-compile-command "make lock" --output-file requirements.lock

clean:           ## remove what make made, not your data
	rm -rf $(VENV) .venv-interop build
