package wiresign

/*
#include "native.h"

static wiresign_go_text wiresign_go_token_response_name(const wiresign_token_response *response, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_token_response_header_name, response, index);
}

static wiresign_go_text wiresign_go_token_response_value(const wiresign_token_response *response, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_token_response_header_value, response, index);
}

static wiresign_go_text wiresign_go_token_response_body(const wiresign_token_response *response)
{
    return WIRESIGN_GO_TEXT(wiresign_token_response_body, response);
}
*/
import "C"

import "fmt"

// A TokenResponse is what to answer a request for a token with, byte for byte.
type TokenResponse struct {
	// Status is the HTTP status.
	Status int
	// Fields are the header fields to set, in order.
	Fields []Field
	// Body is the body, which holds the token.
	Body string
}

// tokenResponseOf reads a native response, and frees it.
func tokenResponseOf(native *C.wiresign_token_response) *TokenResponse {
	defer C.wiresign_token_response_free(native)
	response := &TokenResponse{
		Status: int(C.wiresign_token_response_status(native)),
		Fields: make([]Field, C.wiresign_token_response_header_count(native)),
		Body:   copied(C.wiresign_go_token_response_body(native)),
	}
	for at := range response.Fields {
		response.Fields[at] = Field{
			Name:  copied(C.wiresign_go_token_response_name(native, C.size_t(at))),
			Value: copied(C.wiresign_go_token_response_value(native, C.size_t(at))),
		}
	}
	return response
}

// String says the status, and leaves out the body.
func (r TokenResponse) String() string { return fmt.Sprintf("wiresign.TokenResponse(%d)", r.Status) }

// GoString is String, so that no form of printing shows more.
func (r TokenResponse) GoString() string { return r.String() }
