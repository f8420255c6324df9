package config

import (
	"os"
	"strings"
	"testing"
)

// The page about the configuration has every key.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	p := &parser{s: &Settings{}}
	var names []string
	for _, f := range []fields{p.nextFields(), p.ownFields(), p.experimentalFields(), p.upstreamFields(&Upstream{})} {
		for name := range f {
			names = append(names, name)
		}
	}
	// Of an object's keys the list is in the error of one that is not known.
	for _, key := range []string{"cache", "cors", "csrf", "frontend", "rateLimit", "rateLimits", "server", "proxy"} {
		p.ownFields()[key](&Object{Members: []Member{{"????????????????????", 1.0}}}, place{key})
	}
	p.tls(&Object{Members: []Member{{"????????????????????", 1.0}, {"acme", &Object{Members: []Member{{"????????????????????", 1.0}}}}}}, place{"tls"})
	p.cacheLife(&Object{Members: []Member{{"often", &Object{Members: []Member{{"????????????????????", 1.0}}}}}}, place{"cacheLife"})
	found := 0
	for _, e := range p.problems {
		_, list, ok := strings.Cut(e.Error(), "the keys here are ")
		if ok {
			names = append(names, strings.Split(list, ", ")...)
			found++
		}
	}
	if found != 11 {
		t.Errorf("%d lists of keys, want 11: %v", found, p.problems)
	}
	for _, name := range names {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/configuration.md does not have %s", name)
		}
	}
}
