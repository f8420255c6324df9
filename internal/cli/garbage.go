package cli

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The garbage collector runs when the heap has grown by a part of what lived
// after the last run. A large part saves 10 to 30 % of the time that a request
// takes, and costs little where little lives: with 30 MiB of isolates 400 % are
// 120 MiB. With 100 MiB of kept answers beside them it would be half a
// gigabyte of garbage, for nothing: runs are rare enough then. So the part is
// what makes up the headroom.
const (
	mostGarbage  = 400      // percent
	leastGarbage = 60       // percent
	headroom     = 96 << 20 // bytes
)

// garbagePercent is the part for a heap of which so much lives.
func garbagePercent(live uint64) int {
	if live == 0 {
		return mostGarbage
	}
	return int(min(max(headroom*100/live, leastGarbage), mostGarbage))
}

// tuneGarbage keeps the collector's part what it should be, from one run to the
// next: the finalizer of an object that nobody has runs after each.
func tuneGarbage() {
	debug.SetGCPercent(mostGarbage)
	percent := mostGarbage
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var again func(*sentinel)
	again = func(s *sentinel) {
		metrics.Read(sample)
		if v := sample[0].Value; v.Kind() == metrics.KindUint64 {
			// Setting it stops the world for a moment: only where it matters.
			if p := garbagePercent(v.Uint64()); p > percent+percent/10 || p < percent-percent/10 {
				percent = p
				debug.SetGCPercent(p)
			}
		}
		runtime.SetFinalizer(s, again)
	}
	runtime.SetFinalizer(&sentinel{}, again)
}

// sentinel is large enough to be an object of its own for the collector.
type sentinel struct{ _ [16]byte }
