package route

import (
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
)

// reference matches the syntax tree of an expression as ECMA-262 §22.2.2 has it,
// by continuations, with no program, no table and no trick. It gives up after a
// number of steps.
type reference struct {
	in    []byte
	steps int
}

type refState struct {
	pos  int
	caps [][2]int
}

type refCont func(refState) (refState, bool)

func (r *reference) match(n *exprNode, x refState, back bool, c refCont) (refState, bool) {
	if r.steps--; r.steps < 0 {
		return x, false
	}
	switch n.op {
	case nodeEmpty:
		return c(x)
	case nodeSet:
		at, next := x.pos, x.pos+1
		if back {
			at, next = x.pos-1, x.pos-1
		}
		if at < 0 || at >= len(r.in) || !n.set.has(uint16(r.in[at])) {
			return x, false
		}
		return c(refState{next, x.caps})
	case nodeCat:
		subs := n.subs
		var from func(i int, x refState) (refState, bool)
		from = func(i int, x refState) (refState, bool) {
			if i == len(subs) {
				return c(x)
			}
			s := subs[i]
			if back {
				s = subs[len(subs)-1-i]
			}
			return r.match(s, x, back, func(y refState) (refState, bool) { return from(i+1, y) })
		}
		return from(0, x)
	case nodeAlt:
		for _, s := range n.subs {
			if y, ok := r.match(s, x, back, c); ok {
				return y, true
			}
		}
		return x, false
	case nodeRepeat:
		return r.repeat(n, n.min, n.max, x, back, c)
	case nodeGroup:
		return r.match(n.subs[0], x, back, func(y refState) (refState, bool) {
			caps := append([][2]int(nil), y.caps...)
			caps[n.index-1] = [2]int{min(x.pos, y.pos), max(x.pos, y.pos)}
			return c(refState{y.pos, caps})
		})
	case nodeLook:
		y, ok := r.match(n.subs[0], x, n.behind, func(y refState) (refState, bool) { return y, true })
		if ok == n.neg {
			return x, false
		}
		if n.neg {
			return c(x)
		}
		return c(refState{x.pos, y.caps})
	case nodeBegin:
		if x.pos != 0 {
			return x, false
		}
	case nodeEnd:
		if x.pos != len(r.in) {
			return x, false
		}
	case nodeWordEdge:
		before := x.pos > 0 && isWordUnit(uint16(r.in[x.pos-1]))
		after := x.pos < len(r.in) && isWordUnit(uint16(r.in[x.pos]))
		if (before != after) == n.neg {
			return x, false
		}
	}
	return c(x)
}

func (r *reference) repeat(n *exprNode, least, most int, x refState, back bool, c refCont) (refState, bool) {
	if r.steps--; r.steps < 0 {
		return x, false
	}
	if most == 0 {
		return c(x)
	}
	caps := append([][2]int(nil), x.caps...)
	if lo, hi := n.subs[0].groups(); hi > 0 {
		for i := lo; i < hi; i++ {
			caps[i-1] = [2]int{-1, -1}
		}
	}
	iterate := func() (refState, bool) {
		return r.match(n.subs[0], refState{x.pos, caps}, back, func(y refState) (refState, bool) {
			if least == 0 && y.pos == x.pos {
				return y, false
			}
			fewer := most
			if most != math.MaxInt {
				fewer--
			}
			return r.repeat(n, max(0, least-1), fewer, y, back, c)
		})
	}
	if least > 0 {
		return iterate()
	}
	if n.lazy {
		if y, ok := c(x); ok {
			return y, true
		}
		return iterate()
	}
	if y, ok := iterate(); ok {
		return y, true
	}
	return c(x)
}

// find returns the first match with its groups; known is false if it gave up.
func (r *reference) find(n *exprNode, groups int) (found []*string, known bool) {
	for at := 0; at <= len(r.in); at++ {
		caps := make([][2]int, groups)
		for i := range caps {
			caps[i] = [2]int{-1, -1}
		}
		y, ok := r.match(n, refState{at, caps}, false, func(y refState) (refState, bool) { return y, true })
		if r.steps < 0 {
			return nil, false
		}
		if !ok {
			continue
		}
		whole := string(r.in[at:y.pos])
		found = []*string{&whole}
		for _, c := range y.caps {
			found = append(found, nil)
			if c[0] >= 0 {
				s := string(r.in[c[0]:c[1]])
				found[len(found)-1] = &s
			}
		}
		return found, true
	}
	return nil, true
}

// madeExpr makes an expression of bytes, so that nearly any input is a sound
// one with many loops and look-arounds in it.
func madeExpr(data []byte, look bool) string {
	i := 0
	next := func() byte {
		if i >= len(data) {
			return 0
		}
		i++
		return data[i-1]
	}
	var alt func(depth int) string
	atom := func(depth int) string {
		c := next()
		if depth > 3 {
			c %= 6
		}
		switch c % 16 {
		case 0, 1:
			return "a"
		case 2:
			return "b"
		case 3:
			return "/"
		case 4:
			return "."
		case 5:
			return "[^/]"
		case 6:
			return `\b`
		case 7:
			return "^"
		case 8:
			return "$"
		case 9, 10:
			return "(?:" + alt(depth+1) + ")"
		case 11:
			return "(" + alt(depth+1) + ")"
		}
		if !look {
			return "(?:" + alt(depth+1) + ")"
		}
		return []string{"(?=", "(?!", "(?<=", "(?<!"}[c%4] + alt(depth+1) + ")"
	}
	term := func(depth int) string {
		s := atom(depth)
		if s == "^" || s == "$" || s == `\b` || strings.HasPrefix(s, "(?<") || strings.HasPrefix(s, "(?=") || strings.HasPrefix(s, "(?!") {
			return s
		}
		return s + []string{"", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,2}?", "", "", ""}[next()%16]
	}
	alt = func(depth int) string {
		var b strings.Builder
		for n := next() % 4; ; n-- {
			if i >= len(data) || n == 0 {
				break
			}
			if next()%5 == 0 {
				b.WriteByte('|')
			}
			b.WriteString(term(depth))
		}
		return b.String()
	}
	var b strings.Builder
	for i < len(data) && b.Len() < 200 {
		b.WriteString(term(0))
	}
	return b.String()
}

// madeText makes a short text of the letters that madeExpr knows.
func madeText(s string) string {
	b := []byte(s)
	if len(b) > 24 {
		b = b[:24]
	}
	for i, c := range b {
		b[i] = "ab/a"[c%4]
	}
	return string(b)
}

// FuzzExpr holds the program and its table to the reference.
func FuzzExpr(f *testing.F) {
	for _, s := range []string{"", "abc", "\x0b\x02\x05\x04\x09\x03\x07", "\x0c\x01\x04\x0b\x02\x0f\x0d\x06", "\x0a\x01\x02\x00\x04\x04\x0b\x00\x01\x07\x05", "((((((((", "0123456789", "zyxwvutsrqponm"} {
		f.Add([]byte(s), "aab/ba")
		f.Add([]byte(s+s+s), "aaaaaaaaab")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		src, text := madeExpr(data, true), madeText(text)
		n, p, err := parseExpr(src, false)
		if err != nil {
			t.Fatalf("/%s/: %v", src, err)
		}
		e, err := compileExpr(src, false, keepAll, nil)
		switch {
		case errors.Is(err, errBacktracks):
			// Groups in look-arounds, and programs that are too large. Whether
			// they match can still be told of the former.
			if e, err = compileExpr(src, false, keepNone, nil); err != nil {
				return
			}
		case err != nil:
			t.Fatalf("/%s/: %v", src, err)
		}
		ref := &reference{[]byte(text), 200_000}
		want, known := ref.find(n, len(p.names))
		for _, steps := range []int{100_000, 0} {
			got := textOf(t, e, text, steps)
			if known && len(e.names) == len(p.names) && !sameGroups(got, want) || known && (got == nil) != (want == nil) {
				t.Fatalf("/%s/ on %q (%d steps): %s, want %s", src, text, steps, groupsText(got), groupsText(want))
			}
		}
		ok, err := testOnly(t, src).matches(text, utf8Text)
		if err != nil || known && ok != (want != nil) {
			t.Fatalf("/%s/ on %q: %v, %v without groups, want %v", src, text, ok, err, want != nil)
		}
	})
}

func testOnly(t *testing.T, src string) *expr {
	e, err := compileExpr(src, false, keepNone, nil)
	if err != nil {
		t.Skip(err)
	}
	return e
}

// FuzzExprAsRegexp holds expressions without look-around to Go's regexp, in
// whether they match; what an empty iteration leaves in a group is not the same
// in both languages.
func FuzzExprAsRegexp(f *testing.F) {
	for _, s := range []string{"", "abc", "\x0b\x02\x05\x04\x09\x03\x07", "\x0c\x01\x04\x0b\x02\x0f\x0d\x06", "((((((((", "0123456789"} {
		f.Add([]byte(s+s), "aab/ba")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		src, text := madeExpr(data, false), madeText(text)
		re, err := regexp.Compile(src)
		if err != nil {
			return // Go nests repetitions less deeply
		}
		e, err := compileExpr(src, false, keepAll, nil)
		if err != nil {
			return
		}
		for _, steps := range []int{100_000, 0} {
			if got := textOf(t, e, text, steps) != nil; got != re.MatchString(text) {
				t.Fatalf("/%s/ on %q (%d steps): %v, Go has %v", src, text, steps, got, !got)
			}
		}
	})
}

// FuzzSource compiles anything and matches anything with it: no panic, and both
// ways to match agree.
func FuzzSource(f *testing.F) {
	for _, c := range []struct{ source, path string }{
		{"/", "/"}, {"/:a*", "/a/b"}, {"/((?!api|_next).*)", "/api"}, {"/:a(\\d+)-:b?{/:c}?", "/1-2/3"}, {"/a\\(b", "/a(b"},
		{"/:x((?:a*)*)b", "/aaab"}, {"/ü/:x", "/%C3%BC/y"}, {"/((?<=a)b|[^]]{2,3}).*", "/ab"}, {"/:a([\\w-]+\\.(?:png|jpg))", "/x.png"}, {"/\\", "/"},
	} {
		f.Add(c.source, c.path, false)
		f.Add(c.source, c.path, true)
	}
	f.Fuzz(func(t *testing.T, source, path string, matcher bool) {
		if len(source) > 200 || len(path) > 200 {
			return
		}
		s, err := CompileSource(source, SourceOptions{Matcher: matcher})
		if err != nil {
			var problem *Error
			if !errors.As(err, &problem) || problem.Text == "" {
				t.Fatalf("%q: %v", source, err)
			}
			return
		}
		a, b := textOf(t, s.expr, path, 20_000), textOf(t, s.expr, path, 0)
		if !sameGroups(a, b) {
			t.Fatalf("%q on %q: %s, and from the table %s", source, path, groupsText(a), groupsText(b))
		}
		v, ok, err := s.Match(path)
		if err != nil || ok != (a != nil) {
			t.Fatalf("%q on %q: %v, %v, %v", source, path, v, ok, err)
		}
	})
}

// FuzzRule applies any rule to any request: what comes out stays on its origin
// and in its part of the tree, and is one line.
func FuzzRule(f *testing.F) {
	for _, c := range [][5]string{
		{"/old/:path*", "/new/:path*", "", "/old/a/b", "x=1"},
		{"/:path(.*)", "/:path", "", "//evil.example", ""},
		{"/go", "/:v", "(?<v>.*)", "/go", "v=//evil.example"},
		{"/go", "/x/:v?y=:v#:v", "", "/go", "v=..%2f..%0a"},
		{"/:a/:b", "https://example.com/in/:a?b=:b", "", "/%2e%2e/x", "a=%zz;b"},
		{"/:a*", "https://example.com/in/:a*", "", "/x/..;/y", "&&="},
		{"/:a?", "/in/.:a", "", "/./x", ""},
	} {
		f.Add(c[0], c[1], c[2], c[3], c[4])
	}
	f.Fuzz(func(t *testing.T, source, dest, value, path, query string) {
		if len(source) > 100 || len(path) > 200 || len(value) > 50 {
			return
		}
		spec := RuleSpec{Source: source, Destination: dest, Permanent: no(), Has: []Condition{{Type: "query", Key: "v", Value: value}}}
		if !strings.Contains(query, "v=") {
			spec.Has = nil
		}
		r := &Request{Path: path, RawQuery: query}
		if d, err := NewRedirect(spec, RuleOptions{}); err == nil {
			if location, _, ok, err := d.Apply(r); ok && err == nil {
				own := strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//") && !strings.HasPrefix(location, `/\`)
				there := d.dest.origin != "" && strings.HasPrefix(location, d.dest.origin+"/")
				if own != (d.dest.origin == "") || !own && !there || notInValue(location) >= 0 || strings.Contains(location, "\t") {
					t.Fatalf("%+v on %q?%q: %q", spec, path, query, location)
				}
			}
		}
		w, err := NewRewrite(spec, RuleOptions{})
		if err != nil {
			return
		}
		target, ok, err := w.Apply(r)
		if !ok || err != nil {
			return
		}
		if clean, redirect, err := Clean(target.Path); err != nil || redirect || clean != target.Path {
			t.Fatalf("%+v on %q?%q: %+v, %v", spec, path, query, target, err)
		}
		fixed := w.dest.path[0].text // up to the first parameter
		if !strings.HasPrefix(target.Path, strings.TrimSuffix(fixed, "/")) || target.Origin != w.dest.origin {
			t.Fatalf("%+v on %q?%q: %+v is outside of %q", spec, path, query, target, fixed)
		}
	})
}
