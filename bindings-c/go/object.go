package wiresign

import (
	"runtime"
	"sync/atomic"
)

// An object owns one native object, of which P is the pointer. It counts the calls that are using it, so that Close waits for none of them and
// frees the memory after the last. Any goroutine may call any method at any time.
type object[P comparable] struct {
	pointer P
	free    func(P)
	cleanup runtime.Cleanup
	users   atomic.Int64
	freed   atomic.Bool
}

// closed is what Close adds to the count of users.
const closed = 1 << 62

// own takes over a native object, which is freed by close, or at the latest when the object is garbage.
func (o *object[P]) own(pointer P, free func(P)) {
	o.pointer = pointer
	o.free = free
	o.cleanup = runtime.AddCleanup(o, free, pointer)
}

// isNothing is true for a zero value, which no constructor made.
func (o *object[P]) isNothing() bool {
	var nothing P
	return o == nil || o.pointer == nothing
}

// enter begins a call. False, and no call may be made, when the object is closed. A call ends with leave, which also
// keeps the object from being taken for garbage meanwhile.
func (o *object[P]) enter() bool {
	if o.isNothing() {
		return false
	}
	if o.users.Add(1) > closed {
		o.leave()
		return false
	}
	insideCall()
	return true
}

func (o *object[P]) leave() {
	if o.users.Add(-1) == closed {
		o.release()
	}
}

// close is idempotent.
func (o *object[P]) close() {
	if o.isNothing() {
		return
	}
	for {
		users := o.users.Load()
		if users >= closed {
			return
		}
		if o.users.CompareAndSwap(users, users+closed) {
			if users == 0 {
				o.release()
			}
			return
		}
	}
}

// release frees once, although a late enter and leave of a closed object may come by here again.
func (o *object[P]) release() {
	if o.freed.CompareAndSwap(false, true) {
		o.cleanup.Stop()
		o.free(o.pointer)
	}
}
