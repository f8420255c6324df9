package route

import (
	"encoding/json"
	"net/http"
	"testing"
	"unicode/utf8"
)

// TestConditionsAsNext holds has and missing against Next.js.
func TestConditionsAsNext(t *testing.T) {
	for _, c := range readRecorded(t).Conditions {
		has, problems := newConditions(c.Has, "has", nil)
		missing, more := newConditions(c.Missing, "missing", nil)
		if len(problems)+len(more) > 0 {
			t.Errorf("%v %v: %v %v", c.Has, c.Missing, problems, more)
			continue
		}
		conds := conditions{has, missing}
		for _, f := range c.Found {
			r := &Request{RawQuery: f.Request.Query, Header: http.Header{}}
			for name, value := range f.Request.Headers {
				if name == "host" {
					r.Host = value
					continue
				}
				r.Header.Set(name, latin1(value))
			}
			v, ok, err := conds.hold(r)
			if err != nil {
				t.Fatal(err)
			}
			got, want := "no match", "no match"
			if ok {
				for i := range v {
					if text := v[i].Text; !utf8.ValidString(text) {
						v[i].Text = string([]rune{rune(text[0])}) + text[1:] // as Node holds it
					}
				}
				got = valuesText(v)
			}
			var params map[string]any
			if err := json.Unmarshal(f.Params, &params); err == nil {
				want = paramsText(params)
			}
			if got != want {
				t.Errorf("has %v, missing %v on %v: %s, Next.js has %s", c.Has, c.Missing, f.Request, got, want)
			}
		}
	}
}

// latin1 writes a text as Node reads it from the wire: a byte for each letter.
func latin1(s string) string {
	b := []byte{}
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}
