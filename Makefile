# Go and make are all that this needs. "make" alone lists what there is.

GO      ?= go
ARCH    ?= $(shell $(GO) env GOARCH)
VERSION ?= 0.1.0-dev
LINTER  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The same source gives the same bytes in any folder: no paths, no build id, no
# state of the working copy. Who makes a release says which: VERSION=1.2.3.
LDFLAGS   := -s -w -buildid= -X github.com/gander-images/gander/shared/boot.version=$(VERSION)
GOBUILD   := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags='$(LDFLAGS)'
# A function speaks HTTP/1.1: gateways, container platforms and AWS's own services
# do. Leaving out version 2, and Lambda's old protocol, saves a twentieth.
TAGS      := lambda.norpc,nethttpomithttp2
FUNCTIONS := $(filter-out standalone,$(notdir $(patsubst %/,%,$(wildcard functions/*/))))
SCRATCH   := build/bin/$(ARCH)

.DEFAULT_GOAL := help
.PHONY: help run gander build package deploy test test-cloud lint fmt bench crash simulate trace coldstart docs clean record record-policy record-protections policy-sample emulators local-engines local-light local-tools local-up local-test local-down

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: gander ## build and serve everything on http://127.0.0.1:9292
	@build/gander serve

gander: ## build build/gander, for this machine
	@mkdir -p build
	@$(GOBUILD) -o build/gander ./functions/standalone

build: gander $(SCRATCH)/made-of ## build build/gander and every Lambda (ARCH=arm64 for the cloud)
	@for f in $(FUNCTIONS); do mkdir -p build/functions/$$f && \
	  { cmp -s $(SCRATCH)/$$f build/functions/$$f/bootstrap || ln -f $(SCRATCH)/$$f build/functions/$$f/bootstrap; }; done

# Go links anew whatever it is asked for, sixty times here: only when a source or a
# source's name, the version, the compiler or the list of functions is another.
SOURCES := $(shell find functions shared -type f ! -path '*/testdata/*' ! -name '*_test.go')
MADE_OF := $(VERSION) $(shell $(GO) version) $(FUNCTIONS) of files $(firstword $(shell echo $(sort $(SOURCES)) | cksum))

$(SCRATCH)/made-of: go.mod go.sum Makefile $(SOURCES) $(if $(filter-out $(strip $(file <$(SCRATCH)/made-of)),$(MADE_OF)),FORCE)
	@mkdir -p $(SCRATCH)
	@GOOS=linux GOARCH=$(ARCH) $(GOBUILD) -tags $(TAGS) -o $(SCRATCH)/ $(FUNCTIONS:%=./functions/%)
	@echo '$(MADE_OF)' >$@

package: build ## put every Lambda into build/package/NAME.zip (ARCH=arm64 for the cloud)
	@$(GO) run ./shared/boot/pack -arch $(ARCH) build/functions build/package

# The cloud's processor is arm64, unless ARCH was given.
CLOUD_ARCH := $(if $(filter file,$(origin ARCH)),arm64,$(ARCH))

deploy: ## deploy to AWS by SAM (STACK=name PARAMETERS="Name=value ...")
	@test -n "$(STACK)" || { echo 'make deploy STACK=name PARAMETERS="Name=value ..."; docs/deploying.md lists the parameters' >&2; exit 1; }
	@command -v sam >/dev/null || { echo 'make deploy needs the command sam, which is not there; the Python package aws-sam-cli has it' >&2; exit 1; }
	@$(MAKE) --no-print-directory build ARCH=$(CLOUD_ARCH)
	@SAM_CLI_TELEMETRY=$${SAM_CLI_TELEMETRY:-0} sam deploy --template-file template.yaml --stack-name $(STACK) --resolve-s3 --no-fail-on-empty-changeset \
	  --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND \
	  --parameter-overrides Architecture=$(if $(filter amd64,$(CLOUD_ARCH)),x86_64,$(CLOUD_ARCH)) $(PARAMETERS)

test: ## run all tests (TESTFLAGS=-race and the like)
	@$(GO) test $(TESTFLAGS) ./... ./.ci/table

test-cloud: build emulators build/tools/emulate ## run the tests that need engines (ENGINES=dynoxide,versitygw,moto SHAPES= TESTFLAGS=)
	@GO='$(GO)' localstack/test-cloud $(TESTFLAGS)

record: build/made/recorder ## keep anew what the newest Glance answers (needs Python; SCENARIOS="some")
	@cd shared/httpapi/recorded && $(CURDIR)/build/recorder/bin/python -m recorder $(or $(ANSWERS),answers) $(SCENARIOS)

record-policy: build/made/recorder ## keep anew what oslo.policy answers and Glance registers (needs Python)
	@cd shared/policy/testdata && PYTHONDONTWRITEBYTECODE=1 $(CURDIR)/build/recorder/bin/python -m recorder $(or $(ANSWERS),.)

record-protections: build/made/recorder ## keep anew what Glance makes of property protection files (needs Python)
	@cd shared/protect/testdata && PYTHONDONTWRITEBYTECODE=1 $(CURDIR)/build/recorder/bin/python -m recorder $(or $(ANSWERS),.)

build/made/recorder: shared/httpapi/recorded/requirements.txt
	@mkdir -p build/made && rm -rf build/recorder
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "recording needs Python 3.11 or newer")'
	@python3 -m venv build/recorder
	@build/recorder/bin/pip install -q --disable-pip-version-check -r shared/httpapi/recorded/requirements.txt
	@touch $@

lint: build/tools/golangci-lint ## check style and likely mistakes
	@build/tools/golangci-lint run ./... ./.ci/table
	@$(GO) vet ./... ./.ci/table

fmt: build/tools/golangci-lint ## put the sources into form
	@build/tools/golangci-lint fmt

build/tools/golangci-lint: Makefile
	@mkdir -p build/tools
	@GOBIN=$(CURDIR)/build/tools $(GO) install $(LINTER)
	@touch $@

# Engines that stand in for AWS, at the versions that the suites are written for.
DYNOXIDE  := 1.2.1
VERSITYGW := v1.8.0
MINISTACK := 1.5.33
MOTO      := 5.2.5

emulators: build/made/dynoxide-$(DYNOXIDE) build/made/versitygw-$(VERSITYGW) build/made/ministack-$(MINISTACK) build/made/moto-$(MOTO) build/made/localstack build/tools/secrets ## install the engines that stand in for AWS

# Those that need no Python.
local-engines: build/made/dynoxide-$(DYNOXIDE) build/made/versitygw-$(VERSITYGW) build/tools/secrets
	@:

local-light: build local-engines build/tools/light ## the local cloud without Python: engines, the functions, a gateway of ours
	@exec build/tools/light

build/tools/trace build/tools/crash: FORCE
	@mkdir -p build/tools && $(GO) build -o $@ ./shared/boot/$(notdir $@)

build/tools/compare: FORCE
	@mkdir -p build/tools && $(GO) build -o $@ ./shared/boot/crash/compare

build/tools/emulate build/tools/light: FORCE
	@mkdir -p build/tools && $(GO) build -o $@ ./localstack/$(notdir $@)

build/tools/secrets: FORCE
	@mkdir -p build/tools && $(GO) build -o $@ ./localstack/secrets/serve

FORCE:

build/made/dynoxide-$(DYNOXIDE):
	@mkdir -p build/tools build/made build/npm
	@set -e; package=@dynoxide/$$(node -p 'process.platform + "-" + process.arch'); \
	  npm install --silent --no-audit --no-fund --ignore-scripts --prefix build/npm $$package@$(DYNOXIDE); \
	  install -m 755 build/npm/node_modules/$$package/dynoxide build/tools/dynoxide
	@touch $@

build/made/versitygw-$(VERSITYGW):
	@mkdir -p build/tools build/made
	@GOBIN=$(CURDIR)/build/tools $(GO) install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW)
	@touch $@

build/made/ministack-$(MINISTACK):
	@mkdir -p build/made && rm -rf build/ministack
	@set -e; python=$$(localstack/python); "$$python" -m venv build/ministack
	@build/ministack/bin/pip install -q --disable-pip-version-check ministack==$(MINISTACK)
	@touch $@

build/made/moto-$(MOTO):
	@mkdir -p build/made && rm -rf build/moto
	@set -e; python=$$(localstack/python); "$$python" -m venv build/moto
	@build/moto/bin/pip install -q --disable-pip-version-check 'moto[server]==$(MOTO)'
	@touch $@

build/made/localstack: localstack/requirements.txt
	@mkdir -p build/made && rm -rf build/localstack
	@set -e; python=$$(localstack/python); "$$python" -m venv build/localstack
	@build/localstack/bin/pip install -q --disable-pip-version-check -r localstack/requirements.txt
	@touch $@

# What LocalStack needs on this machine where there is no container engine.
local-tools: build/made/localstack-plugins build/made/dynoxide-$(DYNOXIDE)
	@:

build/made/localstack-plugins: build/made/localstack localstack/plugins/pyproject.toml
	@build/localstack/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e localstack/plugins
	@touch $@

local-up: ## deploy template.yaml to LocalStack on this machine
	@localstack/up

local-test: ## test the deployment that local-up made
	@localstack/test

local-down: ## stop LocalStack, and forget what it holds
	@localstack/down

bench: gander ## run the benchmarks, then measure the whole process beside its yardsticks
	@mkdir -p build/tools
	@$(GO) test -run '^$$' -bench . -benchtime 0.5s -benchmem ./... >build/benchmarks.txt || { cat build/benchmarks.txt; exit 1; }
	@$(GO) build -o build/tools/bench ./shared/boot/bench
	@build/tools/bench -go build/benchmarks.txt build/gander

KILLS := 30

crash: gander build/tools/crash build/tools/compare ## kill the service under load, and look for what was answered (KILLS=30 SEED=)
	@build/tools/crash -kills $(KILLS) $(if $(SEED),-seed $(SEED)) -compare build/tools/compare build/gander

SCHEDULES := 200000
TRIPLES   := 1
FIRST     := 1
MUTANTS   := yes

simulate: ## play keys and images in all orders of their calls, and find planted mistakes (SCHEDULES=200000 TRIPLES=1 FIRST=1 MUTANTS= SEED=)
ifdef SEED
	@$(GO) test -count=1 -v -run '^TestReplay$$' ./shared/simulation -args -seed '$(SEED)'
else
	@$(GO) test -count=1 -timeout=0 $(or $(TESTFLAGS),-v) ./shared/simulation -args -whole -schedules $(SCHEDULES) -triples $(TRIPLES) -first $(FIRST) $(if $(MUTANTS),-mutants)
endif

trace: gander build/tools/trace ## hold every answered write to its syncs, by the system calls made (needs strace)
	@build/tools/trace build/gander

coldstart: ## tell size, memory and cold start of each Lambda
	@$(MAKE) --no-print-directory build ARCH=arm64
	@$(MAKE) --no-print-directory build ARCH=$(shell $(GO) env GOARCH)
	@$(GO) run ./shared/boot/coldstart -arm64 build/bin/arm64 build/functions

docs: gander ## write docs/configuration.md and docs/policy.md anew
	@build/gander settings > docs/configuration.md
	@build/gander policy-rules > docs/policy.md

policy-sample: gander ## print a policy file of every rule, with the defaults commented out
	@build/gander policy-sample

clean: ## remove what was built; data in .gander stays
	@rm -rf build coverage.out
