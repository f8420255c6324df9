# Portico. `make test` is what continuous integration runs; it needs Go, and
# installs the rest with apt-get where it is missing and may be installed.

GO ?= go
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
# Where goroutines share anything.
RACE := . ./internal/js ./internal/js/web ./internal/next ./internal/pipeline ./internal/route ./internal/site ./internal/server

.PHONY: test tools build format vet unit race bench record lint clean

test: tools format vet build unit race

# Node is the reference of the Web APIs: with it, their tests compare with it.
tools:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && ! command -v node >/dev/null 2>&1; then \
		apt-get update -qq && apt-get install -y -qq nodejs npm || echo "node is not to be had here: tests that need it are skipped"; \
	fi

format:
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not gofmt-ed:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

# Static binaries for all platforms: no cgo anywhere.
build:
	@for p in $(PLATFORMS); do \
		echo "build $$p"; \
		CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -o /dev/null ./cmd/portico || exit 1; \
	done

unit:
	$(GO) test -timeout 15m ./...

race:
	$(GO) test -race -short -timeout 15m $(RACE)

# Compare with net/http, Next.js and Hono in one run; see bench/README.md.
bench:
	@command -v wrk >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq wrk; } || echo "wrk is missing: the built-in load generator stands in"
	$(GO) run ./bench

# Record anew what Next.js answers; see internal/conformance/FORMAT.md.
record:
	node internal/conformance/record/record.mjs

lint:
	golangci-lint run

clean:
	rm -rf bench/out portico
