package bundle

import (
	"encoding/json"
	"maps"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// The script is the body of an inner function, so that a module's own top-level
// `require` (from createRequire) shadows ours and does not overwrite it. It is
// strict: most modules are ECMAScript modules, which always are.
//
// require is what is left of a dynamic import or require whose name is not
// known at build time, and of one that cannot be resolved but sits in a try or
// has a .catch. The host knows its modules, and throws for any other name.
func (b *Builder) banner() string {
	resolve := `__portico_host(String(name)); return String(name);`
	if b.o.Partial {
		// Plugins give the places of their loaders to a build that never comes.
		resolve = `return String(name);`
	}
	return `(function (__portico_host) {
"use strict";
function require(name) { return __portico_host(String(name)); }
require.resolve = function (name) { ` + resolve + ` };
var __portico_entries;
(function () {`
}

const footer = `})();
return __portico_entries;
})`

// esbuild's names for import() and require of something else than a literal.
const (
	computedImport  = "unsupported-dynamic-import"
	computedRequire = "unsupported-require-call"
)

// options is the list of esbuild options, each chosen by experiment on goja.
//
// Left out on purpose:
//   - KeepNames. It wraps every function and closure in a call of
//     Object.defineProperty, on each evaluation. Without it only a top-level
//     name that two modules share gets a digit at its end ("GET2").
//   - IgnoreAnnotations. esbuild loses the initialiser of a package that is
//     reached through an `export *` in a package without side effects and by
//     import() as well (better-auth/adapters/memory), but only from a module
//     that is not lazy, and here all are. It would make lodash-es, date-fns and
//     effect three to six times larger.
//   - MinifySyntax. It takes the names off function expressions, and so out of
//     stacks and Function.name, to save one byte in fifteen and no time. What
//     process.env.NODE_ENV makes unreachable is not bundled in any case.
//   - Minified names and whitespace. Neither compile time nor memory gains.
func (b *Builder) options(lower bool) api.BuildOptions {
	define := map[string]string{
		"process.env.NODE_ENV": quote(b.mode()),
		// Next.js says "nodejs" to route handlers, and applications ask for it
		// in instrumentation.ts (`if (process.env.NEXT_RUNTIME === "nodejs")`).
		// "edge" would steer a few packages away from Node's APIs, but it would
		// silently switch the application's own code off.
		"process.env.NEXT_RUNTIME": quote("nodejs"),
		// Names that loadFile declares in each module that uses them.
		"import.meta": metaName,
		"__dirname":   metaName + ".dirname",
		"__filename":  metaName + ".filename",
	}
	maps.Copy(define, b.o.Define)
	return api.BuildOptions{
		LogLevel: api.LogLevelSilent,
		LogOverride: map[string]api.LogLevel{
			// Silent by default, and a surprise when it runs.
			computedImport:  api.LogLevelWarning,
			computedRequire: api.LogLevelWarning,
		},
		AbsWorkingDir: b.o.Dir,

		EntryPoints: []string{entriesName},
		Bundle:      true,
		// Top-level await is allowed in this format only. Nothing imports or
		// exports statically, so what comes out is a plain script.
		Format:   api.FormatESModule,
		Platform: api.PlatformNeutral,
		// "browser" is missing: such builds expect a window.
		MainFields: b.mainFields(),
		Conditions: b.conditions(),
		// The order of esbuild, without .css and with what Next.js adds.
		ResolveExtensions: []string{".tsx", ".ts", ".jsx", ".js", ".mjs", ".json", ".wasm"},
		Target:            api.ESNext,
		Supported:         supported(lower),
		Define:            define,
		// tsconfig.json may say otherwise, except for "preserve", the value
		// Next.js writes there, which esbuild takes for the default.
		JSX: api.JSXAutomatic,
		Loader: map[string]api.Loader{
			".js":   scriptLoader,
			".mjs":  scriptLoader,
			".cjs":  scriptLoader,
			".wasm": api.LoaderBinary,
			// Nobody sees styles, but shared modules import them.
			".css":        api.LoaderEmpty,
			".module.css": api.LoaderEmpty,
			".scss":       api.LoaderEmpty,
			".sass":       api.LoaderEmpty,
			".less":       api.LoaderEmpty,
		},

		TreeShaking:   api.TreeShakingTrue,
		LegalComments: api.LegalCommentsNone,
		// goja counts columns in bytes, a source map in UTF-16 units; only in
		// ASCII are they the same.
		Charset: api.CharsetASCII,

		Outfile:        filepath.Join(b.o.Dir, ScriptName), // sources are relative to it
		AllowOverwrite: true,                               // nothing is written
		Sourcemap:      api.SourceMapLinked,
		SourcesContent: api.SourcesContentExclude,
		Banner:         map[string]string{"js": b.banner()},
		Footer:         map[string]string{"js": footer},
		Plugins:        []api.Plugin{b.plugin.esbuild()},
	}
}

// scriptLoader reads files of JavaScript: Next.js takes JSX in .js.
const scriptLoader = api.LoaderJSX

// plainOptions have one file written as JavaScript that the engine's parser
// reads, and nothing else done to it.
func plainOptions(dir string, lower bool) api.BuildOptions {
	return api.BuildOptions{
		LogLevel:       api.LogLevelSilent,
		AbsWorkingDir:  dir,
		Platform:       api.PlatformNeutral,
		Target:         api.ESNext,
		Supported:      plain(supported(lower)),
		JSX:            api.JSXAutomatic,
		Loader:         map[string]api.Loader{".js": scriptLoader, ".mjs": scriptLoader, ".cjs": scriptLoader},
		LegalComments:  api.LegalCommentsNone,
		Charset:        api.CharsetASCII,
		Sourcemap:      api.SourceMapExternal,
		SourcesContent: api.SourcesContentExclude,
	}
}

// plain leaves import() as it is: the build that follows resolves it.
func plain(features map[string]bool) map[string]bool {
	delete(features, "dynamic-import")
	return features
}

// mainFields are the fields of package.json that name a package's file, for
// packages without export conditions.
func (b *Builder) mainFields() []string {
	if b.o.Partial {
		return []string{"main", "module"}
	}
	return []string{"module", "main"}
}

// mode is the value of NODE_ENV and the name of an export condition.
func (b *Builder) mode() string {
	if b.o.Dev {
		return "development"
	}
	return "production"
}

// conditions are the package.json export conditions, beside the implicit
// import, require and default. The first three pick builds that stand on Web
// APIs; "node" would pick sockets and node:stream, "browser" the DOM.
// "react-server" is what Next.js resolves route handlers with; see reactCopy
// for the exception.
func (b *Builder) conditions() []string {
	if b.o.Partial {
		return []string{"node", b.mode()}
	}
	return []string{"edge-light", "workerd", "worker", "react-server", b.mode()}
}

// quote writes s as a JavaScript string; JSON's strings are a subset.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}

// supported are the features of the engine, for esbuild to lower the others.
func supported(lower bool) map[string]bool {
	supported := map[string]bool{
		// goja has none of these. Generators and async functions are native; a
		// Target below ESNext would lower async functions to generators, three
		// to six times slower at each await.
		"async-generator": false,
		"for-await":       false,
		"using":           false,
		"decorators":      false,
		"hashbang":        false,
		// There are no modules at run time: import() of a bundled file becomes
		// a promise of its initialiser, any other one a call of require.
		"dynamic-import": false,
		// A literal with one of these becomes new RegExp(…), where the host's
		// constructor rewrites what goja's parser would read wrongly. esbuild
		// does not see \p inside [...], so the flag u itself has to go.
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
	return supported
}
