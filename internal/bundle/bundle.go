// Package bundle turns an application's TypeScript into one script and its
// source map. It is the only package that imports esbuild.
//
// The script evaluates to a function. Called with the host's module lookup, it
// returns one loader for each entry:
//
//	(host) => ({ "app/api/users/route.ts": () => Promise<namespace>, … })
//
// A module runs when a loader first needs it, once, however many entries
// import it; a route that is never called costs an isolate nothing but the
// closures. If it throws, every later load throws the same error.
//
// host is called with a module's name when the module is first needed, and
// returns the module object: what require of it gives, so that its properties
// are the named exports and it is itself the default one. For a name it does
// not serve it must throw: code that has a try around a require of an optional
// package relies on that.
//
// Frames of the script that are in no source, those of ScriptName, are of
// esbuild's helpers. Nothing is written to disk.
package bundle

import "context"

// Options says what to bundle. The zero value of every field but Dir is usable.
type Options struct {
	// Dir is the absolute path of the project's root.
	Dir string
	// Entries are the modules the host loads by name: route files, middleware,
	// config. Slash paths relative to Dir; the script's loaders carry the same
	// names.
	Entries []string
	// Host reports whether the script host serves a module at run time, such as
	// "next/server", "node:buffer" or "go:users". It is asked before
	// node_modules and may be called from several goroutines. For a Node
	// built-in it is asked both spellings, "node:buffer" first, and the
	// spelling it accepts is the one looked up at run time, so that `buffer` and
	// `node:buffer` are one module. A Node built-in that it does not accept is a
	// module that throws when something of it is called. Nil serves nothing.
	Host func(specifier string) bool
	// Define replaces expressions by JavaScript literals, such as
	// "process.env.NEXT_PUBLIC_X" by `"x"`. NODE_ENV and NEXT_RUNTIME are set
	// by Dev unless they are given here.
	Define map[string]string
	// Partial is for configuration files, which import whole build tools to
	// call one small function of them. Packages are resolved as Node does, and
	// may import packages that are not there, which throw when they are loaded.
	Partial bool
	// Outline is the script engine's reader of a module's text, js.ReadOutline,
	// with which functions are found that have the directive 'use cache'. They
	// are given to the host's UseCacheModule. Without Outline, or when the host
	// does not serve that module, they are functions like others.
	Outline func(code string, directive func(text string) bool) (*Outline, error)
	// Dev builds for development: NODE_ENV is "development" and packages are
	// resolved with the "development" condition.
	Dev bool
}

// Bundle is a built script. It is read-only.
type Bundle struct {
	// Code is a script whose completion value is (host) => loaders. Its last
	// line names the source map; see SourceMapName.
	Code string
	// SourceMap is the version 3 source map of Code, without source texts.
	// Sources are slash paths relative to Options.Dir.
	SourceMap []byte
	// Inputs are the absolute paths of every file that went in, and of the
	// tsconfig, jsconfig and package.json files that were consulted. Sorted.
	Inputs []string
	// Warnings did not stop the build.
	Warnings []*Message
	// Lowered reports that the engine refused the first build's class syntax
	// and Code comes from the second, lower one.
	Lowered bool
}

// Build bundles once. compile is the script engine's parser: it is given the
// code and ScriptName, and when it refuses the code Build tries once more with
// the class features lowered that goja's parser is known to lack. The last code
// that compile accepted is Code, so it may keep what it made. Nil accepts all.
//
// The error is an *Error, or the context's.
func Build(ctx context.Context, o Options, compile func(code, name string) error) (*Bundle, error) {
	b, err := NewBuilder(o, compile)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return b.Rebuild(ctx, o.Entries)
}
