package wiresign

/*
#cgo noescape wiresign_go_verify_into
#cgo nocallback wiresign_go_verify_into
#cgo noescape wiresign_go_verify
#cgo nocallback wiresign_go_verify
#cgo noescape wiresign_go_begin
#cgo nocallback wiresign_go_begin
#cgo noescape wiresign_verifier_is_public
#cgo nocallback wiresign_verifier_is_public
#cgo nocallback wiresign_verifier_body_limit
#include "native.h"

// What a verdict is written to. Pointers to objects are numbers here, since memory of Go without any pointer is lent
// to a call without checks.
typedef struct wiresign_go_verdict {
    wiresign_verified_values values;
    uintptr_t object;
    uintptr_t error;
} wiresign_go_verdict;

static int32_t wiresign_go_verify_into(uintptr_t verifier, const char *method, size_t method_length,
                                       const char *target, size_t target_length, const char *authority,
                                       size_t authority_length, const uint8_t *headers, size_t headers_length,
                                       const uint32_t *header_lengths, size_t header_count, const uint8_t *body,
                                       size_t body_length, const uint8_t *client, size_t client_length, uint64_t now,
                                       wiresign_go_verdict *out)
{
    wiresign_error *error = NULL;
    int32_t status = wiresign_verifier_verify_into(
        (const wiresign_verifier *)verifier, method, method_length, target, target_length,
        authority_length == 0 ? NULL : authority, authority_length, (const char *)headers, headers_length,
        header_lengths, header_count, body, body_length, client_length == 0 ? NULL : client, client_length, now,
        &out->values, &error);
    out->error = (uintptr_t)error;
    return status;
}

static int32_t wiresign_go_verify(uintptr_t verifier, const char *method, size_t method_length, const char *target,
                                  size_t target_length, const char *authority, size_t authority_length,
                                  const uint8_t *headers, size_t headers_length, const uint32_t *header_lengths,
                                  size_t header_count, const uint8_t *body, size_t body_length, const uint8_t *client,
                                  size_t client_length, uint64_t now, wiresign_go_verdict *out)
{
    wiresign_error *error = NULL;
    wiresign_verified *verified = NULL;
    int32_t status = wiresign_verifier_verify(
        (const wiresign_verifier *)verifier, method, method_length, target, target_length,
        authority_length == 0 ? NULL : authority, authority_length, (const char *)headers, headers_length,
        header_lengths, header_count, body, body_length, client_length == 0 ? NULL : client, client_length, now,
        &verified, &error);
    out->object = (uintptr_t)verified;
    out->error = (uintptr_t)error;
    return status;
}

static int32_t wiresign_go_begin(uintptr_t verifier, const char *method, size_t method_length, const char *target,
                                 size_t target_length, const char *authority, size_t authority_length,
                                 const uint8_t *headers, size_t headers_length, const uint32_t *header_lengths,
                                 size_t header_count, const uint8_t *client, size_t client_length, uint64_t now,
                                 wiresign_go_verdict *out)
{
    wiresign_error *error = NULL;
    wiresign_body_verification *verification = NULL;
    int32_t status = wiresign_verifier_begin(
        (const wiresign_verifier *)verifier, method, method_length, target, target_length,
        authority_length == 0 ? NULL : authority, authority_length, (const char *)headers, headers_length,
        header_lengths, header_count, client_length == 0 ? NULL : client, client_length, now, &verification, &error);
    out->object = (uintptr_t)verification;
    out->error = (uintptr_t)error;
    return status;
}

static wiresign_error *wiresign_go_error_of(uintptr_t number)
{
    return (wiresign_error *)number;
}

static wiresign_verified *wiresign_go_verified_of(uintptr_t number)
{
    return (wiresign_verified *)number;
}

static wiresign_body_verification *wiresign_go_body_verification_of(uintptr_t number)
{
    return (wiresign_body_verification *)number;
}
*/
import "C"

import (
	"math"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A Verifier judges requests by a configuration, and remembers which ones it accepted. Any number of goroutines may
// share it. A service has one for its whole life, because a second one would not know the requests that the first has
// seen.
type Verifier struct {
	object[*C.wiresign_verifier]
	known  texts
	fields atomic.Pointer[[]string]

	replacing sync.Mutex
}

// NewVerifier makes a verifier with an empty replay store and counters at zero. The configuration may be closed then.
func NewVerifier(config *Config) (*Verifier, error) {
	if config == nil || !config.enter() {
		return nil, spent("configuration")
	}
	defer config.leave()
	var native *C.wiresign_verifier
	var failure *C.wiresign_error
	if status := C.wiresign_verifier_new(config.pointer, &native, &failure); status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	verifier := &Verifier{}
	verifier.fields.Store(&config.fields)
	verifier.own(native, func(native *C.wiresign_verifier) { C.wiresign_verifier_free(native) })
	return verifier, nil
}

// VerifyBytes judges a request in raw parts. The error is a *Refusal, or a *Failure where no verdict was possible; the
// request is accepted only when it is nil.
func (v *Verifier) VerifyBytes(request *Request) (*Caller, error) {
	if !v.enter() {
		return nil, spent("verifier")
	}
	defer v.leave()
	var blockSpace [usualFieldBytes]byte
	var lengthSpace [2 * usualFields]C.uint32_t
	var addressSpace [addressBytes]byte
	var verdict C.wiresign_go_verdict
	block, lengths := request.appendFields(blockSpace[:0], lengthSpace[:0], v.fields.Load())
	status := C.wiresign_go_verify(v.number(), chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), data(request.Body), C.size_t(len(request.Body)),
		(*C.uint8_t)(&addressSpace[0]), request.client(&addressSpace), request.now(), &verdict)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, C.wiresign_go_error_of(verdict.error))
	}
	return callerOf(C.wiresign_go_verified_of(verdict.object), &v.known, request), nil
}

// VerifyInto judges as VerifyBytes does, and writes who called to memory of the caller. An accepted request takes no
// memory of Go: what VerifyBytes tells beyond the Identity is what costs it. With an error the Identity is nobody.
func (v *Verifier) VerifyInto(request *Request, identity *Identity) error {
	*identity = Identity{}
	if !v.enter() {
		return spent("verifier")
	}
	var blockSpace [usualFieldBytes]byte
	var lengthSpace [2 * usualFields]C.uint32_t
	var addressSpace [addressBytes]byte
	var verdict C.wiresign_go_verdict
	block, lengths := request.appendFields(blockSpace[:0], lengthSpace[:0], v.fields.Load())
	status := C.wiresign_go_verify_into(v.number(), chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), data(request.Body), C.size_t(len(request.Body)),
		(*C.uint8_t)(&addressSpace[0]), request.client(&addressSpace), request.now(), &verdict)
	v.leave()
	if status != C.WIRESIGN_OK {
		return taken(status, C.wiresign_go_error_of(verdict.error))
	}
	values := &verdict.values
	identity.service = v.known.of(written(&values.service[0], values.service_length))
	identity.keyID = v.known.of(written(&values.key_id[0], values.key_id_length))
	identity.scheme = v.known.of(written(&values.scheme[0], values.scheme_length))
	identity.requestID = request.requestID(written(&values.request_id[0], values.request_id_length))
	identity.age = int64(values.age)
	identity.timestamp = uint64(values.timestamp)
	identity.hasTimestamp = values.has_timestamp != 0
	identity.isPublic = values.is_public != 0
	identity.keyIsRetiring = values.key_is_retiring != 0
	identity.requestIDIsSigned = values.request_id_is_signed != 0
	return nil
}

// Begin judges the head of a request whose body is still arriving. All that can be refused without the body is refused
// here. Body is not looked at.
func (v *Verifier) Begin(request *Request) (*BodyVerification, error) {
	if !v.enter() {
		return nil, spent("verifier")
	}
	defer v.leave()
	var blockSpace [usualFieldBytes]byte
	var lengthSpace [2 * usualFields]C.uint32_t
	var addressSpace [addressBytes]byte
	var verdict C.wiresign_go_verdict
	block, lengths := request.appendFields(blockSpace[:0], lengthSpace[:0], v.fields.Load())
	status := C.wiresign_go_begin(v.number(), chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), (*C.uint8_t)(&addressSpace[0]), request.client(&addressSpace), request.now(),
		&verdict)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, C.wiresign_go_error_of(verdict.error))
	}
	return bodyVerificationOf(C.wiresign_go_body_verification_of(verdict.object), &v.known, request), nil
}

// Replace puts another configuration in force, at once for all goroutines. Requests that are being judged finish on
// the old one; what was seen before and the counters are kept. The configuration may be closed then.
func (v *Verifier) Replace(config *Config) error {
	if config == nil || !config.enter() {
		return spent("configuration")
	}
	defer config.leave()
	if !v.enter() {
		return spent("verifier")
	}
	defer v.leave()
	v.replacing.Lock()
	defer v.replacing.Unlock()
	// Meanwhile requests carry all of their fields, whichever configuration judges them.
	v.fields.Store(nil)
	var failure *C.wiresign_error
	if status := C.wiresign_verifier_replace(v.pointer, config.pointer, &failure); status != C.WIRESIGN_OK {
		return taken(status, failure)
	}
	v.fields.Store(&config.fields)
	return nil
}

// Metrics gives the counters in the text format of Prometheus.
func (v *Verifier) Metrics() (string, error) {
	if !v.enter() {
		return "", spent("verifier")
	}
	defer v.leave()
	var text *C.wiresign_bytes
	var failure *C.wiresign_error
	if status := C.wiresign_verifier_metrics(v.pointer, &text, &failure); status != C.WIRESIGN_OK {
		return "", taken(status, failure)
	}
	return string(bytesOf(text)), nil
}

// IsPublic is true when a request with this method and raw target goes to a public route, so that its body need not be
// collected.
func (v *Verifier) IsPublic(method, target string) bool {
	if !v.enter() {
		return false
	}
	defer v.leave()
	return bool(C.wiresign_verifier_is_public(v.pointer, chars(method), C.size_t(len(method)), chars(target),
		C.size_t(len(target))))
}

// BodyLimit is the longest body in bytes that the configuration in force accepts.
func (v *Verifier) BodyLimit() int64 {
	if !v.enter() {
		return 0
	}
	defer v.leave()
	return int64(min(uint64(C.wiresign_verifier_body_limit(v.pointer)), math.MaxInt64))
}

// Close frees the native object, after the last call that uses it. It may be called twice.
func (v *Verifier) Close() error {
	if v != nil {
		v.close()
	}
	return nil
}

func (v *Verifier) number() C.uintptr_t {
	return C.uintptr_t(uintptr(unsafe.Pointer(v.pointer)))
}

// written gives a text of a result as a string over the same memory.
func written(first *C.char, length C.uint32_t) string {
	return unsafe.String((*byte)(unsafe.Pointer(first)), int(length))
}
