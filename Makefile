# Targets need Go and make only, and npm once for the tests against ClickHouse. `make` alone lists them.
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
check lint test test-fast acceptance openapi campaign goldens integration: export GOFLAGS := $(strip $(GOFLAGS) $(LEAN) -buildvcs=false)

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

# How long each fuzz target is tried.
FUZZTIME  ?= 30s
# The sample's month, and the clock of the run that bills it: noon of the 5th in Shanghai.
CYCLE     ?= 2026-09
AS_OF     ?= 2026-10-05T04:00:00Z
# The month before, and the clock of its close.
BEFORE      := 2026-08
CLOSE_AS_OF := 2026-09-05T04:00:00Z
# A night of September, in which incentives of August are confirmed and those of September estimated.
NIGHT_AS_OF := 2026-09-11T01:30:00+08:00
# The benchmark: one day of usage in Parquet, on two cores.
ROWS      ?= 20000000
CUSTOMERS ?= 100000
SEED      ?= 1
CORES     ?= 2
MEMORY    ?= 1GB
RUNS      ?= 1
# mixed, resources (many per customer, ids of 32 digits, eight files), giant (10 skus, one large customer) or costs (a month of cost files).
PROFILE   ?= mixed
BENCH     := $(BUILD)/bench-$(ROWS)$(if $(filter-out mixed,$(PROFILE)),-$(PROFILE))
FEED      := --customers $(CUSTOMERS) --days 1 --format parquet --bench
BENCH_AS_OF := 2026-09-03T01:30:00+08:00
ifeq ($(PROFILE),costs)
FEED      := --customers 1000 --days 28
BENCH_AS_OF := 2026-10-05T00:00:00Z
endif

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/tollbook
	@mkdir -p $(BIN)
	$(GO) build -ldflags=-s -o $(TOLLBOOK) ./cmd/tollbook

# Exit code 1 of a run means that it is complete and a person should check its result: the sample has bad records on purpose (§7.4).
LOOK = || [ $$? -eq 1 ]

.PHONY: run
run: build ## bill the sample from feed files to a Parquet lake: August is closed, September is billed
	@rm -rf $(BUILD)/sample
	$(TOLLBOOK) init $(BUILD)/sample --sample
	@echo "The feed files of August arrive, and August is closed."
	@mv $(BUILD)/sample/inbox $(BUILD)/sample/september; mv $(BUILD)/sample/august $(BUILD)/sample/inbox
	$(TOLLBOOK) -w $(BUILD)/sample check
	$(TOLLBOOK) -q -w $(BUILD)/sample close --cycle $(BEFORE) --as-of $(CLOSE_AS_OF) --allow-future
	@echo "A night of September: usage comes too late for August, and partners confirm and dispute their incentives."
	@mkdir $(BUILD)/sample/inbox/incentive_events
	@cp -r $(BUILD)/sample/after-august/usage $(BUILD)/sample/inbox
	@cp $(BUILD)/sample/after-august/incentive_events/2026-09.csv $(BUILD)/sample/inbox/incentive_events
	$(TOLLBOOK) -q -w $(BUILD)/sample run nightly --as-of $(NIGHT_AS_OF) --allow-future
	$(TOLLBOOK) -w $(BUILD)/sample incentives
	@echo "The feed files of September arrive, and the last incentive events. 21 records are wrong on purpose."
	@cp -r $(BUILD)/sample/september/. $(BUILD)/sample/after-august/. $(BUILD)/sample/inbox
	$(TOLLBOOK) -w $(BUILD)/sample run monthly --cycle $(CYCLE) --as-of $(AS_OF) --allow-future $(LOOK)
	$(TOLLBOOK) -w $(BUILD)/sample rejects $(LOOK)
	$(TOLLBOOK) -w $(BUILD)/sample verify
	$(TOLLBOOK) -w $(BUILD)/sample explain vm-ocean-port-0815
	$(TOLLBOOK) -w $(BUILD)/sample incentives
	$(TOLLBOOK) -w $(BUILD)/sample statement --cycle $(CYCLE)
	$(TOLLBOOK) -w $(BUILD)/sample bill --cycle $(CYCLE)
	$(TOLLBOOK) -w $(BUILD)/sample documents --cycle $(CYCLE)
	@echo "  a bill       $(BUILD)/sample/exports/documents-$(CYCLE)/bills/kestrel.html"
	@echo "  a statement  $(BUILD)/sample/exports/documents-$(CYCLE)/statements/meridian.html"
	@echo "To look at the amounts in a browser: make console"

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

# The crash tests sync thousands of small files: a temporary folder in memory, where there is room, makes them ten times faster.
IN_MEMORY = d=/dev/shm; if [ ! -w $$d ] || [ $$(df -Pk $$d | awk 'NR == 2 { print $$4 }') -le 3000000 ]; then d=$${TMPDIR:-/tmp}; fi
TEST_TMP = $$($(IN_MEMORY); mktemp -d $$d/tollbook-XXXXXX)

# Tests against ClickHouse skip where it cannot be fetched, which `go test` alone would not show; where it must not happen, as in .ci/run,
# TOLLBOOK_TEST_CLICKHOUSE_REQUIRED is set.
FETCH = missing=; $(GO) run ./fixtures/clickhouse/cmd -fetch || missing="NOT TESTED: everything against ClickHouse, see above"; \
  if [ -n "$$missing" ]; then echo "$$missing" >&2; if [ -n "$${TOLLBOOK_TEST_CLICKHOUSE_REQUIRED:-}" ]; then exit 1; fi; fi

# The program is built once (fixtures/program). fixtures/progress prints a line per package as it finishes. Go does not run a test again
# whose code, files and variables are the same: the temporary folder has the same name each time, and the program keeps its time if it is
# the same. The compiler, the linker and the tests let the heap grow to five times what is in use; the programs that tests start do not
# (PROGRAM-6).
GO_TEST = $(IN_MEMORY); export TMPDIR="$$d/tollbook-test-$$(id -u)"; mkdir -p "$$TMPDIR" $(BUILD)/test; \
  trap 'rmdir "$$TMPDIR" 2> /dev/null || true' EXIT; find "$$TMPDIR" -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf {} +; \
  export TOLLBOOK_TEST_PROGRAM=$(CURDIR)/$(BUILD)/test/tollbook; $(GO) build -o "$$TOLLBOOK_TEST_PROGRAM.built" ./cmd/tollbook; \
  if ! cmp -s "$$TOLLBOOK_TEST_PROGRAM.built" "$$TOLLBOOK_TEST_PROGRAM"; then \
    cp "$$TOLLBOOK_TEST_PROGRAM.built" "$$TOLLBOOK_TEST_PROGRAM.new"; mv "$$TOLLBOOK_TEST_PROGRAM.new" "$$TOLLBOOK_TEST_PROGRAM"; fi; \
  GOGC="$${GOGC:-400}" $(GO) run ./fixtures/progress

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
	@$(FETCH); $(GO_TEST) -short -vet=off -timeout 20m $(if $(filter both,$(FORMS)),-exec=$(CURDIR)/fixtures/progress/forms.sh) \
	  $(LONGEST) $(PACKAGES); if [ -n "$$missing" ]; then echo "$$missing" >&2; fi

# What differs from BRANCH, committed or not. A change of a package that many import is better served by `make test`.
BRANCH ?= main
CHANGED = $$( (git diff --name-only $$(git merge-base HEAD $(BRANCH)) -- '*.go'; git ls-files --others --exclude-standard -- '*.go') \
  | xargs -r -n1 dirname | sort -u | while read -r d; do test -d "$$d" && echo "./$$d"; done | grep -v '^./fixtures/\(campaign\|publishing\|acceptance\)' )

.PHONY: test-fast
test-fast: ## run the tests of the packages that differ from BRANCH (default main), the scenarios once, and the rules of the repository
	@$(GO_TEST) -short -timeout 5m $$(printf '%s\n' ./fixtures/house $(CHANGED) | grep -v '^./fixtures/scenarios$$' | sort -u)
	@$(GO_TEST) -short -timeout 5m ./fixtures/scenarios -scenarios.one

# A module of its own, since the SDK is large (a zip of 50 MB). It builds the program itself. The second time the server answers from what
# runs published to a ClickHouse server; with DSN=clickhouse://..., as `make clickhouse` prints it, that is the only time.
DSN ?=
.PHONY: acceptance
acceptance: ## drive the query API with the vendor's own SDK, over a real server, from the lake and from ClickHouse
	@$(FETCH); tmp=$(TEST_TMP); trap 'rm -rf "$$tmp"' EXIT; export TMPDIR="$$tmp"; test="$$tmp/acceptance.test -test.timeout 10m"; \
	$(GO) build -o $(BIN)/clickhouse ./fixtures/clickhouse/cmd; \
	(cd fixtures/acceptance; $(GO) mod tidy -diff; $(GO) vet .; $(GO) test -c -o "$$tmp/acceptance.test" .; \
	if [ -n "$(DSN)" ]; then exec $$test -store clickhouse -dsn $(DSN); fi; echo "from the lake"; exec $$test); \
	if [ -n "$(DSN)" ]; then exit; fi; if [ -n "$$missing" ]; then echo "$$missing" >&2; exit; fi; \
	echo "from ClickHouse"; $(BIN)/clickhouse -dir "$$tmp/clickhouse" -in fixtures/acceptance -- $$test -store clickhouse

# The S3 server is a module of its own: fetched and compiled once, four minutes on two cores; then a few minutes. SHORT=-short takes fewer rounds.
GATEWAY = cd fixtures/objectstore/gateway; $(GO) mod tidy -diff; $(GO) build -o $(CURDIR)/$(BIN)/versitygw github.com/versity/versitygw/cmd/versitygw

.PHONY: object-store
object-store: build ## test a lake in a real S3 server (versitygw): the same files as in a folder, kills, lost answers, two programs at once
	$(GATEWAY)
	TOLLBOOK=$(CURDIR)/$(TOLLBOOK) VERSITYGW=$(CURDIR)/$(BIN)/versitygw $(GO) test $(SHORT) -count=1 -timeout 30m ./fixtures/objectstore

# Random workspaces, months of four disturbed commands each, and commits by two processes at once. FIRST=501 continues with the 501st of each.
DRAWS  ?= 1000
MONTHS ?= 50
RACES  ?= 1000
.PHONY: object-store-long
object-store-long: build ## the long form with the lake in a real S3 server: DRAWS workspaces, MONTHS disturbed months, RACES
	$(GATEWAY)
	TOLLBOOK=$(CURDIR)/$(TOLLBOOK) VERSITYGW=$(CURDIR)/$(BIN)/versitygw $(GO) test -count=1 -timeout 12h ./fixtures/objectstore -v \
	  -run 'TestRandomWorkspaces|TestDisturbedMonths|TestTwoCommits' -objectstore.first=$(FIRST) -objectstore.draws=$(DRAWS) \
	  -objectstore.months=$(MONTHS) -objectstore.races=$(RACES) | grep -v '^=== '

# The Temporal server is a module of its own: fetched and compiled once, six minutes on two cores; then some minutes for the tests. The program is
# built twice: workers must refuse runs of another build. The test with two nodes needs PostgreSQL and is skipped without it. SHORT=-short takes
# fewer kills.
POSTGRES ?= $(patsubst %/initdb,%,$(lastword $(sort $(wildcard /usr/lib/postgresql/*/bin/initdb))))
.PHONY: temporal
temporal: clickhouse-library ## test runs whose tasks a real Temporal server gives to workers: the same files as in one process, kills of each part
	cd fixtures/temporal/server; $(GO) mod tidy -diff; $(GO) build -ldflags='-s -w' -o $(CURDIR)/$(BIN)/temporal-server go.temporal.io/server/cmd/server
	cd fixtures/temporal/server; $(GO) build -ldflags='-s -w' -o $(CURDIR)/$(BIN)/temporal-sql go.temporal.io/server/cmd/tools/sql
	$(GATEWAY)
	$(GO) build -tags temporal -o $(BIN)/tollbook-temporal ./cmd/tollbook
	$(GO) build -tags temporal -ldflags=-X=main.build=other -o $(BIN)/tollbook-other ./cmd/tollbook
	TOLLBOOK=$(CURDIR)/$(BIN)/tollbook-temporal TOLLBOOK_OTHER=$(CURDIR)/$(BIN)/tollbook-other TEMPORAL_SERVER=$(CURDIR)/$(BIN)/temporal-server \
	TEMPORAL_SQL=$(CURDIR)/$(BIN)/temporal-sql POSTGRES=$(POSTGRES) VERSITYGW=$(CURDIR)/$(BIN)/versitygw \
	$(GO) test $(SHORT) -count=1 -timeout 30m ./fixtures/temporal

# A module of its own, since Prometheus is large: fetched and compiled once, a few minutes on two cores; a few seconds from then on.
.PHONY: alerts
alerts: ## see each alert of fixtures/ops fire and stay silent, by Prometheus' own evaluation of rules
	cd fixtures/alerts; $(GO) mod tidy -diff; $(GO) vet .; $(GO) test -count=1 -timeout 10m .

# Two public linters, and a client that is generated, compiled and run. Their versions are fixed here and in fixtures/client/go.mod.
REDOCLY_VERSION        := 2.77.0
SWAGGER_PARSER_VERSION := 13.0.0
OPENAPI      := pipeline/serve/openapi.yaml
OPENAPI_TOOLS = $(TOOLS)/openapi-$(REDOCLY_VERSION)-$(SWAGGER_PARSER_VERSION)

.PHONY: openapi
openapi: $(OPENAPI_TOOLS)/.done ## check openapi.yaml with redocly and swagger-parser (npm), and list bills by a client generated from it
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(OPENAPI_TOOLS)/node_modules/.bin/redocly lint --extends recommended --max-problems 1000 $(OPENAPI)
	cd $(OPENAPI_TOOLS) && node --input-type=module -e 'import p from "@apidevtools/swagger-parser"; await p.validate(process.argv[1]);' $(CURDIR)/$(OPENAPI)
	cd fixtures/client && $(GO) mod tidy -diff && $(GO) vet . && $(GO) test -count=1 -timeout 10m .

$(OPENAPI_TOOLS)/.done:
	@mkdir -p $(OPENAPI_TOOLS)
	cd $(OPENAPI_TOOLS) && npm install --no-audit --no-fund --no-save @redocly/cli@$(REDOCLY_VERSION) @apidevtools/swagger-parser@$(SWAGGER_PARSER_VERSION)
	@touch $@

# Files of the deb and rpm packages that are made from others.
PACKAGE := $(BUILD)/package
.PHONY: package-files
package-files: build ## man pages, completions, systemd units and licences as the packages of a release have them
	rm -rf $(PACKAGE) && mkdir -p $(PACKAGE)/man $(PACKAGE)/completions $(PACKAGE)/systemd
	$(GO) run ./fixtures/ops/licences > $(PACKAGE)/THIRD_PARTY_LICENSES
	$(TOLLBOOK) man --dir $(PACKAGE)/man
	$(TOLLBOOK) completion bash > $(PACKAGE)/completions/tollbook.bash
	$(TOLLBOOK) completion zsh > $(PACKAGE)/completions/_tollbook
	$(TOLLBOOK) completion fish > $(PACKAGE)/completions/tollbook.fish
	for unit in fixtures/ops/*.service fixtures/ops/*.timer; do \
		sed 's,/usr/local/bin/,/usr/bin/,' $$unit > $(PACKAGE)/systemd/$$(basename $$unit); done

GORELEASER_VERSION := 2.9.0
GORELEASER = $(abspath $(TOOLS))/goreleaser-v$(GORELEASER_VERSION)

$(GORELEASER):
	GOBIN=$(abspath $(TOOLS))/goreleaser-bin $(GO) install github.com/goreleaser/goreleaser/v2@v$(GORELEASER_VERSION)
	mv $(TOOLS)/goreleaser-bin/goreleaser $@

SYFT_VERSION := 1.38.0
SYFT = $(abspath $(TOOLS))/syft-v$(SYFT_VERSION)/syft

$(SYFT):
	GOBIN=$(dir $@) $(GO) install github.com/anchore/syft/cmd/syft@v$(SYFT_VERSION)

.PHONY: release-check
release-check: $(GORELEASER) ## check .goreleaser.yaml
	$(GORELEASER) check

.PHONY: release
release: $(GORELEASER) $(SYFT) ## build archives, deb, rpm, SBOMs and checksums of this commit into dist/, without publishing
	PATH=$(dir $(SYFT)):$$PATH $(GORELEASER) release --snapshot --clean
	cd dist && sha256sum --check --quiet SHA256SUMS

.PHONY: package-check
package-check: ## check what `make release` left in dist/: files, checksums and SBOMs; install, try and remove a deb and an rpm
	$(GO) test -count=1 ./fixtures/ops -run 'TestPackage' -dist $(CURDIR)/dist -v

.PHONY: container
container: ## build the container image with docker or podman, and run the sample in it
	tool=$$(command -v podman || command -v docker) && $$tool build -f fixtures/ops/Containerfile -t tollbook . && \
		$$tool run --rm tollbook version

VITEPRESS_VERSION := 1.6.4
SITE := $(BUILD)/site-source

.PHONY: site
site: ## build the documentation as a site with search into build/site (npm); a dead link is an error
	rm -rf $(SITE)/docs $(BUILD)/site
	mkdir -p $(SITE) && cp -r docs $(SITE)/docs
	mkdir -p $(SITE)/docs/.vitepress && cp fixtures/site/config.mjs $(SITE)/docs/.vitepress
	echo '{"private": true, "type": "module"}' > $(SITE)/package.json
	cd $(SITE) && npm install --no-audit --no-fund --no-save vitepress@$(VITEPRESS_VERSION)
	cd $(SITE) && npx vitepress build docs --outDir $(abspath $(BUILD))/site
	@echo "open it: cd $(BUILD)/site && python3 -m http.server"

.PHONY: clickhouse-library
clickhouse-library: ## fetch the ClickHouse of the tests into the user's cache folder (npm, 170 MB, once)
	$(GO) run ./fixtures/clickhouse/cmd -fetch

# More than one server is a cluster named loopback.
SHARDS ?= 1

AXE_VERSION := 4.14.1
AXE          = $(TOOLS)/axe-core-$(AXE_VERSION)

.PHONY: console-accessible
console-accessible: $(AXE)/.done ## check every page of the console by axe-core (npm) and at widths from 320 to 2,560 pixels (needs Chromium or Chrome)
	$(GO) test -count=1 -timeout 30m ./fixtures/browser -run TestAccessible -axe $(CURDIR)/$(AXE)/node_modules/axe-core/axe.min.js

$(AXE)/.done:
	@mkdir -p $(AXE)
	cd $(AXE) && npm install --no-audit --no-fund --no-save axe-core@$(AXE_VERSION)
	@touch $@

# Chromium or Chrome draws the covers of README.
BROWSER ?= chromium
.PHONY: picture
picture: build ## draw the chart and the covers of README again from the sample
	@rm -rf $(BUILD)/picture
	$(TOLLBOOK) init $(BUILD)/picture --sample
	$(TOLLBOOK) -q -w $(BUILD)/picture run monthly --cycle $(CYCLE) --as-of $(AS_OF) --allow-future $(LOOK)
	$(TOLLBOOK) -w $(BUILD)/picture bandwidth aurora-east-a --cycle $(CYCLE) --svg docs/images/percentile.svg --force
	$(TOLLBOOK) -q -w $(BUILD)/picture close --cycle $(CYCLE) --as-of $(AS_OF) --allow-future --yes $(LOOK)
	$(TOLLBOOK) -w $(BUILD)/picture documents --cycle $(CYCLE) --dir $(BUILD)/picture/documents
	@: > docs/images/covers.sha256
	@for page in bills/kestrel statements/meridian; do \
	  html=$(BUILD)/picture/documents/$$page.html; name=$$(basename $$page); \
	  $(BROWSER) --headless $$(test $$(id -u) -ne 0 || echo --no-sandbox) --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
	    --window-size=820,640 --screenshot=docs/images/$$name.png "file://$$(realpath $$html)" 2> /dev/null || exit 1; \
	  sed -n '/<section class="cover"/,/<\/section>/p' $$html | sha256sum | sed "s/-$$/$$name/" >> docs/images/covers.sha256; done

.PHONY: console-pictures
console-pictures: ## take the pictures of docs/console.md again from the sample (Chromium or Chrome)
	$(GO) test -count=1 ./fixtures/browser -run TestPictures$$ -pictures $(CURDIR)/docs/images

.PHONY: run-clickhouse
run-clickhouse: build ## bill the sample's month, publish it to a ClickHouse server, and print the bill from its views
	$(GO) run ./fixtures/clickhouse/run -program $(TOLLBOOK) -dir $(BUILD)/clickhouse/sample -cycle $(CYCLE) -as-of $(AS_OF)

.PHONY: clickhouse
clickhouse: ## start a ClickHouse server to play with; SHARDS=3 starts a cluster of three
	$(GO) build -o $(BIN)/clickhouse ./fixtures/clickhouse/cmd
	@exec $(BIN)/clickhouse -shards $(SHARDS)

.PHONY: race
race: ## the same tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 45m $(PACKAGES)

.PHONY: check
# The linter govet runs the analyzers of `go vet`, which would take a minute and a half to run a second time.
check: fmt-check tidy-check profile-check lint ## gofmt, go.mod, the compiler's profile and the linters, also those of go vet

.PHONY: fmt-check
fmt-check:
	@out=$$(gofmt -l $(GOFILES)); if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi

.PHONY: tidy-check
tidy-check:
	$(GO) mod tidy -diff

# Checks and tests compile without the profile, so that only `make build` would find a damaged one.
.PHONY: profile-check
profile-check:
	$(GO) tool preprofile -i cmd/tollbook/default.pgo -o /dev/null

# .golangci.yml lists the linters, staticcheck among them, each with its reason. golangci-lint is built once, about two minutes on two cores.
.PHONY: lint
lint: $(LINTER) # up to 4 GiB of memory for a fifth less processor time
	GOGC=800 GOMEMLIMIT=4GiB $(LINTER) run $(PACKAGES)

$(LINTER):
	@mkdir -p $(TOOLS)
	GOBIN=$(CURDIR)/$(TOOLS) GOFLAGS="$(LEAN)" $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER_VERSION)
	@mv $(TOOLS)/golangci-lint $@

# The packages whose tests do less with -short.
FULL = $$(grep -rlE --include='*_test.go' -e "$$SHORTENED" . | grep -v '^./$(BUILD)/' | xargs -n1 dirname | sort -u)

.PHONY: campaign
campaign: ## the full form of all tests that `make test` shortens: random workspaces, kills, faults, configurations; 27 minutes on two cores
	@$(FETCH); $(GO_TEST) -vet=off -timeout 40m $(FULL); if [ -n "$$missing" ]; then echo "$$missing" >&2; fi

# How many random workspaces each long comparison draws.
CHECKS ?= 10000

.PHONY: campaign-long
campaign-long: ## the long form: CHECKS random workspaces for each comparison against the reference, 50 kills, every fault; hours
	$(GO) test -timeout 12h ./fixtures/campaign -rapid.checks=$(CHECKS) -campaign.long -campaign.kills=50

.PHONY: campaign-crash
campaign-crash: ## kill -9 at every operation on the lake of every command that changes it, each next to a reader; about 1,100 processes
	$(GO) test -timeout 12h ./fixtures/campaign -run 'TestKillOperations|TestKillPrune|TestStopPoints' -v -campaign.long | grep -v '^=== '

# How many schedules, and the seed of the first one.
SCHEDULES ?= 10000
FIRST     ?= 1
.PHONY: campaign-schedules
campaign-schedules: ## SCHEDULES interleavings of runs, backups and readers over one lake, with kills and power cuts
	$(GO) test -count=1 -timeout 6h ./fixtures/simulation -v \
	  -campaign.schedules=$(SCHEDULES) -campaign.seed=$(FIRST) | grep -v '^=== '

.PHONY: soak
soak: ## 30 nights of a million rows in one process: open files and memory stay what they were (8 GB in the temporary folder)
	$(GO) test -timeout 6h ./fixtures/soak -v -soak.days=30 -soak.rows=1000000

.PHONY: campaign-clickhouse
campaign-clickhouse: ## the long form of publishing under faults: 60 points for each kill and cut, one server and three shards
	$(GO) run ./fixtures/clickhouse/cmd -fetch
	TOLLBOOK_TEST_CLICKHOUSE_REQUIRED=1 $(GO) test -timeout 4h ./fixtures/publishing -publishing.long

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

# The short form, six weeks around the changes of the clock in each of four zones, is part of `make test`.
.PHONY: year
year: ## the schedule through a simulated year in four zones, with outages, failing disks and kills
	tmp=$(TEST_TMP); trap 'rm -rf "$$tmp"' EXIT; TMPDIR="$$tmp" $(GO) test -count=1 -timeout 2h ./jobs -run 'TestYear' -v -schedule.long

.PHONY: house-figures
house-figures: ## measure the structure of the code, into fixtures/house/figures/figures.txt
	$(GO) run ./fixtures/house/figures . | tee fixtures/house/figures/figures.txt

.PHONY: fuzz
fuzz: ## try every fuzz target for FUZZTIME (default 30s) each
	@for pkg in $$($(GO) list $(PACKAGES)); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; \
	done

$(BENCH)/tollbook.yaml: | build
	$(TOLLBOOK) generate -w $(BENCH) --rows $(ROWS) $(FEED) --seed $(SEED) --profile $(PROFILE)

# The floor reads the same columns and writes the same files with nothing in between, in turn with the runs.
.PHONY: bench
bench: build $(BENCH)/tollbook.yaml ## time `run nightly` over ROWS generated usage rows (default 20,000,000), RUNS times
	$(GO) build -o $(BIN)/bench ./fixtures/bench
	$(GO) build -o $(BIN)/floor ./fixtures/generate/floor
	$(BIN)/bench -rows $(ROWS) -runs $(RUNS) -look -input $(BENCH)/inbox -output $(BENCH)/lake -fresh $(BENCH)/lake \
	  -floor "$(BIN)/floor -w $(BENCH) -threads $(CORES)" \
	  -- $(TOLLBOOK) -w $(BENCH) run nightly --as-of $(BENCH_AS_OF) --allow-future --workers $(CORES)

.PHONY: bench-peers
bench-peers: RUNS = 5
bench-peers: build $(BENCH)/tollbook.yaml ## the work of PROFILE and the same job in DuckDB, in turn, RUNS times each (needs a C compiler)
	cd fixtures/peers && CGO_ENABLED=1 $(GO) build -o $(CURDIR)/$(BIN)/peers .
	$(GO) build -o $(BIN)/bench ./fixtures/bench
	$(BIN)/bench peers -program $(TOLLBOOK) -peer $(BIN)/peers -workspace $(BENCH) -scratch $(BENCH)-peer -rows $(ROWS) -profile $(PROFILE) \
	  -memory $(MEMORY) -workers $(CORES) -runs $(RUNS) -as-of $(BENCH_AS_OF)

.PHONY: profile
profile: build $(BENCH)/tollbook.yaml ## where `run nightly` over ROWS rows spends time and allocates: the ten functions of each
	rm -rf $(BENCH)/lake
	$(TOLLBOOK) -w $(BENCH) run nightly --as-of $(BENCH_AS_OF) --allow-future --workers $(CORES) --cpu-profile $(BENCH)-cpu.out --alloc-profile $(BENCH)-alloc.out > $(BENCH)-profile.txt $(LOOK)
	$(GO) tool pprof -top -nodecount 10 $(TOLLBOOK) $(BENCH)-cpu.out
	$(GO) tool pprof -top -cum -nodecount 60 $(TOLLBOOK) $(BENCH)-cpu.out > $(BENCH)-cpu-cum.txt
	$(GO) tool pprof -top -nodecount 10 -sample_index alloc_space $(TOLLBOOK) $(BENCH)-alloc.out
	$(GO) tool pprof -top -nodecount 10 -sample_index alloc_objects $(TOLLBOOK) $(BENCH)-alloc.out

# The profile of the compiler (go doc cmd/compile, profile-guided optimization): a night of usage of each
# of the generator's profiles, one of samples, closes and exports. Profiles of an older program serve as well, so this
# is for releases, not for every change.
PGO_ROWS ?= 5000000
PGO      := $(BUILD)/pgo
PGO_RUN   = $(TOLLBOOK) --cpu-profile $(PGO)/$(1).out -w $(PGO)/$(2) $(3) --workers $(CORES) > $(PGO)/$(1).txt $(LOOK)

.PHONY: pgo
pgo: build ## profile the work that takes time into cmd/tollbook/default.pgo, by which tollbook is compiled
	rm -rf $(PGO); mkdir -p $(PGO)
	$(TOLLBOOK) generate -w $(PGO)/usage --rows $(PGO_ROWS) --customers $(CUSTOMERS) --days 1 --seed $(SEED) --format parquet --bench
	$(TOLLBOOK) generate -w $(PGO)/resources --rows $(PGO_ROWS) --customers 5000 --days 1 --seed $(SEED) --format parquet --bench --profile resources
	$(TOLLBOOK) generate -w $(PGO)/giant --rows $(PGO_ROWS) --customers 20000 --days 1 --seed $(SEED) --format parquet --bench --profile giant
	$(TOLLBOOK) generate -w $(PGO)/samples --links 4000 --rows 1000 --customers 2000 --days 2 --seed $(SEED) --start 2026-09-01
	$(call PGO_RUN,night,usage,run nightly --as-of $(BENCH_AS_OF) --allow-future)
	$(call PGO_RUN,resources,resources,run nightly --as-of $(BENCH_AS_OF) --allow-future)
	$(call PGO_RUN,giant,giant,run nightly --as-of $(BENCH_AS_OF) --allow-future)
	$(call PGO_RUN,samples,samples,run nightly --as-of $(BENCH_AS_OF) --allow-future)
	$(call PGO_RUN,close,usage,close --cycle $(CYCLE) --yes --as-of $(AS_OF) --allow-future)
	$(call PGO_RUN,percentiles,samples,close --cycle $(CYCLE) --yes --as-of $(AS_OF) --allow-future)
	$(call PGO_RUN,csv,usage,export --table lines --cycle $(CYCLE) --format csv --out $(PGO)/lines.csv --force)
	$(call PGO_RUN,arrow,usage,export --table lines --cycle $(CYCLE) --format arrow --out $(PGO)/lines.arrow --force)
	$(GO) tool pprof -proto -output cmd/tollbook/default.pgo $(PGO)/*.out
	rm -rf $(PGO)

.PHONY: docs
docs: ## write the generated pages under docs/ again
	$(GO) generate $(PACKAGES)

.PHONY: clean
clean: ## remove bin/ and build/
	rm -rf $(BIN) $(BUILD)
