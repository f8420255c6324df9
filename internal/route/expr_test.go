package route

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// textOf returns the first match of e in text by ECMAScript's own algorithm, or
// by the table.
func textOf(t testing.TB, e *expr, text string, steps int) []*string {
	t.Helper()
	m, err := e.matchWithin(text, utf8Text, steps)
	if err != nil {
		t.Fatal(err)
	}
	if m == nil {
		return nil
	}
	defer m.release()
	whole := m.whole()
	if e.test { // nobody asks for the text, and the table does not tell it
		whole = ""
	}
	out := []*string{&whole}
	for i := range e.names {
		if s, ok := m.group(i); ok {
			out = append(out, &s)
			continue
		}
		out = append(out, nil)
	}
	return out
}

func sameGroups(a, b []*string) bool {
	if (a == nil) != (b == nil) || len(a) != len(b) {
		return false
	}
	for i := range a {
		if (a[i] == nil) != (b[i] == nil) || a[i] != nil && *a[i] != *b[i] {
			return false
		}
	}
	return true
}

func groupsText(g []*string) string {
	if g == nil {
		return "no match"
	}
	var parts []string
	for _, s := range g {
		if s == nil {
			parts = append(parts, "undefined")
			continue
		}
		parts = append(parts, `"`+*s+`"`)
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// TestExprAsNode holds expressions against Node's, match by match and group by
// group, once as they run and once from the table.
func TestExprAsNode(t *testing.T) {
	for _, c := range readRecorded(t).Exprs {
		e, err := compileExpr(c.Expr, strings.Contains(c.Flags, "i"), keepAll, nil)
		if c.Error != "" {
			if err == nil {
				t.Errorf("/%s/: compiles, Node has: %s", c.Expr, c.Error)
			}
			continue
		}
		if errors.Is(err, errBacktracks) {
			t.Logf("/%s/: not linear", c.Expr)
			continue
		}
		if err != nil {
			t.Errorf("/%s/: %v", c.Expr, err)
			continue
		}
		for i, text := range c.Texts {
			for _, steps := range []int{math.MaxInt, 0} {
				if got := textOf(t, e, text, steps); !sameGroups(got, c.Found[i]) {
					t.Errorf("/%s/%s on %q (%d steps): %s, Node has %s", c.Expr, c.Flags, text, steps, groupsText(got), groupsText(c.Found[i]))
				}
			}
		}
	}
}
