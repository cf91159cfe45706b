# The few words a newcomer needs. Everything that must be fetched is fetched when it is first needed.

CARGO ?= cargo
target := $(or $(CARGO_TARGET_DIR),target)
# Every cargo command goes through it: it fetches DuckDB's library and says where it is.
duckdb := scripts/duckdb exec

.PHONY: help demo build test lint bench simulate fuzz book clean

help: ## What can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: ## Build a debug binary and walk through a first sync, into the local sandbox
	$(duckdb) $(CARGO) build --bin sendoff
	@scripts/demo "$(target)/debug/sendoff"

build: ## Build the release binary, with DuckDB's library beside it
	$(duckdb) $(CARGO) build --release --bin sendoff
	$(duckdb) sh -c 'test -z "$$DUCKDB_LIB_DIR" || install -m 644 "$$DUCKDB_LIB_DIR"/libduckdb.* "$(target)/release/"'
	@"$(target)/release/sendoff" --version

test: ## Run all tests, against a PostgreSQL, a MariaDB and DuckDB extensions fetched for them
	@scripts/postgres install >/dev/null
	@scripts/mysql install >/dev/null
	@SENDOFF_EXTENSIONS="$$(scripts/duckdb ext postgres_scanner mysql_scanner sqlite_scanner)" && \
		export SENDOFF_EXTENSIONS && $(duckdb) $(CARGO) test

fuzz: ## Fuzz for ten minutes a target (FUZZ_SECONDS), with cargo-fuzz and a nightly compiler where there are
	@$(duckdb) scripts/fuzz

lint: ## Formatting, clippy and documentation, warnings denied
	$(CARGO) fmt --check
	$(duckdb) $(CARGO) clippy --quiet --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(duckdb) $(CARGO) doc --quiet --no-deps

bench: build ## Compare sendoff with hand-written SQL, drt-core and dlt for the same work (SENDOFF_BENCH_ROWS makes it smaller)
	SENDOFF_BENCH_PEERS="$$(scripts/peers "$(target)/peers")" && export SENDOFF_BENCH_PEERS && $(duckdb) $(CARGO) bench --bench ratios

simulate: ## Play 10,000 seeds of the simulation, optimised (SEEDS=500: so many; a failing seed is told and shrunk)
	SEEDS="$${SEEDS:-10000}" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 $(duckdb) $(CARGO) test --release --test conformance simulation

book: ## Build the documentation as a book, into target/book, with mdbook or a copy from PyPI
	@scripts/book "$(target)/mdbook"

clean: ## Remove what was built and generated
	$(CARGO) clean
	rm -f pipelines/data/*.csv
