package wiresign

/*
#cgo noescape wiresign_go_verify
#cgo nocallback wiresign_go_verify
#cgo noescape wiresign_go_begin
#cgo nocallback wiresign_go_begin
#cgo noescape wiresign_verifier_is_public
#cgo nocallback wiresign_verifier_is_public
#include "native.h"

// What a verdict is written to: an outcome, and room for the texts of nearly every acceptance. Memory of Go without any
// pointer is lent to a call without checks, so the object is a number here.
typedef struct wiresign_go_verdict {
    wiresign_outcome outcome;
    char texts[136];
} wiresign_go_verdict;

static int32_t wiresign_go_verify(uintptr_t verifier, const char *method, size_t method_length, const char *target,
                                  size_t target_length, const char *authority, size_t authority_length,
                                  const uint8_t *headers, size_t headers_length, const uint32_t *header_lengths,
                                  size_t header_count, const uint8_t *body, size_t body_length, const uint8_t *client,
                                  size_t client_length, uint64_t now, wiresign_go_verdict *out)
{
    return wiresign_verifier_verify_outcome(
        (const wiresign_verifier *)verifier, method, method_length, target, target_length,
        authority_length == 0 ? NULL : authority, authority_length, (const char *)headers, headers_length,
        header_lengths, header_count, body, body_length, client_length == 0 ? NULL : client, client_length, now,
        &out->outcome, sizeof *out);
}

// Whether the answers to refused requests of one status differ. A request without a method is always refused.
static bool wiresign_go_reveals_codes(const wiresign_config *config)
{
    wiresign_verifier *verifier = NULL;
    if (wiresign_verifier_new(config, &verifier, NULL) != WIRESIGN_OK) {
        return false;
    }
    struct { wiresign_outcome outcome; char texts[512]; } out;
    int32_t status = wiresign_verifier_verify_outcome(verifier, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
                                                      NULL, 0, 0, &out.outcome, sizeof out);
    wiresign_verifier_free(verifier);
    return out.outcome.response_code == status;
}

// What beginning writes to.
typedef struct wiresign_go_begun {
    uintptr_t object;
    uintptr_t error;
} wiresign_go_begun;

static int32_t wiresign_go_begin(uintptr_t verifier, const char *method, size_t method_length, const char *target,
                                 size_t target_length, const char *authority, size_t authority_length,
                                 const uint8_t *headers, size_t headers_length, const uint32_t *header_lengths,
                                 size_t header_count, const uint8_t *client, size_t client_length, uint64_t now,
                                 wiresign_go_begun *out)
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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A Verifier judges requests by a configuration, and remembers which ones it accepted. Any number of goroutines may
// share it. A service has one for its whole life, because a second one would not know the requests that the first has
// seen.
type Verifier struct {
	object[*C.wiresign_verifier]
	known  factsTable
	fields atomic.Pointer[fieldFilter]
	terms  atomic.Pointer[terms]

	replacing sync.Mutex
	// The configuration in force, to know it by: it may be closed.
	config   *Config
	watchers []*watcher
}

// A watcher is told of each configuration just before it is put in force. The replacement is not made where that fails.
type watcher struct {
	watch func(*Config) error
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
	verifier := &Verifier{config: config}
	verifier.own(native, func(native *C.wiresign_verifier) { C.wiresign_verifier_free(native) })
	terms, err := termsOf(config)
	if err != nil {
		verifier.close()
		return nil, err
	}
	verifier.fields.Store(config.fields)
	verifier.terms.Store(terms)
	return verifier, nil
}

// termsOf is to be called while the configuration is in use.
func termsOf(config *Config) (*terms, error) {
	permissions, err := permissionsOf(config)
	if err != nil {
		return nil, err
	}
	return &terms{
		realm:         config.service,
		revealsCodes:  bool(C.wiresign_go_reveals_codes(config.pointer)),
		bodyLimit:     config.bodyLimit,
		hasHandshakes: config.hasHandshakes,
		permissions:   permissions,
	}, nil
}

// VerifyBytes judges a request in raw parts. The error is a *Refusal, or a *Failure where no verdict was possible; the
// request is accepted only when it is nil.
func (v *Verifier) VerifyBytes(request *Request) (*Caller, error) {
	if !v.enter() {
		return nil, spent("verifier")
	}
	defer v.leave()
	terms := v.terms.Load()
	var verdict C.wiresign_go_verdict
	requestID, status := v.judge(request, &verdict)
	if status != C.WIRESIGN_OK {
		return nil, refusedBy(status, &verdict)
	}
	if verdict.outcome.object != 0 {
		return callerOf(C.wiresign_go_verified_of(C.uintptr_t(verdict.outcome.object)), terms, request), nil
	}
	known, err := v.known.of(v.number(), verdict.outcome.facts)
	if err != nil {
		return nil, err
	}
	caller := &Caller{terms: terms, replayKey: strings.Clone(textOf(&verdict, 1))}
	caller.fill(known, &verdict, request, requestID)
	return caller, nil
}

// VerifyInto judges as VerifyBytes does, and writes who called to memory of the caller, so that an accepted request takes
// no memory of Go, but for those of the standards, of which there is more to say. With an error the Identity is nobody. An
// Identity cannot be settled: where the configuration names an external replay store, the error is a *Failure, and
// VerifyBytes is to be used.
func (v *Verifier) VerifyInto(request *Request, identity *Identity) error {
	*identity = Identity{}
	if !v.enter() {
		return spent("verifier")
	}
	defer v.leave()
	var verdict C.wiresign_go_verdict
	requestID, status := v.judge(request, &verdict)
	if status != C.WIRESIGN_OK {
		return refusedBy(status, &verdict)
	}
	if verdict.outcome.object != 0 {
		return v.identityOf(&verdict, request, identity)
	}
	known, err := v.known.of(v.number(), verdict.outcome.facts)
	if err != nil {
		return err
	}
	identity.fill(known, &verdict, request, requestID)
	return nil
}

// judge gives the request id that the field of that name holds, too.
func (v *Verifier) judge(request *Request, verdict *C.wiresign_go_verdict) (string, C.int32_t) {
	var blockSpace [usualFieldBytes]byte
	var lengthSpace [2 * usualFields]C.uint32_t
	var addressSpace [addressBytes]byte
	block, lengths, requestID := request.appendFields(blockSpace[:0], lengthSpace[:0], v.fields.Load())
	return requestID, C.wiresign_go_verify(v.number(), chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), data(request.Body), C.size_t(len(request.Body)),
		(*C.uint8_t)(&addressSpace[0]), request.client(&addressSpace), request.now(), verdict)
}

// fill takes what a verdict says beyond the facts.
func (i *Identity) fill(known *facts, verdict *C.wiresign_go_verdict, request *Request, requestID string) {
	i.facts = known
	if text := textOf(verdict, 0); text == requestID {
		i.requestID = requestID
	} else {
		i.requestID = request.requestID(text)
	}
	i.age = int64(verdict.outcome.age)
	i.timestamp = uint64(verdict.outcome.timestamp)
	i.hasTimestamp = verdict.outcome.flags&C.WIRESIGN_OUTCOME_TIMESTAMP != 0
}

// identityOf reads the rare verdict that does not fit.
func (v *Verifier) identityOf(verdict *C.wiresign_go_verdict, request *Request, identity *Identity) error {
	caller := callerOf(C.wiresign_go_verified_of(C.uintptr_t(verdict.outcome.object)), v.terms.Load(), request)
	if caller.native != nil {
		return &Failure{Code: ErrInvalidArgument, Message: "the configuration names an external replay store, which VerifyInto cannot ask: use VerifyBytes and SettleReplay"}
	}
	*identity = caller.Identity
	return nil
}

// textOf gives a text of an outcome, as a string over the memory of the verdict.
func textOf(verdict *C.wiresign_go_verdict, which int) string {
	start := 0
	for _, length := range verdict.outcome.lengths[:which] {
		if length != C.WIRESIGN_ABSENT {
			start += int(length)
		}
	}
	if length := verdict.outcome.lengths[which]; length != C.WIRESIGN_ABSENT {
		return unsafe.String((*byte)(unsafe.Pointer(&verdict.texts[start])), int(length))
	}
	return ""
}

// refusedBy makes the error of a verdict that is no acceptance.
func refusedBy(status C.int32_t, verdict *C.wiresign_go_verdict) error {
	if verdict.outcome.object != 0 || status >= firstFailure {
		return taken(status, C.wiresign_go_error_of(C.uintptr_t(verdict.outcome.object)))
	}
	return &Refusal{
		Code:      RefusalCode(status),
		Detail:    strings.Clone(textOf(verdict, 0)),
		Service:   strings.Clone(textOf(verdict, 1)),
		RequestID: strings.Clone(textOf(verdict, 2)),
		Response: RefusalResponse{
			Status:          int(verdict.outcome.response_status),
			Code:            RefusalCode(verdict.outcome.response_code),
			WWWAuthenticate: strings.Clone(textOf(verdict, 4)),
			Body:            strings.Clone(textOf(verdict, 3)),
		},
	}
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
	var begun C.wiresign_go_begun
	terms := v.terms.Load()
	block, lengths, _ := request.appendFields(blockSpace[:0], lengthSpace[:0], v.fields.Load())
	status := C.wiresign_go_begin(v.number(), chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), (*C.uint8_t)(&addressSpace[0]), request.client(&addressSpace), request.now(),
		&begun)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, C.wiresign_go_error_of(begun.error))
	}
	return bodyVerificationOf(C.wiresign_go_body_verification_of(begun.object), terms, request), nil
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
	after, err := termsOf(config)
	if err != nil {
		return err
	}
	for _, one := range v.watchers {
		if err := one.watch(config); err != nil {
			after.permissions.close()
			return err
		}
	}
	before := v.terms.Load()
	// Meanwhile requests carry all of their fields, and may be handshakes, whichever configuration judges them.
	v.fields.Store(nil)
	between := *before
	between.hasHandshakes = true
	v.terms.Store(&between)
	var failure *C.wiresign_error
	if status := C.wiresign_verifier_replace(v.pointer, config.pointer, &failure); status != C.WIRESIGN_OK {
		v.terms.Store(before)
		after.permissions.close()
		return taken(status, failure)
	}
	v.fields.Store(config.fields)
	v.terms.Store(after)
	v.config = config
	return nil
}

// onReplacement begins to tell somebody of each configuration just before it is put in force, until what it gives is called. Nil
// where it is not this configuration that the verifier has.
func (v *Verifier) onReplacement(config *Config, watch func(*Config) error) func() {
	v.replacing.Lock()
	defer v.replacing.Unlock()
	if v.config != config {
		return nil
	}
	added := &watcher{watch}
	v.watchers = append(v.watchers, added)
	return func() {
		v.replacing.Lock()
		defer v.replacing.Unlock()
		v.watchers = slices.DeleteFunc(v.watchers, func(one *watcher) bool { return one == added })
	}
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
	return v.terms.Load().bodyLimit
}

// Close frees the native object, after the last call that uses it. It may be called twice. Of callers that it has accepted, no
// permission can be required then.
func (v *Verifier) Close() error {
	if v != nil {
		v.close()
		if terms := v.terms.Load(); terms != nil {
			terms.permissions.close()
		}
	}
	return nil
}

func (v *Verifier) number() C.uintptr_t {
	return C.uintptr_t(uintptr(unsafe.Pointer(v.pointer)))
}
