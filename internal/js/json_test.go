package js

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// eachJSON runs a test over both ways of reading and making objects.
func eachJSON(t *testing.T, f func(t *testing.T, iso *Isolate)) {
	t.Run("direct", func(t *testing.T) {
		iso := testIsolate(t)
		if !iso.json.fast {
			t.Fatal("the direct way is off: ", Internals()[TrickJSON])
		}
		f(t, iso)
	})
	t.Run("public", func(t *testing.T) { f(t, fallbackIsolate(t)) })
}

func TestParseJSONBytes(t *testing.T) {
	eachJSON(t, func(t *testing.T, iso *Isolate) {
		for _, c := range []struct{ in, want string }{
			{"\ufeff[1]", "[1]"},
			{"\ufeff\ufeff[1]", "SyntaxError: Unexpected token '\ufeff', \"\ufeff[1]\" is not valid JSON"},
			{"\"a\xffb\"", "\"a\ufffdb\""},
			{"\"\xe2\x82\"", "\"\ufffd\""},
			{"\"\xed\xa0\x80\"", "\"\ufffd\ufffd\ufffd\""},
			{"\"\xf0\x9f\x98\"", "\"\ufffd\""},
			{"{\"\xc3\":1,\"\xc3(\":2}", "{\"\ufffd\":1,\"\ufffd(\":2}"},
			{"\"é\" \xff", "SyntaxError: Unexpected non-whitespace character after JSON at position 4"},
			{`{"é😀":"😀","z":"\ud83d"}`, `{"é😀":"😀","z":"\ud83d"}`},
			{"", "SyntaxError: Unexpected end of JSON input"},
			{"[1,2", "SyntaxError: Expected ',' or ']' after array element in JSON at position 4"},
		} {
			must(iso.Do(nil, func() {
				in := []byte(c.in)
				v, err := iso.ParseJSON(in)
				for i := range in {
					in[i] = '!' // the caller may use the bytes again
				}
				got := ""
				if err != nil {
					got = iso.Error(iso.Thrown(err)).Error()
				} else {
					out, ok, err := iso.AppendJSON(nil, v)
					if err != nil || !ok {
						t.Fatal(ok, err)
					}
					got = string(out)
				}
				if got != c.want {
					t.Errorf("%q:\ngot  %s\nwant %s", c.in, got, c.want)
				}
			}))
		}
	})
}

func TestAppendJSON(t *testing.T) {
	eachJSON(t, func(t *testing.T, iso *Isolate) {
		must(iso.Do(nil, func() {
			c := iso.Class("Thing", 0, nil, func(goja.ConstructorCall) any { return new(int) })
			c.Getter("hidden", func(goja.FunctionCall) goja.Value { return iso.rt.ToValue(1) })
			d := iso.Class("Place", 0, nil, func(goja.ConstructorCall) any { return new(int) })
			d.Method("toJSON", 0, func(c goja.FunctionCall) goja.Value { return iso.rt.ToValue("here") })
			must(iso.rt.Set("Thing", c.Ctor))
			must(iso.rt.Set("Place", d.Ctor))
		}))
		for _, c := range []struct{ src, want string }{
			{`({ a: 1, t: new Thing, p: new Place, l: [new Place] })`, `>{"a":1,"t":{},"p":"here","l":["here"]}`},
			{`Object.assign(new Thing, { x: 1, y: [2] })`, `>{"x":1,"y":[2]}`},
			{`new (class extends Place { z = 1 })`, `>"here"`},
			{`new (class extends Thing { z = 1; #q = 2 })`, `>{"z":1}`},
			{`undefined`, `none`}, {`() => 1`, `none`}, {`Symbol()`, `none`}, {`({ toJSON() {} })`, `none`},
			{`null`, `>null`},
			{`({ get a() { throw new RangeError('mine') } })`, `RangeError: mine`},
			{`({ toJSON() { throw 5 } })`, `uncaught 5`},
			{`[1n]`, `TypeError: Do not know how to serialize a BigInt`},
			{`JSON.parse('["\\ud800"]')`, `>["\ud800"]`},
		} {
			must(iso.Do(nil, func() {
				v, err := iso.rt.RunString("(" + c.src + ")")
				must(err)
				dst := []byte(">")
				out, ok, err := iso.AppendJSON(dst, v)
				got := "none"
				if err != nil {
					got = iso.Error(iso.Thrown(err)).Error()
				} else if ok {
					got = string(out)
				}
				if got != c.want || err != nil && !bytes.Equal(out, dst) {
					t.Errorf("%s: got %s, want %s", c.src, got, c.want)
				}
			}))
		}
	})
}

func TestJSONLongest(t *testing.T) {
	eachJSON(t, func(t *testing.T, iso *Isolate) {
		iso.json.longest = 1 << 16
		src := `const p = new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 53 : k === 'toJSON' ? undefined : 'xxxx' }); let n = 0;
			for (const v of [p, [p], Object.assign([], { length: 2 ** 32 - 1 }), { get a() { return new Array(1e6).fill(1) } }]) try { JSON.stringify(v) } catch (e) { n += e instanceof RangeError && e.message === 'Invalid string length' } n`
		if got := runCase(t, iso, src); got != "4" {
			t.Error(got)
		}
		if got := runCase(t, iso, `JSON.stringify('x'.repeat(60000)).length`); got != "60002" {
			t.Error(got)
		}
	})
}

// TestJSONInterrupt: a long native loop ends when its job is interrupted.
func TestJSONInterrupt(t *testing.T) {
	eachJSON(t, func(t *testing.T, iso *Isolate) {
		text := []byte("[" + strings.Repeat("[1],", 50000) + "1]")
		must(iso.Do(nil, func() {
			v, err := iso.ParseJSON(text)
			must(err)
			holes, err := iso.rt.RunString(`(() => { const a = []; a.length = 2 ** 32 - 1; return a })()`)
			must(err)
			for name, f := range map[string]func(){
				"read":        func() { _, _ = iso.ParseJSON(text) },
				"write":       func() { _, _, _ = iso.AppendJSON(nil, v) },
				"write holes": func() { _, _, _ = iso.AppendJSON(nil, holes) },
			} {
				func() {
					defer iso.rt.ClearInterrupt()
					defer func() {
						if e, ok := recover().(*goja.InterruptedError); !ok || e.Value() != ErrCompute {
							t.Errorf("%s: not interrupted", name)
						}
					}()
					iso.rt.Interrupt(ErrCompute)
					f()
				}()
			}
		}))
	})
}

func FuzzJSON(f *testing.F) {
	for _, path := range []string{"testdata/es/json_parse.txt"} {
		for _, c := range readTranscript(f, path).cases {
			var s string
			if rest, ok := strings.CutPrefix(c.src, "JSON.parse("); ok && json.Unmarshal([]byte(strings.TrimSuffix(rest, ")")), &s) == nil {
				f.Add([]byte(s))
			}
		}
	}
	direct, public := testIsolate(f), fallbackIsolate(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		var texts [2]string
		for i, iso := range []*Isolate{direct, public} {
			if err := iso.Do(nil, func() {
				v, err := iso.ParseJSON(b)
				// The standards agree on what is JSON, but for the mark that a decoder drops and for depth.
				if std := json.Valid(b); std != (err == nil) && !bytes.HasPrefix(b, []byte("\ufeff")) {
					t.Fatalf("%q: encoding/json says %v, we %v", b, std, err)
				}
				if err != nil {
					texts[i] = iso.Error(iso.Thrown(err)).Error()
					return
				}
				out, ok, err := iso.AppendJSON(nil, v)
				if err != nil || !ok {
					t.Fatalf("%q: cannot be written: %v", b, err)
				}
				if !json.Valid(out) || !utf8.Valid(out) {
					t.Fatalf("%q was written as %q", b, out)
				}
				again, err := iso.ParseJSON(out)
				if err != nil {
					t.Fatalf("%q was written as %q: %v", b, out, err)
				}
				twice, _, err := iso.AppendJSON(nil, again)
				if err != nil || !bytes.Equal(out, twice) {
					t.Fatalf("%q, then %q", out, twice)
				}
				texts[i] = string(out)
				// A script sees the same through the functions.
				f, _ := goja.AssertFunction(iso.rt.Get("JSON").(*goja.Object).Get("stringify"))
				s, err := f(goja.Undefined(), v)
				if err != nil || s.String() != texts[i] {
					t.Fatalf("%q: JSON.stringify gives %v %v", out, s, err)
				}
				if v, err = iso.ParseJSONString(s); err != nil {
					t.Fatal(err)
				}
				if s, _, _ := iso.AppendJSON(nil, v); string(s) != texts[i] {
					t.Fatalf("%q through a string: %q", out, s)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		if texts[0] != texts[1] {
			t.Fatalf("%q: %q directly, %q by the public API", b, texts[0], texts[1])
		}
	})
}

// sampleJSON is a list of records of about n bytes.
func sampleJSON(n int) []byte {
	type item struct {
		ID     int               `json:"id"`
		Name   string            `json:"name"`
		Email  string            `json:"email"`
		Price  float64           `json:"price"`
		Active bool              `json:"active"`
		Tags   []string          `json:"tags"`
		Meta   map[string]string `json:"meta"`
		Text   string            `json:"description"`
		Nil    any               `json:"parent"`
	}
	var l []item
	for i, size := 0, 0; size < n; i++ {
		l = append(l, item{i, fmt.Sprintf("User number %d", i), fmt.Sprintf("user%d@example.com", i), float64(i) * 1.25, i%2 == 0, []string{"a", "bb", "ccc"},
			map[string]string{"k": "v", "city": "Zürich"}, "Lorem ipsum dolor sit amet, consectetur \"adipiscing\" elit", nil})
		b, _ := json.Marshal(l[i])
		size += len(b)
	}
	b, _ := json.Marshal(map[string]any{"items": l, "total": len(l)})
	return b
}

func BenchmarkJSON(b *testing.B) {
	direct, public := testIsolate(b), fallbackIsolate(b)
	engine := goja.New()
	method := func(name string) goja.Callable {
		f, _ := goja.AssertFunction(engine.Get("JSON").(*goja.Object).Get(name))
		return f
	}
	parse, stringify := method("parse"), method("stringify")
	inputs := [][]byte{[]byte(`{"message":"Hello, world","ok":true}`), sampleJSON(1 << 10), sampleJSON(60 << 10), sampleJSON(1 << 20)}
	for _, in := range inputs {
		size := fmt.Sprintf("%dB", len(in))
		run := func(name string, f func()) {
			b.Run(size+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(in)))
				for b.Loop() {
					f()
				}
			})
		}
		text := engine.ToValue(string(in))
		run("parse/direct", func() { _, _ = direct.ParseJSON(in) })
		run("parse/public", func() { _, _ = public.ParseJSON(in) })
		run("parse/goja", func() { _, _ = parse(goja.Undefined(), text) })
		run("parse/encoding", func() { var x any; _ = json.Unmarshal(in, &x) })
		var buf []byte
		v, _ := direct.ParseJSON(in)
		run("stringify/direct", func() { buf, _, _ = direct.AppendJSON(buf[:0], v) })
		w, _ := public.ParseJSON(in)
		run("stringify/public", func() { buf, _, _ = public.AppendJSON(buf[:0], w) })
		x, _ := parse(goja.Undefined(), text)
		run("stringify/goja", func() { s, _ := stringify(goja.Undefined(), x); _ = s.String() })
		var y any
		_ = json.Unmarshal(in, &y)
		run("stringify/encoding", func() { _, _ = json.Marshal(y) })
	}
}
