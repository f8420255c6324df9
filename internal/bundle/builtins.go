package bundle

import "strings"

// nodeBuiltins are the modules that Node serves under a bare name as well as
// under node: (Node.js 24, module.builtinModules without the internal ones).
var nodeBuiltins = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(`
		assert assert/strict async_hooks buffer child_process cluster console
		constants crypto dgram diagnostics_channel dns dns/promises domain events
		fs fs/promises http http2 https inspector inspector/promises module net os
		path path/posix path/win32 perf_hooks process punycode querystring readline
		readline/promises repl stream stream/consumers stream/promises stream/web
		string_decoder sys timers timers/promises tls trace_events tty url util
		util/types v8 vm wasi worker_threads zlib`) {
		m[name] = true
	}
	return m
}()
