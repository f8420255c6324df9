package portico

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A handler finds the App that serves it, whichever way the request came; of
// Apps in one another that is the inner one.
func TestAppOfRequest(t *testing.T) {
	inner, outer := New(Config{}), New(Config{})
	var seen []*App
	note := func(w http.ResponseWriter, r *http.Request) { seen = append(seen, appFrom(r.Context())) }
	inner.Handle("/in", http.HandlerFunc(note))
	outer.Handle("/out", http.HandlerFunc(note))
	outer.Handle("/in", inner)
	for _, a := range []*App{inner, outer} {
		if err := a.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close(context.Background()) })
	}
	ask := func(path string, of *App) {
		r := httptest.NewRequest("GET", path, nil)
		if of != nil {
			r = r.WithContext(context.WithValue(r.Context(), appKey{}, of))
			if of.within(r) != r {
				t.Error("a request that has its App already is copied")
			}
		}
		outer.ServeHTTP(httptest.NewRecorder(), r)
	}
	ask("/out", nil)
	ask("/out", outer)
	ask("/out", inner)
	ask("/in", nil)
	want := []*App{outer, outer, outer, inner}
	if len(seen) != len(want) {
		t.Fatalf("%d handlers ran, want %d", len(seen), len(want))
	}
	for i := range want {
		if seen[i] != want[i] {
			t.Errorf("request %d has the wrong App", i)
		}
	}
	if appFrom(t.Context()) != nil {
		t.Error("a context of no request has an App")
	}
}
