package web

import (
	"testing"

	"github.com/portico-dev/portico/internal/js"
)

// What an isolate costs with everything installed and nothing touched.
func BenchmarkInstall(b *testing.B) {
	p, err := js.Compile("test.js", "(function () { return {} })", nil)
	if err != nil {
		b.Fatal(err)
	}
	o := testOptions()
	for _, c := range []struct {
		name  string
		setup func(*js.Isolate) error
	}{
		{"bare", func(*js.Isolate) error { return nil }},
		{"web", func(iso *js.Isolate) error { Install(iso, o); return nil }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pool, err := js.NewPool(p, 1, js.Options{Setup: c.setup})
				if err != nil {
					b.Fatal(err)
				}
				pool.Close()
			}
		})
	}
}
