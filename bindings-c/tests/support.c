#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *running = "(no test)";

void check_failed(const char *file, int line, const char *condition)
{
    printf("FAIL %s: %s:%d: %s\n", running, file, line, condition);
    fflush(stdout);
    exit(1);
}

void check_status(const char *file, int line, int32_t expected, int32_t actual)
{
    if (expected != actual) {
        const char *name = wiresign_code_name(actual, NULL);
        char text[128];
        snprintf(text, sizeof text, "status %d (%s), expected %d", (int)actual, name == NULL ? "OK" : name,
                 (int)expected);
        check_failed(file, line, text);
    }
}

void check_text(const char *file, int line, const char *expected, const char *actual)
{
    if (expected == actual || (expected != NULL && actual != NULL && strcmp(expected, actual) == 0)) {
        return;
    }
    char text[512];
    snprintf(text, sizeof text, "\"%s\", expected \"%s\"", actual == NULL ? "(NULL)" : actual,
             expected == NULL ? "(NULL)" : expected);
    check_failed(file, line, text);
}

int run_tests(const test *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        running = tests[i].name;
        tests[i].run();
        printf("pass %s\n", running);
        fflush(stdout);
    }
    return 0;
}

void pairs_add(pairs *list, const char *name, const char *value)
{
    size_t name_length = strlen(name);
    size_t value_length = strlen(value);
    CHECK(list->length + name_length + value_length <= sizeof list->block);
    CHECK(2 * list->count + 2 <= sizeof list->lengths / sizeof list->lengths[0]);
    memcpy(list->block + list->length, name, name_length);
    memcpy(list->block + list->length + name_length, value, value_length);
    list->length += name_length + value_length;
    list->lengths[2 * list->count] = (uint32_t)name_length;
    list->lengths[2 * list->count + 1] = (uint32_t)value_length;
    list->count++;
}

/* Gives every pair of that name another value; NULL takes the pairs out. */
void pairs_set(pairs *list, const char *name, const char *value)
{
    pairs before = *list;
    size_t at = 0;
    bool found = false;
    *list = (pairs){.count = 0};
    for (size_t i = 0; i < before.count; i++) {
        char old_name[256] = "";
        char old_value[1024] = "";
        uint32_t name_length = before.lengths[2 * i];
        uint32_t value_length = before.lengths[2 * i + 1];
        CHECK(name_length < sizeof old_name && value_length < sizeof old_value);
        memcpy(old_name, before.block + at, name_length);
        memcpy(old_value, before.block + at + name_length, value_length);
        at += name_length + value_length;
        if (strcmp(old_name, name) != 0) {
            pairs_add(list, old_name, old_value);
        } else {
            found = true;
            if (value != NULL) {
                pairs_add(list, old_name, value);
            }
        }
    }
    CHECK(found);
}

const char *const ORDERS =
    "{\"service\": \"orders\", \"environment\": \"test\", \"accept\": [\"service-hmac-v2\", \"service-hmac\"],"
    " \"services\": {"
    "  \"orders\": {\"keys\": [{\"secret\": \"env:ORDERS_SECRET\"}], \"url\": \"https://orders.internal\"},"
    "  \"billing\": {\"keys\": [{\"id\": \"2026-q1\", \"secret\": \"env:BILLING_SECRET\"}],"
    "                \"allowed_targets\": [\"orders\"]}},"
    " \"routes\": [{\"match\": \"GET /health\", \"public\": true},"
    "              {\"match\": \"/admin/**\", \"services\": [\"orders\"]}],"
    " \"limits\": {\"body_bytes\": 1024}}";

const char *const BILLING = "{\"service\": \"billing\", \"services\": {"
                            "  \"billing\": {\"keys\": [{\"id\": \"2026-q1\", \"secret\": \"env:BILLING_SECRET\"}]},"
                            "  \"orders\": {\"keys\": [{\"secret\": \"env:ORDERS_SECRET\"}]}}}";

wiresign_config *config_of(const char *document)
{
    pairs variables = {.count = 0};
    pairs_add(&variables, "ORDERS_SECRET", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9");
    pairs_add(&variables, "BILLING_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9");
    wiresign_config *config = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_config_parse(document, strlen(document), variables.block, variables.length,
                                           variables.lengths, variables.count, WIRESIGN_LOOKUP_NONE, &config, &error);
    if (status != WIRESIGN_OK) {
        printf("%s\n", wiresign_error_message(error, NULL));
        wiresign_error_free(error);
    }
    CHECK_STATUS(WIRESIGN_OK, status);
    return config;
}

wiresign_verifier *verifier_of(const char *document)
{
    wiresign_config *config = config_of(document);
    wiresign_verifier *verifier = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_new(config, &verifier, NULL));
    wiresign_config_free(config);
    return verifier;
}

wiresign_signer *signer_of(const char *document, const char *target)
{
    wiresign_config *config = config_of(document);
    wiresign_signer *signer = NULL;
    size_t target_length = target == NULL ? 0 : strlen(target);
    CHECK_STATUS(WIRESIGN_OK, wiresign_signer_new(config, target, target_length, &signer, NULL));
    wiresign_config_free(config);
    return signer;
}

void sign_with(const wiresign_signer *signer, request *request, const char *nonce)
{
    wiresign_signed *headers = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_signer_sign(signer, request->method, strlen(request->method), request->target,
                                                   strlen(request->target), NULL, 0, NULL, 0, NULL, 0, request->body,
                                                   strlen(request->body), NOW, nonce, strlen(nonce), &headers, NULL));
    for (size_t i = 0; i < wiresign_signed_count(headers); i++) {
        pairs_add(&request->headers, wiresign_signed_name(headers, i, NULL), wiresign_signed_value(headers, i, NULL));
    }
    wiresign_signed_free(headers);
}

request signed_request(const char *nonce)
{
    request request = {.method = "POST", .target = "/invoices?draft=1", .body = "{\"invoice\":7}"};
    pairs_add(&request.headers, "Content-Type", "application/json");
    wiresign_signer *signer = signer_of(BILLING, "orders");
    sign_with(signer, &request, nonce);
    wiresign_signer_free(signer);
    return request;
}

int32_t verify_at(const wiresign_verifier *verifier, const request *request, uint64_t now, wiresign_verified **verified,
                  wiresign_error **error)
{
    return wiresign_verifier_verify(verifier, request->method, strlen(request->method), request->target,
                                    strlen(request->target), NULL, 0, request->headers.block, request->headers.length,
                                    request->headers.lengths, request->headers.count, request->body,
                                    strlen(request->body), NULL, 0, now, verified, error);
}

int32_t verify(const wiresign_verifier *verifier, const request *request, wiresign_verified **verified,
               wiresign_error **error)
{
    return verify_at(verifier, request, NOW, verified, error);
}

int32_t begin(const wiresign_verifier *verifier, const request *request, wiresign_body_verification **verification,
              wiresign_error **error)
{
    return wiresign_verifier_begin(verifier, request->method, strlen(request->method), request->target,
                                   strlen(request->target), NULL, 0, request->headers.block, request->headers.length,
                                   request->headers.lengths, request->headers.count, NULL, 0, NOW, verification, error);
}

int32_t verdict(const wiresign_verifier *verifier, const request *request)
{
    wiresign_verified *verified = NULL;
    int32_t status = verify(verifier, request, &verified, NULL);
    CHECK((status == WIRESIGN_OK) == (verified != NULL));
    wiresign_verified_free(verified);
    return status;
}
