package site

import (
	"context"
	"slices"
	"sync"

	"github.com/portico-dev/portico/internal/cache"
)

// Collector gathers what goes into something that Go code makes to be kept: it
// lives no longer than its parts, and dies with each of their tags.
type Collector struct {
	mu   sync.Mutex
	life cache.Lifetime
	tags []string
}

type collectorKey struct{}

// Collect begins to gather; the context has the Collector for what runs in it.
func Collect(ctx context.Context, life cache.Lifetime, tags []string) (context.Context, *Collector) {
	c := &Collector{life: life, tags: slices.Clone(tags)}
	return context.WithValue(ctx, collectorKey{}, c), c
}

// Contribute tells the Collector of a context, if there is one, of a part.
func Contribute(ctx context.Context, life cache.Lifetime, tags []string) {
	c, ok := ctx.Value(collectorKey{}).(*Collector)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.life = c.life.Min(life)
	for _, tag := range tags {
		if !slices.Contains(c.tags, tag) {
			c.tags = append(c.tags, tag)
		}
	}
}

// Sum is what was gathered.
func (c *Collector) Sum() (cache.Lifetime, []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.life, slices.Clone(c.tags)
}

// Within is a context that ends with one and has the values of another: what is
// kept for everybody sees no values of the request that happens to be the
// first. Nil values are none.
func Within(ctx, values context.Context) context.Context { return within{ctx, values} }

type within struct {
	context.Context
	values context.Context
}

func (w within) Value(key any) any {
	if w.values == nil {
		return nil
	}
	return w.values.Value(key)
}

// Cache keeps what the project has kept; nil where nothing is.
func (s *Site) Cache() *cache.Cache { return s.shared.Cache }
