package wiresign

/*
#cgo noescape wiresign_go_update
#cgo nocallback wiresign_go_update
#include "native.h"

static int32_t wiresign_go_update(wiresign_body_verification *verification, const uint8_t *bytes, size_t length,
                                  uintptr_t *error)
{
    wiresign_error *native = NULL;
    int32_t status = wiresign_body_verification_update(verification, bytes, length, &native);
    *error = (uintptr_t)native;
    return status;
}

static wiresign_error *wiresign_go_update_error(uintptr_t number)
{
    return (wiresign_error *)number;
}
*/
import "C"

import "sync"

// A BodyVerification waits for the rest of a body. It needs the same little memory for a body of any size. Calls of
// several goroutines wait for one another; nothing of the body is verified before Finish succeeded.
type BodyVerification struct {
	object[*C.wiresign_body_verification]
	terms   *terms
	request Request
	calls   sync.Mutex
}

// NeedsBody is false on a public route, whose body nobody looks at.
func (b *BodyVerification) NeedsBody() bool {
	if !b.enter() {
		return false
	}
	defer b.leave()
	b.calls.Lock()
	defer b.calls.Unlock()
	return bool(C.wiresign_body_verification_needs_body(b.pointer))
}

// DeclareLength takes the length that the head declares. It refuses one that is too long, before anything is read.
func (b *BodyVerification) DeclareLength(declared uint64) error {
	if !b.enter() {
		return spent("verification")
	}
	defer b.leave()
	b.calls.Lock()
	defer b.calls.Unlock()
	var failure *C.wiresign_error
	status := C.wiresign_body_verification_declare_length(b.pointer, C.uint64_t(declared), &failure)
	if status != C.WIRESIGN_OK {
		return taken(status, failure)
	}
	return nil
}

// Update takes the next bytes of the body, in any pieces. It refuses as soon as the body is too long.
func (b *BodyVerification) Update(piece []byte) error {
	if !b.enter() {
		return spent("verification")
	}
	defer b.leave()
	b.calls.Lock()
	defer b.calls.Unlock()
	var failure C.uintptr_t
	if status := C.wiresign_go_update(b.pointer, data(piece), C.size_t(len(piece)), &failure); status != C.WIRESIGN_OK {
		return taken(status, C.wiresign_go_update_error(failure))
	}
	return nil
}

// Finish ends the body and gives the verdict. Afterwards the object is spent.
func (b *BodyVerification) Finish() (*Caller, error) {
	if !b.enter() {
		return nil, spent("verification")
	}
	defer b.leave()
	b.calls.Lock()
	defer b.calls.Unlock()
	var native *C.wiresign_verified
	var failure *C.wiresign_error
	if status := C.wiresign_body_verification_finish(b.pointer, &native, &failure); status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return callerOf(native, b.terms, &b.request), nil
}

// Close frees the native object, finished or not. It may be called twice.
func (b *BodyVerification) Close() error {
	if b != nil {
		b.close()
	}
	return nil
}

func bodyVerificationOf(native *C.wiresign_body_verification, terms *terms, request *Request) *BodyVerification {
	// Of the request only what names a caller is needed later.
	verification := &BodyVerification{terms: terms, request: Request{Header: request.Header, Fields: request.Fields}}
	verification.own(native, func(native *C.wiresign_body_verification) { C.wiresign_body_verification_free(native) })
	return verification
}
