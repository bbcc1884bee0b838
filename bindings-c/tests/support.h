/* What the C tests share: a runner, requests in the flat form of the header, and the two services of all tests. */
#ifndef WIRESIGN_TESTS_SUPPORT_H
#define WIRESIGN_TESTS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wiresign.h>

/* Ends the program when a condition does not hold, and says which. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            check_failed(__FILE__, __LINE__, #condition);                                                              \
        }                                                                                                              \
    } while (0)

/* Ends the program when a status is another than expected, and says which one came. */
#define CHECK_STATUS(expected, actual) check_status(__FILE__, __LINE__, (expected), (actual))

/* Ends the program when a text is another than expected. NULL equals only NULL. */
#define CHECK_TEXT(expected, actual) check_text(__FILE__, __LINE__, (expected), (actual))

void check_failed(const char *file, int line, const char *condition);
void check_status(const char *file, int line, int32_t expected, int32_t actual);
void check_text(const char *file, int line, const char *expected, const char *actual);

typedef struct test {
    const char *name;
    void (*run)(void);
} test;

#define TEST(name) {#name, name}

/* Runs the tests, and prints "pass NAME" for each; a test that fails prints "FAIL NAME" and ends the program. */
int run_tests(const test *tests, size_t count);

/* A list of pairs as the library takes it. */
typedef struct pairs {
    char block[4096];
    size_t length;
    uint32_t lengths[128];
    size_t count;
} pairs;

void pairs_add(pairs *list, const char *name, const char *value);
void pairs_set(pairs *list, const char *name, const char *value);

/* A request as the tests write it. The texts end with a NUL byte that is not passed on. */
typedef struct request {
    const char *method;
    const char *target;
    const char *body;
    pairs headers;
} request;

/* 2026-01-01T00:00:00Z, the time of all tests. */
#define NOW UINT64_C(1767225600)
#define NONCE "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"

/* The document of the service "orders", which "billing" calls; and that of "billing". Accept all of one list. */
extern const char *const ORDERS;
extern const char *const BILLING;

wiresign_config *config_of(const char *document);
wiresign_verifier *verifier_of(const char *document);
wiresign_signer *signer_of(const char *document, const char *target);

/* Signs the request with a nonce, and puts the headers into it. */
void sign_with(const wiresign_signer *signer, request *request, const char *nonce);

/* A request of "billing" to "orders", signed. */
request signed_request(const char *nonce);

int32_t verify_at(const wiresign_verifier *verifier, const request *request, uint64_t now, wiresign_verified **verified,
                  wiresign_error **error);
int32_t verify(const wiresign_verifier *verifier, const request *request, wiresign_verified **verified,
               wiresign_error **error);
int32_t begin(const wiresign_verifier *verifier, const request *request, wiresign_body_verification **verification,
              wiresign_error **error);

/* The status of a verdict whose objects are not looked at. */
int32_t verdict(const wiresign_verifier *verifier, const request *request);

#endif
