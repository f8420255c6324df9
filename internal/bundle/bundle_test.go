package bundle

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what came out into the fixtures' want files")

// A fixture is a txtar file: a comment of "key: value" lines and text, the
// project, and the files want (what run.js logged, or the errors of the build)
// and warnings.
type fixture struct {
	file     string
	archive  *txtar.Archive
	dir      string
	entries  []string
	hosted   []string
	define   map[string]string
	dev      bool
	partial  bool
	lowered  bool
	absent   string // must not be in the code
	run      string
	want     string
	warnings string
}

// readFixture unpacks a fixture into a directory of its own.
func readFixture(t testing.TB, file string) *fixture {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{file: file, archive: a, dir: t.TempDir(), define: map[string]string{}}
	lines := bufio.NewScanner(strings.NewReader(string(a.Comment)))
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch key {
		case "entries":
			f.entries = strings.Fields(value)
		case "host":
			f.hosted = strings.Fields(value)
		case "define":
			k, v, _ := strings.Cut(value, "=")
			f.define[k] = v
		case "dev":
			f.dev = value == "true"
		case "partial":
			f.partial = value == "true"
		case "absent":
			f.absent = value
		case "lowered":
			f.lowered = value == "true"
		}
	}
	for _, file := range a.Files {
		switch file.Name {
		case "run.js":
			f.run = string(file.Data)
		case "want":
			f.want = string(file.Data)
		case "warnings":
			f.warnings = string(file.Data)
		default:
			write(t, f.dir, file.Name, string(file.Data))
		}
	}
	return f
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) options() Options {
	return Options{
		Dir:     f.dir,
		Entries: f.entries,
		Host:    func(s string) bool { return slices.Contains(f.hosted, s) },
		Define:  f.define,
		Dev:     f.dev,
		Partial: f.partial,
	}
}

// check compares one file of the fixture, or writes it under -update.
func (f *fixture) check(t *testing.T, name, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	if !*update {
		t.Errorf("%s:\n%swant:\n%s", name, got, want)
		return
	}
	i := slices.IndexFunc(f.archive.Files, func(file txtar.File) bool { return file.Name == name })
	if i < 0 {
		i = len(f.archive.Files)
		f.archive.Files = append(f.archive.Files, txtar.File{Name: name})
	}
	f.archive.Files[i].Data = []byte(got)
	if err := os.WriteFile(f.file, txtar.Format(f.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// gojaCompile is the script engine's half of Build.
func gojaCompile(code, name string) error {
	ast, err := goja.Parse(name, code, parser.WithDisableSourceMaps)
	if err != nil {
		return err
	}
	_, err = goja.CompileAST(ast, false)
	return err
}

// machine is a script engine that has loaded a bundle.
type machine struct {
	rt  *goja.Runtime
	log strings.Builder
}

// prelude stands for what the script host defines before any bundle runs.
const prelude = `
Symbol.asyncIterator ??= Symbol("Symbol.asyncIterator");
Symbol.dispose ??= Symbol("Symbol.dispose");
Symbol.asyncDispose ??= Symbol("Symbol.asyncDispose");
var process = { cwd: () => "/srv/my app", env: {} };
`

func newMachine(t testing.TB, b *Bundle, host func(rt *goja.Runtime, name string) (goja.Value, error)) *machine {
	t.Helper()
	m := &machine{rt: goja.New()}
	if _, err := m.rt.RunString(prelude); err != nil {
		t.Fatal(err)
	}
	m.rt.Set("log", func(call goja.FunctionCall) goja.Value {
		for i, arg := range call.Arguments {
			if i > 0 {
				m.log.WriteByte(' ')
			}
			if o, ok := arg.(*goja.Object); ok && o.ClassName() != "Error" {
				text, err := o.MarshalJSON()
				if err != nil {
					panic(err)
				}
				m.log.Write(text)
			} else {
				m.log.WriteString(arg.String())
			}
		}
		m.log.WriteByte('\n')
		return goja.Undefined()
	})
	ast, err := goja.Parse(ScriptName, b.Code, parser.WithSourceMapLoader(func(name string) ([]byte, error) {
		if name != SourceMapName {
			return nil, fmt.Errorf("asked for source map %q", name)
		}
		return b.SourceMap, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	program, err := goja.CompileAST(ast, false)
	if err != nil {
		t.Fatal(err)
	}
	v, err := m.rt.RunProgram(program)
	if err != nil {
		t.Fatal(err)
	}
	start, ok := goja.AssertFunction(v)
	if !ok {
		t.Fatalf("the script's completion value is %v, want a function", v)
	}
	loaders, err := start(goja.Undefined(), m.rt.ToValue(func(name string) (goja.Value, error) { return host(m.rt, name) }))
	if err != nil {
		t.Fatal(err)
	}
	m.rt.Set("loaders", loaders)
	m.rt.Set("load", func(entry string) (goja.Value, error) {
		loader, ok := goja.AssertFunction(loaders.ToObject(m.rt).Get(entry))
		if !ok {
			return nil, fmt.Errorf("no loader for %q", entry)
		}
		return loader(goja.Undefined())
	})
	return m
}

// run evaluates the body of an async function and everything that follows.
func (m *machine) run(t testing.TB, body string) string {
	t.Helper()
	v, err := m.rt.RunString("(async () => {" + body + "\n})()")
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
	return m.log.String()
}

// TestRun builds the projects in testdata/run and compares what they log.
func TestRun(t *testing.T) {
	for _, file := range fixtures(t, "testdata/run/*.txtar") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			f := readFixture(t, file)
			b, err := Build(context.Background(), f.options(), gojaCompile)
			if err != nil {
				t.Fatal(err)
			}
			if b.Lowered != f.lowered {
				t.Errorf("Lowered = %v, want %v", b.Lowered, f.lowered)
			}
			if f.absent != "" && strings.Contains(b.Code, f.absent) {
				t.Errorf("the code contains %q:\n%s", f.absent, b.Code)
			}
			m := newMachine(t, b, func(rt *goja.Runtime, name string) (goja.Value, error) {
				if name == asyncGenerators {
					return rt.NewObject(), nil
				}
				if !slices.Contains(f.hosted, name) {
					return nil, errors.New("no such module: " + name)
				}
				rt.Get("log").Export().(func(goja.FunctionCall) goja.Value)(goja.FunctionCall{Arguments: []goja.Value{rt.ToValue("host serves " + name)}})
				return rt.ToValue(map[string]any{"name": name, "double": func(n int) int { return 2 * n }}), nil
			})
			f.check(t, "want", m.run(t, f.run), f.want)
			var warnings strings.Builder
			for _, w := range b.Warnings {
				warnings.WriteString(w.Error() + "\n")
			}
			f.check(t, "warnings", warnings.String(), f.warnings)
		})
	}
}

// TestFail builds the projects in testdata/fail and compares the errors.
func TestFail(t *testing.T) {
	for _, file := range fixtures(t, "testdata/fail/*.txtar") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			f := readFixture(t, file)
			_, err := Build(context.Background(), f.options(), gojaCompile)
			var failed *Error
			if !errors.As(err, &failed) {
				t.Fatalf("Build returned %v, want an *Error", err)
			}
			f.check(t, "want", failed.Error()+"\n", f.want)
			for _, m := range failed.Messages {
				if m.Line > 0 && !strings.Contains(string(f.read(m.File)), m.LineText) {
					t.Errorf("LineText %q is not in %s", m.LineText, m.File)
				}
			}
		})
	}
}

func (f *fixture) read(name string) []byte {
	for _, file := range f.archive.Files {
		if file.Name == name {
			return file.Data
		}
	}
	return nil
}

func fixtures(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures in %s (%v)", pattern, err)
	}
	return files
}
