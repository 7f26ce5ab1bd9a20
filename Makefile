# The commands a developer types. The build itself is Meson's (meson.build); `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

BUILD  ?= build
PREFIX ?= /usr/local
PYTHON ?= /usr/bin/python3
JOBS   ?= 2
RUNS   ?= 10000000
MUTATIONS ?= 2500
KILLS  ?= 200
BENCH_RECORDS ?=
BENCH_ARGS ?=

pytest = PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -q -p no:cacheprovider
# Tests of a server mostly wait: more of them at once than there are cores. A file's tests stay together.
at_once = -n $$(( 2 * $(JOBS) )) --dist loadfile
c_files = $(shell find src tests -name '*.[ch]' | sort)
sources = $(shell find src -name '*.c' | sort)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the program -----------------------------------------------------------------------------

.PHONY: build demo install clean
build: $(BUILD)/build.ninja ## the program, as build/hindcast
	@ninja -C $(BUILD) -j $(JOBS) --quiet | sed '/no work to do/d'

$(BUILD)/build.ninja:
	@tools/install-deps --only-look build
	@meson setup $(BUILD) > $(BUILD).log || { cat $(BUILD).log; exit 1; }
	@mv $(BUILD).log $(BUILD)/setup.log

demo: deps-build ## the main job on the shipped examples (installs what is missing)
	@$(MAKE) --no-print-directory build
	@HINDCAST=$(abspath $(BUILD))/hindcast tools/demo

install: build ## program and man page under PREFIX (DESTDIR is heeded)
	@meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@$(MAKE) --no-print-directory build > $(BUILD)/setup.log
	@meson install -C $(BUILD) --no-rebuild

clean: ## away with everything that was built
	rm -rf $(BUILD) build-*

# --- tests -----------------------------------------------------------------------------------

.PHONY: test bless deps-build deps-test deps-check
test: deps-test ## all ordinary tests (installs what is missing)
	@$(MAKE) --no-print-directory build
	$(PYTHON) tools/tidy --self-test
	$(PYTHON) tools/tidy
	@grep -q '"unit' $(BUILD)/meson-info/intro-tests.json || meson setup --reconfigure $(BUILD) -Dtests=enabled
	@$(MAKE) --no-print-directory build
	meson test -C $(BUILD) --num-processes $(JOBS) --print-errorlogs
	HINDCAST=$(abspath $(BUILD))/hindcast $(pytest) $(at_once) --junitxml=$(BUILD)/pytest.xml tests/e2e tests/prop
	@$(PYTHON) tools/tally $(BUILD)/meson-logs/testlog.junit.xml $(BUILD)/pytest.xml

bless: build ## rewrites the golden runs
	HINDCAST=$(abspath $(BUILD))/hindcast tests/golden/bless

deps-build deps-test deps-check: deps-%:
	@tools/install-deps $*

# --- speed -----------------------------------------------------------------------------------

.PHONY: bench
bench: build ## ours against wc, cp, DuckDB, polars, pandas, PySpark, Evidently (BENCH_RECORDS=2000000 BENCH_ARGS=--quick)
	@PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tests/bench/bench.py --hindcast $(BUILD)/hindcast \
		$(if $(BENCH_RECORDS),--records $(BENCH_RECORDS)) $(BENCH_ARGS)

# --- what takes longer; each in a build directory of its own -----------------------------------

checks = clang asan tsan valgrind tidy format man prop fuzz mutate crash clients parquet

.PHONY: check $(checks:%=check-%) fuzz
check: deps-check ## everything below
	@for item in $(checks); do \
		echo "== check-$$item"; SECONDS=0; \
		$(MAKE) --no-print-directory check-$$item; \
		echo "== check-$$item took $$SECONDS s"; \
	done

# $(call setup,DIRECTORY,COMPILER,OPTIONS)
setup = [ -f $(1)/build.ninja ] || CC=$(2) meson setup $(1) -Dtests=enabled $(3) > $(1).log || { cat $(1).log; exit 1; }; rm -f $(1).log
# Warnings of data flow change with what a sanitizer adds; the plain builds hold the line.
sanitized = --buildtype=debugoptimized -Dwerror=false -Db_lundef=false -Db_sanitize=address,undefined \
	-Dc_args='-fno-sanitize-recover=all -fno-omit-frame-pointer'
export ASAN_OPTIONS = detect_leaks=1:allocator_may_return_null=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS = print_stacktrace=1

check-clang: ## build with clang, unit tests
	@$(call setup,build-clang,clang,)
	@ninja -C build-clang -j $(JOBS) --quiet | sed '/no work to do/d'
	meson test -C build-clang --num-processes $(JOBS) --print-errorlogs

check-asan: ## unit and end-to-end tests under ASan and UBSan
	@$(call setup,build-asan,gcc,$(sanitized))
	@ninja -C build-asan -j $(JOBS) --quiet | sed '/no work to do/d'
	meson test -C build-asan --num-processes $(JOBS) --print-errorlogs --timeout-multiplier 5
	HINDCAST=$(abspath build-asan)/hindcast $(pytest) $(at_once) tests/e2e

# gcc 12's ThreadSanitizer wants addresses that are not too random for its shadow.
fixed_addresses = $(shell setarch -R true 2> /dev/null && echo setarch -R)
check-tsan: ## the engine's unit, property and end-to-end tests under ThreadSanitizer
	@$(call setup,build-tsan,gcc,--buildtype=debugoptimized -Dwerror=false -Db_lundef=false -Db_sanitize=thread)
	@ninja -C build-tsan -j $(JOBS) --quiet hindcast | sed '/no work to do/d'
	$(fixed_addresses) meson test -C build-tsan --suite sys --suite spill --suite metric --suite monitor \
		--num-processes $(JOBS) --print-errorlogs --timeout-multiplier 5
	$(fixed_addresses) env HC_PROP_CASES=60 HINDCAST=$(abspath build-tsan)/hindcast $(pytest) $(at_once) \
		tests/prop/test_engine.py tests/e2e/test_engine_disk.py tests/e2e/test_run.py

# Large data; under ASan they run too.
slow = join binary ordered partial reader script
check-valgrind: ## unit tests but the longest, and the program over the examples, under valgrind
	@$(call setup,build-valgrind,gcc,--buildtype=debugoptimized -Dwerror=false)
	@ninja -C build-valgrind -j $(JOBS) --quiet | sed '/no work to do/d'
	meson test -C build-valgrind --num-processes $(JOBS) --print-errorlogs --timeout-multiplier 20 \
		--wrap 'valgrind --quiet --leak-check=full --error-exitcode=99' \
		$(patsubst tests/unit/test_%.c,'unit %',$(filter-out $(slow:%=tests/unit/test_%.c),$(wildcard tests/unit/test_*.c)))
	PYTEST='$(pytest)' tools/valgrind-runs build-valgrind/hindcast tests/e2e/test_golden.py

check-tidy: ## clang-tidy over src
	@$(call setup,build-clang,clang,)
	@ninja -C build-clang -j $(JOBS) --quiet | sed '/no work to do/d'
	@printf '%s\n' $(sources) | xargs -P $(JOBS) -n 1 tools/lint build-clang

check-format: ## clang-format over src and tests
	@clang-format --dry-run --Werror $(c_files)

check-man: build ## the man page's markup
	@tools/lint-man $(BUILD)/hindcast.1

check-prop: build ## property tests, ten thousand cases each
	HC_PROP_CASES=10000 HINDCAST=$(abspath $(BUILD))/hindcast $(pytest) -n $(JOBS) tests/prop

check-mutate: ## MUTATIONS=2500 mutated requests of each operation, under ASan and UBSan
	@$(call setup,build-asan,gcc,$(sanitized))
	@ninja -C build-asan -j $(JOBS) --quiet | sed '/no work to do/d'
	build-asan/tests/fuzz/mutate_requests tests/fuzz/requests.jsonl $(MUTATIONS) 1
	build-asan/tests/fuzz/mutate_signatures $(MUTATIONS) 1

check-crash: build ## kill -9 of the server, 200 times
	HC_KILLS=$(KILLS) HINDCAST=$(abspath $(BUILD))/hindcast $(pytest) tests/crash

check-clients: build ## SageMaker's SDKs, boto3, the AWS command line, JavaScript (pip and npm install them below build/)
	@tools/clients
	HINDCAST=$(abspath $(BUILD))/hindcast $(pytest) tests/clients

parquet_tests = arrow_rows table label_row
check-parquet: ## a build that reads Parquet, with the Arrow C++ of a pyarrow that pip installs below build/
	@tools/arrow-env $(BUILD)/arrow-env
	@$(call setup,build-parquet,gcc,-Dparquet=enabled -Dpyarrow=$(abspath $(BUILD))/arrow-env/bin/python)
	@ninja -C build-parquet -j $(JOBS) --quiet hindcast $(parquet_tests:%=tests/unit/test_%) | sed '/no work to do/d'
	meson test -C build-parquet --no-rebuild --print-errorlogs $(parquet_tests:%='unit %')
	HC_PARQUET=1 HINDCAST=$(abspath build-parquet)/hindcast PYTHONDONTWRITEBYTECODE=1 \
		$(BUILD)/arrow-env/bin/python -m pytest -q -p no:cacheprovider tests/e2e/test_parquet.py

check-fuzz: ## a short run of each fuzz target
	@$(MAKE) --no-print-directory fuzz RUNS=10000 SEED=1

fuzz: ## RUNS=10000000 executions of each fuzz target (libFuzzer, clang)
	@$(call setup,build-fuzz,clang,$(sanitized) -Dfuzz=true)
	@ninja -C build-fuzz -j $(JOBS) --quiet | sed '/no work to do/d'
	@tools/fuzz build-fuzz $(RUNS) $(JOBS) $(SEED)
