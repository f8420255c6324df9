package bundle

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"golang.org/x/tools/txtar"
)

// project unpacks txtar text into a directory of its own.
func project(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(text)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// gojaCompile is the engine's half of Build.
func gojaCompile(code, name string) error {
	ast, err := goja.Parse(name, code, parser.WithDisableSourceMaps)
	if err != nil {
		return err
	}
	_, err = goja.CompileAST(ast, false)
	return err
}

func TestHappyPath(t *testing.T) {
	dir := project(t, `
-- app/api/a/route.ts --
import { shout } from "../../lib/shout";
export async function GET(): Promise<string> { return shout("a"); }
-- app/lib/shout.ts --
export function shout(s: string) { return s.toUpperCase() }
`)
	b, err := Build(context.Background(), Options{Dir: dir, Entries: []string{"app/api/a/route.ts"}}, gojaCompile)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(b.Code)
	t.Log(string(b.SourceMap))
	rt := goja.New()
	v, err := rt.RunString(b.Code)
	if err != nil {
		t.Fatal(err)
	}
	call, ok := goja.AssertFunction(v)
	if !ok {
		t.Fatalf("completion value is %v, want a function", v)
	}
	loaders, err := call(goja.Undefined(), rt.ToValue(func(name string) (goja.Value, error) {
		return nil, errors.New("cannot find module " + name)
	}))
	if err != nil {
		t.Fatal(err)
	}
	rt.Set("loaders", loaders)
	p, err := rt.RunString(`loaders["app/api/a/route.ts"]().then(m => m.GET())`)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Export().(*goja.Promise).Result().String(); got != "A" {
		t.Errorf("GET() = %q, want A", got)
	}
}
