package cachetest

import (
	"context"
	"maps"
	"sync"

	"github.com/portico-dev/portico/internal/cache"
)

// Plain is a store that is as simple as a store can be, and has no bound: for
// tests that need some store. Its methods never fail.
type Plain struct {
	tags    *cache.TagTable
	leases  cache.Leases
	mu      sync.Mutex
	entries map[cache.Key]*cache.Entry
}

// NewPlain makes an empty store on a table of tags.
func NewPlain(tags *cache.TagTable) *Plain {
	return &Plain{tags: tags, entries: map[cache.Key]*cache.Entry{}}
}

// Get is a cache.Store's.
func (p *Plain) Get(_ context.Context, key cache.Key, further []string) (cache.Hit, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.entries[key]; e != nil {
		return cache.Hit{Entry: e, Tags: p.tags.State(e.Tags, further)}, nil
	}
	return cache.Hit{Tags: p.tags.State(further)}, nil
}

// Set is a cache.Store's.
func (p *Plain) Set(_ context.Context, key cache.Key, e *cache.Entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.entries[key]; old == nil || e.NotBefore(old) {
		p.entries[key] = e
	}
	return nil
}

// Delete is a cache.Store's.
func (p *Plain) Delete(_ context.Context, key cache.Key) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.entries, key)
	return nil
}

// Mark is a cache.Store's.
func (p *Plain) Mark(_ context.Context, tags []string, m cache.Mark) error {
	p.tags.Mark(tags, m)
	return nil
}

// Lease is a cache.Store's.
func (p *Plain) Lease(_ context.Context, key cache.Key) (cache.Lease, error) {
	return p.leases.Take(key, p.tags.Stamp), nil
}

// Each is a cache.Lister's.
func (p *Plain) Each(ctx context.Context, f func(cache.Key, *cache.Entry) bool) error {
	p.mu.Lock()
	entries := maps.Clone(p.entries)
	p.mu.Unlock()
	for key, e := range entries {
		if ctx.Err() != nil || !f(key, e) {
			break
		}
	}
	return ctx.Err()
}

// Close is a cache.Store's.
func (p *Plain) Close() error { return nil }
