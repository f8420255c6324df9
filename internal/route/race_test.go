//go:build race

package route

// racing: the race detector empties pools at random, and so makes allocations.
const racing = true
