package web

import (
	"bytes"
	"errors"
	"testing"

	"github.com/dop251/goja"
)

func noNames(*goja.Object) string { return "" }

func TestSerialise(t *testing.T) {
	onIsolate(t, func(e *Env) {
		inspect, err := e.iso.Import("node:util")
		if err != nil {
			t.Error(err)
			return
		}
		show, _ := goja.AssertFunction(inspect.Get("inspect"))
		text := func(v goja.Value) string {
			o := e.rt.NewObject()
			must(o.Set("depth", goja.Null()))
			s, err := show(goja.Undefined(), v, o)
			must(err)
			return s.String()
		}
		for _, src := range []string{
			`undefined`, `null`, `true`, `0`, `-0`, `1.5`, `NaN`, `-Infinity`, `9007199254740991`, `1e300`, `2**31`, `2**53`,
			`""`, `"é😀"`, `"\ud800x"`, `123456789012345678901234567890n`, `-5n`,
			`new Date(86400000)`, `new Date(NaN)`, `[]`, `[1, , 3]`, `[, ,]`, `[undefined, null]`, `({})`, `({ b: 1, a: { c: [{}] }, 2: 3 })`,
			`({ ["__proto__"]: 1 })`, `Object.assign(Object.create(null), { a: 1 })`,
			`new Map([["a", new Map()], [{ k: 1 }, 2]])`, `new Set([1, "a", new Set()])`,
			`new Uint8Array([1, 2, 255])`, `new Float64Array([0.1, NaN])`, `new BigInt64Array([1n])`, `new Float16Array([1.5])`, `new Uint8Array(new ArrayBuffer(8), 2, 3)`,
			`new Uint8Array([7, 8]).buffer`, `new DataView(new ArrayBuffer(4), 1, 2)`, `/a\/b/gi`,
			`(() => { const a = { n: 1 }; return [a, a] })()`,
			`(() => { const a = {}; a.self = a; a.list = [a]; return a })()`,
			`(() => { const m = new Map(); m.set("me", m); return m })()`,
			`(() => { const b = new ArrayBuffer(4); return [new Uint8Array(b), new Uint16Array(b, 2), b] })()`,
		} {
			v, err := e.rt.RunString("(" + src + ")")
			if err != nil {
				t.Error(src, err)
				continue
			}
			b, _, err := e.Serialise(v, noNames)
			if err != nil {
				t.Errorf("%s: %v", src, err)
				continue
			}
			back, err := e.Deserialise(b, nil)
			if err != nil {
				t.Errorf("%s: %v", src, err)
				continue
			}
			want := text(v)
			if p, ok := v.(*goja.Object); ok && p.Prototype() == nil { // the copy has the usual one
				want = `{ a: 1 }`
			}
			if got := text(back); got != want {
				t.Errorf("%s: %s, want %s", src, got, want)
			}
			if again, _, err := e.Serialise(back, noNames); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%s: %q, then %q %v", src, b, again, err)
			}
		}
		// An error keeps its class, message, stack and cause.
		v, _ := e.rt.RunString(`new RangeError("far", { cause: new Error("why") })`)
		b, _, err := e.Serialise(v, noNames)
		if err != nil {
			t.Error(err)
			return
		}
		back, err := e.Deserialise(b, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if o := back.(*goja.Object); o.Get("name").String() != "RangeError" || o.Get("message").String() != "far" || o.Get("stack").String() != v.(*goja.Object).Get("stack").String() || o.Get("cause").(*goja.Object).Get("message").String() != "why" {
			t.Errorf("%v", back)
		}
	})
}

func TestSerialiseEqualValues(t *testing.T) {
	onIsolate(t, func(e *Env) {
		bytesOf := func(src string) string {
			v, err := e.rt.RunString("(" + src + ")")
			must(err)
			b, _, err := e.Serialise(v, noNames)
			must(err)
			return string(b)
		}
		for _, c := range []struct {
			a, b string
			same bool
		}{
			{`1`, `1.0`, true},
			{`3`, `1.5 * 2`, true},
			{`NaN`, `-NaN`, true},
			{`0`, `-0`, false},
			{`1`, `"1"`, false},
			{`1`, `1n`, false},
			{`1`, `true`, false},
			{`null`, `undefined`, false},
			{`{ a: undefined }`, `{}`, false},
			{`[undefined]`, `[,]`, false},
			{`["ab", "c"]`, `["a", "bc"]`, false},
			{`{ a: 1, b: 2 }`, `{ b: 2, a: 1 }`, false},
			{`new Date(0)`, `0`, false},
			{`[1]`, `new Set([1])`, false},
			{`{}`, `new Map()`, false},
			{`new Uint8Array(1)`, `new Int8Array(1)`, false},
			{`"a" + "b"`, `"ab"`, true},
			{`"\ufffd"`, `"\ud800"`, false},
		} {
			if got := bytesOf(c.a) == bytesOf(c.b); got != c.same {
				t.Errorf("%s and %s: the same is %v", c.a, c.b, got)
			}
		}
	})
}

func TestSerialiseRefuses(t *testing.T) {
	onIsolate(t, func(e *Env) {
		for _, c := range []struct{ src, want string }{
			{`() => 1`, `it is a function`},
			{`{ user: { save() {} } }`, `.user.save is a function`},
			{`[1, class A {}]`, `[1] is a function`},
			{`new (class Cat {})()`, `it is an instance of Cat`},
			{`Symbol.iterator`, `it is a symbol`},
			{`Promise.resolve(1)`, `it is a promise, which is to be awaited first`},
			{`new Proxy({}, {})`, `it is a Proxy`},
			{`new Map([[1, new WeakMap()]])`, `.values()[0] is an instance of WeakMap`},
			{`{ h: new Headers() }`, `.h is an instance of Headers`},
			{`new URL("http://a")`, `it is an instance of URL`},
			{`new Array(3e7)`, `it is an array with too many holes`},
			{`Object("boxed")`, `it is an instance of String`},
			{`[1, 2].values()`, `it is an object that is no plain one`},
			{`{ "\ud800": 1 }`, `it is an object with a property whose name is no text`},
			{`(() => { let v = 0; for (let i = 0; i < 20000; i++) v = [v]; return v })()`, ``},
		} {
			v, err := e.rt.RunString("(" + c.src + ")")
			if err != nil {
				t.Error(c.src, err)
				continue
			}
			_, _, err = e.Serialise(v, noNames)
			var bad *SerialError
			if !errors.As(err, &bad) || c.want != "" && err.Error() != c.want {
				t.Errorf("%s: %v, want %s", c.src, err, c.want)
			}
		}
		// A function that has a name stands for itself, where it is known.
		v, _ := e.rt.RunString(`[() => 1, () => 1]`)
		b, functions, err := e.Serialise(v, func(*goja.Object) string { return "f" })
		if err != nil || len(functions) != 2 {
			t.Error(functions, err)
			return
		}
		back, err := e.Deserialise(b, functions)
		if err != nil || back.(*goja.Object).Get("1") != goja.Value(functions[1]) {
			t.Error(back, err)
		}
		if _, err := e.Deserialise(b, nil); err == nil {
			t.Error("functions out of nothing")
		}
	})
}

// FuzzDeserialise reads anything: what can be read can be written, and read as
// the same again.
func FuzzDeserialise(f *testing.F) {
	onIsolate(f, func(e *Env) {
		for _, src := range []string{`1`, `[1, , "a", "\ud800", 5n, -0]`, `({ a: [new Date(0), /x/g], b: null })`, `new Map([[1, new Set([new Uint16Array(2)])]])`,
			`(() => { const a = [new DataView(new ArrayBuffer(2))]; a.push(a); return a })()`, `new TypeError("x", { cause: 1 })`, `new Float16Array(1)`} {
			v, err := e.rt.RunString("(" + src + ")")
			must(err)
			b, _, err := e.Serialise(v, noNames)
			must(err)
			f.Add(b)
		}
	})
	pool := newPool(f, testOptions(), "")
	iso := pool.Isolates()[0]
	e := Of(iso)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		err := iso.Do(nil, func() {
			v, err := e.Deserialise(b, nil)
			if err != nil {
				return
			}
			once, _, err := e.Serialise(v, noNames)
			if err != nil {
				var bad *SerialError
				if errors.As(err, &bad) && (bad.Text == "nested too deeply" || bad.Text == "an array with too many holes") {
					return
				}
				t.Errorf("%q cannot be written: %v", b, err)
				return
			}
			again, err := e.Deserialise(once, nil)
			if err != nil {
				t.Errorf("%q is written as %q: %v", b, once, err)
				return
			}
			if twice, _, err := e.Serialise(again, noNames); err != nil || !bytes.Equal(once, twice) {
				t.Errorf("%q, then %q: %v", once, twice, err)
			}
		})
		if err != nil {
			t.Error(err)
			return
		}
	})
}
