package wiresign

// #include "native.h"
import "C"

import (
	"context"
	"time"
)

// A ReplayOutcome is what an external replay store says of a key.
type ReplayOutcome uint32

const (
	// ReplayFirst: the key was not there, and is now.
	ReplayFirst ReplayOutcome = C.WIRESIGN_REPLAY_FIRST
	// ReplayRepeated: the key was there already.
	ReplayRepeated ReplayOutcome = C.WIRESIGN_REPLAY_REPEATED
	// ReplayUnavailable: the store gave no answer.
	ReplayUnavailable ReplayOutcome = C.WIRESIGN_REPLAY_UNAVAILABLE
)

// A ReplayStore is shared by several verifiers, so that a request is accepted once by all of them together. The
// configuration names it: "replay": {"store": "external"}.
type ReplayStore interface {
	// Insert remembers a key for so long unless it is there, both in one step for all who share the store.
	Insert(ctx context.Context, key string, ttl time.Duration) ReplayOutcome
}

// WithReplayStore lets Middleware ask a store of your own. Without it, a configuration with an external store refuses
// what would have to be remembered.
func WithReplayStore(store ReplayStore) MiddlewareOption {
	return func(o *observer) { o.store = store }
}

// ReplaySeconds is for how long an external store must remember ReplayKey. False where it need not: the request may come
// again, or the configuration names no external store.
func (c *Caller) ReplaySeconds() (seconds uint64, known bool) {
	if c.native == nil || !c.native.enter() {
		return 0, false
	}
	defer c.native.leave()
	return replaySecondsOf(c.native.pointer)
}

func replaySecondsOf(native *C.wiresign_verified) (seconds uint64, known bool) {
	var read C.uint64_t
	known = bool(C.wiresign_verified_replay_seconds(native, &read))
	return uint64(read), known
}

// SettleReplay takes what an external store says of an accepted request. The error is a *Refusal: only when it is nil
// the request is accepted. Middleware calls it by itself; after Verify, VerifyBytes and Finish it is yours to call.
func (v *Verifier) SettleReplay(caller *Caller, outcome ReplayOutcome) error {
	if !v.enter() {
		return spent("verifier")
	}
	defer v.leave()
	if caller == nil || caller.terms == nil {
		return spent("caller")
	}
	if caller.native == nil {
		return nil // no external store has a say
	}
	if !caller.native.enter() {
		return spent("caller")
	}
	defer caller.native.leave()
	var failure *C.wiresign_error
	status := C.wiresign_verifier_settle_replay(v.pointer, caller.native.pointer, C.uint32_t(outcome), &failure)
	if status != C.WIRESIGN_OK {
		return taken(status, failure)
	}
	return nil
}

// settle asks the store where the configuration wants one. A store that panics gave no answer.
func (o *observer) settle(ctx context.Context, verifier *Verifier, caller *Caller) error {
	seconds, known := caller.ReplaySeconds()
	if !known {
		return nil
	}
	outcome := ReplayUnavailable
	if o.store == nil {
		o.report(ctx, "no verdict on a replay", "the replay store is external, and Middleware was given none")
	} else {
		o.harmless(ctx, "replay store", func() {
			outcome = o.store.Insert(ctx, caller.ReplayKey(), time.Duration(seconds)*time.Second)
		})
	}
	return verifier.SettleReplay(caller, outcome)
}
