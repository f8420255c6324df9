// Package memory keeps the cache's entries in memory, bounded by bytes. Which
// entry goes when there are too many is decided by how often and how recently
// each was asked for, and by its weight.
package memory

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/portico-dev/portico/internal/cache"
)

// DefaultBytes bounds a store that has no bound given: as Next.js has it.
const DefaultBytes = 50 << 20

// Options are what a store works with.
type Options struct {
	// Bytes bounds the entries; 0 is DefaultBytes.
	Bytes int64
	// Tags has the tags' states where another store shares them; nil is a
	// table of the store's own.
	Tags *cache.TagTable
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Store is a cache.Store, a cache.Lister and a cache.Peeker.
type Store struct {
	entries *otter.Cache[cache.Key, *cache.Entry]
	bytes   int64
	tags    *cache.TagTable
	leases  cache.Leases
}

// New makes an empty store.
func New(o Options) *Store {
	if o.Bytes <= 0 {
		o.Bytes = DefaultBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Tags == nil {
		o.Tags = cache.NewTagTable(o.Now, 0)
	}
	return &Store{bytes: o.Bytes, tags: o.Tags, entries: otter.Must(&otter.Options[cache.Key, *cache.Entry]{
		MaximumWeight: uint64(o.Bytes),
		Weigher:       func(_ cache.Key, e *cache.Entry) uint32 { return weight(e) },
		// Eviction by the one who writes: the bound holds when Set returns,
		// and no goroutine outlives the store.
		Executor: func(f func()) { f() },
	})}
}

// slot is about what the table itself takes for an entry.
const slot = 128

func weight(e *cache.Entry) uint32 {
	return uint32(min(int64(e.Size())+slot, 1<<32-1))
}

// Get never fails.
func (s *Store) Get(_ context.Context, key cache.Key, further []string) (cache.Hit, error) {
	return s.Peek(key, further), nil
}

// Peek is Get.
func (s *Store) Peek(key cache.Key, further []string) cache.Hit {
	e, ok := s.entries.GetIfPresent(key)
	if !ok {
		return cache.Hit{Tags: s.tags.State(further)}
	}
	return cache.Hit{Entry: e, Tags: s.tags.State(e.Tags, further)}
}

// Set never fails. An entry that is larger than a quarter of the bound is not
// kept: it would drive out too much else.
func (s *Store) Set(_ context.Context, key cache.Key, e *cache.Entry) error {
	if int64(weight(e)) > s.bytes/4 {
		// An older one must not stay in its place.
		s.entries.Compute(key, func(old *cache.Entry, found bool) (*cache.Entry, otter.ComputeOp) {
			if found && e.NotBefore(old) {
				return nil, otter.InvalidateOp
			}
			return old, otter.CancelOp
		})
		return nil
	}
	s.entries.Compute(key, func(old *cache.Entry, found bool) (*cache.Entry, otter.ComputeOp) {
		if found && !e.NotBefore(old) {
			return old, otter.CancelOp
		}
		return e, otter.WriteOp
	})
	return nil
}

// Delete never fails.
func (s *Store) Delete(_ context.Context, key cache.Key) error {
	s.entries.Invalidate(key)
	return nil
}

// Mark never fails.
func (s *Store) Mark(_ context.Context, tags []string, m cache.Mark) error {
	s.tags.Mark(tags, m)
	return nil
}

// Tags is the table of the tags' states.
func (s *Store) Tags() *cache.TagTable { return s.tags }

// Lease never fails.
func (s *Store) Lease(_ context.Context, key cache.Key) (cache.Lease, error) {
	return s.leases.Take(key, s.tags.Stamp), nil
}

// Bytes is the weight of all entries.
func (s *Store) Bytes() int64 {
	s.entries.CleanUp()
	return int64(s.entries.WeightedSize())
}

// Len is the number of entries.
func (s *Store) Len() int { return s.entries.EstimatedSize() }

// Each lists the entries.
func (s *Store) Each(ctx context.Context, f func(cache.Key, *cache.Entry) bool) error {
	for key, e := range s.entries.All() {
		if ctx.Err() != nil || !f(key, e) {
			break
		}
	}
	return ctx.Err()
}

// Clear drops all entries.
func (s *Store) Clear() { s.entries.InvalidateAll() }

// Close drops all entries.
func (s *Store) Close() error {
	s.Clear()
	s.entries.StopAllGoroutines()
	return nil
}
