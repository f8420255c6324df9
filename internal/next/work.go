package next

import (
	"context"
	"sync/atomic"
)

// work counts what an App has under way: requests, and what they left for
// after their answers. Unlike a sync.WaitGroup, it can be waited for until a
// context ends, and leaves no goroutine behind then.
type work struct {
	n    atomic.Int64
	idle atomic.Pointer[chan struct{}] // set by wait
}

func (w *work) Add(n int64) { w.n.Add(n) }

func (w *work) Done() {
	if w.n.Add(-1) == 0 {
		if c := w.idle.Load(); c != nil {
			select {
			case *c <- struct{}{}:
			default: // it has been told
			}
		}
	}
}

// wait returns when nothing is under way, or the context's error. One
// goroutine may wait.
func (w *work) wait(ctx context.Context) error {
	c := make(chan struct{}, 1)
	w.idle.Store(&c)
	for w.n.Load() > 0 {
		select {
		case <-c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
