package pipeline

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

func TestProblems(t *testing.T) {
	source := fstest.MapFS{
		"app/a/route.ts": {Data: []byte("one\ntwo\n\tthree é x\nfour\nfive\nsix\nseven\neight\nnine\nten\n")},
		"one.ts":         {Data: []byte("only\r\n")},
		"binary.ts":      {Data: []byte("\xff\xfe\n")},
		"long.ts":        {Data: []byte(strings.Repeat("x", 1000))},
		"app/folder.ts":  {Mode: fs.ModeDir},
	}
	hit := func(n, text string) frameLine { return frameLine{n, text, "hit"} }
	plain := func(n, text string) frameLine { return frameLine{n, text, ""} }
	caret := func(n, text string) frameLine { return frameLine{n, text, "caret"} }
	for _, c := range []struct {
		name string
		err  error
		want []problem
	}{
		{"no place", errors.New("it broke"), []problem{{Title: "it broke"}}},
		{"hint", errors.New("it broke\nhint: mend it"), []problem{{Title: "it broke", Hint: "mend it"}}},
		{"stack and hint", errors.New("it broke\n    at x\n    at y\nhint: mend it"), []problem{{Title: "it broke", Detail: "    at x\n    at y", Hint: "mend it"}}},
		{"line and column", errors.New("app/a/route.ts:3:9: it broke"), []problem{{Title: "it broke", Place: "app/a/route.ts:3:9", Frame: []frameLine{
			plain("1", "one"), plain("2", "two"), hit("3", "\tthree é x"), caret(" ", "\t       ^"), plain("4", "four"), plain("5", "five"), plain("6", "six"),
		}}}},
		{"line", errors.New("app/a/route.ts:9: it broke"), []problem{{Title: "it broke", Place: "app/a/route.ts:9", Frame: []frameLine{
			plain(" 6", "six"), plain(" 7", "seven"), plain(" 8", "eight"), hit(" 9", "nine"), plain("10", "ten"),
		}}}},
		{"column after the end", errors.New("one.ts:1:5: it broke"), []problem{{Title: "it broke", Place: "one.ts:1:5", Frame: []frameLine{hit("1", "only"), caret(" ", "    ^")}}}},
		{"column beyond", errors.New("one.ts:1:9: it broke"), []problem{{Title: "it broke", Place: "one.ts:1:9", Frame: []frameLine{hit("1", "only")}}}},
		{"line beyond", errors.New("one.ts:2:1: it broke"), []problem{{Title: "it broke", Place: "one.ts:2:1"}}},
		{"line 0", errors.New("one.ts:0:1: it broke"), []problem{{Title: "it broke", Place: "one.ts:0:1"}}},
		{"outside", errors.New("../one.ts:1:1: it broke"), []problem{{Title: "it broke", Place: "../one.ts:1:1"}}},
		{"absolute", errors.New("/etc/passwd:1:1: it broke"), []problem{{Title: "it broke", Place: "/etc/passwd:1:1"}}},
		{"no file", errors.New("none.ts:1:1: it broke"), []problem{{Title: "it broke", Place: "none.ts:1:1"}}},
		{"a folder", errors.New("app/folder.ts:1:1: it broke"), []problem{{Title: "it broke", Place: "app/folder.ts:1:1"}}},
		{"binary", errors.New("binary.ts:1:1: it broke"), []problem{{Title: "it broke", Place: "binary.ts:1:1"}}},
		{"long", errors.New("long.ts:1:400: it broke"), []problem{{Title: "it broke", Place: "long.ts:1:400", Frame: []frameLine{hit("1", strings.Repeat("x", 300)+"…")}}}},
		{"no colon", errors.New("TypeError: x: 1:2: y"), []problem{{Title: "TypeError: x: 1:2: y"}}},
		{"Go's place", errors.New("main.go:12: conflicting routes"), []problem{{Title: "conflicting routes", Place: "main.go:12"}}},
		{"a stack's place", deepError{}, []problem{{Title: "TypeError: secret", Place: "app/a/route.ts:2:3", Detail: "    at GET (app/a/route.ts:2:3)", Frame: []frameLine{
			plain("1", "one"), hit("2", "two"), caret(" ", "  ^"), plain("3", "\tthree é x"), plain("4", "four"), plain("5", "five"),
		}}}},
		{"cause", errors.New("Error: a\n    at x (none.ts:1:1)\n  [cause]: TypeError: b\n    at <anonymous>\n    at y (one.ts:1:2)\n  [cause]: c\n    at z (app/(shop)/x.ts:1:1)"), []problem{
			{Title: "Error: a", Detail: "    at x (none.ts:1:1)"},
			{Title: "caused by TypeError: b", Place: "one.ts:1:2", Detail: "    at <anonymous>\n    at y (one.ts:1:2)", Frame: []frameLine{hit("1", "only"), caret(" ", " ^")}},
			{Title: "caused by c", Place: "app/(shop)/x.ts:1:1", Detail: "    at z (app/(shop)/x.ts:1:1)"},
		}},
		{"joined", errors.Join(errors.New("a"), errors.Join(errors.New("b\nhint: c"), errors.New("d"))), []problem{{Title: "a"}, {Title: "b", Hint: "c"}, {Title: "d"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := problems(c.err, source); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, c.want)
			}
		})
	}
	if got := problems(errors.New("one.ts:1:1: x"), nil); got[0].Frame != nil {
		t.Errorf("without sources there is a frame: %+v", got)
	}
}

// What is shown comes from the file and is a bounded piece of it, whatever the
// error says.
func FuzzFrame(f *testing.F) {
	f.Add("a.ts:2:3: x", "one\ntwo\nthree")
	f.Add("a.ts:1:1: ", "")
	f.Add("a.ts:9999999999999999999:1: x", "\n\n")
	f.Add("a.ts:2:99999999: x", "\t\té\r\n\r\n")
	f.Fuzz(func(t *testing.T, text, file string) {
		for _, p := range problems(errors.New(text), fstest.MapFS{"a.ts": {Data: []byte(file)}}) {
			if len(p.Frame) > 2*frameAround+2 {
				t.Errorf("the frame has %d lines", len(p.Frame))
			}
			hits := 0
			for _, l := range p.Frame {
				if l.Class == "hit" {
					hits++
				}
				if l.Class != "caret" && !strings.Contains(file, strings.TrimSuffix(l.Text, "…")) {
					t.Errorf("the line %q is not in the file", l.Text)
				}
				if strings.Contains(l.Text, "\n") {
					t.Errorf("the line %q is two", l.Text)
				}
			}
			if p.Frame != nil && hits != 1 {
				t.Errorf("%d lines are marked", hits)
			}
		}
	})
}
