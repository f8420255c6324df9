package js

import "testing"

// What is missing is not defined, so that code can ask for it, and the error
// of code that does not ask says why.
func TestMissing(t *testing.T) {
	iso := testIsolate(t)
	for _, c := range []struct{ src, want string }{
		{`typeof Intl`, `"undefined"`},
		{`new Intl.NumberFormat()`, `throws ReferenceError: Intl is not defined: there is no Intl yet; toLocaleString of numbers and dates writes en-US`},
		{`Atomics.load`, `throws ReferenceError: Atomics is not defined: an isolate is one thread, and shares no memory`},
		{`new WebAssembly.Module()`, `throws ReferenceError: WebAssembly is not defined: scripts are interpreted by Go, and nothing runs WebAssembly; call Go instead`},
		{`nowhere`, `throws ReferenceError: nowhere is not defined`},
	} {
		if got := runCase(t, iso, c.src); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}
