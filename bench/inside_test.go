package main

import (
	"net/http"
	"testing"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/bench/item"
)

// sink is a ResponseWriter without a network.
type sink struct {
	header http.Header
	status int
	n      int64
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.n += int64(len(p)); return len(p), nil }
func (s *sink) Flush()                      {}

// BenchmarkInside runs the rows without sockets on our side: what is left is
// Portico's own work, and for the rows with an upstream its client's. It is for
// looking for allocations; bench itself measures servers.
func BenchmarkInside(b *testing.B) {
	up, err := startUpstream("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer up.close()
	servers := map[app]http.Handler{}
	for kind, dir := range map[app]string{appRoutes: "app", appRules: "rules"} {
		a := portico.New(portico.Config{Dir: dir, Cache: "memory", Environ: []string{"UPSTREAM=" + up.URL}})
		a.Route("/go/items/[id]", portico.Handlers{GET: item.Get})
		if err := a.Load(b.Context()); err != nil {
			b.Fatal(err)
		}
		defer a.Close(b.Context())
		servers[kind] = a
	}
	servers[appGo] = servers[appRoutes]
	for i := range rows {
		r := &rows[i]
		b.Run(r.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req, err := r.request(b.Context(), "http://127.0.0.1:3000"+r.path)
				if err != nil {
					b.Fatal(err)
				}
				req.RemoteAddr = "127.0.0.1:50000"
				w := &sink{header: http.Header{}, status: http.StatusOK}
				servers[r.app].ServeHTTP(w, req)
				if w.status != r.want() {
					b.Fatalf("status %d", w.status)
				}
			}
		})
	}
}
