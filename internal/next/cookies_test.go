package next

import (
	"strings"
	"testing"
)

// TestJar holds the order of a jar, and that a list that is being gone through
// stays as it is.
func TestJar(t *testing.T) {
	text := func(list []*cookie) string {
		var parts []string
		for _, c := range list {
			parts = append(parts, c.name+"="+c.value)
		}
		return strings.Join(parts, "; ")
	}
	j := &jar{}
	for _, c := range []cookie{{name: "a", value: "1"}, {name: "b", value: "2"}, {name: "c", value: "3"}, {name: "a", value: "4"}} {
		j.put(c)
	}
	if got, want := text(j.cookies), "a=4; b=2; c=3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if c := j.find("b"); c == nil || c.value != "2" {
		t.Errorf("find(b) is %v", c)
	}
	before := j.cookies
	if !j.remove("b") || j.remove("b") || j.find("b") != nil {
		t.Error("b was not removed once")
	}
	j.put(cookie{name: "d", value: "5"})
	if got, want := text(j.cookies), "a=4; c=3; d=5"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := text(before), "a=4; b=2; c=3"; got != want {
		t.Errorf("the list that was is %s, want %s", got, want)
	}
}
