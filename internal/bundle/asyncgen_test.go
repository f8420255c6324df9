package bundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAsyncGenerators: esbuild's helper still has the form that is looked for,
// and a script without async generators is as it was.
func TestAsyncGenerators(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.ts": "export async function* g() { yield 1 }", "b.ts": "export const b = 1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for entry, want := range map[string]bool{"a.ts": true, "b.ts": false} {
		b, err := Build(t.Context(), Options{Dir: dir, Entries: []string{entry}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.Code, `Object.create(__portico_host("`+asyncGenerators+`"))`); got != want {
			t.Errorf("%s: the prototype is asked for: %v, want %v\n%.600s", entry, got, want, b.Code)
		}
	}
}
