package wiresign

/*
#include "native.h"

static int32_t wiresign_go_handshake(const wiresign_verifier *verifier, const char *webhook, size_t webhook_length,
                                     const char *method, size_t method_length, const char *target,
                                     size_t target_length, const char *authority, size_t authority_length,
                                     const uint8_t *headers, size_t headers_length, const uint32_t *header_lengths,
                                     size_t header_count, const uint8_t *body, size_t body_length,
                                     const uint8_t *client, size_t client_length, uint64_t now,
                                     wiresign_handshake_response **response, wiresign_error **error)
{
    return wiresign_verifier_handshake(
        verifier, webhook, webhook_length, method, method_length, target, target_length,
        authority_length == 0 ? NULL : authority, authority_length, (const char *)headers, headers_length,
        header_lengths, header_count, body, body_length, client_length == 0 ? NULL : client, client_length, now,
        response, error);
}

static wiresign_go_text wiresign_go_handshake_name(const wiresign_handshake_response *response, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_handshake_response_header_name, response, index);
}

static wiresign_go_text wiresign_go_handshake_value(const wiresign_handshake_response *response, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_handshake_response_header_value, response, index);
}

static wiresign_go_text wiresign_go_webhook(const wiresign_texts *webhooks, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_texts_text, webhooks, index);
}

static wiresign_go_text wiresign_go_handshake_body(const wiresign_handshake_response *response)
{
    return WIRESIGN_GO_TEXT(wiresign_handshake_response_body, response);
}
*/
import "C"

// HandshakesAt names the webhooks that are accepted where a request goes, and whose senders make handshakes: those to ask
// Handshake about, one after the other, before the request is verified. Nearly all requests go where there is none.
func (v *Verifier) HandshakesAt(method, target string) []string {
	if !v.enter() {
		return nil
	}
	defer v.leave()
	if !v.terms.Load().hasHandshakes {
		return nil // as nearly everywhere, and known without a call
	}
	var native *C.wiresign_texts
	status := C.wiresign_verifier_handshakes_at(v.pointer, chars(method), C.size_t(len(method)), chars(target),
		C.size_t(len(target)), &native, nil)
	if status != C.WIRESIGN_OK || native == nil {
		return nil
	}
	defer C.wiresign_texts_free(native)
	webhooks := make([]string, C.wiresign_texts_count(native))
	for at := range webhooks {
		webhooks[at] = copied(C.wiresign_go_webhook(native, C.size_t(at)))
	}
	return webhooks
}

// A HandshakeResponse is what to answer a handshake with, byte for byte, and nothing else.
type HandshakeResponse struct {
	// Status is the HTTP status.
	Status int
	// Fields are the header fields to set, in order.
	Fields []Field
	// Body is the body, which may be empty.
	Body string
}

// Handshake answers the challenge of a webhook's sender. Ask it before the verdict, and where there is an answer, send
// that. nil without an error: the request is no handshake; go on and verify it. The error is a *Refusal.
func (v *Verifier) Handshake(webhook string, request *Request) (*HandshakeResponse, error) {
	if !v.enter() {
		return nil, spent("verifier")
	}
	defer v.leave()
	var addressSpace [addressBytes]byte
	block, lengths, _ := request.appendFields(nil, nil, nil)
	var native *C.wiresign_handshake_response
	var failure *C.wiresign_error
	status := C.wiresign_go_handshake(v.pointer, chars(webhook), C.size_t(len(webhook)), chars(request.Method),
		C.size_t(len(request.Method)), chars(request.Target), C.size_t(len(request.Target)), chars(request.Authority),
		C.size_t(len(request.Authority)), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)/2), data(request.Body), C.size_t(len(request.Body)),
		(*C.uint8_t)(&addressSpace[0]), request.client(&addressSpace), request.now(), &native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	if native == nil {
		return nil, nil
	}
	defer C.wiresign_handshake_response_free(native)
	response := &HandshakeResponse{
		Status: int(C.wiresign_handshake_response_status(native)),
		Fields: make([]Field, C.wiresign_handshake_response_header_count(native)),
		Body:   copied(C.wiresign_go_handshake_body(native)),
	}
	for at := range response.Fields {
		response.Fields[at] = Field{
			Name:  copied(C.wiresign_go_handshake_name(native, C.size_t(at))),
			Value: copied(C.wiresign_go_handshake_value(native, C.size_t(at))),
		}
	}
	return response, nil
}
