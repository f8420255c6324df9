package js

import (
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// TestLiteralsEverywhere: a literal that the engine itself would refuse stands
// in every place of the grammar.
func TestLiteralsEverywhere(t *testing.T) {
	const r = `/(?i:[a--b])/v`
	iso := testIsolate(t)
	for _, src := range []string{
		`R`, `var x = R`, `let x = R`, `const [x = R] = []`, `const { x = R } = {}`, `const { x: y = R, ...z } = {}`, `const { [R]: x } = {}`,
		`(function () { return R })()`, `((a = R, ...b) => a)()`, `(() => R)()`, `(() => { return R })()`, `(async () => { await R })()`, `(function* () { yield R; yield* [R] })().next()`,
		`if (R) R; else R`, `for (let i = R; false; R) R`, `for (var i = R; false;) ;`, `for (R; R && false;) ;`, `for (const x in R) ;`, `for (const x of [R]) R`, `for (const { y = R } of []) ;`, `for (var x in {}) R`, `let o = {}; for (o[R] in { a: 1 }) ;`,
		`while (!R) R`, `do R; while (!R)`, `switch (R) { case R: R; default: R }`, `try { throw R } catch (e) { R } finally { R }`, `try { throw {} } catch ({ x = R }) {}`, `a: R`, `with (R) R`, `{ R }`,
		`class A { [R] = R; static x = R; static { R } m() { R } get [R]() { return R } #p = R; static #q() { return R } }`, `(class extends (R, Object) {})`,
		`[R, ...[R]]`, `({ a: R, [R]: 1, ...R, m() { R }, get g() { return R } })`, "`${R}`", "(() => 1)`${R}`", `R + R`, `R, R`, `R ? R : R`, `!R`, `typeof R`, `let x; x = R; x ||= R`,
		`R.source`, `R['source']`, `({ a: null })?.a?.[R]`, `new Object(R)`, `String(R)`, `R?.exec('a')`, `(class { #x = 1; f() { return this.#x + String(R) } })`, `new (class { #a = R; b = this.#a.source })`,
	} {
		p, err := Compile("x.js", "{"+strings.ReplaceAll(src, "R", r)+"\n}", nil)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		must(iso.Do(nil, func() {
			if _, err := iso.Run(p); err != nil {
				t.Errorf("%s: %v", src, err)
			}
		}))
	}
}

func TestLiterals(t *testing.T) {
	for _, iso := range []*Isolate{testIsolate(t), fallbackIsolate(t)} {
		for src, want := range map[string]string{
			`/a[/]b\/c/gi`:                                         `/a[/]b\/c/gi`,
			`/a[/]b/.source`:                                       `a[/]b`,
			`/[[a-z]--[aeiou]]/dv.flags`:                           `dv`,
			`/[[a-z]--[aeiou]]/v.exec('ab').index`:                 `1`,
			`/(?<y>\d)/d.exec('a1').indices.groups.y`:              `1,2`,
			`/(?i:A)b/.test('ab')`:                                 `true`,
			`/\p{Lu}/u.exec('aÅ')[0]`:                              `Å`,
			`/^.$/u.test('😀')`:                                     `true`,
			`/😀/.source.length`:                                    `2`,
			`/\u{1F600}/u.test('😀')`:                               `true`,
			`/x/.hasIndices`:                                       `false`,
			`/x/d.hasIndices`:                                      `true`,
			`/x/v.unicodeSets`:                                     `true`,
			`/x/v.unicode`:                                         `false`,
			`/x/u.unicode`:                                         `true`,
			`'aXbX'.split(/x/i).length`:                            `3`,
			`new RegExp(/a.b/s, 'g').test('a\nb')`:                 `false`,
			`new RegExp(/a.b/s).test('a\nb')`:                      `true`,
			`RegExp.prototype.toString.call(/$^.*+?()[]{}|\/-&/u)`: `!`,
			`/\$\^\.\*\+\?\(\)\[\]\{\}\|\/\\-&/.test('$^.*+?()[]{}|/\\-&')`: `true`,
			`const f = () => /a/g; [f() === f(), f().exec('a').index]`:      `false,0`,
			"/\uf801\uf8ff/.source": "\uf801\uf8ff",
			`/(?:)/.source`:         `(?:)`,
			`/[]/.test('a')`:        `false`,
		} {
			if want == "!" {
				if _, err := Compile("x.js", src, nil); err == nil {
					t.Errorf("%s: compiled", src)
				}
				continue
			}
			p, err := Compile("x.js", src, nil)
			if err != nil {
				t.Errorf("%s: %v", src, err)
				continue
			}
			must(iso.Do(nil, func() {
				if v, err := iso.Run(p); err != nil || v.String() != want {
					t.Errorf("%s: got %v %v, want %s", src, v, err, want)
				}
			}))
		}
	}
	for src, want := range map[string]string{
		"\n  /(/":      "SyntaxError: Invalid regular expression: /(/: Unterminated group at x.js:2:3",
		"x = /a/gg":    "SyntaxError: Invalid regular expression flags at x.js:1:5",
		`/\p{Nope}/u`:  `SyntaxError: Invalid regular expression: /\p{Nope}/u: Invalid property name at x.js:1:1`,
		`/[b-a]/.x.y;`: `SyntaxError: Invalid regular expression: /[b-a]/: Range out of order in character class at x.js:1:1`,
	} {
		if _, err := Compile("x.js", src, nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
}

// BenchmarkCompileLiterals is the compiling of a script with many literals.
func BenchmarkCompileLiterals(b *testing.B) {
	src := strings.Repeat(`x = [/^(?:[a-z0-9!#$%&'*+/=?^_{|}~-]+(?:\.[a-z0-9]+)*)@(?:(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]{2,})$/i, /(\d{1,256})-(\w+)/g];`, 200)
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			if _, err := Compile("x.js", src, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("goja", func(b *testing.B) {
		for b.Loop() {
			if _, err := goja.Compile("x.js", src, false); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func FuzzDisguise(f *testing.F) {
	f.Add(`a[/]\/(?:b)|😀`, true)
	f.Fuzz(func(t *testing.T, pattern string, sets bool) {
		for _, c := range pattern {
			if c >= disguiseBase && c <= disguiseMark || c == '\uFFFD' {
				return
			}
		}
		want := appendUnits(nil, pattern)
		got, flags, ok := undisguise(appendUnits(nil, disguise(pattern, rxFlags{sets: sets})), rxFlags{global: true})
		if !ok || string(appendRunes(got)) != string(appendRunes(want)) || flags != (rxFlags{global: true, sets: sets}) {
			t.Fatalf("%q: %q %v %v", pattern, appendRunes(got), flags, ok)
		}
	})
}

func appendRunes(u []uint16) []rune { return decodeUnits(u) }
