package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

const entriesName = "portico:entries" // the entry point

// Namespaces of modules that are not files.
const (
	nsEntries = "portico"         // entriesName: the table of loaders
	nsHost    = "portico-host"    // a module of the script host
	nsMeta    = "portico-meta"    // import.meta of the file at this path; "*" is what they share
	nsEmpty   = "portico-empty"   // a module with nothing in it
	nsAddon   = "portico-addon"   // a native addon: throws
	nsAbsent  = "portico:absent"  // a module of Node's that is not there: throws when it is used; "*" is what they share. No stack shows frames of portico:
	nsMissing = "portico-missing" // a package that is not there: throws
)

// metaName is the identifier that import.meta becomes.
const metaName = "__portico_meta"

// plugin answers esbuild's questions about modules that are not plain files.
// esbuild calls it from many goroutines.
type plugin struct {
	o     Options
	react *reactCopy

	mu       sync.Mutex
	entries  []string
	files    map[string]bool      // what the build has read
	remapped map[string]*remapped // by slash path: files that were edited
	absent   map[string]bool      // modules of Node's that packages import in vain
}

func newPlugin(o Options, conditions []string) *plugin {
	return &plugin{o: o, react: &reactCopy{conditions: conditions}}
}

// begin starts a build: it forgets the last one's files.
func (p *plugin) begin(entries []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entries, p.files, p.absent = entries, map[string]bool{}, map[string]bool{}
	p.remapped = map[string]*remapped{}
}

func (p *plugin) read(file string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files[file] = true
}

// inputs are the files read since begin, in order.
func (p *plugin) inputs() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.files))
}

func (p *plugin) esbuild() api.Plugin {
	return api.Plugin{Name: "portico", Setup: func(b api.PluginBuild) {
		if p.o.Partial {
			b.OnResolve(api.OnResolveOptions{Filter: `.*`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) { return p.resolvePartial(b, a) })
		}
		b.OnResolve(api.OnResolveOptions{Filter: `^[^.]`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) { return p.resolve(b, a) })
		b.OnResolve(api.OnResolveOptions{Filter: `\.node$`}, p.resolveAddon)
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "file"}, p.loadFile)
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: nsEntries}, p.loadEntries)
		load := func(namespace string, contents func(path string) string) {
			b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: namespace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
				code := contents(a.Path)
				return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
			})
		}
		load(nsHost, hostModule)
		load(nsMeta, metaModule)
		load(nsAddon, addonModule)
		load(nsAbsent, absentModule)
		load(nsMissing, missingModule)
		load(nsEmpty, func(string) string { return "" })
	}}
}

var urlImport = regexp.MustCompile(`^(?:https?:)?//`)

// resolve is asked about every specifier that is not a relative path. What it
// leaves open goes to tsconfig's paths and node_modules; a result from here
// would lose the tsconfig settings that go with the file.
func (p *plugin) resolve(b api.PluginBuild, a api.OnResolveArgs) (api.OnResolveResult, error) {
	switch {
	case a.Kind == api.ResolveEntryPoint:
		return api.OnResolveResult{Path: "entries", Namespace: nsEntries}, nil
	case a.Path == nsAbsent+":*":
		return api.OnResolveResult{Path: "*", Namespace: nsAbsent}, nil
	case strings.HasPrefix(a.Path, nsMeta+":"):
		// Free of side effects, so that esbuild drops one that is not used.
		return api.OnResolveResult{Path: strings.TrimPrefix(a.Path, nsMeta+":"), Namespace: nsMeta, SideEffects: api.SideEffectsFalse}, nil
	case urlImport.MatchString(a.Path):
		// esbuild would leave the import in the script.
		return fail(fmt.Sprintf("cannot import from the URL %q", a.Path),
			"modules are bundled at build time; install the package, or download the file into the project")
	}
	if filepath.IsAbs(a.Path) {
		return api.OnResolveResult{}, nil
	}
	if name, ok := p.hosted(a.Path); ok {
		return api.OnResolveResult{Path: name, Namespace: nsHost}, nil
	}
	if result, ok := p.resolveAbsent(b, a); ok {
		return result, nil
	}
	switch a.Path {
	case "server-only":
		// The package of that name has nothing for the server either, and need
		// not be installed.
		return api.OnResolveResult{Path: a.Path, Namespace: nsEmpty}, nil
	case "client-only":
		return fail(`"client-only" marks a module that must not run on a server`,
			"a route handler runs on the server only; move what it needs into a module that does not import client-only")
	case "react-dom/client":
		// In a package it may lie beside what is needed, and only runs if it is.
		if !inNodeModules(a.Importer) {
			return fail(`"react-dom/client" needs a browser`,
				"a route handler renders with react-dom/server, or not at all")
		}
	}
	if file, ok := p.react.resolve(a); ok {
		p.read(filepath.Join(file.dir, "package.json"))
		return api.OnResolveResult{Path: file.path}, nil
	}
	return api.OnResolveResult{}, nil
}

// resolveAddon deals with native addons. Packages with one mostly look for it
// with a require in a try, and have a fallback; so there it is a module that
// throws. A file of the project, or an import statement, cannot catch that.
func (p *plugin) resolveAddon(a api.OnResolveArgs) (api.OnResolveResult, error) {
	const hint = "scripts do not run in Node.js; use a package written in JavaScript, or do it in Go and expose the function"
	text := fmt.Sprintf("native addon %q cannot be loaded", a.Path)
	if a.Kind == api.ResolveJSRequireCall && inNodeModules(a.Importer) {
		return api.OnResolveResult{Path: a.Path, Namespace: nsAddon,
			Warnings: []api.Message{explained(text+"; this require will throw", hint)}}, nil
	}
	return fail(text, hint)
}

// hosted returns the name under which the host serves a specifier.
func (p *plugin) hosted(specifier string) (string, bool) {
	if p.o.Host == nil {
		return "", false
	}
	if bare := strings.TrimPrefix(specifier, "node:"); bare != specifier || isBuiltin(bare) {
		if p.o.Host("node:" + bare) {
			return "node:" + bare, true
		}
		return bare, p.o.Host(bare)
	}
	return specifier, p.o.Host(specifier)
}

// loadEntries writes the entry point. It imports nothing statically, so esbuild
// wraps every module in an initialiser that runs on first use.
func (p *plugin) loadEntries(api.OnLoadArgs) (api.OnLoadResult, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var s strings.Builder
	s.WriteString("__portico_entries = {\n")
	for _, e := range p.entries {
		s.WriteString(quote(e) + ": () => import(" + quote("./"+e) + "),\n")
	}
	s.WriteString("};\n")
	code := s.String()
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS, ResolveDir: p.o.Dir}, nil
}

// hostModule is CommonJS: the names it exports are not known here, and such a
// module is looked up when it is first used.
func hostModule(name string) string {
	return "module.exports = __portico_host(" + quote(name) + ");\n"
}

func addonModule(name string) string {
	return `throw Object.assign(new Error(` + quote("native addon "+name+" cannot be loaded") + `), { code: "ERR_DLOPEN_FAILED" });` + "\n"
}

// asked marks a question that the plugin puts to esbuild itself.
type asked struct{}

// found reports whether an import leads somewhere.
func found(b api.PluginBuild, a api.OnResolveArgs) bool {
	result := b.Resolve(a.Path, api.ResolveOptions{Importer: a.Importer, Namespace: a.Namespace, ResolveDir: a.ResolveDir, Kind: a.Kind, PluginData: asked{}, With: a.With})
	return len(result.Errors) == 0
}

// resolveAbsent takes absentModule in place of a module of Node's that the host
// lacks: most packages that import one have a use for it that never runs here.
// A package of the same name that is installed is taken for a bare name, as it
// was installed for such hosts. The project hears of each of its own imports,
// and once of all those in packages.
func (p *plugin) resolveAbsent(b api.PluginBuild, a api.OnResolveArgs) (api.OnResolveResult, bool) {
	if _, ours := a.PluginData.(asked); ours {
		return api.OnResolveResult{}, false
	}
	bare := strings.TrimPrefix(a.Path, "node:")
	switch {
	case bare != a.Path:
		if !isBuiltin(bare) && !slices.Contains(prefixedBuiltins, bare) {
			return api.OnResolveResult{}, false
		}
	case !isBuiltin(bare) || found(b, a):
		return api.OnResolveResult{}, false
	}
	result := api.OnResolveResult{Path: "node:" + bare, Namespace: nsAbsent}
	if inNodeModules(a.Importer) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.absent["node:"+bare] = true
		return result, true
	}
	hint := "scripts do not run in Node.js" + p.hostedList("; available are ", "node:", nodeBuiltins)
	if bare == a.Path {
		hint += fmt.Sprintf("; or install a package named %q", bare)
	}
	result.Warnings = []api.Message{explained(fmt.Sprintf("the Node.js module %q is not available here; what is called of it throws", a.Path), hint)}
	return result, true
}

// absentWarning tells which of Node's modules packages import in vain.
func (p *plugin) absentWarning() *Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.absent) == 0 {
		return nil
	}
	return &Message{
		Text: "packages import Node.js modules that are not available here: " + strings.Join(slices.Sorted(maps.Keys(p.absent)), ", "),
		Hint: "what is called of them throws an error that names it; most packages work without",
	}
}

// resolvePartial asks the others about an import in a package, and takes a
// module that throws at once in place of a package that they do not find, as in
// Node, for code that has a try around it.
func (p *plugin) resolvePartial(b api.PluginBuild, a api.OnResolveArgs) (api.OnResolveResult, error) {
	if _, ours := a.PluginData.(asked); ours || !inNodeModules(a.Importer) || a.Namespace != "file" {
		return api.OnResolveResult{}, nil
	}
	if found(b, a) || strings.HasPrefix(a.Path, "node:") || isBuiltin(a.Path) {
		return api.OnResolveResult{}, nil // and once more, for the settings that go with the file
	}
	return api.OnResolveResult{Path: a.Path, Namespace: nsMissing}, nil
}

func missingModule(name string) string {
	return `throw Object.assign(new Error(` + quote("Cannot find module '"+name+"'") + `), { code: "MODULE_NOT_FOUND" });` + "\n"
}

// absentModule is a module that has everything and throws when it is called,
// constructed or made a primitive. Its names are found on the prototype too,
// where esbuild's import of a CommonJS module looks for what is not its own.
// What a package sets on it stays.
func absentModule(name string) string {
	if name != "*" {
		return "import absent from " + quote(nsAbsent+":*") + ";\nmodule.exports = absent(" + quote(name) + ");\n"
	}
	return `export default function (module) {
	var member = function (path) {
		var fail = function () {
			var error = new Error('the Node.js module "' + module + '" has no ' + (path || "function of its own") + ' here' +
				'\nhint: scripts do not run in Node.js; use what the Web platform has for it, or do it in Go and expose the function');
			error.code = "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM";
			throw error;
		};
		var own = Object.prototype.hasOwnProperty;
		var get = function (target, key) {
			if (key === Symbol.toPrimitive) return fail;
			if (key === Symbol.hasInstance) return function () { return false; };
			if (typeof key === "symbol" || own.call(target, key) || key === "__esModule" || key === "then" || key === "toJSON") return target[key];
			return target[key] = member(path ? path + "." + key : key);
		};
		var target = function () {};
		delete target.name;
		delete target.length;
		return new Proxy(target, { apply: fail, construct: fail, get: get, getPrototypeOf: function () { return new Proxy({}, { get: function (_, key) { return get(target, key); } }); } });
	};
	return member("");
}
`
}

// metaModule exports import.meta of the file at this path from the project's
// root. The root is asked for at run time, as process.cwd(), so that a bundle
// is the same wherever it was built and right wherever it runs.
func metaModule(path string) string {
	if path != "*" {
		return "import at from " + quote(nsMeta+":*") + ";\nexport default at(" + quote(path) + ");\n"
	}
	return `export default function (path) {
	var root = typeof process === "object" && typeof process.cwd === "function" ? process.cwd() : "/";
	if (/^[A-Za-z]:/.test(root)) root = "/" + root.replace(/\\/g, "/");
	root = root.replace(/\/$/, "");
	for (; path.startsWith("../"); path = path.slice(3)) root = root.slice(0, root.lastIndexOf("/"));
	var filename = root + "/" + path;
	var url = encodeURI(filename).replace(/[?#]/g, encodeURIComponent).replace(/%5B/g, "[").replace(/%5D/g, "]");
	filename = filename.replace(/^\/(?=[A-Za-z]:)/, "");
	return { url: "file://" + url, filename: filename, dirname: filename.slice(0, filename.lastIndexOf("/")) || "/" };
}
`
}

var scriptFile = regexp.MustCompile(`\.(?:[cm]?[jt]s|[jt]sx)$`)

func (p *plugin) loadFile(a api.OnLoadArgs) (api.OnLoadResult, error) {
	p.read(a.Path)
	if strings.HasSuffix(a.Path, ".wasm") {
		return api.OnLoadResult{Warnings: []api.Message{explained("a .wasm file is imported as its bytes, a Uint8Array",
			"the script host has no WebAssembly to run it with")}}, nil
	}
	if !scriptFile.MatchString(a.Path) {
		return api.OnLoadResult{}, nil
	}
	b, err := os.ReadFile(a.Path)
	if errors.Is(err, fs.ErrNotExist) {
		// esbuild looks names up without regard to case; the file system may.
		return api.OnLoadResult{Errors: []api.Message{explained(
			fmt.Sprintf("cannot find %q", relative(p.o.Dir, a.Path)), nearest(p.o.Dir, a.Path))}}, nil
	}
	if err != nil {
		return api.OnLoadResult{}, err
	}
	code := string(b)
	if inNodeModules(a.Path) {
		code = withoutSourceMap(code)
	}
	loader := api.LoaderDefault
	edited, problems, ok := p.useCache(a.Path, code)
	switch {
	case ok && len(problems) > 0:
		return api.OnLoadResult{Errors: problems}, nil
	case ok:
		code, loader = edited, api.LoaderJS
	}
	if mentionsMeta(code) {
		// Imports are evaluated before the module's body, wherever they stand,
		// so this one can stand at the end, where it moves no line. A match in
		// a comment or string costs an unused import, and a CommonJS module
		// may have imports in esbuild.
		rel, err := filepath.Rel(p.o.Dir, a.Path)
		if err != nil {
			return api.OnLoadResult{}, err // on another drive
		}
		code += "\nimport " + metaName + " from " + quote(nsMeta+":"+filepath.ToSlash(rel)) + ";\n"
	}
	return api.OnLoadResult{Contents: &code, Loader: loader, Warnings: problems}, nil
}

// withoutSourceMap cuts a sourceMappingURL comment off the last line. A frame
// in a package names the file that was installed, not a source that was not;
// and reading the maps takes a third of the build of a large package.
func withoutSourceMap(code string) string {
	text := strings.TrimRight(code, " \t\r\n")
	line := strings.LastIndexByte(text, '\n') + 1
	if last := text[line:]; strings.HasPrefix(last, "//# sourceMappingURL=") && !strings.ContainsAny(last, "`") {
		return code[:line]
	}
	return code
}

// mentionsMeta looks for import.meta, __dirname and __filename. A regular
// expression for the same took a quarter of the time of a rebuild.
func mentionsMeta(code string) bool {
	if strings.Contains(code, "__dirname") || strings.Contains(code, "__filename") {
		return true
	}
	const space = " \t\r\n"
	for rest := code; ; {
		i := strings.Index(rest, "meta")
		if i < 0 {
			return false
		}
		before, dot := strings.CutSuffix(strings.TrimRight(rest[:i], space), ".")
		if dot && strings.HasSuffix(strings.TrimRight(before, space), "import") {
			return true
		}
		rest = rest[i+len("meta"):]
	}
}

func inNodeModules(file string) bool {
	return strings.Contains(filepath.ToSlash(file), "/node_modules/")
}

// fail reports a fault at the import that is being resolved.
func fail(text, hint string) (api.OnResolveResult, error) {
	return api.OnResolveResult{Errors: []api.Message{explained(text, hint)}}, nil
}

// explained is a message whose hint Builder.messages finds again.
func explained(text, hint string) api.Message {
	return api.Message{Text: text, Detail: ownHint(hint)}
}

type ownHint string
