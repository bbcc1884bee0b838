package wiresign

/*
#cgo noescape wiresign_go_sign
#cgo nocallback wiresign_go_sign
#include "native.h"

// An empty text that is given is not one that is absent.
static const char *wiresign_go_given(bool is_given, const char *text, size_t length)
{
    return !is_given ? NULL : length == 0 ? "" : text;
}

static int32_t wiresign_go_signer_new(const wiresign_config *config, bool has_target, const char *target,
                                      size_t target_length, wiresign_signer **signer, wiresign_error **error)
{
    return wiresign_signer_new(config, wiresign_go_given(has_target, target, target_length), target_length, signer,
                               error);
}

static int32_t wiresign_go_signer_with_aws(const wiresign_config *config, bool has_target, const char *target,
                                           size_t target_length, const char *id, size_t id_length, const char *secret,
                                           size_t secret_length, const char *token, size_t token_length,
                                           wiresign_signer **signer, wiresign_error **error)
{
    return wiresign_signer_with_aws_credentials(
        config, wiresign_go_given(has_target, target, target_length), target_length, id, id_length, secret,
        secret_length, token_length == 0 ? NULL : token, token_length, signer, error);
}

// Where signed headers are written: memory of Go without any pointer.
typedef struct wiresign_go_signed {
    size_t block_length;
    size_t count;
    uintptr_t error;
    uint32_t lengths[2 * WIRESIGN_SIGNED_COUNT];
    char block[WIRESIGN_SIGNED_BLOCK_SIZE];
} wiresign_go_signed;

static int32_t wiresign_go_sign(uintptr_t signer, const char *method, size_t method_length, const char *target,
                                size_t target_length, const char *authority, size_t authority_length,
                                const uint8_t *headers, size_t headers_length, const uint32_t *header_lengths,
                                size_t header_count, const uint8_t *body, size_t body_length, uint64_t now,
                                bool has_nonce, const char *nonce, size_t nonce_length, wiresign_go_signed *out)
{
    wiresign_error *error = NULL;
    int32_t status = wiresign_signer_sign_into(
        (const wiresign_signer *)signer, method, method_length, target, target_length,
        authority_length == 0 ? NULL : authority, authority_length, (const char *)headers, headers_length,
        header_lengths, header_count, body, body_length, now, wiresign_go_given(has_nonce, nonce, nonce_length), nonce_length,
        out->block, sizeof out->block, &out->block_length, out->lengths, WIRESIGN_SIGNED_COUNT, &out->count, &error);
    out->error = (uintptr_t)error;
    return status;
}

static int32_t wiresign_go_message(uintptr_t signer, const char *method, size_t method_length, const char *target,
                                   size_t target_length, const char *authority, size_t authority_length,
                                   const uint8_t *headers, size_t headers_length, const uint32_t *header_lengths,
                                   size_t header_count, const uint8_t *body, size_t body_length, uint64_t now,
                                   bool has_nonce, const char *nonce, size_t nonce_length, wiresign_bytes **message,
                                   wiresign_error **error)
{
    return wiresign_signer_message(
        (const wiresign_signer *)signer, method, method_length, target, target_length,
        authority_length == 0 ? NULL : authority, authority_length, (const char *)headers, headers_length,
        header_lengths, header_count, body, body_length, now, wiresign_go_given(has_nonce, nonce, nonce_length), nonce_length, message,
        error);
}

static int32_t wiresign_go_presign(uintptr_t signer, const char *method, size_t method_length, const char *target,
                                   size_t target_length, const char *authority, size_t authority_length,
                                   const uint8_t *headers, size_t headers_length, const uint32_t *header_lengths,
                                   size_t header_count, uint64_t seconds, uint64_t now, wiresign_bytes **link,
                                   wiresign_error **error)
{
    return wiresign_signer_presign((const wiresign_signer *)signer, method, method_length, target, target_length,
                                   authority_length == 0 ? NULL : authority, authority_length, (const char *)headers,
                                   headers_length, header_lengths, header_count, seconds, now, link, error);
}

// Signs into an object, for header fields that are longer than a wiresign_go_signed.
static int32_t wiresign_go_sign_long(uintptr_t signer, const char *method, size_t method_length, const char *target,
                                     size_t target_length, const char *authority, size_t authority_length,
                                     const uint8_t *headers, size_t headers_length, const uint32_t *header_lengths,
                                     size_t header_count, const uint8_t *body, size_t body_length, uint64_t now,
                                     bool has_nonce, const char *nonce, size_t nonce_length, wiresign_signed **made,
                                     wiresign_error **error)
{
    return wiresign_signer_sign(
        (const wiresign_signer *)signer, method, method_length, target, target_length,
        authority_length == 0 ? NULL : authority, authority_length, (const char *)headers, headers_length,
        header_lengths, header_count, body, body_length, now, wiresign_go_given(has_nonce, nonce, nonce_length), nonce_length,
        made, error);
}

static int32_t wiresign_go_sign_as_asked(uintptr_t signer, const uint8_t *asking, size_t asking_length,
                                         const uint32_t *asking_lengths, size_t asking_count, const char *method,
                                         size_t method_length, const char *target, size_t target_length,
                                         const char *authority, size_t authority_length, const uint8_t *headers,
                                         size_t headers_length, const uint32_t *header_lengths, size_t header_count,
                                         const uint8_t *body, size_t body_length, uint64_t now, bool has_nonce,
                                         const char *nonce, size_t nonce_length, wiresign_signed **made,
                                         wiresign_error **error)
{
    return wiresign_signer_sign_as_asked(
        (const wiresign_signer *)signer, (const char *)asking, asking_length, asking_lengths, asking_count, method,
        method_length, target, target_length, authority_length == 0 ? NULL : authority, authority_length,
        (const char *)headers, headers_length, header_lengths, header_count, body, body_length, now,
        wiresign_go_given(has_nonce, nonce, nonce_length), nonce_length, made, error);
}

static wiresign_go_text wiresign_go_signed_name(const wiresign_signed *made, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_signed_name, made, index);
}

static wiresign_go_text wiresign_go_signed_value(const wiresign_signed *made, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_signed_value, made, index);
}

static wiresign_error *wiresign_go_sign_error(uintptr_t number)
{
    return (wiresign_error *)number;
}
*/
import "C"

import (
	"strings"
	"time"
	"unsafe"
)

// A Signer holds the credential of one caller and a scheme, and signs requests. It is immutable, and any number of
// goroutines may share it.
type Signer struct {
	object[*C.wiresign_signer]
	known texts
}

// A SignerOption adjusts NewSigner.
type SignerOption func(*signerOptions)

type signerOptions struct {
	target    string
	hasTarget bool
}

// WithTarget names the service that will be called. Schemes that sign no target need none.
func WithTarget(service string) SignerOption {
	return func(o *signerOptions) { o.target, o.hasTarget = service, true }
}

// NewSigner makes a signer of a configuration, which may be closed then. The error is a *SigningError when the
// configuration lacks what signing takes.
func NewSigner(config *Config, options ...SignerOption) (*Signer, error) {
	chosen := chosenFor(options)
	if config == nil || !config.enter() {
		return nil, spent("configuration")
	}
	defer config.leave()
	var native *C.wiresign_signer
	var failure *C.wiresign_error
	status := C.wiresign_go_signer_new(config.pointer, C.bool(chosen.hasTarget), chars(chosen.target),
		C.size_t(len(chosen.target)), &native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return ownSigner(native), nil
}

// AWSCredentials are credentials of AWS that were given out for a while, as those of a role are.
type AWSCredentials struct {
	// AccessKeyID names the credentials.
	AccessKeyID string
	// Secret is the secret access key.
	Secret string
	// SessionToken goes along with temporary credentials; empty where there is none.
	SessionToken string
	// Expires is when they end; the zero time where they do not.
	Expires time.Time
}

// String names the credentials, and shows no secret.
func (c AWSCredentials) String() string { return "wiresign.AWSCredentials(" + c.AccessKeyID + ")" }

// GoString is String, so that no form of printing shows more.
func (c AWSCredentials) GoString() string { return c.String() }

// NewSignerWithAWSCredentials makes a signer with credentials of AWS, in place of keys of the configuration. Make another one
// before they end, or let AWSSigners do it. The error is a *SigningError, also where the configuration signs with another
// scheme than "aws-identity" or "aws-sigv4".
func NewSignerWithAWSCredentials(config *Config, credentials AWSCredentials, options ...SignerOption) (*Signer, error) {
	chosen := chosenFor(options)
	if config == nil || !config.enter() {
		return nil, spent("configuration")
	}
	defer config.leave()
	var native *C.wiresign_signer
	var failure *C.wiresign_error
	status := C.wiresign_go_signer_with_aws(config.pointer, C.bool(chosen.hasTarget), chars(chosen.target),
		C.size_t(len(chosen.target)), chars(credentials.AccessKeyID), C.size_t(len(credentials.AccessKeyID)),
		chars(credentials.Secret), C.size_t(len(credentials.Secret)), chars(credentials.SessionToken),
		C.size_t(len(credentials.SessionToken)), &native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return ownSigner(native), nil
}

func chosenFor(options []SignerOption) signerOptions {
	var chosen signerOptions
	for _, option := range options {
		option(&chosen)
	}
	return chosen
}

func ownSigner(native *C.wiresign_signer) *Signer {
	signer := &Signer{}
	signer.own(native, func(native *C.wiresign_signer) { C.wiresign_signer_free(native) })
	return signer
}

// Sign gives the header fields to set, in order. The request is not changed. Each attempt to send needs a signature of
// its own. The error is a *SigningError.
func (s *Signer) Sign(request *Request) ([]Field, error) {
	return s.AppendFields(nil, request)
}

// AppendFields signs as Sign does, and appends the header fields to a slice of the caller.
func (s *Signer) AppendFields(fields []Field, request *Request) ([]Field, error) {
	if !s.enter() {
		return fields, spent("signer")
	}
	var blockSpace [usualFieldBytes]byte
	var lengthSpace [2 * usualFields]C.uint32_t
	var signed C.wiresign_go_signed
	nonce := request.nonce()
	block, lengths, _ := request.appendFields(blockSpace[:0], lengthSpace[:0], nil)
	status := C.wiresign_go_sign(s.number(), chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), data(request.Body), C.size_t(len(request.Body)), request.now(),
		C.bool(request.Nonce != nil), chars(nonce), C.size_t(len(nonce)), &signed)
	s.leave()
	if status == C.WIRESIGN_BUFFER_TOO_SMALL {
		C.wiresign_error_free(C.wiresign_go_sign_error(signed.error))
		return s.appendLong(fields, request)
	}
	if status != C.WIRESIGN_OK {
		return fields, taken(status, C.wiresign_go_sign_error(signed.error))
	}
	// One string holds all values, of which each field has its part.
	all := strings.Clone(written(&signed.block[0], C.uint32_t(signed.block_length)))
	for at := range int(signed.count) {
		name, rest := all[:signed.lengths[2*at]], all[signed.lengths[2*at]:]
		value := rest[:signed.lengths[2*at+1]]
		all = rest[len(value):]
		fields = append(fields, Field{Name: s.known.of(name), Value: value})
	}
	return fields, nil
}

// appendLong signs once more into an object: the rare fields that are too long for memory of the stack.
func (s *Signer) appendLong(fields []Field, request *Request) ([]Field, error) {
	if !s.enter() {
		return fields, spent("signer")
	}
	defer s.leave()
	nonce := request.nonce()
	block, lengths, _ := request.appendFields(nil, nil, nil)
	var made *C.wiresign_signed
	var failure *C.wiresign_error
	status := C.wiresign_go_sign_long(s.number(), chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), data(request.Body), C.size_t(len(request.Body)), request.now(),
		C.bool(request.Nonce != nil), chars(nonce), C.size_t(len(nonce)), &made, &failure)
	if status != C.WIRESIGN_OK {
		return fields, taken(status, failure)
	}
	return append(fields, s.fieldsOf(made)...), nil
}

// fieldsOf reads signed header fields, and frees them.
func (s *Signer) fieldsOf(made *C.wiresign_signed) []Field {
	defer C.wiresign_signed_free(made)
	fields := make([]Field, C.wiresign_signed_count(made))
	for at := range fields {
		fields[at] = Field{
			Name:  s.known.of(borrowed(C.wiresign_go_signed_name(made, C.size_t(at)))),
			Value: copied(C.wiresign_go_signed_value(made, C.size_t(at))),
		}
	}
	return fields
}

// Presign gives the target of a link that is signed for so many seconds, a week at most: whoever has it can use it. Only
// where the configuration signs with "aws-sigv4". The header fields of the request are signed, and must be sent with it; its
// body is not looked at. The error is a *SigningError.
func (s *Signer) Presign(request *Request, seconds uint64) (string, error) {
	if !s.enter() {
		return "", spent("signer")
	}
	defer s.leave()
	block, lengths, _ := request.appendFields(nil, nil, nil)
	var link *C.wiresign_bytes
	var failure *C.wiresign_error
	status := C.wiresign_go_presign(s.number(), chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), C.uint64_t(seconds), request.now(), &link, &failure)
	if status != C.WIRESIGN_OK {
		return "", taken(status, failure)
	}
	return string(bytesOf(link)), nil
}

// SignAsAsked signs a request once more, as the response to its first attempt asks by Accept-Signature (RFC 9421). False
// where that asks for nothing. The error is a *SigningError.
func (s *Signer) SignAsAsked(response *Response, request *Request) (fields []Field, asked bool, err error) {
	if !s.enter() {
		return nil, false, spent("signer")
	}
	defer s.leave()
	nonce := request.nonce()
	asking, askingLengths := response.flat()
	block, lengths, _ := request.appendFields(nil, nil, nil)
	var made *C.wiresign_signed
	var failure *C.wiresign_error
	status := C.wiresign_go_sign_as_asked(s.number(), data(asking), C.size_t(len(asking)), numbers(askingLengths),
		C.size_t(len(askingLengths)/2), chars(request.Method), C.size_t(len(request.Method)), chars(request.Target),
		C.size_t(len(request.Target)), chars(request.Authority), C.size_t(len(request.Authority)), data(block),
		C.size_t(len(block)), numbers(lengths), C.size_t(len(lengths)/2), data(request.Body),
		C.size_t(len(request.Body)), request.now(), C.bool(request.Nonce != nil), chars(nonce), C.size_t(len(nonce)),
		&made, &failure)
	if status != C.WIRESIGN_OK {
		return nil, false, taken(status, failure)
	}
	if made == nil {
		return nil, false, nil
	}
	return s.fieldsOf(made), true, nil
}

// Message gives the bytes that a signature of this request covers, for finding out why two sides differ. They hold the
// body and no secret. The error is a *SigningError.
func (s *Signer) Message(request *Request) ([]byte, error) {
	if !s.enter() {
		return nil, spent("signer")
	}
	defer s.leave()
	block, lengths, _ := request.appendFields(nil, nil, nil)
	nonce := request.nonce()
	var message *C.wiresign_bytes
	var failure *C.wiresign_error
	status := C.wiresign_go_message(s.number(), chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), data(request.Body), C.size_t(len(request.Body)), request.now(),
		C.bool(request.Nonce != nil), chars(nonce), C.size_t(len(nonce)), &message, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return bytesOf(message), nil
}

// Close frees the native object, after the last call that uses it. It may be called twice.
func (s *Signer) Close() error {
	if s != nil {
		s.close()
	}
	return nil
}

func (s *Signer) number() C.uintptr_t {
	return C.uintptr_t(uintptr(unsafe.Pointer(s.pointer)))
}
