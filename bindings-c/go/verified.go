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
    wiresign_go_text route;
    wiresign_go_text replay_key;
    wiresign_go_text subject;
    wiresign_go_text tenant;
    wiresign_go_text claims;
    uint64_t token_expires;
    size_t covered_count;
    size_t schemes_count;
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
    out->route = WIRESIGN_GO_TEXT(wiresign_verified_route, verified);
    out->replay_key = WIRESIGN_GO_TEXT(wiresign_verified_replay_key, verified);
    out->subject = WIRESIGN_GO_TEXT(wiresign_verified_subject, verified);
    out->tenant = WIRESIGN_GO_TEXT(wiresign_verified_tenant, verified);
    out->claims = WIRESIGN_GO_TEXT(wiresign_verified_claims, verified);
    wiresign_verified_token_expires(verified, &out->token_expires);
    out->covered_count = wiresign_verified_covered_count(verified);
    out->schemes_count = wiresign_verified_schemes_count(verified);
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
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// An Identity is who called, from verified material only. Only a verification makes one; the zero value is nobody.
type Identity struct {
	facts        *facts
	requestID    string
	age          int64
	timestamp    uint64
	hasTimestamp bool
	// What the request's token says, or the proof of an IAM identity; nil where it has neither.
	token *token
}

// A token is what a verified token says. A proof of an IAM identity has a subject and nothing else.
type token struct {
	subject, tenant, claims string
	expires                 uint64
}

// noToken is what the requests without one say.
var noToken = &token{}

func (i *Identity) known() *facts {
	if i.facts == nil {
		return nothing
	}
	return i.facts
}

func (i *Identity) said() *token {
	if i.token == nil {
		return noToken
	}
	return i.token
}

// Service is the id of the calling service; empty only on a public route.
func (i *Identity) Service() string { return i.known().service }

// KeyID names the key that made the signature; empty on a public route.
func (i *Identity) KeyID() string { return i.known().keyID }

// KeyIsRetiring is true when the configuration marks that key as retiring.
func (i *Identity) KeyIsRetiring() bool { return i.known().keyIsRetiring }

// Scheme is the id of the wire format, such as "service-hmac-v2"; empty on a public route.
func (i *Identity) Scheme() string { return i.known().scheme }

// Age is how many seconds ago the request was signed, negative when it comes from the future. False when there is no
// signed time, as on a public route.
func (i *Identity) Age() (seconds int64, known bool) { return i.age, i.hasTimestamp }

// Timestamp is the signed Unix time in seconds. False when there is none, as on a public route.
func (i *Identity) Timestamp() (seconds uint64, known bool) { return i.timestamp, i.hasTimestamp }

// RequestID is the request id; empty when the request has none that may be logged.
func (i *Identity) RequestID() string { return i.requestID }

// RequestIDIsSigned says whether the signature covers the request id. Only then does it say anything about the caller.
func (i *Identity) RequestIDIsSigned() bool { return i.known().requestIDIsSigned }

// IsPublic is true when a public route let the request in without a look at its credentials: then nobody is known.
func (i *Identity) IsPublic() bool { return i.known().isPublic }

// Route is the pattern of the route in the configuration that matched; empty when none did.
func (i *Identity) Route() string { return i.known().route }

// Covered names what the signature covers: method, path, query, timestamp, service, target-service, nonce, body.
func (i *Identity) Covered() []string { return slices.Clone(i.known().covered) }

// Schemes are the wire formats of all credentials that were verified: several where a route asks for all of its schemes.
func (i *Identity) Schemes() []string { return slices.Clone(i.known().schemes) }

// Subject is the subject ("sub") of the request's token, or the ARN that AWS has confirmed; empty where the request has
// neither, or the token no subject.
func (i *Identity) Subject() string { return i.said().subject }

// Tenant is the tenant that the request's token names, in the claim that the configuration says; empty where it names none.
func (i *Identity) Tenant() string { return i.said().tenant }

// TokenExpires is when the request's token expires, in Unix seconds. False where it has no token.
func (i *Identity) TokenExpires() (seconds uint64, known bool) {
	return i.said().expires, i.said().claims != ""
}

// Claims are all claims of the request's token, as the JSON object that was signed; nil where it has no token.
func (i *Identity) Claims() json.RawMessage {
	if i.said().claims == "" {
		return nil
	}
	return json.RawMessage(i.token.claims)
}

// A Caller is an Identity and the accepted request that it was found on, of which more can be asked. It is immutable, and
// any number of goroutines may share it.
type Caller struct {
	Identity
	terms *terms
	// Empty where it follows from the service and the request id.
	replayKey string
	// What an external replay store has a say in; nil for the other requests.
	native *object[*C.wiresign_verified]
}

// The scheme whose replay key is made of the signed request id, in the scope of its service.
const keyedByRequestID = "service-hmac-v2"

// How many bytes of its hash stand for the service there.
const scopeBytes = 16

// ReplayKey is what no second request may share with this one, for a store of your own; empty where replays are not
// looked for.
func (c *Caller) ReplayKey() string {
	if c.replayKey != "" || c.Scheme() != keyedByRequestID {
		return c.replayKey
	}
	scope := sha256.Sum256([]byte("wiresign-replay\n" + c.Service()))
	key := sha256.Sum256(append(scope[:scopeBytes:scopeBytes], c.requestID...))
	return "n:" + hex.EncodeToString(key[:])
}

// RequireService refuses the request unless one of these services made it: a rule that an application adds to those of
// its configuration. Without any service named, each caller will do, but there must be one. The error is a *Refusal.
func (c *Caller) RequireService(services ...string) error {
	service, err := c.required()
	if err != nil || len(services) == 0 || slices.Contains(services, service) {
		return err
	}
	shown := ErrServiceNotAllowed
	if !c.terms.revealsCodes {
		shown = ErrPermissionDenied
	}
	return c.terms.refusal(ErrServiceNotAllowed, shown, service, c.requestID, "the application does not take "+service+" here")
}

// RequirePermission refuses the request unless its caller may do all that a pattern matches, such as "POST /invoices/**": by
// "permissions" of the configuration, and by those of the request's token. The error is a *Refusal; a *Failure for what is no
// pattern, and when the verifier is closed.
func (c *Caller) RequirePermission(permission string) error {
	if err := checkPermission(permission); err != nil {
		return err
	}
	service, err := c.required()
	if err != nil {
		return err
	}
	permits, err := c.terms.permissions.permits(service, c.said().claims, permission)
	if err != nil || permits {
		return err
	}
	return c.terms.refusal(ErrPermissionDenied, ErrPermissionDenied, service, c.requestID,
		service+" lacks a permission that the application requires here")
}

// required gives the id of the calling service, where an application needs one.
func (c *Caller) required() (string, error) {
	if c.terms == nil {
		return "", spent("caller")
	}
	if service := c.Service(); service != "" {
		return service, nil
	}
	return "", c.terms.refusal(ErrAuthenticationRequired, ErrAuthenticationRequired, "", "",
		"the route is public in the config, and the application needs a caller here")
}

// String names the caller for people.
func (c *Caller) String() string {
	if c.IsPublic() {
		return "wiresign.Caller(public)"
	}
	return "wiresign.Caller(" + strconv.Quote(c.Service()) + ")"
}

// terms are what has to be known here of the configuration that is in force, most of it without a call.
type terms struct {
	realm         string
	revealsCodes  bool
	bodyLimit     int64
	hasHandshakes bool
	// Those of a configuration that was replaced are freed as garbage: requests that it has accepted may still be served.
	permissions *permissions
}

func (t *terms) refusal(code, shown RefusalCode, service, requestID, detail string) *Refusal {
	body := struct {
		Error     string  `json:"error"`
		Code      string  `json:"code"`
		RequestID *string `json:"requestId"`
	}{shown.Message(), shown.String(), nil}
	if requestID != "" {
		body.RequestID = &requestID
	}
	text, err := json.Marshal(body)
	if err != nil {
		return &Refusal{Code: code, Detail: err.Error(), Response: RefusalResponse{Status: http.StatusInternalServerError}}
	}
	response := RefusalResponse{Status: shown.Status(), Code: shown, Body: string(text)}
	if response.Status == http.StatusUnauthorized {
		response.WWWAuthenticate = "Wiresign realm=\"" + t.realm + "\""
	}
	return &Refusal{Code: code, Detail: detail, Service: service, RequestID: requestID, Response: response}
}

// callerOf takes over a native object.
func callerOf(native *C.wiresign_verified, terms *terms, request *Request) *Caller {
	owned := &object[*C.wiresign_verified]{}
	owned.own(native, func(native *C.wiresign_verified) { C.wiresign_verified_free(native) })
	var read C.wiresign_go_verified
	C.wiresign_go_read_verified(native, &read)
	known := &facts{
		service:           copied(read.service),
		keyID:             copied(read.key_id),
		scheme:            copied(read.scheme),
		route:             copied(read.route),
		covered:           make([]string, read.covered_count),
		schemes:           make([]string, read.schemes_count),
		isPublic:          bool(read.is_public),
		keyIsRetiring:     bool(read.key_is_retiring),
		requestIDIsSigned: bool(read.request_id_is_signed),
	}
	for at := range known.covered {
		known.covered[at] = copied(C.wiresign_go_verified_covered(native, C.size_t(at)))
	}
	for at := range known.schemes {
		known.schemes[at] = copied(C.wiresign_go_verified_schemes(native, C.size_t(at)))
	}
	caller := &Caller{
		Identity: Identity{
			facts:        known,
			requestID:    request.requestID(borrowed(read.request_id)),
			age:          int64(read.age),
			timestamp:    uint64(read.timestamp),
			hasTimestamp: bool(read.has_timestamp),
		},
		terms:     terms,
		replayKey: copied(read.replay_key),
	}
	// The proof of an IAM identity has a subject, and is no token.
	if read.claims.data != nil || read.subject.data != nil {
		caller.token = &token{
			subject: copied(read.subject),
			tenant:  copied(read.tenant),
			claims:  copied(read.claims),
			expires: uint64(read.token_expires),
		}
	}
	if _, unsettled := replaySecondsOf(native); unsettled {
		caller.native = owned
	} else {
		owned.close()
	}
	return caller
}
