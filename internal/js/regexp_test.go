package js

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/dop251/goja"
)

// rangesOf is the JavaScript that lists the ranges of all code points for which
// an expression over c and s, the character, holds, but what Unicode 15 has not
// assigned: Node's tables may be newer than Go's.
const rangesScript = `re => { const out = []; let start = -1; for (let c = 0; c <= 0x110000; c++) {
	const on = c < 0x110000 && !skip[c] && re.test(String.fromCodePoint(c)); if (on && start < 0) start = c; if (!on && start >= 0) { out.push(start, c - 1); start = -1 } } return out.join() }`

// changedSince15 are characters of Unicode 15 whose properties versions 15.1 to
// 17 changed; Node 20 comes with any of these.
var changedSince15 = makeSet(0x19b, 0x19b, 0x264, 0x264, 0x295, 0x295, 0x363, 0x36f, 0x5a2, 0x5a2, 0x5c5, 0x5c7, 0x836, 0x836, 0xa71, 0xa71, 0xafb, 0xafb,
	0xcc0, 0xcc0, 0xcc7, 0xccb, 0xe3a, 0xe3a, 0x1715, 0x1715, 0x1734, 0x1734, 0x17d4, 0x17d5, 0x1a60, 0x1a60, 0x1b3b, 0x1b44, 0x1baa, 0x1baa, 0x1be6, 0x1be6, 0x1bf2, 0x1bf3,
	0x1d9b, 0x1dbe, 0x1dd3, 0x1de6, 0x200c, 0x200d, 0x2024, 0x2024, 0x2cf9, 0x2cfb, 0x30fb, 0x30fb, 0xa7d3, 0xa7d5, 0xa806, 0xa806, 0xa82c, 0xa82c, 0xa953, 0xa953, 0xa9c0, 0xa9c0,
	0xfe12, 0xfe16, 0xff65, 0xff65, 0x10a38, 0x10a3f, 0x111c0, 0x111c0, 0x11235, 0x11237, 0x1133b, 0x1133b, 0x1134d, 0x1134d, 0x116b6, 0x116b6, 0x1171e, 0x1171e,
	0x1193d, 0x1193d, 0x11f41, 0x11f42, 0x16ff0, 0x16ff1, 0x1d166, 0x1d16d)

// TestUnicodeProperties holds every property against Node, for all code points
// that Go's version of Unicode knows.
func TestUnicodeProperties(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	unassigned := fromTable(unicode.Categories["Cn"]).union(changedSince15)
	var names []string
	for n := range unicode.Categories {
		names = append(names, n, "gc="+n)
	}
	for n := range unicode.CategoryAliases {
		names = append(names, n)
	}
	for short, long := range binaryNames {
		names = append(names, short, long)
	}
	names = append(names, "Any", "ASCII", "Assigned", "Cased", "Dash", "Emoji", "Math", "Radical")
	for n := range unicodeExtra().scripts {
		names = append(names, "sc="+n, "Script_Extensions="+n)
	}
	slices.Sort(names)
	list := func(set runeSet) string {
		return strings.Trim(strings.ReplaceAll(fmt.Sprint([]rune(set)), " ", ","), "[]")
	}
	seen := map[string]bool{}
	var srcs []string
	for _, n := range names {
		set, ok := unicodeProperty(n)
		if !ok {
			t.Errorf("\\p{%s} is not known", n)
		}
		key := list(set)
		if seen[key] { // another name of a set that is asked for: does Node have it?
			srcs = append(srcs, fmt.Sprintf("new RegExp('\\\\p{%s}', 'u'), ''", n))
			continue
		}
		seen[key] = true
		srcs = append(srcs, fmt.Sprintf("globalThis.skip ??= (r => { const bits = new Uint8Array(0x110000); for (let i = 0; i < r.length; i += 2) bits.fill(1, r[i], r[i + 1] + 1); return bits })([%s]); (%s)(new RegExp('^\\\\p{%s}$', 'u'))",
			list(unassigned), rangesScript, n))
	}
	out, ok := nodeRuns(t, srcs)
	if !ok {
		t.Skip("no Node 20")
	}
	for i, n := range names {
		set, _ := unicodeProperty(n)
		want := strings.Trim(out[i], `"`)
		if !strings.HasPrefix(srcs[i], "globalThis") {
			if want != "" {
				t.Errorf("\\p{%s}: %s", n, want)
			}
			continue
		}
		if got := list(set.subtract(unassigned)); got != want {
			var w []rune
			for _, f := range strings.Split(want, ",") {
				var x rune
				_, _ = fmt.Sscan(f, &x)
				w = append(w, x)
			}
			ws := makeSet(w...)
			t.Errorf("\\p{%s}: too many %x, missing %x", n, set.subtract(unassigned).subtract(ws), ws.subtract(set))
		}
	}
}

// TestStringProperties: every string that is listed is one for Node too.
func TestStringProperties(t *testing.T) {
	var srcs []string
	var names []string
	for _, n := range []string{"Basic_Emoji", "Emoji_Keycap_Sequence", "RGI_Emoji_Modifier_Sequence", "RGI_Emoji_Flag_Sequence", "RGI_Emoji_Tag_Sequence", "RGI_Emoji"} {
		singles, strs, _, ok := stringProperty(n)
		if !ok {
			t.Fatal(n)
		}
		for i := 0; i < len(singles); i += 2 {
			for r := singles[i]; r <= singles[i+1]; r++ {
				strs = append(strs, []rune{r})
			}
		}
		var b strings.Builder
		for _, s := range strs {
			fmt.Fprintf(&b, "%s,", strings.ReplaceAll(strings.Trim(fmt.Sprint(s), "[]"), " ", "."))
		}
		names = append(names, n)
		srcs = append(srcs, fmt.Sprintf("'%s'.slice(0, -1).split(',').filter(s => !new RegExp('^\\\\p{%s}$', 'v').test(String.fromCodePoint(...s.split('.'))))", b.String(), n))
	}
	out, ok := nodeRuns(t, srcs)
	if !ok {
		t.Skip("no Node 20")
	}
	for i, n := range names {
		if out[i] != "[]" {
			t.Errorf("%s: not in Node's: %s", n, out[i])
		}
	}
}

// TestCaseFolding holds what counts as equal without regard to case against Node.
func TestCaseFolding(t *testing.T) {
	var pairs [2]strings.Builder
	for c := rune(0); c <= 0xffff; c++ {
		if k := canonUnit(c); k != c {
			fmt.Fprintf(&pairs[0], "%d:%d,", c, k)
		}
	}
	for c := rune(0); c <= 0x1ffff; c++ {
		if k := canonRune(c); k != c && !changedSince15.has(c) {
			fmt.Fprintf(&pairs[1], "%d:%d,", c, k)
		}
	}
	out, ok := nodeRuns(t, []string{
		fmt.Sprintf(`const ours = new Map('%s'.slice(0, -1).split(',').map(s => s.split(':').map(Number))); const bad = [];
			for (let c = 0; c < 0x10000; c++) { const u = String.fromCharCode(c).toUpperCase(); let k = u.length === 1 ? u.charCodeAt(0) : c; if (c >= 128 && k < 128) k = c; if ((ours.get(c) ?? c) !== k) bad.push(c.toString(16)) } bad`, pairs[0].String()),
		fmt.Sprintf(`const ours = new Map('%s'.slice(0, -1).split(',').map(s => s.split(':').map(Number))); const bad = []; const same = (a, b) => new RegExp('^\\u{' + a.toString(16) + '}$', 'iu').test(String.fromCodePoint(b));
			for (const [a, b] of ours) if (!same(a, b) || !same(b, a)) bad.push(a.toString(16));
			for (let c = 0; c < 0x20000; c++) { const s = String.fromCodePoint(c); for (const x of [s.toLowerCase(), s.toUpperCase()]) if ([...x].length === 1 && x !== s) { const d = x.codePointAt(0); if (((ours.get(c) ?? c) === (ours.get(d) ?? d)) !== same(c, d)) bad.push(c.toString(16) + '~' + d.toString(16)) } } bad`, pairs[1].String()),
	})
	if !ok {
		t.Skip("no Node 20")
	}
	// Letters that got a case after Unicode 15.
	newer := "a7cb a7cc a7ce a7d2 a7d4 a7da a7dc 10d50"
	for i, list := range out {
		for _, s := range strings.Split(strings.Trim(strings.ReplaceAll(list, `"`, ""), "[]"), ", ") {
			var c rune
			_, _ = fmt.Sscanf(s, "%x", &c)
			if s != "" && !strings.Contains(newer, s) && !changedSince15.has(c) && !fromTable(unicode.Categories["Cn"]).has(c) {
				t.Errorf("%d: %s", i, s)
			}
		}
	}
}

// TestRegExpBounded: patterns that take exponential time in a plain
// backtracking matcher, and in Node.
func TestRegExpBounded(t *testing.T) {
	eachJSON(t, func(t *testing.T, iso *Isolate) {
		for _, c := range []struct{ pattern, text, want string }{
			{`^(a+)+$`, `'a'.repeat(50000) + '!'`, "false"},
			{`^(a|a)*$`, `'a'.repeat(50000) + '!'`, "false"},
			{`^(\\w+\\s?)*$`, `'word '.repeat(5000) + '!'`, "false"},
			{`^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}$`, `'a'.repeat(5000)`, "false"},
			{`(x+x+)+y`, `'x'.repeat(5000)`, "false"},
			{`\\s+$`, `' '.repeat(50000) + 'x'`, "false"},
			{`(?:a|b|ab)*c`, `'ab'.repeat(20000)`, "false"},
			{`(.*)*x`, `'a'.repeat(2000)`, "false"},
			{`^(?:.|[^x]|\\n)+$`, `'a'.repeat(20000) + '\\n\\n' + 'a'`, "true"},
		} {
			start := time.Now()
			got := runCase(t, iso, `new RegExp('`+c.pattern+`').test(`+c.text+`)`)
			if got != c.want {
				t.Errorf("%s: %s after %v", c.pattern, got, time.Since(start))
			}
		}
	})
}

// TestRegExpInterrupt: what cannot be bounded ends with its job.
func TestRegExpInterrupt(t *testing.T) {
	for _, o := range []Options{{JobLimit: 50 * time.Millisecond}, {JobLimit: 50 * time.Millisecond, fallback: true}} {
		pool := harness(t, 1, o, `return { ref() { return new RegExp('^(a+)+\\1b$').test('a'.repeat(5000)) }, loop() { const r = /a/; Object.defineProperty(r, 'flags', { value: 'g' }); return 'a'.replace(r, 'b') },
			after() { return 'x1'.replace(/\d/, 'y') }, deep() { try { return new RegExp('^(?:(a)|b)*(\\1)c$').test('ab'.repeat(4e6)) } catch (e) { return e.name } } }`)
		for _, entry := range []string{"ref", "loop"} {
			if o := call(pool, "x", entry); o.err == nil || !strings.Contains(o.err.Error(), "computed for too long") {
				t.Errorf("%s: %v", entry, o)
			}
		}
		if o := call(pool, "x", "after"); o.text != "xy" {
			t.Error(o)
		}
	}
}

// TestRegExpShared: isolates use the same compiled patterns at the same time.
func TestRegExpShared(t *testing.T) {
	p, err := Compile("shared.js", `let n = 0; for (let i = 0; i < 300; i++) { n += 'x-1 y-22'.replace(/(\w)-(\d+)/g, '$2$1').length + ('a'.repeat(i % 40) + '!').split(/(?<=a)(?=!)|(?i:B)/).length; new RegExp('^\\p{Lu}+' + i % 7, 'iu').test('ÅÄ3') && n++ } n`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var got [8]string
	for i := range got {
		iso := testIsolate(t)
		wg.Go(func() {
			must(iso.Do(nil, func() {
				v, err := iso.Run(p)
				must(err)
				got[i] = v.String()
			}))
		})
	}
	wg.Wait()
	for _, g := range got {
		if g != got[0] || g == "" {
			t.Errorf("%q", got)
		}
	}
}

// TestRegExpStack: a stack that would grow without end is an error.
func TestRegExpStack(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 100 MB")
	}
	iso := testIsolate(t)
	if got := runCase(t, iso, `try { new RegExp('^(?:(a)|b)*(\\1)c$').test('ab'.repeat(4e6)) } catch (e) { e.name }`); got != `"RangeError"` {
		t.Error(got)
	}
	if got := runCase(t, iso, `new RegExp('('.repeat(100000))`); got != "throws SyntaxError: Invalid regular expression: /"+strings.Repeat("(", 100000)+"/: Regular expression too large" {
		t.Error(got[:60])
	}
}

// plainProgram is a program without anything that only makes it faster.
func plainProgram(p *rxProgram) *rxProgram {
	q := *p
	q.insts = slices.Clone(p.insts)
	for i := range q.insts {
		in := &q.insts[i]
		in.canX, in.canY, in.possessive = nil, nil, false
	}
	q.first, q.prefix, q.atStart, q.memo, q.least, q.leadRun = nil, "", false, false, 0, -1
	return &q
}

// sameMatches matches with and without each way of being fast.
func sameMatches(t *testing.T, iso *Isolate, pattern string, f rxFlags, text string) {
	p, err := compileRegExp(utf16.Encode([]rune(pattern)), f)
	if err != nil {
		return
	}
	subjects := []rxText{{wide: utf16.Encode([]rune(text))}}
	if subjects[0].wide == nil {
		subjects[0].wide = []uint16{}
	}
	if isASCII(text) {
		subjects = append(subjects, rxText{ascii: text})
	}
	var want []int32
	tooDeep := false
	for i, variant := range []struct {
		p    *rxProgram
		memo int
	}{{plainProgram(p), 0}, {p, 0}, {p, 1}} {
		for _, s := range subjects {
			m := rxMachine{memoAfter: variant.memo}
			var got []int32
			func() {
				defer func() {
					if x := recover(); x != nil {
						if o, ok := x.(*goja.Object); !ok || !strings.HasPrefix(o.String(), "RangeError") {
							panic(x)
						}
						tooDeep = true
					}
				}()
				got = slices.Clone(m.match(iso, variant.p, s, 0, false))
			}()
			if tooDeep {
				return
			}
			if i == 0 && want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("/%s/%s on %q: variant %d gives %v, want %v", pattern, f, text, i, got, want)
			}
		}
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// randomPattern makes a pattern of small pieces.
func randomPattern(r *rand.Rand, depth int) string {
	atoms := []string{"a", "b", "c", ".", "[ab]", "[^a]", "\\w", "\\b", "^", "$", "(?:)", "é", "[b-é]", "\\1", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", "\\B", "aa"}
	quantifiers := []string{"", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,3}", "{2,}?", "{0,2}?"}
	var b strings.Builder
	for range r.Intn(4) + 1 {
		if depth > 0 && r.Intn(3) == 0 {
			open := []string{"(", "(?:", "(?=", "(?!", "(?<=", "(?<x>"}[r.Intn(6)]
			if open == "(?<x>" && strings.Contains(b.String(), "(?<x>") {
				open = "("
			}
			inner := randomPattern(r, depth-1)
			if r.Intn(2) == 0 {
				inner += "|" + randomPattern(r, depth-1)
			}
			b.WriteString(open + inner + ")")
		} else {
			b.WriteString(atoms[r.Intn(len(atoms))])
		}
		q := quantifiers[r.Intn(len(quantifiers))]
		if s := b.String(); q != "" && !strings.HasSuffix(s, "^") && !strings.HasSuffix(s, "$") && !strings.HasSuffix(s, "\\b") && !strings.HasSuffix(s, "\\B") && !strings.HasSuffix(s, ")") || strings.HasSuffix(b.String(), ":)") {
			b.WriteString(q)
		}
	}
	return b.String()
}

// TestRegExpAgainstNode matches random patterns here and in Node.
func TestRegExpAgainstNode(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	iso := testIsolate(t)
	var srcs []string
	for range 4000 {
		pattern := randomPattern(r, 3)
		flags := []string{"", "i", "u", "iu", "m", "s", "v", "d"}[r.Intn(8)]
		var text strings.Builder
		for range r.Intn(10) {
			text.WriteString([]string{"a", "b", "c", "aa", "ab", "é", "A", "\\n", "É"}[r.Intn(9)])
		}
		srcs = append(srcs, fmt.Sprintf("rx('%s', '%s', '%s')", strings.ReplaceAll(pattern, `\`, `\\`), flags, text.String()))
		must(iso.Do(nil, func() {
			sameMatches(t, iso, pattern, rxFlags{ignoreCase: strings.Contains(flags, "i"), unicode: strings.Contains(flags, "u")}, strings.ReplaceAll(text.String(), `\n`, "\n"))
		}))
	}
	out, ok := nodeRuns(t, srcs)
	if !ok {
		t.Skip("no Node 20")
	}
	for i, src := range srcs {
		if strings.Contains(out[i], "Duplicate capture group name") {
			continue // Node 20 does not know of the same name in two alternatives
		}
		if got := runCase(t, iso, src); got != out[i] {
			t.Errorf("%s\ngot  %s\nNode %s", src, got, out[i])
		}
	}
}

func FuzzRegExp(f *testing.F) {
	for _, c := range readTranscript(f, "testdata/es/regexp.txt").cases {
		if rest, ok := strings.CutPrefix(c.src, "rx('"); ok {
			pattern, rest, _ := strings.Cut(rest, "', '")
			flags, _, _ := strings.Cut(rest, "'")
			f.Add(strings.ReplaceAll(pattern, `\\`, `\`), flags, "abc aab\nx1_é")
		}
	}
	iso := testIsolate(f)
	f.Fuzz(func(t *testing.T, pattern, flags, text string) {
		if len(pattern) > 60 || len(text) > 40 || strings.Count(pattern, "{") > 2 || manyDigits(pattern) {
			return // the plain way would take for ever
		}
		fl, ok := parseFlags(flags)
		if !ok || fl.indices {
			return
		}
		must(iso.Do(nil, func() { sameMatches(t, iso, pattern, fl, text) }))
	})
}

func manyDigits(s string) bool {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			n = 0
		} else if n++; n > 2 {
			return true
		}
	}
	return false
}

func BenchmarkRegExp(b *testing.B) {
	iso := testIsolate(b)
	engine := goja.New()
	long := strings.Repeat("lorem ipsum dolor sit amet, 12 consectetur ", 200)
	for name, src := range map[string]string{
		"email":      `(s => { const r = /^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$/; return () => r.test('some.one@example.co.uk') })()`,
		"exec":       `(s => { const r = /(\d+)-(\d+)-(\d+)/; return () => r.exec('on 2020-12-31')[1] })()`,
		"replaceAll": `(s => () => s.replace(/\b(\w)(\w*)/g, '$2$1').length)`,
		"split":      `(s => () => s.split(/[\s,]+/).length)`,
		"matchAll":   `(s => () => s.match(/[a-z]+/g).length)`,
		"search":     `(s => () => s.search(/zzz|yyy/))`,
		"lookahead":  `(s => () => s.replace(/\B(?=(\d{3})+(?!\d))/g, ',').length)`,
		"construct":  `(s => () => new RegExp('^v?(0|[1-9]\\d{0,256})\\.(0|[1-9]\\d{0,256})$').test('1.2'))`,
	} {
		if !strings.HasSuffix(src, "()") {
			src += "(" + goja.New().ToValue(fmt.Sprintf("%q", long)).String() + ")"
		}
		for kind, rt := range map[string]*goja.Runtime{"ours": iso.rt, "goja": engine} {
			v, err := rt.RunString(src)
			if err != nil {
				b.Fatal(err)
			}
			f, _ := goja.AssertFunction(v)
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := f(goja.Undefined()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
