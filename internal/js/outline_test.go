package js

import (
	"fmt"
	"strings"
	"testing"
)

func useCacheDirective(text string) bool { return strings.HasPrefix(text, "use cache") }

// TestReadOutline: each function as its kind, its name, where it begins and
// ends, and what it captures.
func TestReadOutline(t *testing.T) {
	tests := []struct{ code, want string }{
		{`function f(a, [b], ...c) {}`, `declaration f 2+ "function f(a, [b], ...c) {}"`},
		{`async function f() { arguments }`, `async declaration f 0 arguments "async function f() { arguments }"`},
		{`const f = async (a) => { "x"; a; };`, `async arrow f 1 x "async (a) => { \"x\"; a; }"`},
		{`const f = async a => ({ a }), g = 1;`, `async arrow f 1 "async a => ({ a })"`},
		{`const f = async () => (1, new X());`, `async arrow f 0 "async () => (1, new X())"`},
		{`const f = async () => \u00e9\u00e9;`, `async arrow f 0 "async () => \\u00e9\\u00e9"`},
		{`x = { m() {}, async [k]() {}, get g() {}, v: function () {} };`,
			`method m 0 "m() {}"; async method  0 "async [k]() {}"; accessor g 0 "get g() {}"; expression v 0 "function () {}"`},
		{`class A { m() {} static async s() {} set x(v) {} static f = () => {} }`,
			`instance m 0 "m() {}"; async static s 0 "async s() {}"; accessor x 1 "set x(v) {}"; arrow f 0 "() => {}"`},
		{`;void 0,       async function () { "use cache" }`, `async expression  0 use cache "async function () { \"use cache\" }"`},
		{`;void 0,       async () => 1;`, `async arrow  0 "async () => 1"`},
		{`function* f() { yield 1 }`, `generator declaration f 0 "function* f() { yield 1 }"`},
		{`(async () => { () => this })()`, `async arrow  0 this "async () => { () => this }"; arrow  0 this`},
		{`(() => { class A { x = this; static { this } [this.k]() {} } })`, `arrow  0 this "() => { class A { x = this; static { this } [this.k]() {} } }"; instance  0 "[this.k]() {}"`},
		{`function f(v) { return () => { "use cache"; arguments } }`, `declaration f 1 arguments "function f(v) { return () => { \"use cache\"; arguments } }"; arrow  0 outer use cache "() => { \"use cache\"; arguments }"`},

		// Captured variables.
		{`const m = 1; async () => { "use cache"; m; undefined; globalThis }`, `captured`},
		{`(a, { b, c: [d = a], ...e }, ...f) => () => { "use cache"; f; e; d; b; a }`, `captured f, e, d, b, a`},
		{`(a) => (a) => { "use cache"; a }`, `captured`},
		{`(a) => { "use cache"; { let a } a }`, `captured`},
		{`(a) => () => { "use cache"; { let a; a } for (const a of []) a; try {} catch (a) { a } (a) => a; function g() { var a; a } class a {} }`, `captured`},
		{`(a) => () => { "use cache"; { a } var a }`, `captured`},
		{`(a) => () => { "use cache"; { let a } return a }`, `captured a`},
		{`() => { { var v; let l } return () => { "use cache"; v; l } }`, `captured v`},
		{`(r) => () => { "use cache"; r.a.b; r.c.d(); r?.e?.f; r.a.b.c }`, `captured r?.a?.b, r?.c, r?.e?.f`},
		{`(r) => () => { "use cache"; r.a; r }`, `captured r`},
		{`(r) => () => { "use cache"; r.a = 1; r.b.c++; delete r.d.e; r.f ??= 1; [r.g] = x }`, "captured r"},
		{`(r) => () => { "use cache"; r[r.k].x }`, `captured r`},
		{`(r) => () => { "use cache"; r.tag` + "`${r.x}`" + `; new r.C(); typeof r.t; ({ r2: r.u }) }`, `captured r`},
		{`(a, b) => (x = a, { y = b.c } = {}) => { "use cache" }`, `captured a, b?.c`},
		{`(a) => { const g = () => { "use cache"; a; g() }; const h = () => { "use cache"; g() } }`, `captured a; captured a`},
		{`(a) => { let g = () => { "use cache"; a }; const h = () => { "use cache"; g() } }`, `captured a; captured g`},
		{`(a) => { function g() { "use cache"; a; h() } function h() { "use cache"; g() } }`, `captured a; captured a`},
		{`(a) => { function g() { "use cache"; a } return (a) => () => { "use cache"; g() } }`, `captured a; captured g`},
		{`for (let i = 0; i < 1; i++) () => { "use cache"; i }`, `captured i`},
		{`{ let i; function f() { "use cache"; i; f } }`, `captured i`},
		{`const x = class C { static m() { "use cache"; C } }; const y = function f() { "use cache"; f }`, `captured; captured`},
		{`() => { class C { static m() { "use cache"; C } } }`, `captured C`},
		{`(a) => class { static p = () => { "use cache"; a }; static { let z; () => { "use cache"; z } } [a.k] = 1 }`, `captured a; captured z`},
		{`(a) => () => { switch (a) { case 1: let s; () => { "use cache"; s; a } } }`, `captured s, a`},
	}
	for _, test := range tests {
		out, err := ReadOutline(test.code, useCacheDirective)
		if err != nil {
			t.Errorf("%s: %v", test.code, err)
			continue
		}
		var got []string
		for _, f := range out.Functions {
			if strings.HasPrefix(test.want, "captured") {
				if len(f.Directives) > 0 {
					got = append(got, strings.TrimSpace("captured "+strings.Join(f.Captured, ", ")))
				}
				continue
			}
			got = append(got, describe(test.code, f))
		}
		if got := strings.Join(got, "; "); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.code, got, test.want)
		}
	}
}

func describe(code string, f Function) string {
	var words []string
	for word, ok := range map[string]bool{"async": f.Async, "generator": f.Generator} {
		if ok {
			words = append(words, word)
		}
	}
	arity := fmt.Sprint(f.Arity)
	if f.Rest {
		arity += "+"
	}
	words = append(words, f.Kind, f.Name, arity)
	if f.This > 0 {
		words = append(words, "this")
	}
	if f.Arguments {
		words = append(words, "arguments")
	}
	if f.Outer > 0 {
		words = append(words, "outer")
	}
	for _, d := range f.Directives {
		words = append(words, d.Text)
	}
	if f.End > 0 {
		words = append(words, fmt.Sprintf("%q", code[f.Start:f.End]))
	}
	return strings.Join(words, " ")
}

func TestReadOutlineModule(t *testing.T) {
	code := "; \n\"first\";\n\"second\";\nconst a = 1, { b, c: [d] } = x;\nvar f = async () => {};\nclass C {}\n\"late\";\nfunction g() { 1; \"inside\" }\nlet s = (wrap(1));\nawait f();"
	out, err := ReadOutline(code, useCacheDirective)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range out.Directives {
		got = append(got, d.Text)
	}
	for _, d := range out.Stray {
		got = append(got, fmt.Sprintf("stray %s %v", d.Text, d.Module))
	}
	for _, d := range out.Declarations {
		text := d.Name + " " + code[d.At:d.At+1]
		if d.Function >= 0 {
			text += " function " + out.Functions[d.Function].Name
		}
		if d.Class {
			text += " class"
		}
		if d.Pattern {
			text += " pattern"
		}
		if d.Literal {
			text += " literal"
		}
		if d.ValueEnd > 0 {
			text += " = " + code[d.Value:d.ValueEnd]
		}
		got = append(got, text)
	}
	got = append(got, fmt.Sprint(out.Empty, len(out.Statements)))
	want := []string{"first", "second", "stray late true", "stray inside false",
		"a a literal = 1", "b b pattern", "d d pattern", "f f function f = async () => {}", "C c class", "g f function g", "s s = (wrap(1))", "[0] 10"}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	for _, bad := range []string{"} () => {", "{", "import x", "}\n{"} {
		if _, err := ReadOutline(bad, useCacheDirective); err == nil {
			t.Errorf("ReadOutline(%q): no error", bad)
		}
	}
}

// Whatever the code, what is said of it lies in it.
func FuzzReadOutline(f *testing.F) {
	for _, code := range []string{
		`async function f(a, { b }) { "use cache"; return a.b?.c + this.x }`, `const a = async () => { 'use cache: x'; for (const q of r) q() };`,
		`class A extends B { static #p = async () => { "use cache"; A } ; get x() {} static { var y } }`, `(a) => { function g() { "use cache"; a } return (a) => () => { "use cache"; g() } }`,
		`x = { async ["m" + 1](...r) { "use cache" }, y, ...z }; [a.b, { c: d = e }] = f;`, `switch (1) { default: let x } try {} catch { } label: for (;;) break label`,
		`;void 0,       async x => (x)`, "`${() => { 'use cache' }}`", `} () => {`, `export const x = 1`, `/[/]/ / 2; a\n/b/g`,
	} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		out, err := ReadOutline(code, useCacheDirective)
		if err != nil {
			return
		}
		in := func(what string, at int) {
			if at < 0 || at > len(code) {
				t.Fatalf("%s at %d of %d\n%s", what, at, len(code), code)
			}
		}
		for _, f := range out.Functions {
			for what, at := range map[string]int{"start": f.Start, "end": f.End, "parameters": f.Parameters, "this": f.This, "super": f.Super, "outer": f.Outer} {
				in(what, at)
			}
			if f.End > 0 && f.End <= f.Start || f.Parameters > 0 && code[f.Parameters] != '(' {
				t.Fatalf("function %+v\n%s", f, code)
			}
			if block := f.Kind != "arrow"; block && code[f.End-1] != '}' {
				t.Fatalf("function %+v does not end in a brace\n%s", f, code)
			}
			for _, d := range f.Directives {
				in("directive", d.At)
			}
		}
		for _, d := range out.Declarations {
			in("declaration", d.At)
			in("value", d.Value)
			in("end of value", d.ValueEnd)
			if d.Function >= len(out.Functions) {
				t.Fatalf("declaration %+v", d)
			}
		}
		for _, at := range out.Empty {
			if in("empty statement", at); code[at] != ';' {
				t.Fatalf("an empty statement is %q", code[at])
			}
		}
	})
}
