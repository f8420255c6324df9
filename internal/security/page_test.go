package security

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// page is the public list of cards.
const page = "../../docs/security.md"

var (
	cardRow  = regexp.MustCompile(`^\| ([A-Z]\d+) \| (.+) \| (.+) \|$`)
	cardTest = regexp.MustCompile(`^Test([A-Z]\d+)$`)
)

// TestPage holds the page of cards to the tests that there are: a card passes
// when it has one, and says why where it has none.
func TestPage(t *testing.T) {
	tests := cardTests(t)
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.SplitSeq(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") {
		m := cardRow.FindStringSubmatch(line)
		if m == nil {
			if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| card ") {
				t.Errorf("a row is no card: %s", line)
			}
			continue
		}
		id, mark := m[1], m[3]
		if listed[id] {
			t.Errorf("%s is there twice", id)
		}
		listed[id] = true
		kind, reason, _ := strings.Cut(mark, ": ")
		switch {
		case kind == "pass" && !tests[id]:
			t.Errorf("%s is said to pass and has no test", id)
		case kind != "pass" && tests[id]:
			t.Errorf("%s has a test and is marked %q", id, mark)
		case kind == "pass" && mark != "pass", kind != "pass" && reason == "", kind != "pass" && kind != "later" && kind != "not applicable":
			t.Errorf("%s has the mark %q, want pass, later: … or not applicable: …", id, mark)
		}
	}
	for id := range tests {
		if !listed[id] {
			t.Errorf("the test of %s has no card on the page", id)
		}
	}
	if len(listed) < 60 {
		t.Errorf("only %d cards are listed", len(listed))
	}
}

// cardTests are the tests of this package that are named by a card. One that
// may be skipped does not count, nor one that says nothing of its lesson.
func cardTests(t *testing.T) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	fset := token.NewFileSet()
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, e.Name(), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil {
				continue
			}
			m := cardTest.FindStringSubmatch(fn.Name.Name)
			if m == nil {
				continue
			}
			place := fset.Position(fn.Pos())
			if !strings.HasPrefix(fn.Doc.Text(), fn.Name.Name+": ") {
				t.Errorf("%s: the test does not say what the lesson was", place)
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "Skip") {
					t.Errorf("%s: a card's test is not to be skipped", fset.Position(s.Pos()))
				}
				return true
			})
			found[m[1]] = true
		}
	}
	return found
}
