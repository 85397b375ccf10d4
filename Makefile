# One command each; `make` alone says what there is.
#
#   make run     install what is missing, build, open the designer on the seed's cluster
#   make test    install what is missing, run every test
#   make test-versions   bring PostgreSQL 10 to 18 into a cache folder, try each of them (4 minutes)
#   make bench   measure a release build: the checks, the prediction, the bundle; deployments beside their floor, a
#                switchover beside the recipe by hand; what watching 40 servers costs; the frames of the window up to
#                10,000 servers (10 minutes, with nothing else going on, and 10 to 15 before
#                to build the window once; BENCHMARKS.md has the figures)
#   make test-exports   feed exports to Ansible, docker-compose, Patroni, repmgr, systemd and the like, and run them on
#                hosts of their own (namespaces; as root; 10 minutes; fetches the tools once)
#   make test-newest BIN=/somewhere/19/bin   try PostgreSQL 19, which no registry has yet (1 minute)
#   make test-advice   type what a verdict advises, word for word, on PostgreSQL 11, 13, 15, 16 and 18 with all their
#                programs (50 MB to load; 5 minutes)
#   make bench-hosts   40 hosts (namespaces; as root) by Ansible, beside plain ssh in parallel (20 minutes; HOSTS=13 for fewer)
#   make test-report   open an audit's HTML report in headless Chromium (fetches it once; 1 minute)
#   make test-strace   trace what root does with a cluster of another user (as root; 2 minutes; OWNER=NAME, by default postgres)
#   make fuzz    damage every kind of file 200,000 times: no reader may panic (a few minutes)
#   make fuzz-guided   let libFuzzer look for such a file, with the stable compiler (SECONDS=60 for each of 5 targets; 5
#                minutes to build)
#   make package   build dist/: .deb, .rpm and tarball of pgcascade and of pgcascade-cli, their checksums (10 to 30
#                minutes: two release builds)
#   make lint    formatting, lints, documentation, scripts
#   make catalogue BINS="/usr/lib/postgresql/15/bin …"   read every server parameter again, for a new version
#   make setup   only install what is missing, for all of these
#
# Rust, git, make and a C compiler are all that must be there before.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test test-advice test-newest test-exports test-report test-strace test-versions bench bench-hosts fuzz fuzz-guided package lint setup catalogue

# The crates of the window: none of them may be in a build without the feature `gui`.
GUI_CRATES := eframe|egui|egui_graphs|epaint|emath|ecolor|egui-winit|egui_glow|glow|winit|petgraph|rfd|accesskit

help:
	@sed -n 's/^#   //p' Makefile

# A debug build, because it takes 2 to 3 minutes the first time where a release build takes 8. Without a file the
# designer opens the seed as a new design, so that saving it never changes the built-in one.
run:
	@packaging/setup.sh run
	@if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then \
	  echo "Building the designer (2 to 3 minutes the first time, seconds later) and opening it on the seed's cluster"; \
	  cargo run --locked; \
	else \
	  echo "There is no display (DISPLAY and WAYLAND_DISPLAY are empty), so that no window can be opened."; \
	  echo "Building pgcascade without its window (about a minute the first time) and running: pgcascade demo --once"; \
	  cargo run --locked --no-default-features -- demo --once; \
	fi

test:
	@packaging/setup.sh test
	cargo test --locked
	cargo check --locked --no-default-features
	@echo "Without the feature gui there is no crate of the window, and with it one version of egui:"
	@crates=$$(cargo tree --locked --no-default-features --edges normal --prefix none); \
	if grep -E '^($(GUI_CRATES)) v' <<<"$$crates"; then \
	  echo "the crates above belong to the window" >&2; exit 1; \
	fi
	cargo tree --locked --invert egui --depth 0

# Every version against real servers of it: not a part of `make test`, which is content with the machine's own.
test-versions:
	@packaging/setup.sh test-versions
	@bins=$$(packaging/versions.sh); \
	PGCASCADE_TEST_BINS=$$bins cargo test --locked --test live -- --ignored --nocapture --skip _19 versions:: change_postgres on_other_versions

# A version that no registry has yet, from where you built or installed it: a folder that ends in 19/bin.
test-newest:
	@packaging/setup.sh test
	@test -x "$(BIN)/postgres" || { echo "make test-newest BIN=/somewhere/19/bin: there is no postgres" >&2; exit 2; }
	PGCASCADE_TEST_BINS=$(BIN) cargo test --locked --test live -- --ignored --nocapture _19
	PGCASCADE_TEST_BINS=$(BIN) cargo test --locked --test live -- --nocapture catalogue::

# One version after the other, because each run takes its servers from one folder. A rejoin by pg_rewind is tried here as well:
# the servers of test-versions have no pg_rewind, and the machine's own takes another way if its data have no checksums.
test-advice:
	@packaging/setup.sh test-advice
	@bins=$$(packaging/complete.sh); \
	IFS=:; for bin in $$bins; do \
		echo "-- $$($$bin/postgres --version)"; \
		PGCASCADE_BIN=$$bin cargo test --locked --test live -- --nocapture advice:: steer::what_a_failover || exit 1; \
	done

# The tools themselves, and hosts of their own: not a part of `make test`, which needs no network and no root.
test-exports:
	@packaging/setup.sh test-exports
	cargo build --locked
	packaging/exports/check.sh

# A browser: not a part of `make test`, which needs none.
test-report:
	@packaging/setup.sh test-report
	cargo test --locked --test suite -- --ignored --nocapture import::the_report_of_an_audit_opens_in_a_browser

test-strace:
	@packaging/setup.sh test-strace
	cargo build --locked --no-default-features
	packaging/strace/run.sh target/debug/pgcascade $(or $(OWNER),postgres)

fuzz:
	cargo test --locked --no-default-features --lib mutated_tests -- --include-ignored --nocapture

fuzz-guided:
	@packaging/setup.sh fuzz-guided
	packaging/fuzz.sh $(or $(SECONDS),60)

# Without the window where nothing is drawn: that build takes a quarter of the time. The frames need a release build of it.
bench:
	cargo bench --locked --no-default-features --bench model --bench simulate
	cargo bench --locked --no-default-features --bench deploy
	cargo bench --locked --no-default-features --bench handover
	cargo bench --locked --no-default-features --bench watch
	cargo bench --locked --bench frame

# The same tools as test-exports, which puts ansible-playbook into its folder.
bench-hosts:
	@packaging/setup.sh test-exports
	cargo build --locked
	packaging/exports/bench.sh target/debug/pgcascade $(or $(HOSTS),40)

# PGCASCADE_BINARY=FILE packs a program that is built already.
package:
	@packaging/setup.sh package
	packaging/package.sh

lint:
	@packaging/setup.sh lint
	cargo fmt --all --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	shellcheck benches/deploy/*.sh packaging/*.sh packaging/exports/*.sh packaging/strace/*.sh .ci/run
	if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; fi

setup:
	@packaging/setup.sh run
	@packaging/setup.sh test

# What it writes is in the repository: needed only when PostgreSQL has a new version.
catalogue:
	packaging/catalogue.sh $(BINS)
