package config

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/portico-dev/portico/internal/route"
)

// Whatever the data is, the outcome is settings or errors with a text.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, x := range a.Files {
			f.Add(string(x.Data), string(a.Files[0].Data), strings.HasPrefix(a.Files[0].Name, "portico."))
		}
	}
	f.Add(`{"a":1}`, "a: [`${`", false)
	f.Add(`{"redirects":[{"source":"/a","destination":"/b","permanent":true,"has":[{"type":"host","value":"("}]}]}`, "redirects: [/", false)
	f.Fuzz(func(t *testing.T, data, text string, own bool) {
		v, err := ParseJSON([]byte(data), "x.json")
		if err != nil {
			if _, ok := errors.AsType[*route.Error](err); !ok {
				t.Fatalf("%v is a %T", err, err)
			}
			return
		}
		s, _, err := Parse(v, Options{File: "x.json", Text: text, Own: own})
		if (s == nil) != (err != nil) {
			t.Errorf("settings %v, error %v", s, err)
		}
		for _, e := range flatten(err) {
			re, ok := errors.AsType[*route.Error](e)
			if !ok || re.Text == "" || re.File == "" {
				t.Errorf("the error %v (%T) has no text or place", e, e)
			}
		}
		if specs, err := ParseMatcher(v, "m.ts", text); err == nil && specs != nil && len(specs) == 0 {
			t.Error("a matcher without patterns")
		}
	})
}
