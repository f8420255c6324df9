// Package disk keeps the cache's entries in one file, bounded by bytes, so that
// they outlive the process: also one that is killed while it writes.
//
// The file is a B+ tree whose changes are seen all or not at all. Each entry has
// a checksum beside that, for what disks do. A file that cannot be read is put
// aside and begun anew: a cache may forget.
package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/portico-dev/portico/internal/cache"
)

// DefaultBytes bounds a store that has no bound given.
const DefaultBytes = 1 << 30

// Options are what a store works with.
type Options struct {
	// Bytes bounds the entries; 0 is DefaultBytes. The file may be up to
	// eight times as large where entries are of many sizes, and at least
	// 1 MiB: it never shrinks.
	Bytes int64
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// LockTimeout is how long Open waits for a process that has the file;
	// 0 is one second.
	LockTimeout time.Duration
	// Problem is told when something was lost. Nil is nobody.
	Problem func(error)
}

// Store is a cache.Store and a cache.Lister.
type Store struct {
	db      *bolt.DB
	max     int64
	tags    *cache.TagTable
	leases  cache.Leases
	problem func(error)

	bytes atomic.Int64 // of all entries
	kept  int          // marks in the file; the writer's own
	seq   uint64       // of the last entry; the writer's own

	mu     sync.RWMutex // closed against sending to ops
	closed bool
	ops    chan *op
	ended  chan struct{}
}

// op is a change that waits for being committed with others.
type op struct {
	do   func(w *writer) error
	done chan error
}

// writer is a transaction with what it changes in the Store if it is committed.
type writer struct {
	entries, order, tags *bolt.Bucket
	bytes                int64
	kept                 int
	seq                  uint64
}

var errClosed = errors.New("the store is closed")

const (
	bucketEntries = "entries" // key: sequence number, entry
	bucketOrder   = "order"   // sequence number: key, size; the oldest is first
	bucketTags    = "tags"    // "t" and tag: its state
	maxTags       = 100_000
)

// Open opens a file, or makes it. One process may have it open at a time.
func Open(path string, o Options) (*Store, error) {
	if o.Bytes <= 0 {
		o.Bytes = DefaultBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Problem == nil {
		o.Problem = func(error) {}
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = time.Second
	}
	s, err := open(path, o)
	if err == nil {
		return s, nil
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: another process has this cache open", path)
	}
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := os.Rename(path, path+".broken"); err != nil {
		return nil, err
	}
	o.Problem(fmt.Errorf("%s cannot be read and was put aside as %[1]s.broken: %w", path, err))
	return open(path, o)
}

func open(path string, o Options) (s *Store, err error) {
	// mmap takes powers of two.
	size := int64(1) << bits.Len64(uint64(max(4*o.Bytes, 1<<20)-1))
	var db *bolt.DB
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: %v", path, p)
		}
		if err != nil && db != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	db, err = bolt.Open(path, 0o600, &bolt.Options{
		Timeout: o.LockTimeout, FreelistType: bolt.FreelistMapType, NoFreelistSync: true, MaxSize: int(size),
	})
	if err != nil {
		return nil, err
	}
	s = &Store{db: db, max: o.Bytes, tags: cache.NewTagTable(o.Now, maxTags), problem: o.Problem, ops: make(chan *op, 256), ended: make(chan struct{})}
	if err := db.Update(s.load); err != nil {
		return nil, err
	}
	go s.run()
	return s, nil
}

// load reads sizes and tags, and makes the buckets.
func (s *Store) load(tx *bolt.Tx) error {
	w, err := begin(tx)
	if err != nil {
		return err
	}
	total := int64(0)
	for c, k, v := cursor(w.order); k != nil; k, v = c.Next() {
		if len(k) != 8 || len(v) != len(cache.Key{})+8 {
			return errors.New("the order of entries is not readable")
		}
		total += int64(binary.BigEndian.Uint64(v[len(cache.Key{}):]))
		s.seq = binary.BigEndian.Uint64(k)
	}
	s.bytes.Store(total)
	for c, k, v := cursor(w.tags); k != nil; k, v = c.Next() {
		state, ok := decodeState(v)
		if !ok {
			return fmt.Errorf("the state of tag %q is not readable", k[1:])
		}
		s.tags.Put(string(k[1:]), state)
		s.kept++
	}
	// Stamps go on after those of all entries, too, should the clock have been
	// set back meanwhile.
	for c, k, v := cursor(w.entries); k != nil; k, v = c.Next() {
		if made, checked, ok := cache.Stamps(v[min(8, len(v)):]); ok {
			s.tags.Seen(max(made, checked))
		}
	}
	return nil
}

func cursor(b *bolt.Bucket) (c *bolt.Cursor, k, v []byte) {
	c = b.Cursor()
	k, v = c.First()
	return c, k, v
}

func begin(tx *bolt.Tx) (*writer, error) {
	w := &writer{}
	for name, b := range map[string]**bolt.Bucket{bucketEntries: &w.entries, bucketOrder: &w.order, bucketTags: &w.tags} {
		var err error
		if *b, err = tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func encodeState(t cache.TagState) []byte {
	var b []byte
	for _, n := range []cache.Stamp{t.Stale, t.Expired, t.Due, t.At} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

func decodeState(b []byte) (t cache.TagState, ok bool) {
	if len(b) != 32 {
		return t, false
	}
	for i, n := range []*cache.Stamp{&t.Stale, &t.Expired, &t.Due, &t.At} {
		*n = cache.Stamp(binary.BigEndian.Uint64(b[8*i:]))
	}
	return t, true
}

// change has a change committed and waits for it. Changes that come together
// are one transaction: a disk is told to write once for all of them.
func (s *Store) change(do func(w *writer) error) error {
	o := &op{do: do, done: make(chan error, 1)}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return errClosed
	}
	s.ops <- o
	s.mu.RUnlock()
	return <-o.done
}

func (s *Store) run() {
	defer close(s.ended)
	for first := range s.ops {
		batch := []*op{first}
	more:
		for len(batch) < cap(s.ops) {
			select {
			case o, ok := <-s.ops:
				if !ok {
					break more
				}
				batch = append(batch, o)
			default:
				break more
			}
		}
		err := s.commit(batch, s.max)
		if err == nil || len(batch) == 1 {
			finish(batch, s.again(batch, err))
			continue
		}
		// One of them may be to blame.
		for _, o := range batch {
			one := []*op{o}
			finish(one, s.again(one, s.commit(one, s.max)))
		}
	}
}

func finish(batch []*op, err error) {
	for _, o := range batch {
		o.done <- err
	}
}

// again makes room where the file is as large as it may be, and tries once more.
func (s *Store) again(batch []*op, err error) error {
	if !errors.Is(err, bolterrors.ErrMaxSizeReached) {
		return err
	}
	if err := s.commit(nil, s.max/2); err != nil {
		return err
	}
	return s.commit(batch, s.max)
}

// commit makes changes and drops the oldest entries over the bound.
func (s *Store) commit(batch []*op, bound int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the cache's file: %v", p)
		}
	}()
	var w *writer
	err = s.db.Update(func(tx *bolt.Tx) error {
		var err error
		if w, err = begin(tx); err != nil {
			return err
		}
		w.bytes, w.kept, w.seq = s.bytes.Load(), s.kept, s.seq
		for _, o := range batch {
			if err := o.do(w); err != nil {
				return err
			}
		}
		for w.bytes > bound {
			k, v := w.order.Cursor().First()
			if k == nil {
				w.bytes = 0
				break
			}
			if err := w.drop(cache.Key(v[:len(cache.Key{})])); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.bytes.Store(w.bytes)
		s.kept, s.seq = w.kept, w.seq
	}
	return err
}

// drop takes an entry out.
func (w *writer) drop(key cache.Key) error {
	v := w.entries.Get(key[:])
	if len(v) < 8 {
		return nil
	}
	seq := append([]byte(nil), v[:8]...)
	w.bytes -= size(len(v))
	return errors.Join(w.entries.Delete(key[:]), w.order.Delete(seq))
}

// size is what an entry takes, with its share of the tree.
func size(value int) int64 { return int64(value) + 160 }

// Get reads an entry. One that is torn is not there.
func (s *Store) Get(_ context.Context, key cache.Key, further []string) (hit cache.Hit, err error) {
	e, err := s.read(key)
	if err != nil {
		s.problem(fmt.Errorf("cache on disk: entry %s: %w", key, err))
		return cache.Hit{Tags: s.tags.State(further)}, s.Delete(context.Background(), key)
	}
	if e == nil {
		return cache.Hit{Tags: s.tags.State(further)}, nil
	}
	return cache.Hit{Entry: e, Tags: s.tags.State(e.Tags, further)}, nil
}

func (s *Store) read(key cache.Key) (e *cache.Entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	var torn error
	err = s.db.View(func(tx *bolt.Tx) error {
		if v := tx.Bucket([]byte(bucketEntries)).Get(key[:]); v != nil {
			e, torn = cache.Decode(v[min(8, len(v)):])
		}
		return nil
	})
	return e, errors.Join(err, torn)
}

// Set keeps an entry; one that is larger than a quarter of the bound only drops
// the one before it. It is on the disk when Set returns.
func (s *Store) Set(_ context.Context, key cache.Key, e *cache.Entry) error {
	value := make([]byte, 8, 8+e.Size())
	value = append(value, cache.Encode(e)...)
	return s.change(func(w *writer) error {
		if old := w.entries.Get(key[:]); len(old) > 8 {
			made, checked, ok := cache.Stamps(old[8:])
			if ok && !e.NotBefore(&cache.Entry{Made: made, Checked: checked}) {
				return nil
			}
		}
		if err := w.drop(key); err != nil {
			return err
		}
		n := size(len(value))
		if n > s.max/4 {
			return nil
		}
		w.seq++
		w.bytes += n
		binary.BigEndian.PutUint64(value, w.seq)
		place := binary.BigEndian.AppendUint64(append([]byte(nil), key[:]...), uint64(n))
		return errors.Join(w.entries.Put(key[:], value), w.order.Put(value[:8:8], place))
	})
}

// Delete drops an entry.
func (s *Store) Delete(_ context.Context, key cache.Key) error {
	return s.change(func(w *writer) error { return w.drop(key) })
}

// Mark revalidates tags; it is on the disk when Mark returns. In memory it
// counts even if that fails.
func (s *Store) Mark(_ context.Context, tags []string, m cache.Mark) error {
	_, states := s.tags.Mark(tags, m)
	return s.change(func(w *writer) error {
		for i, tag := range tags {
			if err := w.tags.Put([]byte("t"+tag), encodeState(states[i])); err != nil {
				return err
			}
		}
		w.kept += len(tags)
		if w.kept <= 2*maxTags {
			return nil
		}
		// The table has forgotten the oldest safely; the file follows it.
		known := s.tags.All()
		var gone [][]byte
		for c, k, _ := cursor(w.tags); k != nil; k, _ = c.Next() {
			if _, ok := known[string(k[1:])]; !ok {
				gone = append(gone, append([]byte(nil), k...))
			}
		}
		for _, k := range gone {
			if err := w.tags.Delete(k); err != nil {
				return err
			}
		}
		for tag, state := range known {
			if err := w.tags.Put([]byte("t"+tag), encodeState(state)); err != nil {
				return err
			}
		}
		w.kept = len(known)
		return nil
	})
}

// Tags is the table of the tags' states, for the store before this one.
func (s *Store) Tags() *cache.TagTable { return s.tags }

// Lease never fails.
func (s *Store) Lease(_ context.Context, key cache.Key) (cache.Lease, error) {
	return s.leases.Take(key, s.tags.Stamp), nil
}

// Bytes is the size of all entries.
func (s *Store) Bytes() int64 { return s.bytes.Load() }

// Each lists the entries as they were when it began.
func (s *Store) Each(ctx context.Context, f func(cache.Key, *cache.Entry) bool) error {
	return s.db.View(func(tx *bolt.Tx) error {
		for c, k, v := cursor(tx.Bucket([]byte(bucketEntries))); k != nil && ctx.Err() == nil; k, v = c.Next() {
			e, err := cache.Decode(v[min(8, len(v)):])
			if err != nil || len(k) != len(cache.Key{}) {
				continue // reading it will drop it
			}
			if !f(cache.Key(k), e) {
				return nil
			}
		}
		return ctx.Err()
	})
}

// Close waits for what is being written.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.ops)
	s.mu.Unlock()
	<-s.ended
	return s.db.Close()
}
