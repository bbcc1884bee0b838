package wiresign

/*
#cgo noescape wiresign_go_read_verified
#cgo nocallback wiresign_go_read_verified
#include "native.h"

typedef struct wiresign_go_verified {
    wiresign_go_text service;
    wiresign_go_text key_id;
    wiresign_go_text scheme;
    wiresign_go_text request_id;
    int64_t age;
    uint64_t timestamp;
    bool has_timestamp;
    bool is_public;
    bool key_is_retiring;
    bool request_id_is_signed;
} wiresign_go_verified;

// Who called, in one crossing.
static void wiresign_go_read_verified(const wiresign_verified *verified, wiresign_go_verified *out)
{
    out->service = WIRESIGN_GO_TEXT(wiresign_verified_service, verified);
    out->key_id = WIRESIGN_GO_TEXT(wiresign_verified_key_id, verified);
    out->scheme = WIRESIGN_GO_TEXT(wiresign_verified_scheme, verified);
    out->request_id = WIRESIGN_GO_TEXT(wiresign_verified_request_id, verified);
    out->has_timestamp = wiresign_verified_timestamp(verified, &out->timestamp);
    wiresign_verified_age(verified, &out->age);
    out->is_public = wiresign_verified_is_public(verified);
    out->key_is_retiring = wiresign_verified_key_is_retiring(verified);
    out->request_id_is_signed = wiresign_verified_request_id_is_signed(verified);
}

static wiresign_go_text wiresign_go_verified_route(const wiresign_verified *verified)
{
    return WIRESIGN_GO_TEXT(wiresign_verified_route, verified);
}

static wiresign_go_text wiresign_go_verified_replay_key(const wiresign_verified *verified)
{
    return WIRESIGN_GO_TEXT(wiresign_verified_replay_key, verified);
}

static wiresign_go_text wiresign_go_verified_schemes(const wiresign_verified *verified, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_verified_schemes, verified, index);
}

static wiresign_go_text wiresign_go_verified_covered(const wiresign_verified *verified, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_verified_covered, verified, index);
}
*/
import "C"

import (
	"strconv"
	"unsafe"
)

// An Identity is who called, from verified material only. Only a verification makes one; the zero value is nobody.
type Identity struct {
	service, keyID, scheme, requestID string
	age                               int64
	timestamp                         uint64
	hasTimestamp                      bool
	isPublic                          bool
	keyIsRetiring                     bool
	requestIDIsSigned                 bool
}

// Service is the id of the calling service; empty only on a public route.
func (i *Identity) Service() string { return i.service }

// KeyID names the key that made the signature; empty on a public route.
func (i *Identity) KeyID() string { return i.keyID }

// KeyIsRetiring is true when the configuration marks that key as retiring.
func (i *Identity) KeyIsRetiring() bool { return i.keyIsRetiring }

// Scheme is the id of the wire format, such as "service-hmac-v2"; empty on a public route.
func (i *Identity) Scheme() string { return i.scheme }

// Age is how many seconds ago the request was signed, negative when it comes from the future. False when there is no
// signed time, as on a public route.
func (i *Identity) Age() (seconds int64, known bool) { return i.age, i.hasTimestamp }

// Timestamp is the signed Unix time in seconds. False when there is none, as on a public route.
func (i *Identity) Timestamp() (seconds uint64, known bool) { return i.timestamp, i.hasTimestamp }

// RequestID is the request id; empty when the request has none that may be logged.
func (i *Identity) RequestID() string { return i.requestID }

// RequestIDIsSigned says whether the signature covers the request id. Only then does it say anything about the caller.
func (i *Identity) RequestIDIsSigned() bool { return i.requestIDIsSigned }

// IsPublic is true when a public route let the request in without a look at its credentials: then nobody is known.
func (i *Identity) IsPublic() bool { return i.isPublic }

// A Caller is an Identity and the accepted request that it was found on, of which more can be asked. It is immutable, and
// any number of goroutines may share it.
type Caller struct {
	Identity
	native object[*C.wiresign_verified]
}

// Route is the pattern of the route in the configuration that matched; empty when none did.
func (c *Caller) Route() string {
	if !c.native.enter() {
		return ""
	}
	defer c.native.leave()
	return copied(C.wiresign_go_verified_route(c.native.pointer))
}

// Covered names what the signature covers: method, path, query, timestamp, service, target-service, nonce, body.
func (c *Caller) Covered() []string {
	if !c.native.enter() {
		return nil
	}
	defer c.native.leave()
	covered := make([]string, C.wiresign_verified_covered_count(c.native.pointer))
	for at := range covered {
		covered[at] = copied(C.wiresign_go_verified_covered(c.native.pointer, C.size_t(at)))
	}
	return covered
}

// Schemes are the wire formats of all credentials that were verified: several where a route asks for all of its schemes.
func (c *Caller) Schemes() []string {
	if !c.native.enter() {
		return nil
	}
	defer c.native.leave()
	schemes := make([]string, C.wiresign_verified_schemes_count(c.native.pointer))
	for at := range schemes {
		schemes[at] = copied(C.wiresign_go_verified_schemes(c.native.pointer, C.size_t(at)))
	}
	return schemes
}

// ReplayKey is what no second request may share with this one, for a store of your own; empty where replays are not
// looked for.
func (c *Caller) ReplayKey() string {
	if !c.native.enter() {
		return ""
	}
	defer c.native.leave()
	return copied(C.wiresign_go_verified_replay_key(c.native.pointer))
}

// RequireService refuses the request unless one of these services made it: a rule that an application adds to those of
// its configuration. Without any service named, each caller will do, but there must be one. The error is a *Refusal.
func (c *Caller) RequireService(services ...string) error {
	if !c.native.enter() {
		return spent("caller")
	}
	defer c.native.leave()
	block, lengths := flatTexts(services)
	var failure *C.wiresign_error
	status := C.wiresign_verified_require_service(c.native.pointer, (*C.char)(unsafe.Pointer(unsafe.SliceData(block))),
		C.size_t(len(block)), numbers(lengths), C.size_t(len(lengths)), &failure)
	if status != C.WIRESIGN_OK {
		return taken(status, failure)
	}
	return nil
}

// String names the caller for people.
func (c *Caller) String() string {
	if c.isPublic {
		return "wiresign.Caller(public)"
	}
	return "wiresign.Caller(" + strconv.Quote(c.service) + ")"
}

// callerOf takes over a native object.
func callerOf(native *C.wiresign_verified, known *texts, request *Request) *Caller {
	var read C.wiresign_go_verified
	C.wiresign_go_read_verified(native, &read)
	caller := &Caller{
		Identity: Identity{
			service:           known.of(borrowed(read.service)),
			keyID:             known.of(borrowed(read.key_id)),
			scheme:            known.of(borrowed(read.scheme)),
			requestID:         request.requestID(borrowed(read.request_id)),
			age:               int64(read.age),
			timestamp:         uint64(read.timestamp),
			hasTimestamp:      bool(read.has_timestamp),
			isPublic:          bool(read.is_public),
			keyIsRetiring:     bool(read.key_is_retiring),
			requestIDIsSigned: bool(read.request_id_is_signed),
		},
	}
	caller.native.own(native, func(native *C.wiresign_verified) { C.wiresign_verified_free(native) })
	return caller
}
