package route

import (
	"net/url"
	"reflect"
	"sort"
	"testing"
)

// givenValues turns recorded parameters into what a match of a path gives.
func givenValues(params map[string]any) (v Values, list map[string]bool) {
	list = map[string]bool{}
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		switch x := params[name].(type) {
		case string:
			v = append(v, Value{Name: name, Text: x})
			list[name] = false
		case []any:
			value := Value{Name: name}
			for _, s := range x {
				value.List = append(value.List, s.(string))
			}
			v = append(v, value)
			list[name] = true
		}
	}
	return v, list
}

// queryOf returns what is in a query, by name; the recorded one is as Next.js
// holds it.
func queryOf(raw string) map[string]any {
	out := map[string]any{}
	r := Request{RawQuery: raw}
	for _, p := range r.parsedQuery() {
		switch old := out[p.name].(type) {
		case nil:
			out[p.name] = p.value
		case string:
			out[p.name] = []any{old, p.value}
		case []any:
			out[p.name] = append(old, p.value)
		}
	}
	return out
}

// The destinations about which we and Next.js 16 differ, and why.
var destinationDifferences = map[string]string{
	"/a/./b/../c": "refused: what is written by hand is written normalised",
	"/a//b":       "refused: what is written by hand is written normalised",
}

func TestDestinationsAsNext(t *testing.T) {
	for _, c := range readRecorded(t).Destinations {
		if why, ok := destinationDifferences[c.Destination]; ok {
			t.Logf("%q: %s", c.Destination, why)
			continue
		}
		v, list := givenValues(c.Params)
		// What Next.js knows at load is the source's parameters, matched or not.
		for _, name := range []string{"path", "id", "b"} {
			if _, ok := list[name]; !ok {
				list[name] = name == "path"
			}
		}
		d, problem := newDestination(c.Destination, "", list)
		if problem != nil {
			if c.Error == "" {
				t.Errorf("%q with %v: %v", c.Destination, c.Params, problem)
			}
			continue
		}
		path, query, hash, err := d.target(v, c.Query, c.Append)
		if (err != nil) != (c.Error != "") {
			t.Errorf("%q with %v: path %q, %v; Next.js has %q", c.Destination, c.Params, path, err, c.Error)
			continue
		}
		if err != nil {
			continue
		}
		if want := c.Result.Pathname; path != want && !(want == "" && path == "/") {
			t.Errorf("%q with %v: path %q, Next.js has %q", c.Destination, c.Params, path, want)
		}
		if hash != c.Result.Hash || d.origin != c.Result.Origin {
			t.Errorf("%q with %v: hash %q, origin %q, Next.js has %q, %q", c.Destination, c.Params, hash, d.origin, c.Result.Hash, c.Result.Origin)
		}
		got, want := queryOf(query), map[string]any{}
		for name, x := range c.Result.Query {
			// Next.js holds values of the path encoded, and writes them so.
			switch x := x.(type) {
			case string:
				want[name], _ = url.PathUnescape(x)
			default:
				want[name] = x
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q with %v, ?%s, append %v: query %v, Next.js has %v", c.Destination, c.Params, c.Query, c.Append, got, want)
		}
	}
}

func TestTemplatesAsNext(t *testing.T) {
	for _, c := range readRecorded(t).Values {
		if c.Value == ":a:b" {
			continue // Next.js fails for every request, and here they stand side by side
		}
		v, list := givenValues(c.Params)
		tmpl := newTemplate(c.Value)
		var got string
		var err error
		if problem := tmpl.check(list); problem != nil {
			err = problem
		} else if got, err = tmpl.build(v, func(_ *Value, s string) string { return s }); len(v) == 0 {
			got = c.Value
		}
		if (err != nil) != (c.Error != "") || got != c.Text {
			t.Errorf("%q with %v: %q, %v; Next.js has %q, %q", c.Value, c.Params, got, err, c.Text, c.Error)
		}
	}
}
