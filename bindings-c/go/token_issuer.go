package wiresign

/*
#include "native.h"

static int32_t wiresign_go_issue(const wiresign_token_issuer *issuer, const char *subject, size_t subject_length,
                                 const char *audience, size_t audience_length, uint64_t lifetime, bool has_permissions,
                                 const uint8_t *permissions, size_t permissions_length,
                                 const uint32_t *permission_lengths, size_t permission_count, const char *tenant,
                                 size_t tenant_length, uint64_t now, const char *id, size_t id_length,
                                 wiresign_issued_token **token, wiresign_error **error)
{
    // An address says that there is a list, which may be empty.
    static const uint32_t none = 0;
    const uint32_t *lengths = !has_permissions ? NULL : permission_count == 0 ? &none : permission_lengths;
    return wiresign_token_issuer_issue(issuer, subject, subject_length, audience, audience_length,
                                       lifetime == 0 ? WIRESIGN_CONFIGURED_LIFETIME : lifetime,
                                       (const char *)permissions, permissions_length, lengths, permission_count,
                                       tenant_length == 0 ? NULL : tenant, tenant_length, now,
                                       id_length == 0 ? NULL : id, id_length, token, error);
}

static int32_t wiresign_go_answer(const wiresign_token_issuer *issuer, const char *caller, size_t caller_length,
                                  const uint8_t *form, size_t form_length, const char *tenant, size_t tenant_length,
                                  uint64_t now, const char *id, size_t id_length, wiresign_token_response **response,
                                  wiresign_error **error)
{
    return wiresign_token_issuer_answer(issuer, caller_length == 0 ? NULL : caller, caller_length, form, form_length,
                                        tenant_length == 0 ? NULL : tenant, tenant_length, now,
                                        id_length == 0 ? NULL : id, id_length, response, error);
}
*/
import "C"

import "time"

// A TokenIssuer issues tokens about the services of the registry, signed with the own key: TokenEndpoint serves it. Any
// number of goroutines may share it.
type TokenIssuer struct {
	object[*C.wiresign_token_issuer]
}

// A TokenRequest is what a token is asked for.
type TokenRequest struct {
	// Subject is whom the token is about: a service of the registry.
	Subject string
	// Audience is for which service the token is, one of the subject's "allowed_targets".
	Audience string
	// Lifetime is in seconds, at most what the configuration says; that where it is 0.
	Lifetime uint64
	// Permissions are some of the subject's; nil stands for all of them, and an empty slice for none.
	Permissions []string
	// Tenant is what the token names; empty for none.
	Tenant string
	// Now is when it is issued; the clock unless set.
	Now time.Time
	// ID becomes the "jti"; a fresh UUID where it is empty.
	ID string
}

// A TokenForm is a request to a token endpoint.
type TokenForm struct {
	// Caller is the service that a verification of the request has named; empty where there was none.
	Caller string
	// Form is the body of the request.
	Form []byte
	// Tenant is what the token names; empty for none. It is for the application to say, never for the caller.
	Tenant string
	// Now is when a token is issued; the clock unless set.
	Now time.Time
	// ID becomes the "jti"; a fresh UUID where it is empty.
	ID string
}

// NewTokenIssuer makes an issuer of a configuration, which may be closed then. The error is a *SigningError where the own
// service has no key that can sign tokens.
func NewTokenIssuer(config *Config) (*TokenIssuer, error) {
	if config == nil || !config.enter() {
		return nil, spent("configuration")
	}
	defer config.leave()
	var native *C.wiresign_token_issuer
	var failure *C.wiresign_error
	if status := C.wiresign_token_issuer_new(config.pointer, &native, &failure); status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	issuer := &TokenIssuer{}
	issuer.own(native, func(native *C.wiresign_token_issuer) { C.wiresign_token_issuer_free(native) })
	return issuer, nil
}

// Issue issues a token. The error is a *SigningError where the registry does not allow it, or no key is valid.
func (i *TokenIssuer) Issue(request *TokenRequest) (*IssuedToken, error) {
	if !i.enter() {
		return nil, spent("issuer")
	}
	defer i.leave()
	var block []byte
	lengths := make([]C.uint32_t, len(request.Permissions))
	for at, permission := range request.Permissions {
		block = append(block, permission...)
		lengths[at] = C.uint32_t(len(permission))
	}
	var native *C.wiresign_issued_token
	var failure *C.wiresign_error
	status := C.wiresign_go_issue(i.pointer, chars(request.Subject), C.size_t(len(request.Subject)),
		chars(request.Audience), C.size_t(len(request.Audience)), C.uint64_t(request.Lifetime),
		C.bool(request.Permissions != nil), data(block), C.size_t(len(block)), numbers(lengths),
		C.size_t(len(lengths)), chars(request.Tenant), C.size_t(len(request.Tenant)), unix(request.Now),
		chars(request.ID), C.size_t(len(request.ID)), &native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return issuedTokenOf(native), nil
}

// Answer gives the whole answer of a token endpoint (RFC 6749, section 4.4). What the caller asks wrongly is an answer too; the
// error is a *SigningError where the service itself cannot sign.
func (i *TokenIssuer) Answer(form *TokenForm) (*TokenResponse, error) {
	if !i.enter() {
		return nil, spent("issuer")
	}
	defer i.leave()
	var native *C.wiresign_token_response
	var failure *C.wiresign_error
	status := C.wiresign_go_answer(i.pointer, chars(form.Caller), C.size_t(len(form.Caller)), data(form.Form),
		C.size_t(len(form.Form)), chars(form.Tenant), C.size_t(len(form.Tenant)), unix(form.Now), chars(form.ID),
		C.size_t(len(form.ID)), &native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return tokenResponseOf(native), nil
}

// Replace puts another configuration in force, at once for all goroutines. It may be closed then. The error is a *SigningError
// where its own service has no key that can sign tokens; then the old one stays.
func (i *TokenIssuer) Replace(config *Config) error {
	if config == nil || !config.enter() {
		return spent("configuration")
	}
	defer config.leave()
	if !i.enter() {
		return spent("issuer")
	}
	defer i.leave()
	var failure *C.wiresign_error
	if status := C.wiresign_token_issuer_replace(i.pointer, config.pointer, &failure); status != C.WIRESIGN_OK {
		return taken(status, failure)
	}
	return nil
}

// Close frees the native object, after the last call that uses it. It may be called twice.
func (i *TokenIssuer) Close() error {
	if i != nil {
		i.close()
	}
	return nil
}
