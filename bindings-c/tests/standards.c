/* The schemes that are defined elsewhere: what a token says of its caller, and the keys that issuers publish. */
#include "support.h"

#include <string.h>

/* What a member of the registry is told of in the documents below. */
#define SERVICES                                                                                                       \
    "\"services\": {"                                                                                                  \
    "  \"orders\": {\"keys\": [{\"secret\": \"env:ORDERS_SECRET\"}], \"url\": \"https://orders.internal\"},"           \
    "  \"billing\": {\"keys\": [{\"id\": \"2026-q1\", \"secret\": \"env:BILLING_SECRET\"}],"                           \
    "                \"allowed_targets\": [\"orders\"]}}"

/* The key pair of RFC 8032, section 7.1, test 1, which everybody knows. */
#define SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define KEY_SET(id)                                                                                                    \
    "{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"kid\": \"" id "\","                                        \
    " \"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"

static const char *const TOKENS_OF_BILLING = "{\"service\": \"billing\", \"sign_with\": \"jwt\", " SERVICES "}";
static const char *const TOKENS_AT_ORDERS = "{\"service\": \"orders\", \"accept\": [\"jwt\"], " SERVICES "}";
static const char *const LOGIN =
    "{\"service\": \"login\", \"sign_with\": \"jwt\", \"services\": {\"login\": {\"keys\": ["
    "{\"id\": \"k1\", \"algorithm\": \"ed25519\", \"private_key\": \"literal:" SEED "\"}]}}}";
static const char *const USERS_AT_ORDERS =
    "{\"service\": \"orders\", \"accept\": [\"jwt\"], \"services\": {}, \"jwt\": {\"issuers\": {"
    "\"login\": {\"jwks\": \"https://login.example/keys\", \"callers\": \"users\", \"tenant_claim\": \"aud\"}}}}";

static request request_with(const char *document, const char *nonce)
{
    request made = {.method = "GET", .target = "/a", .body = ""};
    wiresign_signer *signer = signer_of(document, "orders");
    sign_with(signer, &made, nonce);
    wiresign_signer_free(signer);
    return made;
}

static int32_t publish(wiresign_config *config, const char *issuer, const char *set, wiresign_error **error)
{
    return wiresign_config_publish_keys(config, issuer, strlen(issuer), set, strlen(set), error);
}

static void a_token_says_more_than_who_called(void)
{
    wiresign_verifier *verifier = verifier_of(TOKENS_AT_ORDERS);
    request request = request_with(TOKENS_OF_BILLING, NONCE);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    CHECK_TEXT("billing", wiresign_verified_service(verified, NULL));
    size_t length = 0;
    CHECK_TEXT("billing", wiresign_verified_subject(verified, &length));
    CHECK(length == 7);
    CHECK_TEXT(NULL, wiresign_verified_tenant(verified, &length));
    CHECK(length == 0);
    uint64_t expires = 0;
    CHECK(wiresign_verified_token_expires(verified, &expires) && expires == NOW + 300);
    CHECK(!wiresign_verified_token_expires(verified, NULL));
    CHECK_TEXT("{\"iss\":\"billing\",\"sub\":\"billing\",\"aud\":\"orders\",\"iat\":1767225600,\"exp\":1767225900,"
               "\"jti\":\"" NONCE "\"}",
               wiresign_verified_claims(verified, &length));
    CHECK(length == strlen(wiresign_verified_claims(verified, NULL)));
    wiresign_verified_free(verified);

    verified = NULL;
    CHECK_STATUS(WIRESIGN_TOKEN_EXPIRED, verify_at(verifier, &request, NOW + 330, &verified, NULL));
    CHECK(verified == NULL);
    wiresign_verifier_free(verifier);
}

static void without_a_token_nothing_of_it_is_known(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    uint64_t expires = 7;
    CHECK_TEXT(NULL, wiresign_verified_subject(verified, NULL));
    CHECK_TEXT(NULL, wiresign_verified_tenant(verified, NULL));
    CHECK_TEXT(NULL, wiresign_verified_claims(verified, NULL));
    CHECK(!wiresign_verified_token_expires(verified, &expires) && expires == 7);
    wiresign_verified_free(verified);
    wiresign_verifier_free(verifier);

    CHECK_TEXT(NULL, wiresign_verified_subject(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_verified_tenant(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_verified_claims(NULL, NULL));
    CHECK(!wiresign_verified_token_expires(NULL, &expires));
}

static void keys_are_published_while_the_verifier_is_in_use(void)
{
    wiresign_config *config = config_of(USERS_AT_ORDERS);
    wiresign_verifier *verifier = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_new(config, &verifier, NULL));
    size_t length = 0;
    CHECK(wiresign_config_jwks_url_count(config) == 1);
    CHECK_TEXT("login", wiresign_config_jwks_url_issuer(config, 0, &length));
    CHECK(length == 5);
    CHECK_TEXT("https://login.example/keys", wiresign_config_jwks_url(config, 0, NULL));
    CHECK_TEXT(NULL, wiresign_config_jwks_url_issuer(config, 1, NULL));
    CHECK_TEXT(NULL, wiresign_config_jwks_url(config, SIZE_MAX, &length));
    CHECK(length == 0);

    request request = request_with(LOGIN, NONCE);
    CHECK_STATUS(WIRESIGN_UNKNOWN_KEY, verdict(verifier, &request));
    CHECK_STATUS(WIRESIGN_OK, publish(config, "login", KEY_SET("k1"), NULL));
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    CHECK_TEXT("issuer:login", wiresign_verified_service(verified, NULL));
    CHECK_TEXT("k1", wiresign_verified_key_id(verified, NULL));
    CHECK_TEXT("login", wiresign_verified_subject(verified, NULL));
    CHECK_TEXT("orders", wiresign_verified_tenant(verified, NULL));
    wiresign_verified_free(verified);

    CHECK_STATUS(WIRESIGN_OK, publish(config, "login", KEY_SET("k2"), NULL));
    CHECK_STATUS(WIRESIGN_UNKNOWN_KEY, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
    wiresign_config_free(config);
}

static void a_set_that_is_wrong_changes_nothing(void)
{
    static const char private_key[] = "{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"kid\": \"k1\","
                                      " \"d\": \"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
                                      " \"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
    wiresign_config *config = config_of(USERS_AT_ORDERS);
    wiresign_verifier *verifier = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_new(config, &verifier, NULL));
    CHECK_STATUS(WIRESIGN_OK, publish(config, "login", KEY_SET("k1"), NULL));
    request request = request_with(LOGIN, NONCE);
    static const char *const wrong[] = {"", "[]", "{}", "{\"keys\": []}", private_key};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        wiresign_error *error = NULL;
        CHECK_STATUS(WIRESIGN_CONFIG_INVALID, publish(config, "login", wrong[i], &error));
        CHECK(wiresign_error_problem_count(error) == 1);
        CHECK_TEXT("", wiresign_error_problem_pointer(error, 0, NULL));
        CHECK(strlen(wiresign_error_problem_message(error, 0, NULL)) > 0);
        CHECK(strstr(wiresign_error_message(error, NULL), "nWGxne") == NULL);
        wiresign_error_free(error);
        CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &request));
    }
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, publish(config, "nobody", KEY_SET("k1"), NULL));
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, publish(config, "", KEY_SET("k1"), NULL));
    wiresign_verifier_free(verifier);

    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, publish(NULL, "login", KEY_SET("k1"), NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_config_publish_keys(config, "login", 5, NULL, 1, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_config_publish_keys(config, NULL, 5, "{}", 2, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_config_publish_keys(config, "login", 5, "\xff", 1, NULL));
    CHECK(wiresign_config_jwks_url_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_config_jwks_url(NULL, 0, NULL));
    CHECK_TEXT(NULL, wiresign_config_jwks_url_issuer(NULL, 0, NULL));
    wiresign_config_free(config);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_token_says_more_than_who_called),
        TEST(without_a_token_nothing_of_it_is_known),
        TEST(keys_are_published_while_the_verifier_is_in_use),
        TEST(a_set_that_is_wrong_changes_nothing),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
