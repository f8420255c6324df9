package config

import (
	"reflect"
	"testing"
)

func TestFrontend(t *testing.T) {
	for text, want := range map[string]*Frontend{
		`{}`:                     nil,
		`{"frontend": null}`:     nil,
		`{"frontend": false}`:    nil,
		`{"frontend": "dist"}`:   {Dir: "dist"},
		`{"frontend": "../web"}`: {Dir: "../web"},
		`{"frontend": {"dir": "dist", "fallback": "app/200.html", "dev": "http://localhost:5173", "immutable": "assets"}}`: {Dir: "dist", Fallback: "app/200.html", Dev: "http://localhost:5173", Immutable: []string{"assets"}},
		`{"frontend": {"dir": "dist", "fallback": false, "immutable": false}}`:                                             {Dir: "dist", Fallback: "-", NoImmutable: true},
		`{"frontend": {"dir": "dist", "immutable": ["/assets/", "static/js"]}}`:                                            {Dir: "dist", Immutable: []string{"/assets/", "static/js"}},
		`{"portico": {"frontend": "a"}, "frontend": false}`:                                                                nil,
	} {
		v, err := ParseJSON([]byte(text), "portico.config.json")
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := Parse(v, Options{File: "portico.config.json", Text: text, Own: true})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !reflect.DeepEqual(s.Frontend, want) {
			t.Errorf("%s: got %+v, want %+v", text, s.Frontend, want)
		}
	}
}
