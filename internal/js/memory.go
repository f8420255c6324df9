package js

import (
	"errors"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// ErrMemory ends a scope that grew the heap until the process was in danger.
var ErrMemory = errors.New("script used too much memory")

// The engine's values are Go's, and Go does not say whose an object is. What
// can be known is how large the heap is, how much of it lived at the last
// collection, and how much has been allocated since a moment. So the watchdog
// looks at the heap of the process; from half of the limit on it counts what is
// allocated while each scope's slices run; and when what lives passes the limit
// it stops the scope that allocated most. That is a suspicion, not a proof: a
// scope that makes much garbage beside one that keeps little may be taken for
// it. Its isolate is not used for new requests any more, since nobody knows
// what of it module scope holds.

// memory is a pool's watch over the heap.
type memory struct {
	limit int64 // bytes that may live; 0 is no watch

	// pressure is set while the heap is above half of the limit: then slices
	// count what is allocated while they run.
	pressure atomic.Bool

	// The watchdog's own.
	sample     [3]metrics.Sample
	alarm      int64 // bytes: above it nothing is waited for, since the collector is too slow
	collecting atomic.Bool
	collected  atomic.Bool // a collection began and ended above the limit, and since the last victim

	lastForced atomic.Int64 // when reserve collected last, by now()
}

const (
	metricHeap   = "/memory/classes/heap/objects:bytes"
	metricLive   = "/gc/heap/live:bytes"
	metricAllocs = "/gc/heap/allocs:bytes"
)

// growth is how fast a heap can grow, in bytes a second: with the room that is
// left it tells when to look again.
const growth = 4 << 30

func (m *memory) init(limit int64) {
	if limit == 0 {
		// Half of a container of which Go may use eight tenths: a string that is
		// doubled takes twice the limit for a moment.
		if n := debug.SetMemoryLimit(-1); n < math.MaxInt64 {
			limit = n / 8 * 5
		}
	}
	m.limit = max(limit, 0)
	m.alarm = m.limit / 4 * 5
	for i, name := range []string{metricHeap, metricLive, metricAllocs} {
		m.sample[i].Name = name
	}
}

// allocated is how many bytes the process has allocated since its start.
func allocated() int64 {
	s := [1]metrics.Sample{{Name: metricAllocs}}
	metrics.Read(s[:])
	return int64(s[0].Value.Uint64())
}

func heapSize() int64 {
	s := [1]metrics.Sample{{Name: metricHeap}}
	metrics.Read(s[:])
	return int64(s[0].Value.Uint64())
}

// look is one look of the watchdog at the heap; it returns when to look again.
func (p *Pool) look() time.Duration {
	m := &p.memory
	if m.limit == 0 {
		return math.MaxInt64
	}
	metrics.Read(m.sample[:])
	heap, live, allocs := int64(m.sample[0].Value.Uint64()), int64(m.sample[1].Value.Uint64()), int64(m.sample[2].Value.Uint64())
	if pressed := heap > m.limit/2; pressed != m.pressure.Load() {
		m.pressure.Store(pressed)
		if pressed {
			p.each(func(iso *Isolate) { iso.mark(allocs) })
		}
	}
	if heap < m.limit {
		m.collected.Store(false)
		m.alarm = m.limit / 4 * 5
		return max(time.Duration(m.limit-heap)*time.Second/growth, time.Millisecond)
	}
	switch {
	case heap >= m.alarm, m.collected.Load() && live >= m.limit:
		if p.relieve(allocs) {
			m.alarm = heap + m.limit/4
		}
		m.collected.Store(false)
		fallthrough
	case !m.collected.Load():
		m.collect()
	}
	return time.Millisecond
}

// collect starts a collection, unless one is under way.
func (m *memory) collect() {
	if m.collecting.CompareAndSwap(false, true) {
		go func() {
			runtime.GC()
			m.collected.Store(true)
			m.collecting.Store(false)
		}()
	}
}

// each calls f with all isolates, with one that is being made too.
func (p *Pool) each(f func(*Isolate)) {
	for _, iso := range p.Isolates() {
		f(iso)
	}
	if iso := p.making.Load(); iso != nil {
		f(iso)
	}
}

// mark begins to count what the slice that is running allocates.
func (iso *Isolate) mark(allocs int64) {
	iso.sliceMu.Lock()
	if iso.sliceStart != 0 && iso.sliceAllocs == 0 {
		iso.sliceAllocs = allocs
	}
	iso.sliceMu.Unlock()
}

// charge books what was allocated since the slice began. sliceMu is held.
func (iso *Isolate) charge(allocs int64) {
	if iso.sliceAllocs == 0 || allocs == 0 {
		return
	}
	n := allocs - iso.sliceAllocs
	iso.sliceAllocs = allocs
	iso.charged.Add(n)
	if iso.sliceScope != nil {
		iso.sliceScope.charged.Add(n)
	} else {
		iso.unscoped += n
	}
}

// relieve ends what seems to grow the heap, and tells whether it found it.
// What runs comes first, then what waits, then whole isolates.
func (p *Pool) relieve(allocs int64) bool {
	least := p.memory.limit / 8
	var running, largest *Isolate
	most := least
	waiting := false
	p.each(func(iso *Isolate) {
		iso.sliceMu.Lock()
		defer iso.sliceMu.Unlock()
		if iso.sliceStart != 0 {
			iso.charge(allocs)
			waiting = waiting || iso.interrupted
			n := iso.unscoped
			if iso.sliceScope != nil {
				n = iso.sliceScope.charged.Load()
			}
			if n > most {
				running, most = iso, n
			}
		}
		if largest == nil || iso.charged.Load() > largest.charged.Load() {
			largest = iso
		}
	})
	if waiting { // for native code to end, in which nothing can be stopped
		return true
	}
	if running != nil && running.interrupt(ErrMemory) {
		return true
	}
	var owner *Isolate
	var scope *Scope
	p.each(func(iso *Isolate) {
		iso.scopeMu.Lock()
		for s := iso.scopes.next; s != nil; s = s.next {
			if n := s.charged.Load(); n > most && !s.doomed.Load() {
				owner, scope, most = iso, s, n
			}
		}
		iso.scopeMu.Unlock()
	})
	if scope != nil {
		scope.doomed.Store(true)
		owner.retire()
		go owner.Kill(scope, ErrMemory)
		return true
	}
	if largest == nil || largest.charged.Load() < least {
		return false // it is not ours
	}
	largest.charged.Store(0)
	if !largest.retire() {
		go largest.Post(nil, func() { largest.breakDown(ErrMemory) })
	}
	return true
}

// interrupt stops the slice that runs; false when none does any more.
func (iso *Isolate) interrupt(err error) bool {
	iso.sliceMu.Lock()
	defer iso.sliceMu.Unlock()
	if iso.sliceStart == 0 || iso.interrupted {
		return false
	}
	iso.rt.Interrupt(err)
	iso.interrupted = true
	return true
}

// retire keeps new requests away from an isolate; it is closed when those that
// are on it have ended. It returns false when it was retired before.
func (iso *Isolate) retire() bool {
	if iso.broken.Swap(true) {
		return false
	}
	iso.settleLoad(0)
	return true
}

// settleLoad changes the number of requests on an isolate by n.
func (iso *Isolate) settleLoad(n int64) {
	if iso.load.Add(n) == 0 && iso.broken.Load() {
		iso.Close()
	}
}

// maxAbandoned is how many jobs an isolate that grew too large may still have
// to do for those of its requests that are not to blame.
const maxAbandoned = 1 << 14

// outOfMemory is what follows an interrupt with ErrMemory.
func (iso *Isolate) outOfMemory() {
	iso.retire()
	if len(*iso.eng.queue) > maxAbandoned {
		iso.breakDown(ErrMemory)
	}
}

// Reserve throws a RangeError with text when n bytes more would take the heap
// above the limit. A single call that makes so much asks it first, since it
// ends before the watchdog looks again. It must be called on the isolate.
func (iso *Isolate) Reserve(n float64, text string) {
	m := &iso.pool.memory
	if n < 1<<20 || m.limit == 0 {
		return
	}
	if float64(heapSize())+n <= float64(m.limit) {
		return
	}
	if last := m.lastForced.Load(); n < float64(m.limit) && now()-last > int64(time.Second) && m.lastForced.CompareAndSwap(last, now()) {
		runtime.GC()
		if float64(heapSize())+n <= float64(m.limit) {
			return
		}
	}
	panic(iso.RangeError(text))
}
