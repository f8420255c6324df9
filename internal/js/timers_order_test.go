package js

import (
	"testing"
	"time"
)

// TestTimersCountFromTheJob: of two timers that one job sets, the shorter one
// fires first, also when the job took longer between them than they differ.
func TestTimersCountFromTheJob(t *testing.T) {
	iso := testIsolate(t)
	order := make(chan string, 2)
	err := iso.Do(nil, func() {
		iso.After(5*time.Millisecond, false, func() { order <- "five" })
		for start := time.Now(); time.Since(start) < 20*time.Millisecond; { // a job that computes
		}
		iso.After(time.Millisecond, false, func() { order <- "one" })
	})
	if err != nil {
		t.Fatal(err)
	}
	if first := <-order; first != "one" {
		t.Errorf("%s fired first", first)
	}
	<-order
}
