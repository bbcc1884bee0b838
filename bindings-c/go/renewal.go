package wiresign

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A renewal holds a value that ends, and fetches the next one before that: one fetch at a time, while all others go on with
// the value at hand. Only without one does anybody wait.
type renewal[T any] struct {
	// What is fetched, in words for the log.
	what    string
	timeout time.Duration
	fetch   func(context.Context) (held[T], error)
	// Makes the error of the type that its users know of one that the renewal found.
	fail func(error) error

	mutex      sync.Mutex
	hand       *held[T]
	running    chan struct{}
	failure    error
	quietUntil time.Time
}

// A held value, and its times.
type held[T any] struct {
	value T
	// From then on the next one is due; the zero time: never.
	renew time.Time
	// From then on it is no good any more; the zero time: never.
	ends time.Time
	// For how long nobody asks after a failure, while there is the value.
	pause time.Duration
}

func (h *held[T]) isGood(now time.Time) bool {
	return h != nil && (h.ends.IsZero() || now.Before(h.ends))
}

func (h *held[T]) isDue(now time.Time) bool {
	return !h.renew.IsZero() && !now.Before(h.renew)
}

// pauseWithout is for how long nobody asks after a failure where there is nothing.
const pauseWithout = time.Second

// get gives a value that has not ended. The error is that of the fetch, or of the context.
func (r *renewal[T]) get(ctx context.Context) (T, error) {
	var nothing T
	value, failure, fetched := r.atHand(time.Now())
	if fetched == nil {
		return value, failure
	}
	select {
	case <-fetched:
	case <-ctx.Done():
		return nothing, ctx.Err()
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.hand.isGood(time.Now()) {
		return r.hand.value, nil
	}
	return nothing, r.failure
}

// atHand gives what there is, or what ends with the fetch to wait for.
func (r *renewal[T]) atHand(now time.Time) (value T, failure error, fetched <-chan struct{}) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	isGood, isQuiet := r.hand.isGood(now), now.Before(r.quietUntil)
	if isGood && (isQuiet || !r.hand.isDue(now)) {
		return r.hand.value, nil, nil
	}
	if !isGood && isQuiet && r.running == nil {
		return value, r.failure, nil
	}
	if r.running == nil {
		r.running = make(chan struct{})
		go r.run(r.running)
	}
	if isGood {
		return r.hand.value, nil, nil
	}
	return value, nil, r.running
}

func (r *renewal[T]) run(running chan struct{}) {
	// Not the context of whoever asked: others wait for the same.
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	fetched, err := r.guarded(ctx)
	now := time.Now()
	if err == nil && !fetched.isGood(now) {
		err = r.fail(fmt.Errorf("%s has ended already", r.what))
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.running = nil
	r.failure = err
	switch {
	case err == nil:
		r.hand, r.quietUntil = &fetched, time.Time{}
	case r.hand.isGood(now):
		r.quietUntil = now.Add(r.hand.pause)
		slog.Warn("wiresign: "+r.what+" could not be renewed, and the one at hand is used on", "error", err)
	default:
		r.quietUntil = now.Add(pauseWithout)
	}
	close(running)
}

// guarded fetches. A panic of what belongs to others is an error.
func (r *renewal[T]) guarded(ctx context.Context) (fetched held[T], err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = r.fail(fmt.Errorf("%s could not be fetched: panic: %v", r.what, thrown))
		}
	}()
	return r.fetch(ctx)
}
