package js

import (
	"container/heap"
	"math"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// timers are an isolate's timers: one heap ordered by due time and then by
// order of creation, and one Go timer for the earliest.
type timers struct {
	iso *Isolate

	mu      sync.Mutex
	heap    timerHeap
	byID    map[int64]*timer
	next    int64
	seq     int64
	wake    *time.Timer
	wakeAt  int64
	stopped bool
}

type timer struct {
	id     int64
	seq    int64
	due    int64
	every  int64 // nanoseconds, -1 for a timeout
	frame  *Frame
	fn     func()
	index  int
	refed  bool
	object *goja.Object
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].seq < h[j].seq
}
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i]; h[i].index, h[j].index = i, j }
func (h *timerHeap) Push(x any)   { t := x.(*timer); t.index = len(*h); *h = append(*h, t) }
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}

// Delay converts a timer's delay as HTML and Node do: whole milliseconds, at
// least 1, and 1 for what does not fit into 31 bits or is no number.
func Delay(v goja.Value) time.Duration {
	f := v.ToFloat()
	if math.IsNaN(f) || f < 1 || f > math.MaxInt32 {
		f = 1
	}
	return time.Duration(math.Trunc(f)) * time.Millisecond
}

// After calls fn on the isolate after d, in the context that is current now;
// with repeat, every d from then on. It returns the timer's id, for ClearTimer.
func (iso *Isolate) After(d time.Duration, repeat bool, fn func()) int64 {
	ts := &iso.timers
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.next++
	ts.seq++
	t := &timer{id: ts.next, seq: ts.seq, due: iso.loopTime() + int64(d), every: -1, frame: iso.tracker.cur, fn: fn}
	if repeat {
		t.every = int64(d)
	}
	if ts.stopped {
		return t.id
	}
	if ts.byID == nil {
		ts.byID = map[int64]*timer{}
	}
	ts.byID[t.id] = t
	heap.Push(&ts.heap, t)
	ts.arm()
	return t.id
}

// loopTime is when the job that runs now began. Timers that one job sets count
// from there, as in Node: the shorter one is the first to fire, however long
// the job took to set them.
func (iso *Isolate) loopTime() int64 {
	iso.sliceMu.Lock()
	defer iso.sliceMu.Unlock()
	if iso.sliceStart != 0 {
		return iso.sliceStart
	}
	return now()
}

// Timers is the number of timers that are to fire.
func (iso *Isolate) Timers() int {
	ts := &iso.timers
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return len(ts.byID)
}

// ClearTimer ends a timer; an unknown id is no error. It may be called from any
// goroutine.
func (iso *Isolate) ClearTimer(id int64) {
	ts := &iso.timers
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t, ok := ts.byID[id]; ok {
		delete(ts.byID, id)
		if t.index >= 0 {
			heap.Remove(&ts.heap, t.index)
		}
	}
}

// arm sets the Go timer for the earliest due time. ts.mu is held.
func (ts *timers) arm() {
	if len(ts.heap) == 0 || ts.stopped {
		return
	}
	due := ts.heap[0].due
	if ts.wakeAt != 0 && ts.wakeAt <= due {
		return
	}
	ts.wakeAt = due
	d := time.Duration(due - now())
	if ts.wake == nil {
		ts.wake = time.AfterFunc(d, func() { ts.iso.Post(nil, ts.fire) })
	} else {
		ts.wake.Reset(d)
	}
}

// fire runs the timers that are due, each as a task of its own with its
// promise jobs behind it, as Node does since version 11. It runs on the isolate.
func (ts *timers) fire() {
	ts.mu.Lock()
	ts.wakeAt = 0
	t0 := now()
	var due []*timer
	for len(ts.heap) > 0 && ts.heap[0].due <= t0 {
		due = append(due, heap.Pop(&ts.heap).(*timer))
	}
	ts.mu.Unlock()
	for _, t := range due {
		ts.mu.Lock()
		_, alive := ts.byID[t.id]
		if alive && t.every < 0 {
			delete(ts.byID, t.id)
		}
		ts.mu.Unlock()
		if !alive { // cleared by one that ran before it
			continue
		}
		ts.iso.subtask(t.frame, t.fn)
		ts.mu.Lock()
		if _, alive := ts.byID[t.id]; alive && t.every >= 0 && !ts.stopped && !t.dead() {
			ts.seq++
			t.seq, t.due = ts.seq, now()+t.every
			heap.Push(&ts.heap, t)
		}
		ts.mu.Unlock()
	}
	ts.mu.Lock()
	ts.arm()
	ts.mu.Unlock()
}

// dead reports whether the timer's scope was ended.
func (t *timer) dead() bool {
	return t.frame != nil && t.frame.scope != nil && t.frame.scope.killed != nil
}

// subtask runs fn and its promise jobs inside a task that runs already.
func (iso *Isolate) subtask(f *Frame, fn func()) {
	iso.beginSlice(f)
	iso.protect(f, fn)
	iso.ticksFirst = true
	iso.pump()
}

func (ts *timers) stop() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.stopped = true
	ts.heap = nil
	ts.byID = nil
	if ts.wake != nil {
		ts.wake.Stop()
	}
}
