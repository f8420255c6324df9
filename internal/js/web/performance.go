package web

import "time"

// performance is what an isolate keeps of High Resolution Time.
type performance struct {
	origin time.Time
}

func installPerformance(e *Env) { e.perf.origin = time.Now() }

// now is the time in milliseconds since the isolate's time origin. It never
// goes back.
func (e *Env) now() float64 { return float64(time.Since(e.perf.origin)) / 1e6 }
