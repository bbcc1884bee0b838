/*
 * Wiresign: signs and verifies HTTP requests between services.
 * Generated from bindings-c/src by `cargo run -p xtask -- header`. Do not edit.
 *
 * Conventions of every function
 *
 * Status. A function that can fail returns an int32_t: WIRESIGN_OK, a refusal (below 1000), or a failure (above 1000).
 * A request is accepted only when the status is WIRESIGN_OK. The last argument `err` may be NULL; otherwise it points
 * to a wiresign_error pointer that gets a new error, to be freed with wiresign_error_free, when the status is not
 * WIRESIGN_OK. It is not written on success, so set it to NULL before the call.
 *
 * Outputs. They are written only when the status is WIRESIGN_OK; the one exception is the needed size with
 * WIRESIGN_BUFFER_TOO_SMALL. An output is never optional, except the lengths that the reading functions give.
 *
 * Ownership. What a function gives through an output belongs to the caller, who frees it with the _free function of its
 * type; that of NULL does nothing. Arguments stay the caller's and are copied where they have to be kept. Texts that
 * reading functions return belong to the object that they were read from.
 *
 * Pointer and length. Every text and every run of bytes is a pointer and a length, and needs no NUL byte behind it.
 * (NULL, 0) is legal and stands for nothing; (NULL, n) is WIRESIGN_INVALID_ARGUMENT. Texts that the library returns have
 * a NUL byte behind them that their length does not count; the pointer to the length may be NULL.
 *
 * Lists of pairs. Headers and variables travel flat: one block with all names and values one behind the other, and one
 * array of uint32_t with their lengths, name and value alternating. The count is that of the pairs, so the array has
 * twice as many numbers. Lengths that do not add up to the length of the block are WIRESIGN_INVALID_ARGUMENT. Header
 * fields are passed in the order received, repeats included.
 *
 * A request. `method`; `target`, the path and query exactly as on the wire; `authority`, the Host or :authority that the
 * request was sent to, (NULL, 0) when it is not known; the header fields; the body. Pass the bytes of the wire: what a
 * framework decoded, sorted or printed again is not what was signed.
 *
 * Time. `now` is Unix time in seconds; WIRESIGN_NOW stands for the clock of the system.
 *
 * Threads. Objects are immutable and may be used by several threads at once, except wiresign_body_verification, which
 * says so. Freeing an object is for the last thread that uses it. Nothing is kept per thread; there is nothing to set
 * up and nothing to shut down. `const` means that a call does not change the object.
 */

#ifndef WIRESIGN_H
#define WIRESIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The call did what it was asked for.
 */
#define WIRESIGN_OK 0

/**
 * No credential of an accepted scheme is in the request.
 */
#define WIRESIGN_AUTHENTICATION_REQUIRED 1

/**
 * The request names a service, but carries no X-Signature.
 */
#define WIRESIGN_MISSING_SIGNATURE 2

/**
 * The request is signed, but carries no X-Timestamp.
 */
#define WIRESIGN_MISSING_TIMESTAMP 3

/**
 * The request carries a signature, but does not say which service made it.
 */
#define WIRESIGN_MISSING_SERVICE_ID 4

/**
 * The timestamp is not 1 to 12 ASCII digits without a leading zero.
 */
#define WIRESIGN_INVALID_TIMESTAMP 5

/**
 * The request is older, or further in the future, than the window allows. Compare the clocks of
 * both machines.
 */
#define WIRESIGN_TIMESTAMP_OUTSIDE_WINDOW 6

/**
 * The signature is not exactly what the scheme writes: alphabet, length, letter case or prefix
 * differ.
 */
#define WIRESIGN_MALFORMED_SIGNATURE 7

/**
 * No key of the claimed service made this signature over this request.
 */
#define WIRESIGN_INVALID_SIGNATURE 8

/**
 * The registry has no service of the claimed id.
 */
#define WIRESIGN_UNKNOWN_SERVICE 9

/**
 * The credential names a key that the service does not have.
 */
#define WIRESIGN_UNKNOWN_KEY 10

/**
 * The signature is right, but its key is not yet valid, no longer valid, or revoked.
 */
#define WIRESIGN_KEY_NOT_VALID_NOW 11

/**
 * The credential names another algorithm than the one its key is bound to.
 */
#define WIRESIGN_ALGORITHM_NOT_ALLOWED 12

/**
 * Credentials of two accepted schemes are in one request. Send one.
 */
#define WIRESIGN_AMBIGUOUS_CREDENTIALS 13

/**
 * A header that carries a part of the credential occurs twice, or holds a comma where two were
 * joined.
 */
#define WIRESIGN_DUPLICATE_HEADER 14

/**
 * The method, the target or the headers cannot be judged: bytes that may not be there, a path
 * with two readings, or sizes over the limits.
 */
#define WIRESIGN_MALFORMED_REQUEST 15

/**
 * The route demands that a part of the request be signed which this scheme does not sign.
 */
#define WIRESIGN_INSUFFICIENT_COVERAGE 16

/**
 * A signed digest header is not the digest of the body.
 */
#define WIRESIGN_DIGEST_MISMATCH 17

/**
 * A request with the same replay key was accepted inside the window. Sign each attempt anew.
 */
#define WIRESIGN_REPLAYED_REQUEST 18

/**
 * The end of the token's life has passed.
 */
#define WIRESIGN_TOKEN_EXPIRED 19

/**
 * The token is malformed, or one of its claims does not hold.
 */
#define WIRESIGN_INVALID_TOKEN 20

/**
 * The request was signed for another service, or the registry does not list this service among
 * the caller's targets.
 */
#define WIRESIGN_TARGET_NOT_ALLOWED 21

/**
 * The route lists the services that may use it, and the caller is not one of them.
 */
#define WIRESIGN_SERVICE_NOT_ALLOWED 22

/**
 * None of the caller's permissions covers this method and path.
 */
#define WIRESIGN_PERMISSION_DENIED 23

/**
 * The registry does not list this environment among the caller's environments.
 */
#define WIRESIGN_ENVIRONMENT_NOT_ALLOWED 24

/**
 * The body is longer than limits.body_bytes.
 */
#define WIRESIGN_BODY_TOO_LARGE 25

/**
 * The client failed too often within a minute.
 */
#define WIRESIGN_RATE_LIMITED 26

/**
 * The replay store is full or out of reach, and the configuration says to refuse then.
 */
#define WIRESIGN_REPLAY_STORE_UNAVAILABLE 27

/**
 * The scheme signs X-Request-ID as its nonce, and the request has none.
 */
#define WIRESIGN_MISSING_NONCE 28

/**
 * The signed request id is not 16 to 64 letters, digits, hyphens or underscores.
 */
#define WIRESIGN_INVALID_NONCE 29

/**
 * The scheme signs X-Target-Service, and the request has none.
 */
#define WIRESIGN_MISSING_TARGET 30

/**
 * The request is signed, but in a format that this route or service does not accept.
 */
#define WIRESIGN_SCHEME_NOT_ACCEPTED 31

/**
 * Somebody else has to say who made the credential, and has not: AWS was not asked, or gave no
 * answer.
 */
#define WIRESIGN_IDENTITY_UNAVAILABLE 32

/**
 * The configuration document has problems; each is listed with its JSON pointer.
 */
#define WIRESIGN_CONFIG_INVALID 1001

/**
 * The request cannot be signed; the message says what is missing.
 */
#define WIRESIGN_SIGNING_FAILED 1002

/**
 * An argument of the call cannot be used; the message names it.
 */
#define WIRESIGN_INVALID_ARGUMENT 1003

/**
 * The caller's buffer is too small; the needed size was written.
 */
#define WIRESIGN_BUFFER_TOO_SMALL 1004

/**
 * The object was finished or freed before, and cannot be used again.
 */
#define WIRESIGN_OBJECT_SPENT 1005

/**
 * A defect of Wiresign itself was caught at the border. Please report it.
 */
#define WIRESIGN_INTERNAL 1006

/**
 * The version of the C ABI that this header describes, which is also the number in the SONAME. It changes when a
 * program that was compiled with an older header would no longer work.
 */
#define WIRESIGN_ABI_VERSION 0

/**
 * As the argument `now`: the time of the system's clock.
 */
#define WIRESIGN_NOW UINT64_MAX

/**
 * As the length of a text: there is none, which differs from an empty one.
 */
#define WIRESIGN_ABSENT UINT32_MAX

/**
 * Look nothing up outside: only the variables that the call passes are known.
 */
#define WIRESIGN_LOOKUP_NONE 0

/**
 * Names that the call does not pass are looked up in the environment of the process.
 */
#define WIRESIGN_LOOKUP_ENVIRONMENT 1

/**
 * References to files are read.
 */
#define WIRESIGN_LOOKUP_FILES 2

/**
 * The environment of the process and files: what a service wants.
 */
#define WIRESIGN_LOOKUP_SYSTEM 3

/**
 * How many texts facts have.
 */
#define WIRESIGN_FACTS_TEXTS 6

/**
 * A bit of `flags` of facts: the request went to a public route, where nothing was verified.
 */
#define WIRESIGN_FACTS_PUBLIC 1

/**
 * A bit of `flags` of facts: the key that made the signature is marked as retiring.
 */
#define WIRESIGN_FACTS_RETIRING 2

/**
 * A bit of `flags` of facts: the request id is part of what was signed.
 */
#define WIRESIGN_FACTS_REQUEST_ID_SIGNED 4

/**
 * The size of the head of an outcome, and so the least capacity of a buffer for one.
 */
#define WIRESIGN_OUTCOME_HEAD_SIZE 56

/**
 * How many texts an outcome has at most.
 */
#define WIRESIGN_OUTCOME_TEXTS 5

/**
 * A bit of `flags`: `age` and `timestamp` are known.
 */
#define WIRESIGN_OUTCOME_TIMESTAMP 1

/**
 * A buffer of this many bytes holds the names and values of all headers that wiresign_signer_sign_into writes under the schemes
 * of this library, and nearly always under the standards: there a long session token, or many keys that sign at once, may
 * need more.
 */
#define WIRESIGN_SIGNED_BLOCK_SIZE 2048

/**
 * wiresign_signer_sign_into writes no more headers than this.
 */
#define WIRESIGN_SIGNED_COUNT 16

/**
 * As `lifetime` of wiresign_token_issuer_issue: as long as the configuration says.
 */
#define WIRESIGN_CONFIGURED_LIFETIME UINT64_MAX

/**
 * The size of the longest service id and its NUL byte.
 */
#define WIRESIGN_SERVICE_SIZE 129

/**
 * The size of the longest key id and its NUL byte.
 */
#define WIRESIGN_KEY_ID_SIZE 129

/**
 * The size of the longest scheme id and its NUL byte.
 */
#define WIRESIGN_SCHEME_SIZE 33

/**
 * The size of the longest request id and its NUL byte.
 */
#define WIRESIGN_REQUEST_ID_SIZE 65

/**
 * As `outcome` of wiresign_verifier_settle_replay: the key was not in the store, and is now.
 */
#define WIRESIGN_REPLAY_FIRST 0

/**
 * As `outcome`: the key was in the store already.
 */
#define WIRESIGN_REPLAY_REPEATED 1

/**
 * As `outcome`: the store gave no answer.
 */
#define WIRESIGN_REPLAY_UNAVAILABLE 2

/**
 * A secret as 64 lower-case hexadecimal digits.
 */
#define WIRESIGN_SECRET_HEX 0

/**
 * A secret as 44 characters of base64.
 */
#define WIRESIGN_SECRET_BASE64 1

/**
 * A buffer of this many bytes holds a secret of either encoding and its NUL byte.
 */
#define WIRESIGN_SECRET_SIZE 65

/**
 * A request whose body is still arriving. The only object that changes with its calls: one thread at a time may use it,
 * and a call that comes while another one is running gets WIRESIGN_INVALID_ARGUMENT. It needs the same little memory for
 * a body of any size. Its bytes are unverified until wiresign_body_verification_finish succeeded.
 */
typedef struct wiresign_body_verification wiresign_body_verification;

/**
 * Bytes that the library made, with a NUL byte behind them that their length does not count. Immutable; may be used by
 * several threads at once.
 */
typedef struct wiresign_bytes wiresign_bytes;

/**
 * A checked configuration with its secrets. Immutable but for the keys that issuers publish; may be used by several threads
 * at once. It may be freed while signers and verifiers that were made of it live on.
 */
typedef struct wiresign_config wiresign_config;

/**
 * Signs and verifies contexts: a tenant, and the roles that somebody has there. May be used by several threads at once.
 */
typedef struct wiresign_contexts wiresign_contexts;

/**
 * Why a call did not succeed: a refusal of a request, or a failure. The caller of the call owns it, and frees it with
 * wiresign_error_free. Immutable; may be used by several threads at once. All texts live as long as the error.
 */
typedef struct wiresign_error wiresign_error;

/**
 * How a verification went, and what probably went wrong. For operators: not for the answer to a caller. Immutable; may be used by
 * several threads at once. All texts live as long as the object.
 */
typedef struct wiresign_explanation wiresign_explanation;

/**
 * What to answer a handshake with, and nothing else. Immutable; may be used by several threads at once. All texts live
 * as long as the object.
 */
typedef struct wiresign_handshake_response wiresign_handshake_response;

/**
 * A question to AWS: who made the proof of an IAM identity. It has to be sent as it is, over TLS with certificates checked,
 * and no redirect followed. Immutable; may be used by several threads at once. All texts live as long as the object.
 */
typedef struct wiresign_identity_request wiresign_identity_request;

/**
 * A token, ready to be handed to its subject. Whoever has its text can use it. Immutable; may be used by several threads at
 * once. All texts live as long as the object.
 */
typedef struct wiresign_issued_token wiresign_issued_token;

/**
 * The headers to set on a request, in order. Immutable; may be used by several threads at once. All texts live as long
 * as the object.
 */
typedef struct wiresign_signed wiresign_signed;

/**
 * Holds the own credential and a scheme, and signs requests. Immutable; may be used by several threads at once.
 */
typedef struct wiresign_signer wiresign_signer;

/**
 * Texts in order. Immutable; may be used by several threads at once. All texts live as long as the object.
 */
typedef struct wiresign_texts wiresign_texts;

/**
 * Issues tokens about the services of the registry, signed with the own key, for a token endpoint. May be used by several
 * threads at once.
 */
typedef struct wiresign_token_issuer wiresign_token_issuer;

/**
 * What to answer a request for a token with. Immutable; may be used by several threads at once. All texts live as long as
 * the object.
 */
typedef struct wiresign_token_response wiresign_token_response;

/**
 * A request that was accepted, and who sent it. Only verification makes this object. Immutable; may be used by several
 * threads at once. All texts live as long as the object.
 */
typedef struct wiresign_verified wiresign_verified;

/**
 * A tenant and its roles, as they were verified. Only verification makes this object. Immutable; may be used by several
 * threads at once. All texts live as long as the object.
 */
typedef struct wiresign_verified_context wiresign_verified_context;

/**
 * Judges requests by a configuration, and remembers which ones it accepted. May be used by several threads at once;
 * a service has one for its whole life, because a second one would not know the requests that the first has seen.
 */
typedef struct wiresign_verifier wiresign_verifier;

/**
 * The head of what wiresign_verifier_verify_outcome and wiresign_verifier_verify_packed write; the texts follow it at once,
 * one behind the other. The layout does not change within an ABI version.
 *
 * Texts of an acceptance: the request id; the replay key, which is absent under service-hmac-v2 (there it follows from
 * service and request id).
 * Texts of a refusal: detail, service, request id, the body of the answer, and its WWW-Authenticate.
 */
typedef struct wiresign_outcome {
    /**
     * The age of the signature in seconds, negative when it is from the future.
     */
    int64_t age;
    /**
     * The signed Unix time in seconds.
     */
    uint64_t timestamp;
    /**
     * 0; or the address of an object that the caller owns and frees, where the texts do not fit into the buffer, the
     * configuration names an external replay store, or the call failed: a wiresign_verified where the status is
     * WIRESIGN_OK, else a wiresign_error. Nothing else is then written.
     */
    uint64_t object;
    /**
     * Bits, of an acceptance: WIRESIGN_OUTCOME_TIMESTAMP.
     */
    uint32_t flags;
    /**
     * Of an acceptance: the number of what it has in common with others, which wiresign_verifier_facts tells.
     */
    uint32_t facts;
    /**
     * The HTTP status to answer a refused request with.
     */
    uint16_t response_status;
    /**
     * The code that the answer to a refused request shows.
     */
    uint16_t response_code;
    /**
     * The length of each text in bytes, or WIRESIGN_ABSENT.
     */
    uint32_t lengths[WIRESIGN_OUTCOME_TEXTS];
} wiresign_outcome;

/**
 * What wiresign_verifier_verify_into writes: plain values without pointers, which nothing has to free. Every text ends
 * with a NUL byte; one that is absent has length 0. The layout does not change within an ABI version.
 */
typedef struct wiresign_verified_values {
    /**
     * The age of the signature in seconds, negative when it is from the future; 0 on a public route.
     */
    int64_t age;
    /**
     * The signed Unix time in seconds; 0 on a public route.
     */
    uint64_t timestamp;
    /**
     * The length of `service` without its NUL byte.
     */
    uint32_t service_length;
    /**
     * The length of `key_id` without its NUL byte.
     */
    uint32_t key_id_length;
    /**
     * The length of `scheme` without its NUL byte.
     */
    uint32_t scheme_length;
    /**
     * The length of `request_id` without its NUL byte.
     */
    uint32_t request_id_length;
    /**
     * 1 when the request went to a public route, where nothing was verified and there is no service; otherwise 0.
     */
    uint8_t is_public;
    /**
     * 1 when the key that made the signature is marked as retiring; otherwise 0.
     */
    uint8_t key_is_retiring;
    /**
     * 1 when the request id is part of what was signed; otherwise 0.
     */
    uint8_t request_id_is_signed;
    /**
     * 1 when `age` and `timestamp` are known; 0 on a public route.
     */
    uint8_t has_timestamp;
    /**
     * The id of the service that signed the request.
     */
    char service[WIRESIGN_SERVICE_SIZE];
    /**
     * The id of the key that made the signature.
     */
    char key_id[WIRESIGN_KEY_ID_SIZE];
    /**
     * The id of the scheme.
     */
    char scheme[WIRESIGN_SCHEME_SIZE];
    /**
     * The request id, where there is one that may be logged.
     */
    char request_id[WIRESIGN_REQUEST_ID_SIZE];
} wiresign_verified_values;

/**
 * The head of the bytes that wiresign_verifier_facts gives; the texts follow it at once, one behind the other: service, key
 * id, scheme, route, the covered parts with commas between them, and all schemes with commas between them. The layout does
 * not change within an ABI version.
 */
typedef struct wiresign_facts {
    /**
     * Bits: WIRESIGN_FACTS_PUBLIC and the others.
     */
    uint32_t flags;
    /**
     * The length of each text in bytes, or WIRESIGN_ABSENT.
     */
    uint32_t lengths[WIRESIGN_FACTS_TEXTS];
} wiresign_facts;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The ABI version of the library that is running. Compare it with WIRESIGN_ABI_VERSION where the library is loaded by
 * hand; a linked program is checked by the SONAME.
 */
uint32_t wiresign_abi_version(void);

/**
 * The version of the library that is running, such as "0.1.0". The text is static.
 */
const char *wiresign_version(size_t *length);

/**
 * The name of a status, such as "INVALID_SIGNATURE", which is the same in every language. NULL for a number that is
 * none of this version's, and for WIRESIGN_OK. The text is static.
 */
const char *wiresign_code_name(int32_t code, size_t *length);

/**
 * One sentence about a status. That of a refusal is safe to show to whoever sent the request. NULL for a number that
 * is none of this version's, and for WIRESIGN_OK. The text is static.
 */
const char *wiresign_code_message(int32_t code, size_t *length);

/**
 * The HTTP status that belongs to a status number: that of a refusal; 500 for a failure; 0 for WIRESIGN_OK and for a
 * number that is none of this version's.
 */
uint16_t wiresign_code_status(int32_t code);

/**
 * The first byte, and the number of bytes through `length` unless that is NULL. The bytes live as long as the object.
 * NULL gives NULL of length 0.
 */
const char *wiresign_bytes_data(const struct wiresign_bytes *bytes, size_t *length);

/**
 * Frees the bytes. NULL is nothing.
 */
void wiresign_bytes_free(struct wiresign_bytes *bytes);

/**
 * Parses and checks a configuration document.
 *
 * `document` is JSON text in UTF-8. The variables that "env:NAME" in it refers to are passed as a flat list of pairs
 * (see the top of this header), UTF-8, no name twice; the list may be (NULL, 0, NULL, 0). `lookup` says what else may be
 * read: WIRESIGN_LOOKUP_NONE, or WIRESIGN_LOOKUP_ENVIRONMENT and WIRESIGN_LOOKUP_FILES added. A variable that is passed
 * comes before one of the process.
 *
 * Gives through `config` an object that the caller frees with wiresign_config_free.
 *
 * Errors: WIRESIGN_CONFIG_INVALID, whose error lists each problem; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_config_parse(const char *document,
                              size_t document_length,
                              const char *variables,
                              size_t variables_length,
                              const uint32_t *variable_lengths,
                              size_t variable_count,
                              uint32_t lookup,
                              struct wiresign_config **config,
                              struct wiresign_error **err);

/**
 * Makes a configuration of environment variables alone: SERVICE_ID, SERVICE_SECRET, ALLOWED_SERVICES,
 * HMAC_WINDOW_SECONDS and `<SERVICE>_SECRET`. The variables and `lookup` are as for wiresign_config_parse.
 *
 * Gives through `config` an object that the caller frees with wiresign_config_free.
 *
 * Errors: WIRESIGN_CONFIG_INVALID, whose error lists each problem; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_config_from_env(const char *variables,
                                 size_t variables_length,
                                 const uint32_t *variable_lengths,
                                 size_t variable_count,
                                 uint32_t lookup,
                                 struct wiresign_config **config,
                                 struct wiresign_error **err);

/**
 * The id of the own service. Lives as long as the configuration. NULL gives NULL.
 */
const char *wiresign_config_service(const struct wiresign_config *config, size_t *length);

/**
 * The environment that the service runs in; NULL when the configuration names none. Lives as long as the
 * configuration.
 */
const char *wiresign_config_environment(const struct wiresign_config *config, size_t *length);

/**
 * The largest body in bytes that a verifier with this configuration accepts. NULL gives 0.
 */
uint64_t wiresign_config_body_limit(const struct wiresign_config *config);

/**
 * True where accepted requests are to be remembered in a store that several processes share, which the caller asks and then
 * tells wiresign_verifier_settle_replay. NULL gives false.
 */
bool wiresign_config_has_external_replay_store(const struct wiresign_config *config);

/**
 * True where a webhook of the configuration has a sender that makes handshakes. Else wiresign_verifier_handshakes_at gives
 * nothing for any request, and need not be asked. NULL gives false.
 */
bool wiresign_config_has_handshakes(const struct wiresign_config *config);

/**
 * How many services the registry of the configuration knows. NULL gives 0.
 */
size_t wiresign_config_service_id_count(const struct wiresign_config *config);

/**
 * The id of a known service, counted from 0; NULL behind the last one. Lives as long as the configuration.
 */
const char *wiresign_config_service_id(const struct wiresign_config *config, size_t index, size_t *length);

/**
 * How many header fields the schemes of the configuration read. NULL gives 0.
 */
size_t wiresign_config_header_name_count(const struct wiresign_config *config);

/**
 * The name of a header field that the schemes of the configuration read, in lower case, counted from 0; NULL behind the
 * last one. Of a request with no more than 256 fields of 65,536 bytes together, these are all that have to be passed to
 * verify it; where `*` is one of them, all fields. Lives as long as the configuration.
 */
const char *wiresign_config_header_name(const struct wiresign_config *config, size_t index, size_t *length);

/**
 * Where a service is reached, by its id; NULL when the configuration does not say, or does not know the service. Lives
 * as long as the configuration.
 */
const char *wiresign_config_url(const struct wiresign_config *config,
                                const char *service,
                                size_t service_length,
                                size_t *length);

/**
 * How many issuers of tokens publish their keys at a URL. NULL gives 0.
 */
size_t wiresign_config_jwks_url_count(const struct wiresign_config *config);

/**
 * The name of an issuer that publishes its keys at a URL, counted from 0; NULL behind the last one. Lives as long as the
 * configuration.
 */
const char *wiresign_config_jwks_url_issuer(const struct wiresign_config *config,
                                            size_t index,
                                            size_t *length);

/**
 * The URL of the JWK Set of an issuer, counted from 0; NULL behind the last one. The program fetches it, and hands it over by
 * wiresign_config_publish_keys. Lives as long as the configuration.
 */
const char *wiresign_config_jwks_url(const struct wiresign_config *config,
                                     size_t index,
                                     size_t *length);

/**
 * Takes the keys that an issuer publishes now, in place of those that it published before: `jwks` is the JSON text of a JWK
 * Set in UTF-8. All verifiers that were made of the configuration use them from then on, and other threads may use it
 * meanwhile. A set that is wrong changes nothing. Until the first one no token of the issuer is accepted.
 *
 * Errors: WIRESIGN_CONFIG_INVALID, whose error says what is wrong with the set, or that no issuer of this name publishes its
 * keys at a URL; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_config_publish_keys(struct wiresign_config *config,
                                     const char *issuer,
                                     size_t issuer_length,
                                     const char *jwks,
                                     size_t jwks_length,
                                     struct wiresign_error **err);

/**
 * Gives another object for the same configuration, which lives as long as its own owner likes: keys that are published through
 * one of the two are those of both.
 *
 * Gives through `clone` an object that the caller frees with wiresign_config_free.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_config_clone(const struct wiresign_config *config,
                              struct wiresign_config **clone,
                              struct wiresign_error **err);

/**
 * Judges as wiresign_verified_require_permission does, for programs that have kept what was verified, and not the object: writes
 * to `permits` whether a service may do all that a permission matches. `claims` is the text that wiresign_verified_claims gave, and
 * (NULL, 0) where the request had no token.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_config_permits(const struct wiresign_config *config,
                                const char *service,
                                size_t service_length,
                                const char *claims,
                                size_t claims_length,
                                const char *permission,
                                size_t permission_length,
                                bool *permits,
                                struct wiresign_error **err);

/**
 * How many warnings the configuration has: things that work, and that an operator should know of. NULL gives 0.
 */
size_t wiresign_config_warning_count(const struct wiresign_config *config);

/**
 * Where in the document a warning is, as a JSON pointer. Counted from 0; NULL behind the last one. Lives as long as
 * the configuration.
 */
const char *wiresign_config_warning_pointer(const struct wiresign_config *config, size_t index, size_t *length);

/**
 * What a warning says, in one sentence. Counted from 0; NULL behind the last one. Lives as long as the configuration.
 */
const char *wiresign_config_warning_message(const struct wiresign_config *config, size_t index, size_t *length);

/**
 * Frees a configuration. NULL is nothing. Signers and verifiers that were made of it live on.
 */
void wiresign_config_free(struct wiresign_config *config);

/**
 * Makes it of a configuration with keys for contexts, which may be freed before it.
 *
 * Gives through `contexts` an object that the caller frees with wiresign_contexts_free.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when the configuration has no keys for contexts; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_contexts_new(const struct wiresign_config *config,
                              struct wiresign_contexts **contexts,
                              struct wiresign_error **err);

/**
 * Signs a tenant and its roles. The roles are one block, and the length of each; their order and repeats make no
 * difference.
 *
 * Gives through `signature` the hexadecimal digits, which the caller frees with wiresign_bytes_free.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when they cannot be signed, or no key is valid; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_contexts_sign(const struct wiresign_contexts *contexts,
                               const char *tenant,
                               size_t tenant_length,
                               const char *roles,
                               size_t roles_length,
                               const uint32_t *role_lengths,
                               size_t role_count,
                               uint64_t now,
                               struct wiresign_bytes **signature,
                               struct wiresign_error **err);

/**
 * The bytes that wiresign_contexts_sign computes the signature over, for finding out why two sides differ. They hold no
 * secret. The arguments are those of wiresign_contexts_sign.
 *
 * Gives through `message` bytes that the caller frees with wiresign_bytes_free.
 *
 * Errors: as wiresign_contexts_sign.
 */
int32_t wiresign_contexts_message(const struct wiresign_contexts *contexts,
                                  const char *tenant,
                                  size_t tenant_length,
                                  const char *roles,
                                  size_t roles_length,
                                  const uint32_t *role_lengths,
                                  size_t role_count,
                                  struct wiresign_bytes **message,
                                  struct wiresign_error **err);

/**
 * Judges the signature of a tenant and its roles. `payload` is what an older system signed, built anew from this tenant
 * and these roles, and is looked at only while the migration of the configuration lasts; (NULL, 0) for none.
 *
 * Gives through `verified` an object that the caller frees with wiresign_verified_context_free.
 *
 * Errors: a refusal; WIRESIGN_INVALID_ARGUMENT. The context holds only when the status is WIRESIGN_OK.
 */
int32_t wiresign_contexts_verify(const struct wiresign_contexts *contexts,
                                 const char *tenant,
                                 size_t tenant_length,
                                 const char *roles,
                                 size_t roles_length,
                                 const uint32_t *role_lengths,
                                 size_t role_count,
                                 const char *signature,
                                 size_t signature_length,
                                 uint64_t now,
                                 const void *payload,
                                 size_t payload_length,
                                 struct wiresign_verified_context **verified,
                                 struct wiresign_error **err);

/**
 * Takes the keys of another configuration, at once for all threads. The counters are kept. The configuration may be
 * freed afterwards.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when the configuration has no keys for contexts, and the old ones stay;
 * WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_contexts_replace(struct wiresign_contexts *contexts,
                                  const struct wiresign_config *config,
                                  struct wiresign_error **err);

/**
 * The counters in the text format of Prometheus.
 *
 * Gives through `text` bytes that the caller frees with wiresign_bytes_free.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_contexts_metrics(const struct wiresign_contexts *contexts,
                                  struct wiresign_bytes **text,
                                  struct wiresign_error **err);

/**
 * Frees the object, when no thread uses it any more. NULL is nothing.
 */
void wiresign_contexts_free(struct wiresign_contexts *contexts);

/**
 * The status of the call that gave this error, never WIRESIGN_OK. NULL gives 0.
 */
int32_t wiresign_error_code(const struct wiresign_error *error);

/**
 * The name of the status, such as "INVALID_SIGNATURE". The text is static. NULL gives NULL.
 */
const char *wiresign_error_name(const struct wiresign_error *error, size_t *length);

/**
 * One sentence. For a refusal it is safe to show to whoever sent the request; for a failure it is for the programmer
 * or the operator, and names the argument or the member of the document at fault. NULL gives NULL.
 */
const char *wiresign_error_message(const struct wiresign_error *error, size_t *length);

/**
 * What the operator's log should hold, and no one else should see. It never holds a secret; it may be empty. NULL
 * gives NULL.
 */
const char *wiresign_error_detail(const struct wiresign_error *error, size_t *length);

/**
 * The HTTP status of the code: that of a refusal, or 500 for a failure. NULL gives 500, so that a server that answers
 * with this number never accepts by mistake.
 */
uint16_t wiresign_error_status(const struct wiresign_error *error);

/**
 * The known service that a refused request claimed to come from; NULL when it named none, or one that is not known.
 * The claim is not verified.
 */
const char *wiresign_error_service(const struct wiresign_error *error, size_t *length);

/**
 * The request id of a refused request, not verified; NULL when it has none that may be logged.
 */
const char *wiresign_error_request_id(const struct wiresign_error *error, size_t *length);

/**
 * The HTTP status to answer a refused request with, as "reveal" in the configuration says. 500 for a failure and for
 * NULL.
 */
uint16_t wiresign_error_response_status(const struct wiresign_error *error);

/**
 * The code that the answer to a refused request shows, as "reveal" in the configuration says; it may say less than
 * wiresign_error_code. 0 for a failure and for NULL.
 */
int32_t wiresign_error_response_code(const struct wiresign_error *error);

/**
 * The body to answer a refused request with, as Content-Type: application/json; every language answers with the same
 * bytes. NULL for a failure, and for NULL.
 */
const char *wiresign_error_response_body(const struct wiresign_error *error, size_t *length);

/**
 * The value of the WWW-Authenticate header to answer a refused request with; NULL when the answer has none.
 */
const char *wiresign_error_response_www_authenticate(const struct wiresign_error *error, size_t *length);

/**
 * How many problems of the configuration this error lists; 0 for every status other than WIRESIGN_CONFIG_INVALID, and
 * for NULL.
 */
size_t wiresign_error_problem_count(const struct wiresign_error *error);

/**
 * Where in the document a problem is, as a JSON pointer (RFC 6901); for an environment variable, as the library names
 * it. Counted from 0; NULL behind the last one.
 */
const char *wiresign_error_problem_pointer(const struct wiresign_error *error, size_t index, size_t *length);

/**
 * What to do about a problem, in one sentence. Counted from 0; NULL behind the last one.
 */
const char *wiresign_error_problem_message(const struct wiresign_error *error, size_t index, size_t *length);

/**
 * Frees an error. NULL is nothing.
 */
void wiresign_error_free(struct wiresign_error *error);

/**
 * `OK`, or the code of the refusal. NULL gives NULL.
 */
const char *wiresign_explanation_verdict(const struct wiresign_explanation *explanation, size_t *length);

/**
 * All of it as text for people, of several lines. NULL gives NULL.
 */
const char *wiresign_explanation_text(const struct wiresign_explanation *explanation, size_t *length);

/**
 * All of it as one JSON object. NULL gives NULL.
 */
const char *wiresign_explanation_json(const struct wiresign_explanation *explanation, size_t *length);

/**
 * How many causes are named. NULL gives 0.
 */
size_t wiresign_explanation_hint_count(const struct wiresign_explanation *explanation);

/**
 * The stable name of a cause, counted from 0; those that a signature proves come first. NULL behind the last one.
 */
const char *wiresign_explanation_hint_id(const struct wiresign_explanation *explanation, size_t index, size_t *length);

/**
 * The sentence that names a cause, counted from 0; NULL behind the last one.
 */
const char *wiresign_explanation_hint_cause(const struct wiresign_explanation *explanation,
                                            size_t index,
                                            size_t *length);

/**
 * The sentence that says what to do about a cause, counted from 0; NULL behind the last one.
 */
const char *wiresign_explanation_hint_fix(const struct wiresign_explanation *explanation, size_t index, size_t *length);

/**
 * Whether the signature is right once a cause, counted from 0, is taken away. False behind the last one.
 */
bool wiresign_explanation_hint_is_proved(const struct wiresign_explanation *explanation, size_t index);

/**
 * Frees the object. NULL is nothing.
 */
void wiresign_explanation_free(struct wiresign_explanation *explanation);

/**
 * The HTTP status. NULL gives 500.
 */
uint16_t wiresign_handshake_response_status(const struct wiresign_handshake_response *response);

/**
 * How many headers there are to set. NULL gives 0.
 */
size_t wiresign_handshake_response_header_count(const struct wiresign_handshake_response *response);

/**
 * The name of a header, counted from 0; NULL behind the last one.
 */
const char *wiresign_handshake_response_header_name(const struct wiresign_handshake_response *response,
                                                    size_t index,
                                                    size_t *length);

/**
 * The value of a header, counted from 0; NULL behind the last one.
 */
const char *wiresign_handshake_response_header_value(const struct wiresign_handshake_response *response,
                                                     size_t index,
                                                     size_t *length);

/**
 * The body, which may be empty. NULL gives NULL.
 */
const char *wiresign_handshake_response_body(const struct wiresign_handshake_response *response, size_t *length);

/**
 * Frees the object. NULL is nothing.
 */
void wiresign_handshake_response_free(struct wiresign_handshake_response *response);

/**
 * Always "POST". NULL gives NULL.
 */
const char *wiresign_identity_request_method(const struct wiresign_identity_request *question, size_t *length);

/**
 * The endpoint of STS in a region of the configuration: where to send it. NULL gives NULL.
 */
const char *wiresign_identity_request_url(const struct wiresign_identity_request *question, size_t *length);

/**
 * How many headers there are to send, Host among them. NULL gives 0.
 */
size_t wiresign_identity_request_header_count(const struct wiresign_identity_request *question);

/**
 * The name of a header, counted from 0; NULL behind the last one.
 */
const char *wiresign_identity_request_header_name(const struct wiresign_identity_request *question,
                                                  size_t index,
                                                  size_t *length);

/**
 * The value of a header, counted from 0; NULL behind the last one.
 */
const char *wiresign_identity_request_header_value(const struct wiresign_identity_request *question,
                                                   size_t index,
                                                   size_t *length);

/**
 * The body, which is always the same. NULL gives NULL.
 */
const char *wiresign_identity_request_body(const struct wiresign_identity_request *question, size_t *length);

/**
 * Frees the object. NULL is nothing.
 */
void wiresign_identity_request_free(struct wiresign_identity_request *question);

/**
 * The token in compact form. NULL gives NULL.
 */
const char *wiresign_issued_token_text(const struct wiresign_issued_token *token, size_t *length);

/**
 * The first Unix second at which the token has ended. NULL gives 0.
 */
uint64_t wiresign_issued_token_expires(const struct wiresign_issued_token *token);

/**
 * For how many seconds the token lives. NULL gives 0.
 */
uint64_t wiresign_issued_token_lifetime(const struct wiresign_issued_token *token);

/**
 * How many permissions the token holds. NULL gives 0.
 */
size_t wiresign_issued_token_permission_count(const struct wiresign_issued_token *token);

/**
 * A permission as a pattern, counted from 0; NULL behind the last one.
 */
const char *wiresign_issued_token_permission(const struct wiresign_issued_token *token, size_t index, size_t *length);

/**
 * Frees the token. NULL is nothing.
 */
void wiresign_issued_token_free(struct wiresign_issued_token *token);

/**
 * Judges a request as wiresign_verifier_verify does, and writes the verdict to a buffer: what many requests have in common as
 * a number, so that nothing is made that the caller has already.
 *
 * `outcome` is a buffer of `capacity` bytes, WIRESIGN_OUTCOME_HEAD_SIZE at least, of any alignment: it gets a
 * wiresign_outcome and its texts, whatever the status is. 128 bytes are enough for nearly every acceptance, and 512 for
 * nearly every refusal too.
 *
 * Errors: as wiresign_verifier_verify. The request is accepted only when the status is WIRESIGN_OK.
 */
int32_t wiresign_verifier_verify_outcome(const struct wiresign_verifier *verifier,
                                         const char *method,
                                         size_t method_length,
                                         const char *target,
                                         size_t target_length,
                                         const char *authority,
                                         size_t authority_length,
                                         const char *headers,
                                         size_t headers_length,
                                         const uint32_t *header_lengths,
                                         size_t header_count,
                                         const void *body,
                                         size_t body_length,
                                         const uint8_t *client,
                                         size_t client_length,
                                         uint64_t now,
                                         struct wiresign_outcome *outcome,
                                         size_t capacity);

/**
 * Judges a request as wiresign_verifier_verify does, with few arguments: for runtimes where each pointer costs, and where
 * the memory of a call must not move, so that all of it should be in few pieces.
 *
 * `texts` holds, one behind the other: method, target, authority, the address of the caller as text ("192.0.2.1"), and
 * the names and values of the header fields, alternating. `lengths` has the length of each, `count` says how many there
 * are, and they are 4 at least. The length of an authority that is not known is WIRESIGN_ABSENT; a caller that is not
 * known, or has no IP address, may be any other text.
 *
 * The verdict is written as by wiresign_verifier_verify_outcome.
 *
 * Errors: as wiresign_verifier_verify. The request is accepted only when the status is WIRESIGN_OK.
 */
int32_t wiresign_verifier_verify_packed(const struct wiresign_verifier *verifier,
                                        const uint8_t *texts,
                                        size_t texts_length,
                                        const uint32_t *lengths,
                                        size_t count,
                                        const void *body,
                                        size_t body_length,
                                        uint64_t now,
                                        struct wiresign_outcome *outcome,
                                        size_t capacity);

/**
 * The facts that a number stands for, which an outcome of this verifier has given: a wiresign_facts and its texts. They stay
 * the same for as long as the verifier lives, so ask once.
 *
 * Gives through `block` bytes that the caller frees with wiresign_bytes_free.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_facts(const struct wiresign_verifier *verifier,
                                uint32_t facts,
                                struct wiresign_bytes **block,
                                struct wiresign_error **err);

/**
 * Checks that a text is a permission, such as "POST /invoices": for programs that say what they require of callers before
 * the first request comes.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT, whose error says what is wrong with the text.
 */
int32_t wiresign_permission_check(const char *permission,
                                  size_t permission_length,
                                  struct wiresign_error **err);

/**
 * Signs a response by RFC 9421, together with the request that it answers, so that nobody can give it for the answer to
 * another one. Where that request asks for a signature by "Accept-Signature", it gets that one.
 *
 * The response is its HTTP status, its header fields as a flat list of pairs (see the top of this header) and its body. The
 * request is described as there, as it was received, with its signature headers. `now` is the Unix time in seconds, or
 * WIRESIGN_NOW.
 *
 * Gives through `signed` the headers to set in the response, which the caller frees with wiresign_signed_free.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when the response cannot be signed; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_signer_sign_response(const struct wiresign_signer *signer,
                                      uint16_t status,
                                      const char *headers,
                                      size_t headers_length,
                                      const uint32_t *header_lengths,
                                      size_t header_count,
                                      const void *body,
                                      size_t body_length,
                                      const char *answered_method,
                                      size_t answered_method_length,
                                      const char *answered_target,
                                      size_t answered_target_length,
                                      const char *answered_authority,
                                      size_t answered_authority_length,
                                      const char *answered_headers,
                                      size_t answered_headers_length,
                                      const uint32_t *answered_header_lengths,
                                      size_t answered_header_count,
                                      uint64_t now,
                                      struct wiresign_signed **signed_,
                                      struct wiresign_error **err);

/**
 * Judges the response of a service by a signature of RFC 9421 that covers it and the request that it answers.
 *
 * `service` is the id of the service that was called. The response is its HTTP status, its header fields as a flat list of
 * pairs (see the top of this header) and its body. The request is described as there, as it was sent, with its signature
 * headers. `now` is the Unix time in seconds, or WIRESIGN_NOW.
 *
 * Gives through `verified` who answered, which the caller frees with wiresign_verified_free.
 *
 * Errors: every refusal, as for requests; WIRESIGN_SERVICE_NOT_ALLOWED where another service has signed;
 * WIRESIGN_INVALID_ARGUMENT. The response is accepted only when the status is WIRESIGN_OK.
 */
int32_t wiresign_verifier_verify_response(const struct wiresign_verifier *verifier,
                                          const char *service,
                                          size_t service_length,
                                          uint16_t status,
                                          const char *headers,
                                          size_t headers_length,
                                          const uint32_t *header_lengths,
                                          size_t header_count,
                                          const void *body,
                                          size_t body_length,
                                          const char *answered_method,
                                          size_t answered_method_length,
                                          const char *answered_target,
                                          size_t answered_target_length,
                                          const char *answered_authority,
                                          size_t answered_authority_length,
                                          const char *answered_headers,
                                          size_t answered_headers_length,
                                          const uint32_t *answered_header_lengths,
                                          size_t answered_header_count,
                                          uint64_t now,
                                          struct wiresign_verified **verified,
                                          struct wiresign_error **err);

/**
 * How many headers there are to set. NULL gives 0.
 */
size_t wiresign_signed_count(const struct wiresign_signed *signed_);

/**
 * The name of a header, counted from 0; NULL behind the last one.
 */
const char *wiresign_signed_name(const struct wiresign_signed *signed_, size_t index, size_t *length);

/**
 * The value of a header, counted from 0; NULL behind the last one.
 */
const char *wiresign_signed_value(const struct wiresign_signed *signed_, size_t index, size_t *length);

/**
 * Frees the headers. NULL is nothing.
 */
void wiresign_signed_free(struct wiresign_signed *signed_);

/**
 * Makes a signer of a configuration.
 *
 * `target` is the id of the service that the requests go to, as the scheme "service-hmac-v2" signs it; (NULL, 0) for
 * none. The configuration may be freed before the signer.
 *
 * Gives through `signer` an object that the caller frees with wiresign_signer_free.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when the configuration lacks what signing takes; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_signer_new(const struct wiresign_config *config,
                            const char *target,
                            size_t target_length,
                            struct wiresign_signer **signer,
                            struct wiresign_error **err);

/**
 * Makes a signer with credentials of AWS that were given out for a while, as those of a role are. Make a new one before they
 * end. Only where the configuration signs with "aws-identity" or "aws-sigv4".
 *
 * `target` is as for wiresign_signer_new. The session token is (NULL, 0) where the credentials have none.
 *
 * Gives through `signer` an object that the caller frees with wiresign_signer_free.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when the configuration signs with another scheme, or the credentials cannot be;
 * WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_signer_with_aws_credentials(const struct wiresign_config *config,
                                             const char *target,
                                             size_t target_length,
                                             const char *access_key_id,
                                             size_t access_key_id_length,
                                             const char *secret,
                                             size_t secret_length,
                                             const char *session_token,
                                             size_t session_token_length,
                                             struct wiresign_signer **signer,
                                             struct wiresign_error **err);

/**
 * Signs a request that will be sent.
 *
 * The request is described as at the top of this header. The schemes of this library sign neither its headers nor its
 * authority, which may then be left out (NULL, 0); "rfc9421" and "aws-sigv4" sign what is there, and all of that must be sent.
 * `now` is the Unix time in seconds, or WIRESIGN_NOW. The nonce becomes
 * X-Request-ID; (NULL, 0) stands for a new random UUID. Each attempt to send needs a signature of its own.
 *
 * Gives through `signed` the headers to set, which the caller frees with wiresign_signed_free.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when the request cannot be signed; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_signer_sign(const struct wiresign_signer *signer,
                             const char *method,
                             size_t method_length,
                             const char *target,
                             size_t target_length,
                             const char *authority,
                             size_t authority_length,
                             const char *headers,
                             size_t headers_length,
                             const uint32_t *header_lengths,
                             size_t header_count,
                             const void *body,
                             size_t body_length,
                             uint64_t now,
                             const char *nonce,
                             size_t nonce_length,
                             struct wiresign_signed **signed_,
                             struct wiresign_error **err);

/**
 * Signs as wiresign_signer_sign does, into buffers of the caller, so that no object is made.
 *
 * Writes the names and values of the headers one behind the other to `block`, their lengths to `lengths` with name and
 * value alternating, the bytes written to `block_length` and the number of headers to `count`. `block_capacity` is in
 * bytes; `count_capacity` in headers, so `lengths` has room for twice as many numbers. WIRESIGN_SIGNED_BLOCK_SIZE bytes
 * are enough but for what it says, and WIRESIGN_SIGNED_COUNT headers are always enough.
 *
 * Errors: as wiresign_signer_sign, and WIRESIGN_BUFFER_TOO_SMALL, where `block_length` and `count` say what is needed
 * and nothing else was written.
 */
int32_t wiresign_signer_sign_into(const struct wiresign_signer *signer,
                                  const char *method,
                                  size_t method_length,
                                  const char *target,
                                  size_t target_length,
                                  const char *authority,
                                  size_t authority_length,
                                  const char *headers,
                                  size_t headers_length,
                                  const uint32_t *header_lengths,
                                  size_t header_count,
                                  const void *body,
                                  size_t body_length,
                                  uint64_t now,
                                  const char *nonce,
                                  size_t nonce_length,
                                  char *block,
                                  size_t block_capacity,
                                  size_t *block_length,
                                  uint32_t *lengths,
                                  size_t count_capacity,
                                  size_t *count,
                                  struct wiresign_error **err);

/**
 * The bytes that a signature of this request covers, for finding out why two sides differ. They hold the body and no
 * secret. The arguments are those of wiresign_signer_sign.
 *
 * Gives through `message` bytes that the caller frees with wiresign_bytes_free.
 *
 * Errors: as wiresign_signer_sign.
 */
int32_t wiresign_signer_message(const struct wiresign_signer *signer,
                                const char *method,
                                size_t method_length,
                                const char *target,
                                size_t target_length,
                                const char *authority,
                                size_t authority_length,
                                const char *headers,
                                size_t headers_length,
                                const uint32_t *header_lengths,
                                size_t header_count,
                                const void *body,
                                size_t body_length,
                                uint64_t now,
                                const char *nonce,
                                size_t nonce_length,
                                struct wiresign_bytes **message,
                                struct wiresign_error **err);

/**
 * Signs a request as a link: its signature is in the query, and the link is good for `seconds`, a week at most. Only where the
 * configuration signs with "aws-sigv4".
 *
 * The request is described as at the top of this header. Its headers are signed, and must be sent with the link; its body is
 * not.
 *
 * Gives through `link` the target of the link, as bytes that the caller frees with wiresign_bytes_free.
 *
 * Errors: as wiresign_signer_sign.
 */
int32_t wiresign_signer_presign(const struct wiresign_signer *signer,
                                const char *method,
                                size_t method_length,
                                const char *target,
                                size_t target_length,
                                const char *authority,
                                size_t authority_length,
                                const char *headers,
                                size_t headers_length,
                                const uint32_t *header_lengths,
                                size_t header_count,
                                uint64_t seconds,
                                uint64_t now,
                                struct wiresign_bytes **link,
                                struct wiresign_error **err);

/**
 * Signs a request once more, as the response to its first attempt asks by "Accept-Signature" (RFC 9421, section 5.2). The
 * header fields of that response are a flat list of pairs (see the top of this header); the other arguments are those of
 * wiresign_signer_sign.
 *
 * Gives through `signed` the headers to set, which the caller frees with wiresign_signed_free; or NULL where the response asks
 * for nothing.
 *
 * Errors: as wiresign_signer_sign.
 */
int32_t wiresign_signer_sign_as_asked(const struct wiresign_signer *signer,
                                      const char *response_headers,
                                      size_t response_headers_length,
                                      const uint32_t *response_header_lengths,
                                      size_t response_header_count,
                                      const char *method,
                                      size_t method_length,
                                      const char *target,
                                      size_t target_length,
                                      const char *authority,
                                      size_t authority_length,
                                      const char *headers,
                                      size_t headers_length,
                                      const uint32_t *header_lengths,
                                      size_t header_count,
                                      const void *body,
                                      size_t body_length,
                                      uint64_t now,
                                      const char *nonce,
                                      size_t nonce_length,
                                      struct wiresign_signed **signed_,
                                      struct wiresign_error **err);

/**
 * Frees a signer. NULL is nothing.
 */
void wiresign_signer_free(struct wiresign_signer *signer);

/**
 * How many texts there are. NULL gives 0.
 */
size_t wiresign_texts_count(const struct wiresign_texts *texts);

/**
 * A text, counted from 0; NULL behind the last one.
 */
const char *wiresign_texts_text(const struct wiresign_texts *texts, size_t index, size_t *length);

/**
 * Frees the texts. NULL is nothing.
 */
void wiresign_texts_free(struct wiresign_texts *texts);

/**
 * Makes an issuer of a configuration, which may be freed before the issuer.
 *
 * Gives through `issuer` an object that the caller frees with wiresign_token_issuer_free.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when the own service has no key that can sign tokens; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_token_issuer_new(const struct wiresign_config *config,
                                  struct wiresign_token_issuer **issuer,
                                  struct wiresign_error **err);

/**
 * Issues a token about `subject`, a service of the registry, for `audience`, one of its targets.
 *
 * `lifetime` is in seconds, at most what the configuration says; WIRESIGN_CONFIGURED_LIFETIME for that. The permissions are some
 * of the subject's, as one block and the length of each; where `permission_lengths` is NULL, all of them. The tenant is what
 * the token names, (NULL, 0) for none. `now` is the Unix time in seconds, or WIRESIGN_NOW. The id becomes the token's "jti";
 * (NULL, 0) stands for a new random UUID.
 *
 * Gives through `token` an object that the caller frees with wiresign_issued_token_free.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when the registry does not allow the token, or no key is valid; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_token_issuer_issue(const struct wiresign_token_issuer *issuer,
                                    const char *subject,
                                    size_t subject_length,
                                    const char *audience,
                                    size_t audience_length,
                                    uint64_t lifetime,
                                    const char *permissions,
                                    size_t permissions_length,
                                    const uint32_t *permission_lengths,
                                    size_t permission_count,
                                    const char *tenant,
                                    size_t tenant_length,
                                    uint64_t now,
                                    const char *id,
                                    size_t id_length,
                                    struct wiresign_issued_token **token,
                                    struct wiresign_error **err);

/**
 * Answers a request to a token endpoint (RFC 6749, section 4.4): judges its form, issues the token, and writes the answer. What
 * the caller asks wrongly is an answer too, and WIRESIGN_OK.
 *
 * `caller` is the service that a verification of this request named, (NULL, 0) for none; `form` is the body of the request.
 * The tenant is for the application to name, never for the caller; (NULL, 0) for none. `now` is the Unix time in seconds, or
 * WIRESIGN_NOW. The id becomes the token's "jti"; (NULL, 0) stands for a new random UUID.
 *
 * Gives through `response` an object that the caller frees with wiresign_token_response_free.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when the service itself cannot sign, or the tenant or the id cannot be;
 * WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_token_issuer_answer(const struct wiresign_token_issuer *issuer,
                                     const char *caller,
                                     size_t caller_length,
                                     const void *form,
                                     size_t form_length,
                                     const char *tenant,
                                     size_t tenant_length,
                                     uint64_t now,
                                     const char *id,
                                     size_t id_length,
                                     struct wiresign_token_response **response,
                                     struct wiresign_error **err);

/**
 * Puts another configuration in force, at once for all threads. It may be freed afterwards.
 *
 * Errors: WIRESIGN_SIGNING_FAILED when its own service has no key that can sign tokens, and the old one stays;
 * WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_token_issuer_replace(struct wiresign_token_issuer *issuer,
                                      const struct wiresign_config *config,
                                      struct wiresign_error **err);

/**
 * Frees an issuer. NULL is nothing.
 */
void wiresign_token_issuer_free(struct wiresign_token_issuer *issuer);

/**
 * The HTTP status. NULL gives 500.
 */
uint16_t wiresign_token_response_status(const struct wiresign_token_response *response);

/**
 * How many headers there are to set. NULL gives 0.
 */
size_t wiresign_token_response_header_count(const struct wiresign_token_response *response);

/**
 * The name of a header, counted from 0; NULL behind the last one.
 */
const char *wiresign_token_response_header_name(const struct wiresign_token_response *response,
                                                size_t index,
                                                size_t *length);

/**
 * The value of a header, counted from 0; NULL behind the last one.
 */
const char *wiresign_token_response_header_value(const struct wiresign_token_response *response,
                                                 size_t index,
                                                 size_t *length);

/**
 * The body, which holds the token. NULL gives NULL.
 */
const char *wiresign_token_response_body(const struct wiresign_token_response *response, size_t *length);

/**
 * Frees the object. NULL is nothing.
 */
void wiresign_token_response_free(struct wiresign_token_response *response);

/**
 * True when the request went to a public route: it was accepted without looking at any credential, and there is no
 * service. NULL gives false.
 */
bool wiresign_verified_is_public(const struct wiresign_verified *verified);

/**
 * Refuses the request unless one of these services made it: a rule that an application adds to those of its config.
 * Without any service named, each caller will do, but there must be one.
 *
 * The ids are one block, and the length of each; `count` says how many there are.
 *
 * Errors: WIRESIGN_SERVICE_NOT_ALLOWED; WIRESIGN_AUTHENTICATION_REQUIRED on a public route; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verified_require_service(const struct wiresign_verified *verified,
                                          const char *services,
                                          size_t services_length,
                                          const uint32_t *service_lengths,
                                          size_t count,
                                          struct wiresign_error **err);

/**
 * Refuses the request unless its caller may do all that a permission matches, such as "POST /invoices", by "permissions" of
 * the configuration and by those of the request's token: a rule that an application adds for one of its handlers.
 *
 * Errors: WIRESIGN_PERMISSION_DENIED; WIRESIGN_AUTHENTICATION_REQUIRED on a public route; WIRESIGN_INVALID_ARGUMENT for what is
 * no permission, which wiresign_permission_check finds before there is a request.
 */
int32_t wiresign_verified_require_permission(const struct wiresign_verified *verified,
                                             const char *permission,
                                             size_t permission_length,
                                             struct wiresign_error **err);

/**
 * The id of the service that signed the request; NULL on a public route, and for NULL.
 */
const char *wiresign_verified_service(const struct wiresign_verified *verified, size_t *length);

/**
 * The id of the key that made the signature; NULL on a public route, and for NULL.
 */
const char *wiresign_verified_key_id(const struct wiresign_verified *verified, size_t *length);

/**
 * True when the configuration marks that key as retiring. NULL gives false.
 */
bool wiresign_verified_key_is_retiring(const struct wiresign_verified *verified);

/**
 * The id of the scheme, such as "service-hmac-v2"; NULL on a public route, and for NULL.
 */
const char *wiresign_verified_scheme(const struct wiresign_verified *verified, size_t *length);

/**
 * Writes the age of the signature in seconds to `age`; negative when it is from the future. False, and nothing written,
 * when there is none: on a public route, or where a pointer is NULL.
 */
bool wiresign_verified_age(const struct wiresign_verified *verified, int64_t *age);

/**
 * Writes the signed Unix time in seconds to `timestamp`. False, and nothing written, when there is none: on a public
 * route, or where a pointer is NULL.
 */
bool wiresign_verified_timestamp(const struct wiresign_verified *verified, uint64_t *timestamp);

/**
 * The request id; NULL when the request has none that may be logged.
 */
const char *wiresign_verified_request_id(const struct wiresign_verified *verified, size_t *length);

/**
 * True when the request id is part of what was signed. Only then does it say anything about the caller. NULL gives
 * false.
 */
bool wiresign_verified_request_id_is_signed(const struct wiresign_verified *verified);

/**
 * The pattern of the route in the configuration that matched; NULL when none did.
 */
const char *wiresign_verified_route(const struct wiresign_verified *verified, size_t *length);

/**
 * How many parts of the request the signature covers. NULL gives 0.
 */
size_t wiresign_verified_covered_count(const struct wiresign_verified *verified);

/**
 * The name of a part of the request that the signature covers, counted from 0; NULL behind the last one.
 */
const char *wiresign_verified_covered(const struct wiresign_verified *verified, size_t index, size_t *length);

/**
 * The subject ("sub") of the token of the request; NULL where it has no token, or the token no subject.
 */
const char *wiresign_verified_subject(const struct wiresign_verified *verified, size_t *length);

/**
 * The tenant that the token of the request names, in the claim that the configuration says; NULL where it names none.
 */
const char *wiresign_verified_tenant(const struct wiresign_verified *verified, size_t *length);

/**
 * Writes the Unix time in seconds at which the token of the request expires to `seconds`. False, and nothing written, where the
 * request has no token, or a pointer is NULL.
 */
bool wiresign_verified_token_expires(const struct wiresign_verified *verified,
                                     uint64_t *seconds);

/**
 * All claims of the token of the request, as the JSON object that was signed; NULL where it has no token.
 */
const char *wiresign_verified_claims(const struct wiresign_verified *verified, size_t *length);

/**
 * What no second request may share with this one; NULL where replays are not looked for.
 */
const char *wiresign_verified_replay_key(const struct wiresign_verified *verified, size_t *length);

/**
 * For how many seconds an external replay store must remember the replay key; written to `seconds`. False, and nothing
 * written, where it need not: the request may come again, or the configuration names no external store; and where a
 * pointer is NULL.
 */
bool wiresign_verified_replay_seconds(const struct wiresign_verified *verified, uint64_t *seconds);

/**
 * How many credentials were verified; several where a route asks for all of its schemes. NULL gives 0.
 */
size_t wiresign_verified_schemes_count(const struct wiresign_verified *verified);

/**
 * The scheme of a credential that was verified, counted from 0; NULL behind the last one.
 */
const char *wiresign_verified_schemes(const struct wiresign_verified *verified, size_t index, size_t *length);

/**
 * Frees the object. NULL is nothing.
 */
void wiresign_verified_free(struct wiresign_verified *verified);

/**
 * The tenant, as a UUID in lower case. NULL gives NULL.
 */
const char *wiresign_verified_context_tenant(const struct wiresign_verified_context *verified, size_t *length);

/**
 * How many roles there are, each counted once. NULL gives 0.
 */
size_t wiresign_verified_context_role_count(const struct wiresign_verified_context *verified);

/**
 * A role, counted from 0 in the order of their bytes; NULL behind the last one.
 */
const char *wiresign_verified_context_role(const struct wiresign_verified_context *verified,
                                           size_t index,
                                           size_t *length);

/**
 * True when the role is among them. False for NULL, and for what is no text.
 */
bool wiresign_verified_context_has_role(const struct wiresign_verified_context *verified,
                                        const char *role,
                                        size_t role_length);

/**
 * The id of the key that made the signature. NULL gives NULL.
 */
const char *wiresign_verified_context_key_id(const struct wiresign_verified_context *verified, size_t *length);

/**
 * True when the configuration marks that key as retiring. NULL gives false.
 */
bool wiresign_verified_context_key_is_retiring(const struct wiresign_verified_context *verified);

/**
 * Which form of signature held: "hmac-sha256", or "sha256-prefix" while a migration lasts. NULL gives NULL.
 */
const char *wiresign_verified_context_matched(const struct wiresign_verified_context *verified, size_t *length);

/**
 * Frees the object. NULL is nothing.
 */
void wiresign_verified_context_free(struct wiresign_verified_context *verified);

/**
 * Makes a verifier of a configuration, which may be freed before the verifier.
 *
 * Gives through `verifier` an object that the caller frees with wiresign_verifier_free.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_new(const struct wiresign_config *config,
                              struct wiresign_verifier **verifier,
                              struct wiresign_error **err);

/**
 * Judges a request with its whole body.
 *
 * The request is described as at the top of this header: method, target, headers and body are the bytes that were
 * received, not what a framework made of them. `client` is the address of the caller in network byte order, 4 or 16
 * bytes, (NULL, 0) when it is not known. `now` is the Unix time in seconds, or WIRESIGN_NOW.
 *
 * Gives through `verified` who called, which the caller frees with wiresign_verified_free.
 *
 * Errors: every refusal; WIRESIGN_INVALID_ARGUMENT; WIRESIGN_INTERNAL. The request is accepted only when the status is
 * WIRESIGN_OK.
 */
int32_t wiresign_verifier_verify(const struct wiresign_verifier *verifier,
                                 const char *method,
                                 size_t method_length,
                                 const char *target,
                                 size_t target_length,
                                 const char *authority,
                                 size_t authority_length,
                                 const char *headers,
                                 size_t headers_length,
                                 const uint32_t *header_lengths,
                                 size_t header_count,
                                 const void *body,
                                 size_t body_length,
                                 const uint8_t *client,
                                 size_t client_length,
                                 uint64_t now,
                                 struct wiresign_verified **verified,
                                 struct wiresign_error **err);

/**
 * Judges a request as wiresign_verifier_verify does, and writes who called to plain memory of the caller, so that no
 * object is made. With `err` NULL a refusal makes none either. Nothing is to be freed.
 *
 * Errors: as wiresign_verifier_verify. A request that an external replay store has still to judge is
 * WIRESIGN_INVALID_ARGUMENT, because plain values cannot be settled: use wiresign_verifier_verify there.
 */
int32_t wiresign_verifier_verify_into(const struct wiresign_verifier *verifier,
                                      const char *method,
                                      size_t method_length,
                                      const char *target,
                                      size_t target_length,
                                      const char *authority,
                                      size_t authority_length,
                                      const char *headers,
                                      size_t headers_length,
                                      const uint32_t *header_lengths,
                                      size_t header_count,
                                      const void *body,
                                      size_t body_length,
                                      const uint8_t *client,
                                      size_t client_length,
                                      uint64_t now,
                                      struct wiresign_verified_values *values,
                                      struct wiresign_error **err);

/**
 * Begins to judge a request whose body is still arriving. All that can be refused without the body is refused here.
 * The arguments are those of wiresign_verifier_verify. The verifier may be freed before the object.
 *
 * Gives through `verification` an object that the caller frees with wiresign_body_verification_free.
 *
 * Errors: as wiresign_verifier_verify.
 */
int32_t wiresign_verifier_begin(const struct wiresign_verifier *verifier,
                                const char *method,
                                size_t method_length,
                                const char *target,
                                size_t target_length,
                                const char *authority,
                                size_t authority_length,
                                const char *headers,
                                size_t headers_length,
                                const uint32_t *header_lengths,
                                size_t header_count,
                                const uint8_t *client,
                                size_t client_length,
                                uint64_t now,
                                struct wiresign_body_verification **verification,
                                struct wiresign_error **err);

/**
 * Takes what an external replay store says of a request that was accepted. Where the configuration names one, nothing
 * is remembered here: insert wiresign_verified_replay_key into the store if it is absent, to live for
 * wiresign_verified_replay_seconds, and tell the outcome, one of WIRESIGN_REPLAY_FIRST and the others.
 *
 * Errors: WIRESIGN_REPLAYED_REQUEST; WIRESIGN_REPLAY_STORE_UNAVAILABLE, unless the configuration lets such requests
 * pass; WIRESIGN_INVALID_ARGUMENT. The request is accepted only when the status is WIRESIGN_OK.
 */
int32_t wiresign_verifier_settle_replay(const struct wiresign_verifier *verifier,
                                        const struct wiresign_verified *verified,
                                        uint32_t outcome,
                                        struct wiresign_error **err);

/**
 * Says how a request is judged and, where it is refused, what the cause may be. Nothing is remembered or counted. Takes up to
 * some thousand times as long as a verification: for operators, and not for every refusal. The request is described as for
 * wiresign_verifier_verify.
 *
 * Gives through `explanation` an object that the caller frees with wiresign_explanation_free.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_explain(const struct wiresign_verifier *verifier,
                                  const char *method,
                                  size_t method_length,
                                  const char *target,
                                  size_t target_length,
                                  const char *authority,
                                  size_t authority_length,
                                  const char *headers,
                                  size_t headers_length,
                                  const uint32_t *header_lengths,
                                  size_t header_count,
                                  const void *body,
                                  size_t body_length,
                                  const uint8_t *client,
                                  size_t client_length,
                                  uint64_t now,
                                  struct wiresign_explanation **explanation,
                                  struct wiresign_error **err);

/**
 * Answers a request that is a handshake of the webhook, which is the challenge of its sender. Ask this before
 * wiresign_verifier_verify, and where there is an answer, send it and nothing else. The request is described as there.
 *
 * Gives through `response` an object that the caller frees with wiresign_handshake_response_free; or NULL where the
 * request is no handshake, or the configuration has no such webhook: then go on and verify it.
 *
 * Errors: the refusal of a request that is a handshake, or carries a signature that one must carry;
 * WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_handshake(const struct wiresign_verifier *verifier,
                                    const char *webhook,
                                    size_t webhook_length,
                                    const char *method,
                                    size_t method_length,
                                    const char *target,
                                    size_t target_length,
                                    const char *authority,
                                    size_t authority_length,
                                    const char *headers,
                                    size_t headers_length,
                                    const uint32_t *header_lengths,
                                    size_t header_count,
                                    const void *body,
                                    size_t body_length,
                                    const uint8_t *client,
                                    size_t client_length,
                                    uint64_t now,
                                    struct wiresign_handshake_response **response,
                                    struct wiresign_error **err);

/**
 * The names of the webhooks that are accepted where a request with this method and target goes, and whose senders make
 * handshakes: those to ask wiresign_verifier_handshake about, one after the other, before the request is verified.
 *
 * Gives through `webhooks` a list that the caller frees with wiresign_texts_free; or NULL where there is none, as for nearly
 * all requests: then nothing but a verification needs the body.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_handshakes_at(const struct wiresign_verifier *verifier,
                                        const char *method,
                                        size_t method_length,
                                        const char *target,
                                        size_t target_length,
                                        struct wiresign_texts **webhooks,
                                        struct wiresign_error **err);

/**
 * The question that AWS has to answer before a request with the proof of an IAM identity can be verified. Ask this before
 * wiresign_verifier_verify and wiresign_verifier_begin, send what it gives, and hand the answer to
 * wiresign_verifier_identity_answer. The request is described as there.
 *
 * Gives through `question` an object that the caller frees with wiresign_identity_request_free; or NULL where there is nothing
 * to ask: the request is refused or let in without, or the answer is known. A refusal is that of the verification.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_identity_request(const struct wiresign_verifier *verifier,
                                           const char *method,
                                           size_t method_length,
                                           const char *target,
                                           size_t target_length,
                                           const char *authority,
                                           size_t authority_length,
                                           const char *headers,
                                           size_t headers_length,
                                           const uint32_t *header_lengths,
                                           size_t header_count,
                                           const uint8_t *client,
                                           size_t client_length,
                                           uint64_t now,
                                           struct wiresign_identity_request **question,
                                           struct wiresign_error **err);

/**
 * Takes what AWS answers to a question: the HTTP status and the body. Where no answer came, `status` is 0: then the request is
 * refused with WIRESIGN_IDENTITY_UNAVAILABLE. `now` is the Unix time in seconds, or WIRESIGN_NOW. The question may be freed
 * afterwards.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_identity_answer(const struct wiresign_verifier *verifier,
                                          const struct wiresign_identity_request *question,
                                          uint16_t status,
                                          const void *body,
                                          size_t body_length,
                                          uint64_t now,
                                          struct wiresign_error **err);

/**
 * Puts another configuration in force, at once for all threads. Requests that are being judged finish on the old one;
 * what was seen before and the counters are kept. The configuration may be freed afterwards.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_replace(struct wiresign_verifier *verifier,
                                  const struct wiresign_config *config,
                                  struct wiresign_error **err);

/**
 * The value of an "Accept-Signature" header (RFC 9421, section 5.1) that asks a caller for the signature that is accepted here:
 * for the answer to a request that was not signed so.
 *
 * Gives through `text` bytes that the caller frees with wiresign_bytes_free.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_accept_signature(const struct wiresign_verifier *verifier,
                                           struct wiresign_bytes **text,
                                           struct wiresign_error **err);

/**
 * The counters of the verifier in the text format of Prometheus.
 *
 * Gives through `text` bytes that the caller frees with wiresign_bytes_free.
 *
 * Errors: WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_verifier_metrics(const struct wiresign_verifier *verifier,
                                  struct wiresign_bytes **text,
                                  struct wiresign_error **err);

/**
 * True when a request with this method and target goes to a public route, so that its body need not be collected.
 * False for arguments that cannot be used, so that a mistake never opens a route.
 */
bool wiresign_verifier_is_public(const struct wiresign_verifier *verifier,
                                 const char *method,
                                 size_t method_length,
                                 const char *target,
                                 size_t target_length);

/**
 * The largest body in bytes that is accepted by the configuration in force. NULL gives 0.
 */
uint64_t wiresign_verifier_body_limit(const struct wiresign_verifier *verifier);

/**
 * Frees a verifier, when no thread uses it any more. NULL is nothing.
 */
void wiresign_verifier_free(struct wiresign_verifier *verifier);

/**
 * True when the verdict depends on the body; false on a public route, where updates have no effect. NULL gives false.
 */
bool wiresign_body_verification_needs_body(const struct wiresign_body_verification *verification);

/**
 * Takes the length that the head declares (Content-Length), so that a body that is too long need not be read.
 *
 * Errors: as wiresign_body_verification_update.
 */
int32_t wiresign_body_verification_declare_length(struct wiresign_body_verification *verification,
                                                  uint64_t declared,
                                                  struct wiresign_error **err);

/**
 * Takes the next bytes of the body, in any pieces.
 *
 * Errors: WIRESIGN_BODY_TOO_LARGE, after which every further call is refused in the same way; WIRESIGN_OBJECT_SPENT
 * after wiresign_body_verification_finish; WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_body_verification_update(struct wiresign_body_verification *verification,
                                          const void *bytes,
                                          size_t length,
                                          struct wiresign_error **err);

/**
 * Ends the body and gives the verdict. Afterwards the object is spent, and is only to be freed.
 *
 * Gives through `verified` who called, which the caller frees with wiresign_verified_free.
 *
 * Errors: every refusal; WIRESIGN_OBJECT_SPENT when it was called before; WIRESIGN_INVALID_ARGUMENT, after which the
 * object is as before. The request is accepted only when the status is WIRESIGN_OK.
 */
int32_t wiresign_body_verification_finish(struct wiresign_body_verification *verification,
                                          struct wiresign_verified **verified,
                                          struct wiresign_error **err);

/**
 * Frees the object, finished or not. NULL is nothing.
 */
void wiresign_body_verification_free(struct wiresign_body_verification *verification);

/**
 * Makes a new secret of 32 random bytes of the operating system, and writes it to the caller's buffer with a NUL byte
 * behind it; `length` gets its length without that byte. The library keeps no copy. `encoding` is WIRESIGN_SECRET_HEX
 * or WIRESIGN_SECRET_BASE64.
 *
 * Errors: WIRESIGN_BUFFER_TOO_SMALL, where `length` says how many bytes are needed and nothing else was written;
 * WIRESIGN_INVALID_ARGUMENT.
 */
int32_t wiresign_generate_secret(uint32_t encoding,
                                 char *secret,
                                 size_t capacity,
                                 size_t *length,
                                 struct wiresign_error **err);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* WIRESIGN_H */
