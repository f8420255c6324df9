package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// valuesText writes the values of a match as the recorded parameters are
// written by paramsText.
func valuesText(v Values) string {
	var parts []string
	for _, x := range v {
		switch {
		case x.unset: // undefined, which JSON leaves out
		case x.List != nil:
			parts = append(parts, fmt.Sprintf("%s=%q", x.Name, x.List))
		default:
			parts = append(parts, fmt.Sprintf("%s=%q", x.Name, x.Text))
		}
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, " ") + "}"
}

func paramsText(params map[string]any) string {
	var parts []string
	for name, x := range params {
		switch x := x.(type) {
		case []any:
			var list []string
			for _, s := range x {
				list = append(list, s.(string))
			}
			parts = append(parts, fmt.Sprintf("%s=%q", name, list))
		default:
			parts = append(parts, fmt.Sprintf("%s=%q", name, x))
		}
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, " ") + "}"
}

// The sources about which we and Next.js 16 differ, and why.
var sourceDifferences = map[string]string{
	"/%61bout":     "a matcher means the letter, written as it may be, as a folder does",
	"(.*)":         "a source starts with a slash",
	"/:a((?<n>b))": "Next.js fails for every request that matches",
	`/:a(\1)`:      "a reference to the group that it stands in is refused"}

// TestSourcesAsNext holds rules and matchers against what Next.js answered for
// each of some hundred sources and each of some hundred paths.
func TestSourcesAsNext(t *testing.T) {
	r := readRecorded(t)
	paths := casePaths(t)
	for _, set := range []struct {
		name    string
		o       SourceOptions
		sources []recordedSource
	}{
		{"rule", SourceOptions{}, r.Rules},
		{"redirect", SourceOptions{SkipInternal: true}, r.Redirects},
		{"case-sensitive rule", SourceOptions{CaseSensitive: true}, r.Sensitive},
		{"matcher", SourceOptions{Matcher: true}, r.Matchers},
		{"matcher below /docs", SourceOptions{Matcher: true, BasePath: "/docs"}, r.Based},
	} {
		for _, c := range set.sources {
			s, err := CompileSource(c.Source, set.o)
			if why, ok := sourceDifferences[c.Source]; ok {
				t.Logf("%s %q: %s", set.name, c.Source, why)
				continue
			}
			if c.Error != "" || err != nil {
				if (c.Error != "") != (err != nil) {
					t.Errorf("%s %q: %v, Next.js has %q", set.name, c.Source, err, c.Error)
				}
				continue
			}
			for _, path := range paths {
				v, ok, err := s.Match(path)
				if err != nil {
					t.Fatal(err)
				}
				got, want := "no match", "no match"
				if ok {
					got = valuesText(v)
				}
				if params, ok := c.Matched[path]; ok {
					want = paramsText(params)
				}
				if set.o.Matcher && ok && want != "no match" {
					continue // a matcher has no values
				}
				if got != want {
					t.Errorf("%s %q on %q: %s, Next.js has %s", set.name, c.Source, path, got, want)
				}
			}
		}
	}
}
