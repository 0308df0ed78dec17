# What a newcomer needs: `make demo` and `make test`. Both install what is missing and say so.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# One target folder for every cargo call below, so that nothing is compiled twice for no reason.
export CARGO_TARGET_DIR ?= $(CURDIR)/target
RELEASE := $(CARGO_TARGET_DIR)/release/razz
E2E := $(CARGO_TARGET_DIR)/e2e/razz

# `make demo ARGS="--port 9000"` hands options to razz.
ARGS ?=

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## set up, build, and start the demo on http://127.0.0.1:8003/
	scripts/setup.sh demo
	@$(MAKE) build
	exec $(RELEASE) demo $(ARGS)

.PHONY: test
test: ## set up and run every test: Rust, web, and end to end in a real Chromium; says what was skipped and why
	scripts/setup.sh test
	scripts/onnxruntime.sh || echo "onnxruntime: could not be fetched; tests of that engine will be skipped"
	@MAKE="$(MAKE)" scripts/test-all.py lint test-scripts=scripts test-rust=rust cost=cost test-web=web test-e2e=e2e

.PHONY: setup
setup: ## install what `make test` needs, and nothing else
	scripts/setup.sh test

.PHONY: onnxruntime
onnxruntime: ## fetch the ONNX Runtime library, the faster of the two inference engines
	scripts/onnxruntime.sh cpu

.PHONY: onnxruntime-openvino
onnxruntime-openvino: ## the same with the OpenVINO provider, faster still on many CPUs
	scripts/onnxruntime.sh openvino

.PHONY: onnxruntime-cuda
onnxruntime-cuda: ## the same with the CUDA and TensorRT providers, for NVIDIA GPUs
	scripts/onnxruntime.sh cuda

# The parts -----------------------------------------------------------------------------------------

.PHONY: build
build: web ## the release binary
	cargo build --release --locked --package razz

.PHONY: deb
deb: build ## a Debian package, in $(CARGO_TARGET_DIR)/debian
	command -v cargo-deb > /dev/null || cargo install cargo-deb --locked
	mkdir -p target/package
	$(RELEASE) man > target/package/razz.1
	$(RELEASE) completions bash > target/package/razz.bash
	$(RELEASE) completions zsh > target/package/_razz
	$(RELEASE) completions fish > target/package/razz.fish
	cargo deb --package razz --no-build --strip --locked

.PHONY: web
web: web/dist/index.html ## the pages and the player, which the binary embeds

WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)
web/dist/index.html: $(WEB_SOURCES) web/node_modules/.package-lock.json
	cd web && npm run build
	@touch $@

# npm leaves its own lock file in node_modules when it is done: older than ours means out of date.
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: lint
lint: web audit ## formatting, clippy, rustdoc, floor plan, and the audit
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	cargo run --quiet --locked --package xtask -- floor-plan

.PHONY: audit
audit: ## known vulnerabilities, licences and doubles among the dependencies (deny/README.md)
	scripts/audit.sh

SEED ?= 1
.PHONY: test-rust
test-rust: web ## tests of every crate; property tests with the same cases every time, SEED=... for others
	PROPTEST_RNG_SEED=$(SEED) scripts/test-part.py rust

.PHONY: cost
cost: ## instructions and allocations of the hot paths against tests/cost/figures.toml; ACCEPT=1 writes it anew
	$(if $(ACCEPT),cargo run --quiet --locked --profile cost --package razz-cost -- --accept,scripts/test-part.py cost)

.PHONY: test-web
test-web: web ## types, eslint and unit tests of web/
	cd web && npm run typecheck && npm run lint
	scripts/test-part.py web

.PHONY: test-scripts
test-scripts: ## tests of the scripts that count tests
	scripts/test-part.py scripts

.PHONY: build-e2e
build-e2e: web ## the binary of the end-to-end tests: as fast as the release, and linked in seconds
	CARGO_INCREMENTAL=1 cargo build --profile e2e --locked --package razz

.PHONY: test-e2e
test-e2e: build-e2e scene tests/e2e/node_modules/.package-lock.json ## a real camera, an optimised binary and a real Chromium
	cd tests/e2e && RAZZ_BIN="$${RAZZ_BIN:-$(E2E)}" RAZZ_WEB="$(CURDIR)/web/dist" RAZZ_SCENE="$(SCENE)" node run.mjs $(ARGS)

# The same selection of packages as `cargo test --workspace`, so that nothing is compiled twice.
SCENE := $(CARGO_TARGET_DIR)/scene
CROSSING := $(CARGO_TARGET_DIR)/debug/examples/crossing
.PHONY: scene
scene: web ## the clips, the truth about them and the models of the end-to-end tests
	cargo build --workspace --locked --quiet --example crossing
	@[ -f $(SCENE)/complete ] && [ ! $(CROSSING) -nt $(SCENE)/complete ] || $(CROSSING) $(SCENE)

.PHONY: screenshots
screenshots: build-e2e scene tests/e2e/node_modules/.package-lock.json ## pictures of every page, desktop and phone, into docs/screenshots
	cd tests/e2e && RAZZ_BIN="$${RAZZ_BIN:-$(E2E)}" RAZZ_SCENE="$(SCENE)" node screenshots.mjs

MINUTES ?= 30
.PHONY: soak-page
soak-page: build tests/e2e/node_modules/.package-lock.json ## a camera's page watched for MINUTES (30): its memory stays flat
	cd tests/e2e && RAZZ_BIN="$${RAZZ_BIN:-$(RELEASE)}" node soak-page.mjs $(MINUTES)

.PHONY: soak
soak: build ## 20 minutes of everything: viewers, cameras and a broker coming and going, sign-in, TLS, traces; MINUTES=2 for less
	scripts/setup.sh test
	RAZZ_BIN="$${RAZZ_BIN:-$(RELEASE)}" tests/soak/soak.sh "$${MINUTES:-20}" "$${VIEWERS:-40}"

.PHONY: clean
clean: ## remove what was built, not what was installed
	cargo clean
	rm -rf web/dist
