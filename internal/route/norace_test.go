//go:build !race

package route

// racing says that the race detector is on.
const racing = false
