package wiresign

/*
#include "native.h"

static wiresign_go_text wiresign_go_context_tenant(const wiresign_verified_context *verified)
{
    return WIRESIGN_GO_TEXT(wiresign_verified_context_tenant, verified);
}

static wiresign_go_text wiresign_go_context_role(const wiresign_verified_context *verified, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_verified_context_role, verified, index);
}

static wiresign_go_text wiresign_go_context_key_id(const wiresign_verified_context *verified)
{
    return WIRESIGN_GO_TEXT(wiresign_verified_context_key_id, verified);
}

static wiresign_go_text wiresign_go_context_matched(const wiresign_verified_context *verified)
{
    return WIRESIGN_GO_TEXT(wiresign_verified_context_matched, verified);
}

static int32_t wiresign_go_context_verify(const wiresign_contexts *contexts, const char *tenant, size_t tenant_length,
                                          const uint8_t *roles, size_t roles_length, const uint32_t *role_lengths,
                                          size_t role_count, const char *signature, size_t signature_length,
                                          uint64_t now, bool has_payload, const uint8_t *payload,
                                          size_t payload_length, wiresign_verified_context **verified,
                                          wiresign_error **error)
{
    const void *given = !has_payload ? NULL : payload_length == 0 ? (const void *)"" : (const void *)payload;
    return wiresign_contexts_verify(contexts, tenant, tenant_length, (const char *)roles, roles_length, role_lengths,
                                    role_count, signature, signature_length, now, given, payload_length, verified,
                                    error);
}

static int32_t wiresign_go_context_sign(const wiresign_contexts *contexts, const char *tenant, size_t tenant_length,
                                        const uint8_t *roles, size_t roles_length, const uint32_t *role_lengths,
                                        size_t role_count, uint64_t now, wiresign_bytes **signature,
                                        wiresign_error **error)
{
    return wiresign_contexts_sign(contexts, tenant, tenant_length, (const char *)roles, roles_length, role_lengths,
                                  role_count, now, signature, error);
}

static int32_t wiresign_go_context_message(const wiresign_contexts *contexts, const char *tenant,
                                           size_t tenant_length, const uint8_t *roles, size_t roles_length,
                                           const uint32_t *role_lengths, size_t role_count, wiresign_bytes **message,
                                           wiresign_error **error)
{
    return wiresign_contexts_message(contexts, tenant, tenant_length, (const char *)roles, roles_length, role_lengths,
                                     role_count, message, error);
}
*/
import "C"

import (
	"slices"
	"time"
)

// Contexts signs and verifies who acts for whom: a tenant, and the roles that somebody has there. Any number of
// goroutines may share it.
type Contexts struct {
	object[*C.wiresign_contexts]
}

// NewContexts makes it of a configuration with keys for contexts, which may be closed then. The error is a
// *SigningError when there are none.
func NewContexts(config *Config) (*Contexts, error) {
	if config == nil || !config.enter() {
		return nil, spent("configuration")
	}
	defer config.leave()
	var native *C.wiresign_contexts
	var failure *C.wiresign_error
	if status := C.wiresign_contexts_new(config.pointer, &native, &failure); status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	contexts := &Contexts{}
	contexts.own(native, func(native *C.wiresign_contexts) { C.wiresign_contexts_free(native) })
	return contexts, nil
}

// Sign gives the signature of a tenant and its roles in hexadecimal digits. The order of the roles and repeats make no
// difference. The zero time stands for the clock. The error is a *SigningError.
func (c *Contexts) Sign(tenant string, roles []string, now time.Time) (string, error) {
	if !c.enter() {
		return "", spent("contexts")
	}
	defer c.leave()
	block, lengths := flatTexts(roles)
	var signature *C.wiresign_bytes
	var failure *C.wiresign_error
	status := C.wiresign_go_context_sign(c.pointer, chars(tenant), C.size_t(len(tenant)), data(block),
		C.size_t(len(block)), numbers(lengths), C.size_t(len(lengths)), unix(now), &signature, &failure)
	if status != C.WIRESIGN_OK {
		return "", taken(status, failure)
	}
	return string(bytesOf(signature)), nil
}

// Message gives the bytes that Sign computes the signature over. They hold no secret. The error is a *SigningError.
func (c *Contexts) Message(tenant string, roles []string) ([]byte, error) {
	if !c.enter() {
		return nil, spent("contexts")
	}
	defer c.leave()
	block, lengths := flatTexts(roles)
	var message *C.wiresign_bytes
	var failure *C.wiresign_error
	status := C.wiresign_go_context_message(c.pointer, chars(tenant), C.size_t(len(tenant)), data(block),
		C.size_t(len(block)), numbers(lengths), C.size_t(len(lengths)), &message, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return bytesOf(message), nil
}

// Verify judges the signature of a tenant and its roles. The zero time stands for the clock. The payload is what an
// older system signed, built anew from this tenant and these roles; nil for none. The error is a *Refusal.
func (c *Contexts) Verify(tenant string, roles []string, signature string, now time.Time, payload []byte) (*VerifiedContext, error) {
	if !c.enter() {
		return nil, spent("contexts")
	}
	defer c.leave()
	block, lengths := flatTexts(roles)
	var native *C.wiresign_verified_context
	var failure *C.wiresign_error
	status := C.wiresign_go_context_verify(c.pointer, chars(tenant), C.size_t(len(tenant)), data(block),
		C.size_t(len(block)), numbers(lengths), C.size_t(len(lengths)), chars(signature), C.size_t(len(signature)),
		unix(now), C.bool(payload != nil), data(payload), C.size_t(len(payload)), &native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	defer C.wiresign_verified_context_free(native)
	verified := &VerifiedContext{
		tenant:        copied(C.wiresign_go_context_tenant(native)),
		roles:         make([]string, C.wiresign_verified_context_role_count(native)),
		keyID:         copied(C.wiresign_go_context_key_id(native)),
		keyIsRetiring: bool(C.wiresign_verified_context_key_is_retiring(native)),
		matched:       copied(C.wiresign_go_context_matched(native)),
	}
	for at := range verified.roles {
		verified.roles[at] = copied(C.wiresign_go_context_role(native, C.size_t(at)))
	}
	return verified, nil
}

// Replace takes the keys of another configuration, at once for all goroutines; the counters are kept. The configuration
// may be closed then. With a *SigningError the old keys stay.
func (c *Contexts) Replace(config *Config) error {
	if config == nil || !config.enter() {
		return spent("configuration")
	}
	defer config.leave()
	if !c.enter() {
		return spent("contexts")
	}
	defer c.leave()
	var failure *C.wiresign_error
	if status := C.wiresign_contexts_replace(c.pointer, config.pointer, &failure); status != C.WIRESIGN_OK {
		return taken(status, failure)
	}
	return nil
}

// Metrics gives the counters in the text format of Prometheus.
func (c *Contexts) Metrics() (string, error) {
	if !c.enter() {
		return "", spent("contexts")
	}
	defer c.leave()
	var text *C.wiresign_bytes
	var failure *C.wiresign_error
	if status := C.wiresign_contexts_metrics(c.pointer, &text, &failure); status != C.WIRESIGN_OK {
		return "", taken(status, failure)
	}
	return string(bytesOf(text)), nil
}

// Close frees the native object, after the last call that uses it. It may be called twice.
func (c *Contexts) Close() error {
	if c != nil {
		c.close()
	}
	return nil
}

// A VerifiedContext is a tenant and roles that were signed. Only a verification makes one.
type VerifiedContext struct {
	tenant, keyID, matched string
	roles                  []string
	keyIsRetiring          bool
}

// Tenant is a UUID in lower case.
func (v *VerifiedContext) Tenant() string { return v.tenant }

// Roles are sorted, and each is there once.
func (v *VerifiedContext) Roles() []string { return slices.Clone(v.roles) }

// HasRole says whether the role is among them.
func (v *VerifiedContext) HasRole(role string) bool { return slices.Contains(v.roles, role) }

// KeyID names the key that made the signature.
func (v *VerifiedContext) KeyID() string { return v.keyID }

// KeyIsRetiring is true when the configuration marks that key as retiring.
func (v *VerifiedContext) KeyIsRetiring() bool { return v.keyIsRetiring }

// Matched says which form of signature held: "hmac-sha256", or "sha256-prefix" while a migration lasts.
func (v *VerifiedContext) Matched() string { return v.matched }

// flatTexts gives texts as the library takes them: all bytes one behind the other, and the length of each.
func flatTexts(texts []string) ([]byte, []C.uint32_t) {
	var block []byte
	lengths := make([]C.uint32_t, len(texts))
	for at, text := range texts {
		block = append(block, text...)
		lengths[at] = C.uint32_t(len(text))
	}
	return block, lengths
}
