package cache

import (
	"context"
	"sync"
)

// Store keeps entries and the states of tags. All methods may be called at the
// same time. [internal/cache/cachetest] is what a store must do, as tests.
type Store interface {
	// Get finds the entry of a key, with the state of all of its tags and of
	// further ones. An entry is not judged: it may be long expired. Hit.Entry
	// is nil where there is none, and Hit.Tags is then the further tags' state.
	Get(ctx context.Context, key Key, further []string) (Hit, error)
	// Set keeps an entry, unless one that began later is there. It may drop it
	// at any time to keep its bounds.
	Set(ctx context.Context, key Key, e *Entry) error
	// Delete drops an entry, if there is one.
	Delete(ctx context.Context, key Key) error
	// Mark revalidates tags. Once it has returned, every Get that begins has
	// the new state, on whichever machine.
	Mark(ctx context.Context, tags []string, m Mark) error
	// Lease gives one asker at a time, among all that share the store, the
	// right to make an entry.
	Lease(ctx context.Context, key Key) (Lease, error)
	// Close gives back what the store holds.
	Close() error
}

// Asker is a store that wants to know what it is asked for before it has an
// entry: a key does not say.
type Asker interface {
	// Ask is Get. Kind and name are those of the entry that will be made where
	// there is none; 0 and "" are unknown.
	Ask(ctx context.Context, key Key, kind Kind, name string, further []string) (Hit, error)
}

// Peeker is a store that can give some of its entries at once: from memory, and
// without asking another machine for the state of their tags.
type Peeker interface {
	// Peek is Get without a wait. The Hit has no entry where there is none, or
	// where finding it would take a wait.
	Peek(key Key, further []string) Hit
}

// Lister is a store that can tell what is in it.
type Lister interface {
	// Each calls f with all entries in no order until it returns false.
	Each(ctx context.Context, f func(Key, *Entry) bool) error
}

// Hit is what a store has of a key.
type Hit struct {
	Entry *Entry
	Tags  TagState
}

// Lease is the right to make an entry, or the wait for whoever has it.
type Lease struct {
	// Stamp is when the lease was granted, by the store's clock.
	Stamp Stamp
	// Release gives the right back. It is nil where another has it. What was
	// set before is there for those who waited.
	Release func()
	// Wait returns when the other has released it or is gone, or with the
	// context's error. It is nil where the right was granted.
	Wait func(ctx context.Context) error
}

// Leases gives leases within a process: for stores that are not shared. The
// zero Leases is ready for use.
type Leases struct {
	mu   sync.Mutex
	held map[Key]chan struct{}
}

// Take is a lease of a key, with a stamp of its moment.
func (l *Leases) Take(key Key, stamp func() Stamp) Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	if done, ok := l.held[key]; ok {
		return Lease{Stamp: stamp(), Wait: func(ctx context.Context) error {
			select {
			case <-done:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
	}
	if l.held == nil {
		l.held = map[Key]chan struct{}{}
	}
	done := make(chan struct{})
	l.held[key] = done
	return Lease{Stamp: stamp(), Release: sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, key)
		close(done)
	})}
}
