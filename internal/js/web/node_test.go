package web

import (
	"slices"
	"testing"
)

func TestNodeModuleCases(t *testing.T) { runCases(t, "node") }

// Every script is served, and every module that is named evaluates.
func TestNodeModulesAreServed(t *testing.T) {
	for name := range nodePrograms() {
		if !slices.Contains(nodeModules, name) {
			t.Errorf("node/%s.js is not in nodeModules", name)
		}
	}
	onIsolate(t, func(e *Env) {
		for _, name := range nodeModules {
			a, err := e.iso.Import(name)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if b, err := e.iso.Import("node:" + name); err != nil || a != b {
				t.Errorf("node:%s is not %s: %v", name, name, err)
			}
		}
	})
}
