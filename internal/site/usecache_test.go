package site

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"golang.org/x/tools/txtar"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/js"
)

var update = flag.Bool("update", false, "write what came out into the fixtures' want files")

// recordingCache is a host module that keeps in memory and says what it is asked.
const recordingCache = `(function (log) {
	const kept = new Map();
	const text = (value) => JSON.stringify(value, (_, v) => typeof v === "function" ? "a function" : v === undefined ? "undefined" : v);
	const cachedWith = (id, kind, captured, fn, params) => function (...args) {
		args = args.slice(0, params);
		let values;
		try { values = captured(); } catch (error) { return Promise.reject(error); }
		const key = id + (kind === "default" ? "" : " " + kind) + " " + text(args) + (values.length > 0 ? " with " + text(values) : "");
		log((kept.has(key) ? "hit " : "run ") + key);
		if (!kept.has(key)) kept.set(key, fn(...args));
		return kept.get(key);
	};
	return { __esModule: true, cachedWith, cached: (id, kind, fn, params) => cachedWith(id, kind, () => [], fn, params) };
})`

// cachedApp is a project in a script engine, as far as it takes to call its
// functions.
type cachedApp struct {
	rt  *goja.Runtime
	log strings.Builder
}

func startCached(t testing.TB, built *bundle.Bundle) *cachedApp {
	t.Helper()
	a := &cachedApp{rt: goja.New()}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, built.Code)
		}
	}
	check(a.rt.Set("log", func(c goja.FunctionCall) goja.Value {
		var words []string
		for _, v := range c.Arguments {
			words = append(words, v.String())
		}
		a.log.WriteString(strings.Join(words, " ") + "\n")
		return goja.Undefined()
	}))
	_, err := a.rt.RunString(`Symbol.asyncIterator ??= Symbol("Symbol.asyncIterator")`)
	check(err)
	v, err := a.rt.RunString(recordingCache)
	check(err)
	f, _ := goja.AssertFunction(v)
	module, err := f(goja.Undefined(), a.rt.Get("log"))
	check(err)
	ast, err := goja.Parse(bundle.ScriptName, built.Code, parser.WithSourceMapLoader(func(string) ([]byte, error) { return built.SourceMap, nil }))
	check(err)
	p, err := goja.CompileAST(ast, false)
	check(err)
	v, err = a.rt.RunProgram(p)
	check(err)
	f, _ = goja.AssertFunction(v)
	loaders, err := f(goja.Undefined(), a.rt.ToValue(func(name string) (goja.Value, error) {
		switch name {
		case bundle.UseCacheModule:
			return module, nil
		case js.AsyncGeneratorModule:
			return a.rt.NewObject(), nil
		}
		return nil, fmt.Errorf("no module %q", name)
	}))
	check(err)
	check(a.rt.Set("load", func(entry string) (goja.Value, error) {
		load, ok := goja.AssertFunction(loaders.ToObject(a.rt).Get(entry))
		if !ok {
			return nil, fmt.Errorf("no entry %q", entry)
		}
		return load(goja.Undefined())
	}))
	return a
}

func (a *cachedApp) run(t testing.TB, body string) string {
	t.Helper()
	v, err := a.rt.RunString("(async () => {" + body + "\n})()")
	if err != nil {
		t.Fatal(err)
	}
	switch p := v.Export().(*goja.Promise); p.State() {
	case goja.PromiseStateRejected:
		reason := p.Result().String()
		if o, ok := p.Result().(*goja.Object); ok {
			reason = o.Get("stack").String()
		}
		t.Fatalf("run.js threw %s", reason)
	case goja.PromiseStatePending:
		t.Fatal("run.js never ended")
	}
	return a.log.String()
}

func buildCached(t testing.TB, dir string, entries ...string) (*bundle.Bundle, error) {
	return bundle.Build(t.Context(), bundle.Options{Dir: dir, Entries: entries, Outline: js.ReadOutline,
		Host: func(name string) bool { return name == bundle.UseCacheModule }}, js.Check)
}

func unpack(t testing.TB, dir string, files []txtar.File) {
	t.Helper()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var programCounter = regexp.MustCompile(`\(\d+\)`)

// TestUseCache builds the projects in testdata/usecache, and compares what they
// ask of the cache, or why they cannot be built.
func TestUseCache(t *testing.T) {
	files, err := filepath.Glob("testdata/usecache/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures (%v)", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var run, want string
			var project []txtar.File
			for _, f := range archive.Files {
				switch f.Name {
				case "run.js":
					run = string(f.Data)
				case "want":
					want = string(f.Data)
				default:
					project = append(project, f)
				}
			}
			dir := t.TempDir()
			unpack(t, dir, project)
			var entries []string
			if found, ok := strings.CutPrefix(strings.TrimSpace(string(archive.Comment)), "entries: "); ok {
				entries = strings.Fields(found)
			}
			var got string
			var failed *bundle.Error
			built, err := buildCached(t, dir, entries...)
			switch {
			case errors.As(err, &failed):
				got = failed.Error() + "\n"
			case err != nil:
				t.Fatal(err)
			case run == "":
				t.Fatalf("there is no error and nothing to run\n%s", built.Code)
			default:
				app := startCached(t, built)
				got = programCounter.ReplaceAllString(app.run(t, run), "")
			}
			if got == want {
				return
			}
			if !*update {
				t.Fatalf("got\n%s\nwant\n%s", got, want)
			}
			i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
			if i < 0 {
				i = len(archive.Files)
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
			}
			archive.Files[i].Data = []byte(got)
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}
