//go:build wiresigndebug

package wiresign

import "runtime"

// insideCall collects garbage while a native object is in use. Whatever the collector may take too early, it takes now.
// Cleanups run in a goroutine of their own, which gets its turn.
func insideCall() {
	runtime.GC()
	runtime.Gosched()
}
