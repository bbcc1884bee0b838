package main

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// How many goroutines verify at once, one request each.
const goroutines = 10_000

// manyAtOnce is S2 as Go sees it: one verifier with its replay store, used by ten thousand goroutines at once, against one
// goroutine that verifies as many requests. What it costs to wake them all is in it.
func manyAtOnce(described fleet) row {
	bench := newBench(described, 200)
	alone, together := math.Inf(1), math.Inf(1)
	for range 6 {
		alone = min(alone, bench.inTurn(bench.requests(goroutines)))
		together = min(together, bench.atOnce(bench.requests(goroutines)))
	}
	what := fmt.Sprintf("Go, 200 B: a verify from %d goroutines at once (%.0f ns) against one goroutine (%.0f ns)", goroutines, together, alone)
	return row{ID: "S2", What: what, Measured: alone / together, Unit: "faster"}
}

func (b *bench) requests(count int) []*request {
	var made []*request
	for len(made) < count {
		made = append(made, b.batch()...)
	}
	return made
}

func (b *bench) inTurn(requests []*request) float64 {
	start := time.Now()
	b.into(requests)
	return float64(time.Since(start).Nanoseconds()) / float64(len(requests))
}

func (b *bench) atOnce(requests []*request) float64 {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for at := range requests {
		ready.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			ready.Done()
			<-begin
			b.into(requests[at : at+1])
		}()
	}
	ready.Wait()
	start := time.Now()
	close(begin)
	done.Wait()
	return float64(time.Since(start).Nanoseconds()) / float64(len(requests))
}
