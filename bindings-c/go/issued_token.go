package wiresign

/*
#include "native.h"

static wiresign_go_text wiresign_go_token_text(const wiresign_issued_token *token)
{
    return WIRESIGN_GO_TEXT(wiresign_issued_token_text, token);
}

static wiresign_go_text wiresign_go_token_permission(const wiresign_issued_token *token, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_issued_token_permission, token, index);
}
*/
import "C"

import "fmt"

// An IssuedToken is a token that was issued. Whoever has its text can use it.
type IssuedToken struct {
	// Text is the token in compact form.
	Text string
	// Expires is the first Unix second at which it has ended.
	Expires uint64
	// Lifetime is for how many seconds it lives.
	Lifetime uint64
	// Permissions are what it allows, as patterns.
	Permissions []string
}

// issuedTokenOf reads a native token, and frees it.
func issuedTokenOf(native *C.wiresign_issued_token) *IssuedToken {
	defer C.wiresign_issued_token_free(native)
	token := &IssuedToken{
		Text:        copied(C.wiresign_go_token_text(native)),
		Expires:     uint64(C.wiresign_issued_token_expires(native)),
		Lifetime:    uint64(C.wiresign_issued_token_lifetime(native)),
		Permissions: make([]string, C.wiresign_issued_token_permission_count(native)),
	}
	for at := range token.Permissions {
		token.Permissions[at] = copied(C.wiresign_go_token_permission(native, C.size_t(at)))
	}
	return token
}

// String says when the token ends, and leaves out its text.
func (t IssuedToken) String() string {
	return fmt.Sprintf("wiresign.IssuedToken(expires %d)", t.Expires)
}

// GoString is String, so that no form of printing shows more.
func (t IssuedToken) GoString() string { return t.String() }
