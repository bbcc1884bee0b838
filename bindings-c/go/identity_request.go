package wiresign

/*
#include "native.h"

static int32_t wiresign_go_identity_request(const wiresign_verifier *verifier, const char *method, size_t method_length,
                                            const char *target, size_t target_length, const char *authority,
                                            size_t authority_length, const uint8_t *headers, size_t headers_length,
                                            const uint32_t *header_lengths, size_t header_count, const uint8_t *client,
                                            size_t client_length, uint64_t now, wiresign_identity_request **question,
                                            wiresign_error **error)
{
    return wiresign_verifier_identity_request(
        verifier, method, method_length, target, target_length, authority_length == 0 ? NULL : authority,
        authority_length, (const char *)headers, headers_length, header_lengths, header_count,
        client_length == 0 ? NULL : client, client_length, now, question, error);
}

static wiresign_go_text wiresign_go_identity_method(const wiresign_identity_request *question)
{
    return WIRESIGN_GO_TEXT(wiresign_identity_request_method, question);
}

static wiresign_go_text wiresign_go_identity_url(const wiresign_identity_request *question)
{
    return WIRESIGN_GO_TEXT(wiresign_identity_request_url, question);
}

static wiresign_go_text wiresign_go_identity_name(const wiresign_identity_request *question, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_identity_request_header_name, question, index);
}

static wiresign_go_text wiresign_go_identity_value(const wiresign_identity_request *question, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_identity_request_header_value, question, index);
}

static wiresign_go_text wiresign_go_identity_body(const wiresign_identity_request *question)
{
    return WIRESIGN_GO_TEXT(wiresign_identity_request_body, question);
}
*/
import "C"

import (
	"time"
	"unsafe"
)

// An IdentityRequest is a question to AWS: who made the proof of an IAM identity. It has to be sent as it is, over TLS, and
// no redirect followed; STS does it. The fields are for reading.
type IdentityRequest struct {
	object[*C.wiresign_identity_request]
	// Method is always "POST".
	Method string
	// URL is the endpoint of the Security Token Service in a region of the configuration.
	URL string
	// Fields are the header fields to send, Host among them.
	Fields []Field
	// Body is always the same.
	Body string

	now time.Time
}

// IdentityRequest gives the question that AWS has to answer before a request with the proof of an IAM identity can be
// verified. nil without an error: there is nothing to ask. The body of the request is not looked at. A refusal is that of the
// verification.
func (v *Verifier) IdentityRequest(request *Request) (*IdentityRequest, error) {
	if !v.enter() {
		return nil, spent("verifier")
	}
	defer v.leave()
	var addressSpace [addressBytes]byte
	block, lengths, _ := request.appendFields(nil, nil, v.fields.Load())
	var native *C.wiresign_identity_request
	var failure *C.wiresign_error
	status := C.wiresign_go_identity_request(v.pointer, chars(request.Method), C.size_t(len(request.Method)),
		chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), (*C.uint8_t)(&addressSpace[0]), request.client(&addressSpace), request.now(),
		&native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	if native == nil {
		return nil, nil
	}
	question := &IdentityRequest{
		Method: copied(C.wiresign_go_identity_method(native)),
		URL:    copied(C.wiresign_go_identity_url(native)),
		Fields: make([]Field, C.wiresign_identity_request_header_count(native)),
		Body:   copied(C.wiresign_go_identity_body(native)),
		now:    request.Now,
	}
	for at := range question.Fields {
		question.Fields[at] = Field{
			Name:  copied(C.wiresign_go_identity_name(native, C.size_t(at))),
			Value: copied(C.wiresign_go_identity_value(native, C.size_t(at))),
		}
	}
	question.own(native, func(native *C.wiresign_identity_request) { C.wiresign_identity_request_free(native) })
	return question, nil
}

// IdentityAnswer takes what AWS answers to a question: the HTTP status, and the body. A status of 0 says that no answer came;
// then the request will be refused with ErrIdentityUnavailable.
func (v *Verifier) IdentityAnswer(question *IdentityRequest, status int, body []byte) error {
	if status < 0 || status > 999 {
		// No server of AWS says such a thing.
		status, body = 0, nil
	}
	if question == nil || !question.enter() {
		return spent("question")
	}
	defer question.leave()
	if !v.enter() {
		return spent("verifier")
	}
	defer v.leave()
	var failure *C.wiresign_error
	code := C.wiresign_verifier_identity_answer(v.pointer, question.pointer, C.uint16_t(status),
		unsafe.Pointer(unsafe.SliceData(body)), C.size_t(len(body)), unix(question.now), &failure)
	if code != C.WIRESIGN_OK {
		return taken(code, failure)
	}
	return nil
}

// Close frees the native object. It may be called twice.
func (q *IdentityRequest) Close() error {
	if q != nil {
		q.close()
	}
	return nil
}

// String names the endpoint, and nothing of the proof.
func (q *IdentityRequest) String() string { return "wiresign.IdentityRequest(" + q.URL + ")" }

// GoString is String, so that no form of printing shows more.
func (q *IdentityRequest) GoString() string { return q.String() }
