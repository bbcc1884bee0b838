package wiresign

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestAForgottenObjectIsFreed(t *testing.T) {
	var freed atomic.Int32
	func() {
		for range 10 {
			forgotten := &object[*int]{}
			forgotten.own(new(int), func(*int) { freed.Add(1) })
		}
	}()
	for range 200 {
		runtime.GC()
		if freed.Load() == 10 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d of 10 were freed", freed.Load())
}

func TestAnObjectIsFreedOnceAndByTheLastUser(t *testing.T) {
	freed := 0
	used := &object[*int]{}
	used.own(new(int), func(*int) { freed++ })
	if !used.enter() || !used.enter() {
		t.Fatal("it is open")
	}
	used.close()
	used.leave()
	if freed != 0 || used.enter() {
		t.Error("it is closed, and still in use")
	}
	used.leave()
	used.close()
	if freed != 1 || used.enter() || freed != 1 {
		t.Error("freed", freed)
	}
}
