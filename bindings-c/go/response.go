package wiresign

/*
#include "native.h"

static int32_t wiresign_go_sign_response(const wiresign_signer *signer, uint16_t status, const uint8_t *headers,
                                         size_t headers_length, const uint32_t *header_lengths, size_t header_count,
                                         const uint8_t *body, size_t body_length, const char *method,
                                         size_t method_length, const char *target, size_t target_length,
                                         const char *authority, size_t authority_length, const uint8_t *fields,
                                         size_t fields_length, const uint32_t *field_lengths, size_t field_count,
                                         uint64_t now, wiresign_signed **made, wiresign_error **error)
{
    return wiresign_signer_sign_response(signer, status, (const char *)headers, headers_length, header_lengths,
                                         header_count, body, body_length, method, method_length, target,
                                         target_length, authority_length == 0 ? NULL : authority, authority_length,
                                         (const char *)fields, fields_length, field_lengths, field_count, now, made,
                                         error);
}

static int32_t wiresign_go_verify_response(const wiresign_verifier *verifier, const char *service,
                                           size_t service_length, uint16_t status, const uint8_t *headers,
                                           size_t headers_length, const uint32_t *header_lengths, size_t header_count,
                                           const uint8_t *body, size_t body_length, const char *method,
                                           size_t method_length, const char *target, size_t target_length,
                                           const char *authority, size_t authority_length, const uint8_t *fields,
                                           size_t fields_length, const uint32_t *field_lengths, size_t field_count,
                                           uint64_t now, wiresign_verified **verified, wiresign_error **error)
{
    return wiresign_verifier_verify_response(
        verifier, service, service_length, status, (const char *)headers, headers_length, header_lengths, header_count,
        body, body_length, method, method_length, target, target_length, authority_length == 0 ? NULL : authority,
        authority_length, (const char *)fields, fields_length, field_lengths, field_count, now, verified, error);
}
*/
import "C"

import (
	"net/http"
	"strconv"
	"time"
)

// A Response is a response in raw parts, to be signed or to be verified.
type Response struct {
	// Status is the HTTP status.
	Status int
	// Header holds the header fields as net/http has them.
	Header http.Header
	// Body is the whole body.
	Body []byte
	// Now is the time to judge by or to sign with; the clock unless set. It is for tests and for the replay of logs.
	Now time.Time
}

// flat gives the header fields as the library takes lists of pairs.
func (r *Response) flat() ([]byte, []C.uint32_t) {
	var block []byte
	var lengths []C.uint32_t
	for name, values := range r.Header {
		for _, value := range values {
			block, lengths = appendField(block, lengths, name, value)
		}
	}
	return block, lengths
}

// status gives the HTTP status as the library takes it.
func (r *Response) status() (C.uint16_t, error) {
	if r.Status < 100 || r.Status > 999 {
		return 0, &Failure{Code: ErrInvalidArgument, Message: "Status: " + strconv.Itoa(r.Status) + " is none"}
	}
	return C.uint16_t(r.Status), nil
}

// SignResponse gives the header fields that sign a response by RFC 9421, together with the request that it answers, so that
// nobody can give it for the answer to another one: answered is the request as it was received, with its signature. Where
// that asks for a signature by Accept-Signature, it gets that one. The error is a *SigningError.
func (s *Signer) SignResponse(response *Response, answered *Request) ([]Field, error) {
	code, err := response.status()
	if err != nil {
		return nil, err
	}
	if !s.enter() {
		return nil, spent("signer")
	}
	defer s.leave()
	headers, headerLengths := response.flat()
	block, lengths, _ := answered.appendFields(nil, nil, nil)
	var made *C.wiresign_signed
	var failure *C.wiresign_error
	status := C.wiresign_go_sign_response(s.pointer, code, data(headers), C.size_t(len(headers)), numbers(headerLengths),
		C.size_t(len(headerLengths)/2), data(response.Body), C.size_t(len(response.Body)), chars(answered.Method),
		C.size_t(len(answered.Method)), chars(answered.Target), C.size_t(len(answered.Target)),
		chars(answered.Authority), C.size_t(len(answered.Authority)), data(block), C.size_t(len(block)),
		numbers(lengths), C.size_t(len(lengths)/2), unix(response.Now), &made, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return s.fieldsOf(made), nil
}

// VerifyResponse judges the response that a service gave, by a signature of RFC 9421 that covers it and the request that it
// answers: answered is the request as it was sent, with its signature. The error is a *Refusal, or a *Failure where no
// verdict was possible; the response is accepted only when it is nil.
func (v *Verifier) VerifyResponse(service string, response *Response, answered *Request) (*Caller, error) {
	code, err := response.status()
	if err != nil {
		return nil, err
	}
	if !v.enter() {
		return nil, spent("verifier")
	}
	defer v.leave()
	headers, headerLengths := response.flat()
	block, lengths, _ := answered.appendFields(nil, nil, nil)
	var verified *C.wiresign_verified
	var failure *C.wiresign_error
	status := C.wiresign_go_verify_response(v.pointer, chars(service), C.size_t(len(service)), code, data(headers),
		C.size_t(len(headers)), numbers(headerLengths), C.size_t(len(headerLengths)/2), data(response.Body),
		C.size_t(len(response.Body)), chars(answered.Method), C.size_t(len(answered.Method)), chars(answered.Target),
		C.size_t(len(answered.Target)), chars(answered.Authority), C.size_t(len(answered.Authority)), data(block),
		C.size_t(len(block)), numbers(lengths), C.size_t(len(lengths)/2), unix(response.Now), &verified, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return callerOf(verified, v.terms.Load(), answered), nil
}

// AcceptSignature gives the value of an Accept-Signature header that asks a caller for the signature that is accepted here
// (RFC 9421): for the answer to a request that was not signed so.
func (v *Verifier) AcceptSignature() (string, error) {
	if !v.enter() {
		return "", spent("verifier")
	}
	defer v.leave()
	var text *C.wiresign_bytes
	var failure *C.wiresign_error
	if status := C.wiresign_verifier_accept_signature(v.pointer, &text, &failure); status != C.WIRESIGN_OK {
		return "", taken(status, failure)
	}
	return string(bytesOf(text)), nil
}
