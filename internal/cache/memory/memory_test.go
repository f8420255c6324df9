package memory_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/cachetest"
	"github.com/portico-dev/portico/internal/cache/memory"
)

func TestStore(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store {
		s := memory.New(memory.Options{Bytes: cachetest.Bound})
		t.Cleanup(func() { s.Close() })
		return s
	})
}

// A hundred thousand keys: the bound holds in the process's real memory, too.
func TestHeap(t *testing.T) {
	if testing.Short() {
		t.Skip("measures the heap")
	}
	const bound = 16 << 20
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	s := memory.New(memory.Options{Bytes: bound})
	for i := range 100_000 {
		name := fmt.Sprint(i)
		e := cachetest.Entry(1, name, "tag "+name)
		e.Body = make([]byte, 1000)
		if err := s.Set(t.Context(), cachetest.Key(name), e); err != nil {
			t.Fatal(err)
		}
	}
	after := heap()
	if n := s.Bytes(); n > bound || n < bound*8/10 {
		t.Errorf("%d bytes are kept of a bound of %d", n, bound)
	}
	if after > before && after-before > bound*3/2 {
		t.Errorf("the heap grew by %d bytes for a bound of %d", after-before, bound)
	}
	runtime.KeepAlive(s)
}

// Ten thousand random operations against a model.
func TestMaking(t *testing.T) {
	clock := cachetest.NewClock(nil)
	c := cache.New(cache.Options{Store: memory.New(memory.Options{Now: clock.Now}), Now: clock.Now, Problem: func(err error) { t.Error(err) }})
	t.Cleanup(func() { c.Close() })
	cachetest.Making(t, 10_000, rand.New(rand.NewPCG(4, 5)), clock, c)
}
