package wiresign

import (
	"runtime"
	"sync/atomic"
	"testing"
)

func TestAForgottenObjectIsFreed(t *testing.T) {
	var freed atomic.Int32
	func() {
		for range 10 {
			forgotten := &object[*int]{}
			forgotten.own(new(int), func(*int) { freed.Add(1) })
		}
	}()
	eventually(t, "all of them are freed", func() bool {
		runtime.GC()
		return freed.Load() == 10
	})
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
