package js

import (
	"os"
	"strings"
	"testing"
)

const checkedEngine = "v0.0.0-20260917113740-793a2a65c13b"

// TestPinnedEngine fails when the engine's version changes: whoever raises it
// looks at internals.go, runs the suite, and writes the new version here.
func TestPinnedEngine(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mod), "github.com/dop251/goja "+checkedEngine) {
		t.Fatalf("go.mod does not have goja %s, the version that internals.go was checked with", checkedEngine)
	}
}

func TestInternalsAllOn(t *testing.T) {
	for k, err := range Internals() {
		t.Errorf("%s is off: %v", k, err)
	}
}
