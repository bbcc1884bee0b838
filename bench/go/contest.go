package main

import (
	"math"
	"runtime"
	"time"
)

// A contestant verifies all requests of a batch.
type contestant struct {
	name string
	run  func([]*request)
}

// contest times several contestants side by side, as src/contest.rs does: the fastest batch of each counts, and they take
// turns. The order is rotated, because who comes after whom makes a difference. Gives nanoseconds per request.
func contest(rounds int, prepare func() []*request, contestants []contestant) []float64 {
	best := make([]float64, len(contestants))
	for at := range best {
		best[at] = math.Inf(1)
	}
	for round := range rounds {
		for turn := range contestants {
			at := (round + turn) % len(contestants)
			batch := prepare()
			start := time.Now()
			contestants[at].run(batch)
			elapsed := time.Since(start)
			best[at] = min(best[at], float64(elapsed.Nanoseconds())/float64(len(batch)))
		}
		if round%64 == 0 {
			runtime.GC()
		}
	}
	return best
}
