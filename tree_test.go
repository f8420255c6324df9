package portico_test

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/portico-dev/portico"

// layer is where a package stands: it imports only packages of a lower rank,
// and of these only the ones it may.
type layer struct {
	rank int
	may  []string // paths below the module; nil is any package of a lower rank
}

// layers has every package of the module; docs/architecture.md explains them.
var layers = map[string]layer{
	"internal/route":  {rank: 0},
	"internal/bundle": {rank: 0},
	"internal/js":     {rank: 0},
	"internal/proxy":  {rank: 0},
	"internal/server": {rank: 0},
	"internal/edge":   {rank: 0},

	"internal/compress": {rank: 0, may: []string{}},

	"internal/cache": {rank: 0, may: []string{}},
	"internal/limit": {rank: 0, may: []string{}},
	"internal/files": {rank: 1, may: []string{"internal/compress"}},

	"internal/cache/cachetest": {rank: 1, may: []string{"internal/cache"}},
	"internal/cache/memory":    {rank: 2, may: []string{"internal/cache"}},
	"internal/redis":           {rank: 2, may: []string{"internal/cache", "internal/limit"}},
	"internal/cache/disk":      {rank: 2, may: []string{"internal/cache"}},

	"internal/js/web":   {rank: 1, may: []string{"internal/js"}},
	"internal/pipeline": {rank: 1, may: []string{"internal/compress", "internal/limit", "internal/cache", "internal/route", "internal/edge", "internal/proxy"}},
	"internal/config":   {rank: 1, may: []string{"internal/route"}},

	"internal/next": {rank: 3, may: []string{"internal/cache", "internal/limit", "internal/js", "internal/js/web", "internal/route", "internal/config", "internal/edge"}},

	"internal/site": {rank: 4, may: []string{"internal/files", "internal/cache", "internal/cache/memory", "internal/cache/disk", "internal/redis", "internal/limit", "internal/route", "internal/bundle", "internal/js", "internal/js/web", "internal/pipeline", "internal/next", "internal/config", "internal/edge", "internal/proxy"}},

	"": {rank: 5, may: []string{"internal/admin", "internal/cache", "internal/limit", "internal/site", "internal/server", "internal/config"}},

	// The command that talks to a running server and the server have one protocol.
	// Its rank lets its tests have stores.
	"internal/admin": {rank: 4, may: []string{"internal/cache"}},
	"internal/cli":   {rank: 6, may: []string{"", "internal/admin"}},
	"porticotest":    {rank: 6, may: []string{""}},

	"cmd/portico":        {rank: 7, may: []string{"internal/cli"}},
	"examples/go-and-ts": {rank: 7, may: []string{"", "porticotest"}},
	"examples/edge":      {rank: 7, may: []string{""}},
	"examples/ratelimit": {rank: 7, may: []string{"", "porticotest"}},
	"examples/spa":       {rank: 7, may: []string{"", "porticotest"}},

	// Programs and tests from outside: they talk to the binary over HTTP.
	"internal/binary":      {rank: 0, may: []string{}},
	"internal/conformance": {rank: 7, may: []string{"", "internal/binary"}},
	"internal/security":    {rank: 1, may: []string{"internal/binary"}},
	"internal/browser":     {rank: 1, may: []string{"internal/binary"}},
	"bench":                {rank: 8, may: []string{"", "bench/item"}},
	"internal/cluster":     {rank: 1, may: []string{"internal/binary"}},
	"bench/item":           {rank: 0, may: []string{}},
	"bench/plain":          {rank: 7, may: []string{"bench/item"}},
	"bench/embed":          {rank: 7, may: []string{"", "bench/item"}},
}

// monopolies are the dependencies that stay behind certain packages, so that
// they can be replaced there and nowhere else.
var monopolies = map[string][]string{
	"github.com/evanw/esbuild":         {"internal/bundle"},
	"github.com/dop251/goja":           {"internal/js", "internal/js/web", "internal/next"},
	"github.com/alecthomas/kong":       {"internal/cli"},
	"charm.land/huh":                   {"internal/cli"},
	"github.com/fsnotify/fsnotify":     {"internal/site"},
	"github.com/caddyserver/certmagic": {"internal/server"},
	"github.com/maypok86/otter":        {"internal/cache/memory", "internal/compress"},
	"github.com/redis/rueidis":         {"internal/redis"},
	"github.com/chromedp":              {"tests"},
	"go.etcd.io/bbolt":                 {"internal/cache/disk"},
}

// goFile is a file with the folder of its package.
type goFile struct {
	dir  string // below the module, "" for the root
	name string
	test bool
	ast  *ast.File
}

// goFiles parses all Go files of the module. It reads the folders itself: the
// go command would serve a test from its cache when only another package's
// files have changed. Whether the build takes a file does not matter.
func goFiles(t *testing.T, fset *token.FileSet) []goFile {
	t.Helper()
	var all []goFile
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); p != "." && (name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ".go" {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(p))
		if dir == "." {
			dir = ""
		}
		all = append(all, goFile{dir: dir, name: filepath.ToSlash(p), test: strings.HasSuffix(p, "_test.go"), ast: f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestImports holds the packages to their ranks. Tests may import what they
// test with, but nothing sideways either.
func TestImports(t *testing.T) {
	fset := token.NewFileSet()
	seen := map[string]bool{}
	for _, f := range goFiles(t, fset) {
		seen[f.dir] = true
		from, ok := layers[f.dir]
		if !ok {
			t.Errorf("%s: package %s has no rank; give it one in layers, and a line in docs/architecture.md", f.name, module+"/"+f.dir)
			continue
		}
		for _, spec := range f.ast.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			place := fset.Position(spec.Pos())
			if problem := checkImport(f, from, to); problem != "" {
				t.Errorf("%s:%d:%d: %s", filepath.ToSlash(place.Filename), place.Line, place.Column, problem)
			}
		}
	}
	for dir := range layers {
		if !seen[dir] {
			t.Errorf("%q has a rank and no files", dir)
		}
	}
}

func checkImport(f goFile, from layer, to string) string {
	for dependency, owners := range monopolies {
		if (to == dependency || strings.HasPrefix(to, dependency+"/")) && !slices.Contains(owners, f.dir) && !f.test {
			return fmt.Sprintf("only %s may import %s", strings.Join(owners, ", "), dependency)
		}
	}
	below, ours := strings.CutPrefix(to, module)
	if !ours {
		return ""
	}
	below = strings.TrimPrefix(below, "/")
	target, ok := layers[below]
	switch {
	case !ok:
		return fmt.Sprintf("%s has no rank", to)
	case f.test && (below == f.dir || f.dir == "" && below == "porticotest"):
		return "" // an external test of its own package
	case target.rank >= from.rank:
		return fmt.Sprintf("rank %d imports %s of rank %d: imports go downwards", from.rank, to, target.rank)
	case from.may != nil && !slices.Contains(from.may, below) && !f.test:
		return fmt.Sprintf("%s/%s is not to import %s", module, f.dir, to)
	}
	return ""
}

// The rules above are held to themselves.
func TestCheckImport(t *testing.T) {
	for _, c := range []struct {
		dir, to string
		test    bool
		ok      bool
	}{
		{"internal/site", module + "/internal/next", false, true},
		{"internal/next", module + "/internal/site", false, false},
		{"internal/next", module + "/internal/pipeline", false, false},
		{"internal/js", module + "/internal/bundle", false, false},
		{"internal/cli", module, false, true},
		{"internal/cli", module + "/internal/site", false, false},
		{"porticotest", module, false, true},
		{"", module + "/internal/server", false, true},
		{"", module + "/internal/next", false, false},
		{"", module + "/porticotest", true, true},
		{"", module + "/porticotest", false, false},
		{"internal/site", module + "/internal/unknown", false, false},
		{"internal/conformance", module + "/internal/route", false, false},
		{"internal/js/web", "github.com/dop251/goja/parser", false, true},
		{"internal/site", "github.com/dop251/goja", false, false},
		{"internal/js", "github.com/evanw/esbuild/pkg/api", false, false},
		{"internal/route", "net/http", false, true},
	} {
		problem := checkImport(goFile{dir: c.dir, test: c.test}, layers[c.dir], c.to)
		if (problem == "") != c.ok {
			t.Errorf("%q importing %s (test %v): %q", c.dir, c.to, c.test, problem)
		}
	}
}

// mutable lists the package variables that may change after initialisation,
// each with its reason.
var mutable = map[string]string{
	"internal/pipeline.idCounter": "names requests: process-wide on purpose",
	"internal/js.blankPrograms":   "a memo of a pure function, over a handful of flags",
	"internal/js.properties":      "a memo of a pure function, over Unicode's property names",
}

// TestNoGlobalState fails on a package variable that some function changes:
// two Apps live in one process and share nothing.
func TestNoGlobalState(t *testing.T) {
	fset := token.NewFileSet()
	packages := map[string][]*ast.File{}
	for _, f := range goFiles(t, fset) {
		// One operating system's files are enough, and two's would clash.
		if !f.test && f.ast.Name.Name != "main" && forThisSystem(f) {
			packages[f.dir] = append(packages[f.dir], f.ast)
		}
	}
	used := map[string]bool{}
	for dir, files := range packages {
		for name, place := range changed(fset, dir, files) {
			name = dir + "." + name
			used[name] = true
			if mutable[name] == "" {
				t.Errorf("%s: the package variable %s is changed; state belongs in a value that somebody owns", place, name)
			}
		}
	}
	for name := range mutable {
		if !used[name] {
			t.Errorf("%s is listed as mutable and is not", name)
		}
	}
}

func forThisSystem(f goFile) bool {
	for _, c := range f.ast.Comments {
		for _, line := range c.List {
			if constraint.IsGoBuild(line.Text) && line.Pos() < f.ast.Package {
				expr, err := constraint.Parse(line.Text)
				return err == nil && expr.Eval(func(tag string) bool { return tag == "linux" || tag == "unix" || tag == "amd64" })
			}
		}
	}
	base := strings.TrimSuffix(path.Base(f.name), ".go")
	for _, system := range []string{"_windows", "_darwin"} {
		if strings.HasSuffix(base, system) {
			return false
		}
	}
	return true
}

// changed finds package variables that functions assign to, or whose methods
// change them: those of sync and sync/atomic.
func changed(fset *token.FileSet, dir string, files []*ast.File) map[string]string {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}
	// Names within the package are all that counts; imports need not resolve.
	config := types.Config{Importer: stdOnly{importer.Default()}, Error: func(error) {}, FakeImportC: true}
	pkg, _ := config.Check(module+"/"+dir, fset, files, info)
	found := map[string]string{}
	note := func(x ast.Expr, pos token.Pos) {
		for {
			switch e := x.(type) {
			case *ast.IndexExpr:
				x = e.X
				continue
			case *ast.SelectorExpr:
				x = e.X
				continue
			case *ast.StarExpr:
				x = e.X
				continue
			case *ast.ParenExpr:
				x = e.X
				continue
			case *ast.Ident:
				if v, ok := info.Uses[e].(*types.Var); ok && v.Parent() == pkg.Scope() {
					found[v.Name()] = fset.Position(pos).String()
				}
			}
			return
		}
	}
	for _, f := range files {
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil || fn.Name.Name == "init" {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					if n.Tok != token.DEFINE {
						for _, x := range n.Lhs {
							note(x, n.Pos())
						}
					}
				case *ast.IncDecStmt:
					note(n.X, n.Pos())
				case *ast.CallExpr:
					if b, ok := n.Fun.(*ast.Ident); ok && (b.Name == "delete" || b.Name == "clear" || b.Name == "copy") && len(n.Args) > 0 {
						note(n.Args[0], n.Pos())
					}
					if s, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Store", "Add", "Swap", "CompareAndSwap", "LoadOrStore", "Delete"}, s.Sel.Name) {
						if id, ok := s.X.(*ast.Ident); ok {
							if v, ok := info.Uses[id].(*types.Var); ok && v.Parent() == pkg.Scope() && strings.HasPrefix(v.Type().String(), "sync") {
								note(id, n.Pos())
							}
						}
					}
				}
				return true
			})
		}
	}
	return found
}

// stdOnly imports nothing: types of other packages are not needed, but for
// those of sync.
type stdOnly struct{ types.Importer }

func (i stdOnly) Import(path string) (*types.Package, error) {
	if path == "sync" || path == "sync/atomic" {
		return i.Importer.Import(path)
	}
	return nil, fmt.Errorf("%s is not looked at", path)
}
