# Targets need Go and make only, and npm once for the tests against ClickHouse. `make` alone lists them. What only a
# fixture needs is a script in that fixture.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# tollbook needs no C; one setting for all targets, so that they share what is compiled.
export CGO_ENABLED := 0

# Flags of checks, tests and the sample. With the profile, every package is compiled a second time for the program. Tables for debuggers
# take a sixth of the time of the compiler and the linker, the table of symbols another tenth of the linker's. To note the commit
# changes the time of .git, and cached tests would run again.
LEAN := -pgo=off -gcflags=all=-dwarf=false -ldflags=-s
run run-reseller console: export GOFLAGS := $(strip $(GOFLAGS) $(LEAN))
check lint test test-fast campaign goldens integration: export GOFLAGS := $(strip $(GOFLAGS) $(LEAN) -buildvcs=false)

GO        ?= go
BIN       := bin
BUILD     := build
TOLLBOOK  := $(BIN)/tollbook
TOOLS     := $(BIN)/tools
LINTER_VERSION := v2.15.0
LINTER    := $(TOOLS)/golangci-lint-$(LINTER_VERSION)
# Folders with Go code, and the packages of the main module.
GOFILES    = $(shell find . -name '*.go' -not -path './$(BUILD)/*' -not -path './$(BIN)/*')
PACKAGES  := ./...

# The sample's month, and the clock of the run that bills it: noon of the 5th in Shanghai.
CYCLE     ?= 2026-09
AS_OF     ?= 2026-10-05T04:00:00Z

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/tollbook
	@mkdir -p $(BIN)
	$(GO) build -ldflags=-s -o $(TOLLBOOK) ./cmd/tollbook

.PHONY: run
run: build ## bill and close a sample month in seconds, and show the result
	@rm -rf $(BUILD)/sample
	@$(TOLLBOOK) demo $(BUILD)/sample
	@echo "tollbook is $(TOLLBOOK) here."

# The month of the sample with cost files, and a clock after it. Its month has costs that no rule caught, on purpose.
RESELLER_CYCLE = 2026-05
RESELLER_AS_OF = 2026-06-05T00:00:00Z

.PHONY: run-reseller
run-reseller: build ## bill a month of a reseller of two clouds from the clouds' cost files: bills, margin, and what no rule caught
	@rm -rf $(BUILD)/reseller
	$(TOLLBOOK) init $(BUILD)/reseller --sample=reseller
	$(TOLLBOOK) -w $(BUILD)/reseller check
	$(TOLLBOOK) -w $(BUILD)/reseller run monthly --cycle $(RESELLER_CYCLE) --as-of $(RESELLER_AS_OF) --allow-future
	$(TOLLBOOK) -w $(BUILD)/reseller bill --cycle $(RESELLER_CYCLE)
	$(TOLLBOOK) -w $(BUILD)/reseller query margin --cycle $(RESELLER_CYCLE)
	$(TOLLBOOK) -w $(BUILD)/reseller query low-margin --cycle $(RESELLER_CYCLE)
	$(TOLLBOOK) -w $(BUILD)/reseller query unallocated --cycle $(RESELLER_CYCLE)
	$(TOLLBOOK) -w $(BUILD)/reseller verify

.PHONY: console
console: build ## open the sample's console: prints the address, and stops with Ctrl-C
	@test -d $(BUILD)/sample/lake || $(MAKE) --no-print-directory run
	@exec $(TOLLBOOK) -w $(BUILD)/sample console

# The packages that take longest, which start first: at the end no processor waits for one of them.
LONGEST := ./fixtures/scenarios ./fixtures/campaign ./fixtures/publishing ./cmd/tollbook ./pipeline/out/publish ./fixtures/browser \
  ./pipeline/serve/bss ./pipeline/intake/feed ./fixtures/simulation ./fixtures/reference ./pipeline/serve

# What the tests of a package contain if they do less with -short.
export SHORTENED := testing\.Short|program\.Slow|"pgregory.net/rapid"

# Every test, with -short: random tests draw less, and of configurations, faults and kills some are tried. `make campaign` is the full form.
# FORMS=both runs the full form too, of each package after its quick form.
FORMS ?= quick
$(if $(filter quick both,$(FORMS)),,$(error FORMS is quick or both, not $(FORMS)))
.PHONY: test
test: ## run the tests of the main module in their quick form: 3 to 7 minutes on two cores, 5 more if everything is to be compiled
	@fixtures/clickhouse/fetch.sh
	@fixtures/progress/test.sh -short -vet=off -timeout 20m $(if $(filter both,$(FORMS)),-exec=$(CURDIR)/fixtures/progress/forms.sh) \
	  $(LONGEST) $(PACKAGES)
	@[ ! -e $(BUILD)/untested ] || cat $(BUILD)/untested >&2

# A change of a package that many import is better served by `make test`.
BRANCH ?= main
.PHONY: test-fast
test-fast: ## run the tests of the packages that differ from BRANCH (default main), the scenarios once, and the rules of the repository
	@fixtures/progress/test.sh -short -timeout 5m $$(fixtures/progress/changed.sh $(BRANCH))
	@fixtures/progress/test.sh -short -timeout 5m ./fixtures/scenarios -scenarios.one

# The packages whose tests do less with -short.
FULL = $$(grep -rlE --include='*_test.go' -e "$$SHORTENED" . | grep -v '^./$(BUILD)/' | xargs -n1 dirname | sort -u)

.PHONY: campaign
campaign: ## the full form of all tests that `make test` shortens: random workspaces, kills, faults, configurations; 27 minutes on two cores
	@fixtures/clickhouse/fetch.sh
	@fixtures/progress/test.sh -vet=off -timeout 40m $(FULL)
	@[ ! -e $(BUILD)/untested ] || cat $(BUILD)/untested >&2

# Checks and tests compile without the profile, so that only `make build` would find a damaged one. The linter govet runs the analyzers of
# `go vet`, which would take a minute and a half to run a second time.
.PHONY: check
check: lint ## gofmt, go.mod, the compiler's profile and the linters, also those of go vet
	@test -z "$$(gofmt -l $(GOFILES) | tee /dev/stderr)"
	$(GO) mod tidy -diff
	$(GO) tool preprofile -i cmd/tollbook/default.pgo -o /dev/null

# .golangci.yml lists the linters, staticcheck among them, each with its reason. golangci-lint is built once, about two minutes on two cores.
.PHONY: lint
lint: $(LINTER) # up to 4 GiB of memory for a fifth less processor time
	GOGC=800 GOMEMLIMIT=4GiB $(LINTER) run $(PACKAGES)

$(LINTER):
	@mkdir -p $(TOOLS)
	GOBIN=$(CURDIR)/$(TOOLS) GOFLAGS="$(LEAN)" $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER_VERSION)
	@mv $(TOOLS)/golangci-lint $@

.PHONY: goldens
goldens: ## write the hash of every result over fixed workspaces; a change of the file says in its commit why
	$(GO) test -count=1 -timeout 40m ./cmd/tollbook/goldens -goldens.write

.PHONY: integration
integration: ## compare every result over fixed workspaces with the hashes that are checked in
	$(GO) test -count=1 -timeout 40m ./cmd/tollbook/goldens -goldens.check

# ONLY=refund tries the patches with that word in their names.
ONLY ?=
.PHONY: mutants
mutants: ## bring every money bug of docs/track-record.md back, and many more, one at a time: each must turn its tests red
	$(GO) run ./fixtures/mutants -only "$(ONLY)"

.PHONY: race
race: ## the same tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 45m $(PACKAGES)

FUZZTIME ?= 30s
.PHONY: fuzz
fuzz: ## try every fuzz target for FUZZTIME (default 30s) each
	@fixtures/progress/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## time `run nightly` over ROWS generated usage rows (default 20,000,000), RUNS times
	@fixtures/bench/night.sh

.PHONY: docs
docs: ## write the generated pages under docs/ again
	$(GO) generate $(PACKAGES)

.PHONY: site
site: ## build the documentation as a site with search into build/site (npm); a dead link is an error
	@fixtures/site/build.sh

.PHONY: picture
picture: ## draw the chart and the covers of README again from the sample
	@fixtures/sample/picture.sh

.PHONY: clickhouse
clickhouse: ## start a ClickHouse server to play with; SHARDS=3 starts a cluster of three, named loopback
	$(GO) build -o $(BIN)/clickhouse ./fixtures/clickhouse/cmd
	@exec $(BIN)/clickhouse -shards $(or $(SHARDS),1)

.PHONY: run-clickhouse
run-clickhouse: build ## bill the sample's month, publish it to a ClickHouse server, and print the bill from its views
	$(GO) run ./fixtures/clickhouse/run -program $(TOLLBOOK) -dir $(BUILD)/clickhouse/sample -cycle $(CYCLE) -as-of $(AS_OF)

.PHONY: release
release: ## build archives, deb, rpm, SBOMs and checksums of this commit into dist/, without publishing
	@fixtures/ops/release.sh

.PHONY: container
container: ## build the container image with docker or podman, and run the program in it
	tool=$$(command -v podman || command -v docker) && $$tool build -f fixtures/ops/Containerfile -t tollbook . && \
		$$tool run --rm tollbook version

.PHONY: clean
clean: ## remove bin/ and build/
	rm -rf $(BIN) $(BUILD)
