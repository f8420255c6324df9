package bundle

import (
	"slices"
	"strings"
)

// nodeBuiltins are the modules that Node serves under a bare name as well as
// under node: (Node.js 24, module.builtinModules without the internal ones).
var nodeBuiltins = strings.Fields(`
	assert assert/strict async_hooks buffer child_process cluster console
	constants crypto dgram diagnostics_channel dns dns/promises domain events
	fs fs/promises http http2 https inspector inspector/promises module net os
	path path/posix path/win32 perf_hooks process punycode querystring readline
	readline/promises repl stream stream/consumers stream/promises stream/web
	string_decoder sys timers timers/promises tls trace_events tty url util
	util/types v8 vm wasi worker_threads zlib`)

// prefixedBuiltins are those that it serves under node: only.
var prefixedBuiltins = []string{"sea", "sqlite", "test", "test/reporters"}

// nextModules are the modules of next that a route handler, middleware or
// config may want; a host serves some of them.
var nextModules = []string{
	"next", "next/server", "next/headers", "next/cache", "next/navigation",
	"next/og", "next/constants", "next/root-params",
}

// isBuiltin reports whether a bare specifier names a module of Node.
func isBuiltin(bare string) bool {
	return slices.Contains(nodeBuiltins, bare)
}
