package next

import (
	"testing"

	"github.com/dop251/goja"
)

func TestWantsContext(t *testing.T) {
	for src, want := range map[string]bool{
		`async function GET(request) { return f(request, 1) }`:       false,
		`async function GET() { return new Response("a, b = c") }`:   false,
		`async (request) => { const a = f(1, 2); return a }`:         false,
		`async (request, context) => context`:                        true,
		`async function GET(request, { params }) {}`:                 true,
		`async function GET(request, context = {}) {}`:               true,
		`async function GET(request, { params } = {}) {}`:            true,
		`async function GET(request = f(1), context = {}) {}`:        true,
		`async function GET(...all) {}`:                              true,
		`function GET() { return arguments[1] }`:                     true,
		`function GET(request) { return eval("arg" + "uments[1]") }`: true,
		`((a, b) => b).bind(null)`:                                   true,
		`new Proxy(async function (request) {}, {})`:                 true,
		`({ async GET(request) { return request } }).GET`:            false,
		`Object.defineProperty((r, c) => c, 'length', { value: 0 })`: true,
		`Math.max`: true,
	} {
		v, err := goja.New().RunString("(" + src + ")")
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if got := wantsContext(v); got != want {
			t.Errorf("%s: %v, want %v", src, got, want)
		}
	}
}
