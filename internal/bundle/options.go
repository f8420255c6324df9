package bundle

import (
	"encoding/json"
	"maps"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// The script is the body of an inner function, so that a module's own top-level
// `require` (createRequire) shadows ours and does not overwrite it. It is
// strict: most modules are ECMAScript modules, which always are.
const banner = `(function (__portico_host) {
"use strict";
function require(name) { return __portico_host(String(name)); }
var __portico_entries;
(function () {`

const footer = `})();
return __portico_entries;
})`

// options is the list of esbuild options, each chosen by experiment on goja.
func (b *Builder) options(lower bool) api.BuildOptions {
	mode := "production"
	if b.o.Dev {
		mode = "development"
	}
	supported := map[string]bool{
		// goja has none of these. Generators and async functions are native;
		// a Target below ESNext would lower async functions to generators,
		// three to six times slower at each await.
		"async-generator": false,
		"for-await":       false,
		"using":           false,
		"decorators":      false,
		"hashbang":        false,
		// There are no modules at run time: import() of a bundled file becomes
		// a promise of its initialiser, any other one a call of require.
		"dynamic-import": false,
		"import-meta":    false,
		// A literal with one of these becomes new RegExp(…), where the host's
		// constructor rewrites what goja's parser would read wrongly. \p inside
		// [...] is only caught by the flag u itself, hence "sticky-and-unicode".
		"regexp-set-notation":             false,
		"regexp-match-indices":            false,
		"regexp-unicode-property-escapes": false,
		"regexp-sticky-and-unicode-flags": false,
	}
	if lower {
		// goja refuses fields named get, set or async with an initialiser,
		// super in a field initialiser or static block, and `#x in o` inside a
		// larger expression. Lowering costs an Object.defineProperty call for
		// each field, so it is not the first choice.
		supported["class-field"] = false
		supported["class-static-field"] = false
		supported["class-static-blocks"] = false
		supported["class-private-brand-check"] = false
	}
	define := map[string]string{
		"process.env.NODE_ENV": quote(mode),
		// Next.js says "nodejs" to route handlers, and applications ask for it
		// in instrumentation.ts (`if (process.env.NEXT_RUNTIME === "nodejs")`).
		// "edge" would steer a few packages away from Node's APIs, but it would
		// silently switch the application's own code off.
		"process.env.NEXT_RUNTIME": quote("nodejs"),
		"import.meta":              metaName,
		"__dirname":                metaName + ".dirname",
		"__filename":               metaName + ".filename",
	}
	maps.Copy(define, b.o.Define)
	return api.BuildOptions{
		LogLevel:      api.LogLevelSilent,
		AbsWorkingDir: b.o.Dir,

		EntryPoints: []string{entriesName},
		Bundle:      true,
		// Top-level await is only allowed in this format. Nothing imports or
		// exports statically, so what comes out is a plain script.
		Format:     api.FormatESModule,
		Platform:   api.PlatformNeutral,
		MainFields: []string{"module", "main"},
		Conditions: []string{"edge-light", "workerd", "worker", "react-server", mode},
		Target:     api.ESNext,
		Supported:  supported,
		Define:     define,
		JSX:        api.JSXAutomatic,
		Loader: map[string]api.Loader{
			".wasm": api.LoaderBinary,
			".css":  api.LoaderEmpty,
			".scss": api.LoaderEmpty,
			".sass": api.LoaderEmpty,
			".less": api.LoaderEmpty,
		},

		MinifySyntax:  true, // removes what process.env.NODE_ENV makes unreachable
		TreeShaking:   api.TreeShakingTrue,
		LegalComments: api.LegalCommentsNone,
		// ASCII, esbuild's default: goja counts columns in bytes, a source map
		// in UTF-16 units, and only in ASCII are they the same.
		Charset: api.CharsetASCII,

		Outfile:        filepath.Join(b.o.Dir, ScriptName), // sources are relative to it
		AllowOverwrite: true,                               // nothing is written
		Sourcemap:      api.SourceMapLinked,
		SourcesContent: api.SourcesContentExclude,
		Banner:         map[string]string{"js": banner},
		Footer:         map[string]string{"js": footer},
		Plugins:        []api.Plugin{b.plugin.esbuild()},
	}
}

// quote writes s as a JavaScript string; JSON's strings are a subset.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}
