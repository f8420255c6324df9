package next

import (
	"net/http/httptest"
	"testing"
)

func BenchmarkCachedFunction(b *testing.B) {
	for _, name := range []string{"plain", "unstable", "use"} {
		b.Run(name, func(b *testing.B) {
			h := newHarness(b, `
				const data = { list: Array.from({ length: 20 }, (_, i) => ({ id: i, name: "name " + i })) }
				const unstable = unstable_cache(async () => data, ["x"], { revalidate: 60 })
				const use = cached("x#use", "default", async () => data, 0)
				return { plain: () => data, unstable: () => unstable(), use: () => use() }`)
			h.get(name)
			r := httptest.NewRequest("GET", "/"+name, nil)
			c := Call{Entry: "app/" + name + "/route.ts", Export: "GET", Pattern: "/" + name, URL: "http://localhost/" + name, Host: "localhost", Proto: "http"}
			b.ReportAllocs()
			for b.Loop() {
				if err := h.Serve(httptest.NewRecorder(), r, c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
