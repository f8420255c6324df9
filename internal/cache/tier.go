package cache

import (
	"context"
	"errors"
)

// Tier puts a fast store before one that keeps: reads find the front first,
// writes go to both. Both must have one TagTable, or marks would be lost with
// the process; leases are the back's.
func Tier(front, back Store) Store { return tier{front, back} }

type tier struct{ front, back Store }

func (t tier) Get(ctx context.Context, key Key, further []string) (Hit, error) {
	if hit, err := t.front.Get(ctx, key, further); err == nil && hit.Entry != nil {
		return hit, nil
	}
	hit, err := t.back.Get(ctx, key, further)
	if err == nil && hit.Entry != nil {
		// The front takes no entry for one that began later, so a Set that
		// came between is not undone. A Delete may be: see Delete.
		err = t.front.Set(ctx, key, hit.Entry)
	}
	return hit, err
}

// Peek looks into the front alone.
func (t tier) Peek(key Key, further []string) Hit {
	if p, ok := t.front.(Peeker); ok {
		return p.Peek(key, further)
	}
	return Hit{}
}

func (t tier) Set(ctx context.Context, key Key, e *Entry) error {
	return errors.Join(t.back.Set(ctx, key, e), t.front.Set(ctx, key, e))
}

// Delete has the back forget first: who reads it after that finds nothing to
// bring to the front. A Get that has read the back before and writes to the
// front afterwards may bring an entry back; deleting is housekeeping, and what
// must not be given any more is revalidated by a tag.
func (t tier) Delete(ctx context.Context, key Key) error {
	return errors.Join(t.back.Delete(ctx, key), t.front.Delete(ctx, key))
}

func (t tier) Mark(ctx context.Context, tags []string, m Mark) error {
	return errors.Join(t.back.Mark(ctx, tags, m), t.front.Mark(ctx, tags, m))
}

func (t tier) Lease(ctx context.Context, key Key) (Lease, error) { return t.back.Lease(ctx, key) }

func (t tier) Close() error { return errors.Join(t.front.Close(), t.back.Close()) }

// Each lists the back, which has all that is kept.
func (t tier) Each(ctx context.Context, f func(Key, *Entry) bool) error {
	if l, ok := t.back.(Lister); ok {
		return l.Each(ctx, f)
	}
	return errors.New("the store does not list its entries")
}
