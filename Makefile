# make test is all that CI runs. It needs Go; what else it uses it installs with
# apt-get when that is there and this is root, and leaves out by name otherwise.

GO ?= go
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# Where goroutines meet: the race detector takes several times as long, and has
# nothing to find in the pure packages.
RACE := . ./porticotest ./internal/js/... ./internal/next ./internal/pipeline ./internal/proxy ./internal/route ./internal/site ./internal/server ./internal/cli ./internal/cache/... ./internal/limit ./internal/redis ./internal/files ./internal/compress ./internal/admin

.PHONY: test tools format vet lint build platforms race gotest fuzz bench record clean

# The order is from what fails fast to what takes long; go test has the last word.
test: tools format vet lint platforms race gotest

# A C compiler for the race detector, Node, with which internal/js/web compares
# itself, Redis, which internal/redis talks to, and Chromium, in which
# internal/browser visits pages: alone, as not every system has it as a package.
tools:
	@missing=(); \
	command -v gcc >/dev/null || command -v clang >/dev/null || missing+=(gcc libc6-dev); \
	command -v node >/dev/null || missing+=(nodejs npm); \
	command -v redis-server >/dev/null || command -v valkey-server >/dev/null || missing+=(redis-server); \
	browser=(); \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || browser=(chromium); \
	for names in "$${missing[*]}" "$${browser[*]}"; do \
		if [[ -z $$names ]]; then continue; fi; \
		if [[ $$(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then \
			echo "installing $$names"; \
			if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$names; } >/dev/null 2>&1; then \
				echo "left out: what needs $$names, which apt-get could not install"; \
			fi; \
		else \
			echo "left out: what needs $$names"; \
		fi; \
	done

format:
	@echo "gofmt"
	@unformatted=$$(find . \( -name node_modules -o -name .git -o -path ./bench/out \) -prune -o -name '*.go' -print0 | xargs -0 gofmt -l); \
	if [[ -n $$unformatted ]]; then echo "gofmt -w is due for:"; echo "$$unformatted"; exit 1; fi

# Tests are compiled for other systems here: they use signals and files.
vet:
	@for os in "" windows darwin; do \
		echo "go vet $${os:+for $$os}"; \
		GOOS=$$os CGO_ENABLED=0 $(GO) vet ./...; \
	done

lint:
	@if command -v golangci-lint >/dev/null; then golangci-lint run; else echo "left out: golangci-lint is not installed"; fi

# The portico command as it is released: one static file.
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X github.com/portico-dev/portico/internal/cli.Version=$(VERSION)' -o portico ./cmd/portico

platforms:
	@for p in $(PLATFORMS); do \
		echo "go build for $$p without cgo"; \
		CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build ./...; \
	done

race:
	@if command -v gcc >/dev/null || command -v clang >/dev/null; then \
		echo "go test -race"; \
		CGO_ENABLED=1 $(GO) test -race -short -timeout 20m $(RACE); \
	else \
		echo "left out: the race detector needs a C compiler"; \
	fi

gotest:
	@echo "go test"
	@$(GO) test -timeout 20m ./...

# Every fuzz test for a while: make fuzz FUZZTIME=5m
FUZZTIME ?= 20s
fuzz:
	@for dir in $$($(GO) list -f '{{.Dir}}' ./...); do \
		for name in $$(grep -hoE '^func Fuzz\w+' "$$dir"/*_test.go 2>/dev/null | cut -c6-); do \
			echo "$$name in $${dir#$$PWD/}"; \
			$(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) "$$dir"; \
		done; \
	done

# Figures of this machine, in a table. It wants wrk, and node and npm for the peers.
bench:
	@if ! command -v wrk >/dev/null && [[ $$(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null; \
	fi
	$(GO) run ./bench $(BENCHFLAGS)

# Ask the real Next.js again what it answers, and store that. It wants node and npm.
record:
	node internal/conformance/record/record.mjs $(RECORDFLAGS)

clean:
	rm -rf portico bench/out
