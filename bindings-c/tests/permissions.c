/* What an application requires of its callers, beside what the configuration says of routes. */
#include "support.h"

#include <stdio.h>
#include <string.h>

/* The key pair of RFC 8032, section 7.1, test 1, which everybody knows. */
#define SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define PUBLIC "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

#define HELD "\"permissions\": [\"POST /invoices\", \"GET /a/**\"]"

static const char *const IDENTITY =
    "{\"service\": \"identity\", \"services\": {"
    " \"identity\": {\"keys\": [{\"id\": \"2026\", \"algorithm\": \"ed25519\", \"private_key\": \"literal:" SEED
    "\"}]},"
    " \"billing\": {\"keys\": [{\"secret\": \"env:BILLING_SECRET\"}], \"allowed_targets\": [\"orders\"], " HELD "}}}";
static const char *const HOLDER =
    "{\"service\": \"orders\", \"accept\": [\"service-hmac-v2\", \"jwt\"], \"services\": {"
    " \"orders\": {\"keys\": [{\"secret\": \"env:ORDERS_SECRET\"}]},"
    " \"billing\": {\"keys\": [{\"id\": \"2026-q1\", \"secret\": \"env:BILLING_SECRET\"}],"
    "               \"allowed_targets\": [\"orders\"], " HELD "}},"
    " \"routes\": [{\"match\": \"GET /health\", \"public\": true}],"
    " \"jwt\": {\"issuers\": {\"identity\": {\"permissions_claim\": \"permissions\", \"type\": \"at+jwt\","
    "  \"keys\": [{\"id\": \"2026\", \"algorithm\": \"ed25519\", \"public_key\": \"literal:" PUBLIC "\"}]}}}}";

static int32_t require(const wiresign_verified *verified, const char *permission, wiresign_error **error)
{
    return wiresign_verified_require_permission(verified, permission, strlen(permission), error);
}

/* The same judgement on what was kept of a verified request. */
static int32_t permits(const wiresign_config *config, const wiresign_verified *verified, const char *permission,
                       bool *answer)
{
    size_t service_length = 0;
    size_t claims_length = 0;
    const char *service = wiresign_verified_service(verified, &service_length);
    const char *claims = wiresign_verified_claims(verified, &claims_length);
    return wiresign_config_permits(config, service, service_length, claims, claims_length, permission,
                                   strlen(permission), answer, NULL);
}

static void check_both(const wiresign_config *config, const wiresign_verified *verified, const char *permission,
                       bool is_held)
{
    bool answer = !is_held;
    CHECK_STATUS(is_held ? WIRESIGN_OK : WIRESIGN_PERMISSION_DENIED, require(verified, permission, NULL));
    CHECK_STATUS(WIRESIGN_OK, permits(config, verified, permission, &answer));
    CHECK(answer == is_held);
}

static void a_caller_does_what_it_may(void)
{
    wiresign_config *config = config_of(HOLDER);
    wiresign_verifier *verifier = verifier_of(HOLDER);
    request request = signed_request(NONCE);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    check_both(config, verified, "POST /invoices", true);
    check_both(config, verified, "GET /a/7", true);
    check_both(config, verified, "GET /a/**", true);
    check_both(config, verified, "GET /invoices", false);
    check_both(config, verified, "/a/7", false);
    check_both(config, verified, "GET /**", false);

    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_PERMISSION_DENIED, require(verified, "GET /**", &error));
    CHECK(wiresign_error_response_status(error) == 403);
    CHECK_TEXT("billing", wiresign_error_service(error, NULL));
    CHECK_TEXT(NONCE, wiresign_error_request_id(error, NULL));
    CHECK_TEXT("billing lacks a permission that the application requires here", wiresign_error_detail(error, NULL));
    wiresign_error_free(error);
    wiresign_verified_free(verified);

    request = (struct request){.method = "GET", .target = "/health", .body = ""};
    verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    CHECK_STATUS(WIRESIGN_AUTHENTICATION_REQUIRED, require(verified, "GET /a/7", NULL));
    wiresign_verified_free(verified);
    wiresign_verifier_free(verifier);
    wiresign_config_free(config);
}

static void without_a_list_a_service_may_do_everything(void)
{
    wiresign_config *config = config_of(ORDERS);
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    check_both(config, verified, "/**", true);
    bool answer = true;
    CHECK_STATUS(WIRESIGN_OK, wiresign_config_permits(config, "nobody", 6, NULL, 0, "/a", 2, &answer, NULL));
    CHECK(!answer);
    wiresign_verified_free(verified);
    wiresign_verifier_free(verifier);
    wiresign_config_free(config);
}

static void a_narrow_token_holds_less_than_its_service(void)
{
    wiresign_config *identity = config_of(IDENTITY);
    wiresign_config *config = config_of(HOLDER);
    wiresign_verifier *verifier = verifier_of(HOLDER);
    wiresign_token_issuer *issuer = NULL;
    wiresign_issued_token *token = NULL;
    static const char permission[] = "GET /a/7";
    static const uint32_t length = sizeof permission - 1;
    CHECK_STATUS(WIRESIGN_OK, wiresign_token_issuer_new(identity, &issuer, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_token_issuer_issue(issuer, "billing", 7, "orders", 6,
                                                          WIRESIGN_CONFIGURED_LIFETIME, permission, length, &length, 1,
                                                          NULL, 0, NOW, NONCE, strlen(NONCE), &token, NULL));
    char value[1024];
    CHECK(snprintf(value, sizeof value, "Bearer %s", wiresign_issued_token_text(token, NULL)) < (int)sizeof value);
    request request = {.method = "GET", .target = "/a/7", .body = ""};
    pairs_add(&request.headers, "Authorization", value);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    check_both(config, verified, "GET /a/7", true);
    check_both(config, verified, "GET /a/8", false);
    check_both(config, verified, "POST /invoices", false);
    wiresign_verified_free(verified);
    wiresign_issued_token_free(token);
    wiresign_token_issuer_free(issuer);
    wiresign_verifier_free(verifier);
    wiresign_config_free(identity);
    wiresign_config_free(config);
}

static void what_is_no_permission_is_found_before_the_first_request(void)
{
    static const char *const wrong[] = {"", "invoices:write", "get /a", "GET  /a", "GET", "/a?b", "/a b"};
    CHECK_STATUS(WIRESIGN_OK, wiresign_permission_check("POST /invoices/**", 17, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_permission_check("/**", 3, NULL));
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        wiresign_error *error = NULL;
        CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_permission_check(wrong[i], strlen(wrong[i]), &error));
        CHECK(strncmp(wiresign_error_message(error, NULL), "permission: ", 12) == 0);
        wiresign_error_free(error);
        CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, require(verified, wrong[i], NULL));
    }
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_permission_check(NULL, 4, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verified_require_permission(verified, NULL, 4, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, require(NULL, "/a", NULL));
    wiresign_verified_free(verified);
    wiresign_verifier_free(verifier);
}

static void a_second_object_of_a_configuration_lives_alone(void)
{
    wiresign_config *config = config_of(HOLDER);
    wiresign_config *other = NULL;
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_config_clone(NULL, &other, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_config_clone(config, NULL, NULL));
    CHECK(other == NULL);
    CHECK_STATUS(WIRESIGN_OK, wiresign_config_clone(config, &other, NULL));
    wiresign_config_free(config);
    CHECK_TEXT("orders", wiresign_config_service(other, NULL));
    bool answer = false;
    CHECK_STATUS(WIRESIGN_OK, wiresign_config_permits(other, "billing", 7, NULL, 0, "GET /a/7", 8, &answer, NULL));
    CHECK(answer);
    /* What is no set of claims holds nothing. */
    CHECK_STATUS(WIRESIGN_OK, wiresign_config_permits(other, "billing", 7, "", 0, "GET /a/7", 8, &answer, NULL));
    CHECK(!answer);
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_config_permits(other, "billing", 7, NULL, 0, "GET /a/7", 8, NULL, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_config_permits(other, "billing", 7, NULL, 0, "get /a/7", 8, &answer, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_config_permits(other, NULL, 7, NULL, 0, "GET /a/7", 8, &answer, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_config_permits(NULL, "billing", 7, NULL, 0, "GET /a/7", 8, &answer, NULL));
    wiresign_config_free(other);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_caller_does_what_it_may),
        TEST(without_a_list_a_service_may_do_everything),
        TEST(a_narrow_token_holds_less_than_its_service),
        TEST(what_is_no_permission_is_found_before_the_first_request),
        TEST(a_second_object_of_a_configuration_lives_alone),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
