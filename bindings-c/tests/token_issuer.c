/* Tokens about the services of the registry, and the answers of a token endpoint. */
#include "support.h"

#include <stdio.h>
#include <string.h>

/* The key pair of RFC 8032, section 7.1, test 1, which everybody knows. */
#define SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define PUBLIC "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

static const char *const IDENTITY =
    "{\"service\": \"identity\", \"services\": {"
    " \"identity\": {\"keys\": [{\"id\": \"2026\", \"algorithm\": \"ed25519\", \"private_key\": \"literal:" SEED
    "\"}]},"
    " \"billing\": {\"keys\": [{\"secret\": \"env:BILLING_SECRET\"}], \"allowed_targets\": [\"identity\", \"orders\"],"
    "               \"permissions\": [\"GET /a/**\", \"POST /b\"]}}}";
static const char *const TOKENS_AT_ORDERS =
    "{\"service\": \"orders\", \"accept\": [\"jwt\"], \"services\": {\"billing\": {}}, \"jwt\": {\"issuers\": {"
    "\"identity\": {\"keys\": [{\"id\": \"2026\", \"algorithm\": \"ed25519\", \"public_key\": \"literal:" PUBLIC "\"}],"
    " \"type\": \"at+jwt\", \"permissions_claim\": \"permissions\", \"tenant_claim\": \"tenant\"}}}}";
#define FORM "grant_type=client_credentials&audience=orders"

static wiresign_token_issuer *issuer_of(const char *document)
{
    wiresign_config *config = config_of(document);
    wiresign_token_issuer *issuer = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_token_issuer_new(config, &issuer, NULL));
    wiresign_config_free(config);
    return issuer;
}

/* Issues with as many of the permissions as `count` says, one behind the other; all of them for SIZE_MAX. */
static int32_t issue(const wiresign_token_issuer *issuer, const char *audience, uint64_t lifetime,
                     const char *permission, size_t count, wiresign_issued_token **token, wiresign_error **error)
{
    uint32_t length = permission == NULL ? 0 : (uint32_t)strlen(permission);
    bool is_list = count != SIZE_MAX;
    return wiresign_token_issuer_issue(issuer, "billing", 7, audience, strlen(audience), lifetime, permission, length,
                                       is_list ? &length : NULL, is_list ? count : 0, "acme", 4, NOW, NONCE,
                                       strlen(NONCE), token, error);
}

static request request_with_token(const char *method, const char *target, const char *token)
{
    char value[1024];
    int length = snprintf(value, sizeof value, "Bearer %s", token);
    CHECK(length > 0 && (size_t)length < sizeof value);
    request made = {.method = method, .target = target, .body = ""};
    pairs_add(&made.headers, "Authorization", value);
    return made;
}

static void a_token_opens_what_it_says(void)
{
    wiresign_token_issuer *issuer = issuer_of(IDENTITY);
    wiresign_verifier *verifier = verifier_of(TOKENS_AT_ORDERS);
    wiresign_issued_token *token = NULL;
    CHECK_STATUS(WIRESIGN_OK, issue(issuer, "orders", WIRESIGN_CONFIGURED_LIFETIME, NULL, SIZE_MAX, &token, NULL));
    CHECK(wiresign_issued_token_expires(token) == NOW + 300 && wiresign_issued_token_lifetime(token) == 300);
    CHECK(wiresign_issued_token_permission_count(token) == 2);
    size_t length = 0;
    CHECK_TEXT("GET /a/**", wiresign_issued_token_permission(token, 0, &length));
    CHECK(length == 9);
    CHECK_TEXT("POST /b", wiresign_issued_token_permission(token, 1, NULL));
    CHECK_TEXT(NULL, wiresign_issued_token_permission(token, 2, NULL));
    const char *text = wiresign_issued_token_text(token, &length);
    CHECK(length == strlen(text));

    request allowed = request_with_token("GET", "/a/7", text);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &allowed, &verified, NULL));
    CHECK_TEXT("billing", wiresign_verified_service(verified, NULL));
    CHECK_TEXT("acme", wiresign_verified_tenant(verified, NULL));
    wiresign_verified_free(verified);
    request forbidden = request_with_token("POST", "/a/7", text);
    CHECK_STATUS(WIRESIGN_PERMISSION_DENIED, verdict(verifier, &forbidden));
    CHECK_STATUS(WIRESIGN_TOKEN_EXPIRED, verify_at(verifier, &allowed, NOW + 330, &verified, NULL));
    wiresign_issued_token_free(token);
    wiresign_verifier_free(verifier);
    wiresign_token_issuer_free(issuer);
}

static void permissions_and_life_are_narrowed_and_never_widened(void)
{
    wiresign_token_issuer *issuer = issuer_of(IDENTITY);
    wiresign_issued_token *token = NULL;
    CHECK_STATUS(WIRESIGN_OK, issue(issuer, "orders", 60, "GET /a/7", 1, &token, NULL));
    CHECK(wiresign_issued_token_lifetime(token) == 60);
    CHECK(wiresign_issued_token_permission_count(token) == 1);
    CHECK_TEXT("GET /a/7", wiresign_issued_token_permission(token, 0, NULL));
    wiresign_issued_token_free(token);
    CHECK_STATUS(WIRESIGN_OK, issue(issuer, "orders", 60, "", 0, &token, NULL));
    CHECK(wiresign_issued_token_permission_count(token) == 0);
    wiresign_issued_token_free(token);

    token = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, issue(issuer, "orders", 60, "GET /**", 1, &token, &error));
    CHECK_TEXT("SIGNING_FAILED", wiresign_error_name(error, NULL));
    wiresign_error_free(error);
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, issue(issuer, "payroll", 60, NULL, SIZE_MAX, &token, NULL));
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, issue(issuer, "orders", 301, NULL, SIZE_MAX, &token, NULL));
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, issue(issuer, "orders", 0, NULL, SIZE_MAX, &token, NULL));
    CHECK(token == NULL);
    wiresign_token_issuer_free(issuer);
}

static int32_t respond(const wiresign_token_issuer *issuer, const char *caller, const char *form, uint64_t now,
                       wiresign_token_response **response)
{
    return wiresign_token_issuer_answer(issuer, caller, caller == NULL ? 0 : strlen(caller), form, strlen(form), NULL,
                                        0, now, NULL, 0, response, NULL);
}

static void a_token_endpoint_answers_what_it_is_asked(void)
{
    wiresign_token_issuer *issuer = issuer_of(IDENTITY);
    static const struct {
        const char *caller;
        const char *form;
        uint16_t status;
        const char *says;
    } cases[] = {
        {"billing", FORM, 200, "\"token_type\":\"Bearer\",\"expires_in\":300,\"scope\":\"GET /a/** POST /b\"}"},
        {"billing", FORM "&scope=GET+/a/7", 200, "\"scope\":\"GET /a/7\"}"},
        {"billing", FORM "&scope=GET+/c", 400, "\"invalid_scope\""},
        {"billing", FORM "&client_secret=x", 400, "\"invalid_request\""},
        {"billing", "grant_type=client_credentials&audience=payroll", 400, "\"invalid_target\""},
        {"billing", "grant_type=password", 400, "\"unsupported_grant_type\""},
        {"nobody", FORM, 400, "\"unauthorized_client\""},
        {NULL, FORM, 401, "\"invalid_client\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wiresign_token_response *response = NULL;
        CHECK_STATUS(WIRESIGN_OK, respond(issuer, cases[i].caller, cases[i].form, NOW, &response));
        CHECK(wiresign_token_response_status(response) == cases[i].status);
        size_t length = 0;
        CHECK(strstr(wiresign_token_response_body(response, &length), cases[i].says) != NULL);
        CHECK(length == strlen(wiresign_token_response_body(response, NULL)));
        size_t count = wiresign_token_response_header_count(response);
        CHECK(count == (cases[i].status == 401 ? 4u : 3u));
        CHECK_TEXT("Cache-Control", wiresign_token_response_header_name(response, 1, NULL));
        CHECK_TEXT("no-store", wiresign_token_response_header_value(response, 1, NULL));
        CHECK_TEXT(NULL, wiresign_token_response_header_name(response, count, NULL));
        wiresign_token_response_free(response);
    }
    wiresign_token_response *none = NULL;
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, respond(issuer, "billing", FORM, UINT64_MAX - 1, &none));
    CHECK(none == NULL);
    wiresign_token_issuer_free(issuer);
}

static void another_configuration_is_in_force_at_once(void)
{
    wiresign_token_issuer *issuer = issuer_of(IDENTITY);
    wiresign_config *without_key = config_of("{\"service\": \"a\", \"services\": {}}");
    wiresign_config *shorter =
        config_of("{\"service\": \"identity\", \"jwt\": {\"lifetime\": 60}, \"services\": {\"identity\": {\"keys\": ["
                  "{\"algorithm\": \"ed25519\", \"private_key\": \"literal:" SEED "\"}]},"
                  " \"billing\": {\"allowed_targets\": [\"orders\"]}}}");
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, wiresign_token_issuer_replace(issuer, without_key, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_token_issuer_replace(issuer, NULL, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_token_issuer_replace(NULL, shorter, NULL));
    static const uint64_t lifetimes[] = {300, 60};
    for (size_t i = 0; i < 2; i++) {
        wiresign_issued_token *token = NULL;
        CHECK_STATUS(WIRESIGN_OK, issue(issuer, "orders", WIRESIGN_CONFIGURED_LIFETIME, NULL, SIZE_MAX, &token, NULL));
        CHECK(wiresign_issued_token_lifetime(token) == lifetimes[i]);
        wiresign_issued_token_free(token);
        CHECK_STATUS(WIRESIGN_OK, wiresign_token_issuer_replace(issuer, shorter, NULL));
    }
    wiresign_config_free(shorter);
    wiresign_config_free(without_key);
    wiresign_token_issuer_free(issuer);
}

static void wrong_arguments_are_told(void)
{
    wiresign_config *config = config_of("{\"service\": \"a\", \"services\": {}}");
    wiresign_token_issuer *none = NULL;
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, wiresign_token_issuer_new(config, &none, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_token_issuer_new(NULL, &none, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_token_issuer_new(config, NULL, NULL));
    CHECK(none == NULL);
    wiresign_config_free(config);

    wiresign_token_issuer *issuer = issuer_of(IDENTITY);
    wiresign_issued_token *token = NULL;
    wiresign_token_response *response = NULL;
    const uint32_t length = 1;
    const int32_t statuses[] = {
        issue(NULL, "orders", 60, NULL, SIZE_MAX, &token, NULL),
        issue(issuer, "orders", 60, NULL, SIZE_MAX, NULL, NULL),
        issue(issuer, "\xff", 60, NULL, SIZE_MAX, &token, NULL),
        issue(issuer, "orders", 60, "\xff", 1, &token, NULL),
        issue(issuer, "orders", 60, "GET /a/7", 0, &token, NULL),
        wiresign_token_issuer_issue(issuer, NULL, 1, "orders", 6, 60, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 0, &token,
                                    NULL),
        wiresign_token_issuer_issue(issuer, "billing", 7, "orders", 6, 60, NULL, 1, &length, 1, NULL, 0, NOW, NULL, 0,
                                    &token, NULL),
        wiresign_token_issuer_issue(issuer, "billing", 7, "orders", 6, 60, NULL, 0, NULL, 1, NULL, 0, NOW, NULL, 0,
                                    &token, NULL),
        respond(NULL, "billing", FORM, NOW, &response),
        respond(issuer, "billing", FORM, NOW, NULL),
        respond(issuer, "\xff", FORM, NOW, &response),
        wiresign_token_issuer_answer(issuer, "billing", 7, NULL, 1, NULL, 0, NOW, NULL, 0, &response, NULL),
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, statuses[i]);
    }
    CHECK(token == NULL && response == NULL);
    wiresign_token_issuer_free(issuer);

    wiresign_token_issuer_free(NULL);
    wiresign_issued_token_free(NULL);
    wiresign_token_response_free(NULL);
    CHECK_TEXT(NULL, wiresign_issued_token_text(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_issued_token_permission(NULL, 0, NULL));
    CHECK(wiresign_issued_token_permission_count(NULL) == 0);
    CHECK(wiresign_issued_token_expires(NULL) == 0 && wiresign_issued_token_lifetime(NULL) == 0);
    CHECK(wiresign_token_response_status(NULL) == 500 && wiresign_token_response_header_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_token_response_header_name(NULL, 0, NULL));
    CHECK_TEXT(NULL, wiresign_token_response_header_value(NULL, 0, NULL));
    CHECK_TEXT(NULL, wiresign_token_response_body(NULL, NULL));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_token_opens_what_it_says),
        TEST(permissions_and_life_are_narrowed_and_never_widened),
        TEST(a_token_endpoint_answers_what_it_is_asked),
        TEST(another_configuration_is_in_force_at_once),
        TEST(wrong_arguments_are_told),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
