/* The schemes that are defined elsewhere: what a token says of its caller, the keys that issuers publish, links, and
 * signatures of responses. */
#include "support.h"

#include <stdio.h>
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

#define AWS_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define AWS_SCOPE "\"aws_sigv4\": {\"region\": \"eu-central-1\", \"service\": \"execute-api\"}, "
#define AWS_SERVICES                                                                                                   \
    "\"services\": {\"billing\": {\"aws_keys\": [{\"id\": \"AKIDBILLING000000001\", \"secret\": \"literal:" AWS_SECRET \
    "\"}], \"allowed_targets\": [\"orders\"]}}"

static int32_t presign(const wiresign_signer *signer, const request *request, uint64_t seconds, wiresign_bytes **link)
{
    return wiresign_signer_presign(signer, request->method, strlen(request->method), request->target,
                                   strlen(request->target), NULL, 0, request->headers.block, request->headers.length,
                                   request->headers.lengths, request->headers.count, seconds, NOW, link, NULL);
}

static void a_link_is_good_for_its_time(void)
{
    wiresign_signer *signer =
        signer_of("{\"service\": \"billing\", \"sign_with\": \"aws-sigv4\", " AWS_SCOPE AWS_SERVICES "}", NULL);
    wiresign_verifier *verifier =
        verifier_of("{\"service\": \"orders\", \"accept\": [\"aws-sigv4\"], " AWS_SCOPE AWS_SERVICES "}");
    request link = {.method = "GET", .target = "/a?b=c", .body = ""};
    pairs_add(&link.headers, "Host", "orders.internal");
    wiresign_bytes *target = NULL;
    CHECK_STATUS(WIRESIGN_OK, presign(signer, &link, 60, &target));
    size_t length = 0;
    link.target = (const char *)wiresign_bytes_data(target, &length);
    CHECK(length == strlen(link.target) && strncmp(link.target, "/a?b=c&", 7) == 0);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify_at(verifier, &link, NOW + 60, &verified, NULL));
    CHECK_TEXT("billing", wiresign_verified_service(verified, NULL));
    wiresign_verified_free(verified);
    CHECK_STATUS(WIRESIGN_TIMESTAMP_OUTSIDE_WINDOW, verify_at(verifier, &link, NOW + 61, &verified, NULL));
    pairs_set(&link.headers, "Host", "other.internal");
    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, verdict(verifier, &link));
    wiresign_bytes_free(target);

    link.target = "/a";
    wiresign_bytes *none = NULL;
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, presign(signer, &link, 604801, &none));
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, presign(signer, &link, 0, &none));
    wiresign_signer *other = signer_of(BILLING, "orders");
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, presign(other, &link, 60, &none));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, presign(NULL, &link, 60, &none));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, presign(signer, &link, 60, NULL));
    CHECK(none == NULL);
    wiresign_signer_free(other);
    wiresign_signer_free(signer);
    wiresign_verifier_free(verifier);
}

static const char *const MESSAGES_OF_BILLING =
    "{\"service\": \"billing\", \"accept\": [\"rfc9421\"], \"sign_with\": \"rfc9421\", " SERVICES "}";
static const char *const MESSAGES_OF_ORDERS =
    "{\"service\": \"orders\", \"accept\": [\"rfc9421\"], \"sign_with\": \"rfc9421\", " SERVICES "}";

/* A request to orders, not signed yet. */
static request request_to_orders(const char *target)
{
    request made = {.method = "POST", .target = target, .body = "{}"};
    pairs_add(&made.headers, "Host", "orders.internal");
    return made;
}

static void add_signed(pairs *headers, wiresign_signed *made)
{
    for (size_t i = 0; i < wiresign_signed_count(made); i++) {
        pairs_add(headers, wiresign_signed_name(made, i, NULL), wiresign_signed_value(made, i, NULL));
    }
    wiresign_signed_free(made);
}

static request signed_message(const char *target)
{
    request made = request_to_orders(target);
    wiresign_signer *signer = signer_of(MESSAGES_OF_BILLING, "orders");
    wiresign_signed *headers = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_signer_sign(
                                  signer, made.method, strlen(made.method), made.target, strlen(made.target), NULL, 0,
                                  made.headers.block, made.headers.length, made.headers.lengths, made.headers.count,
                                  made.body, strlen(made.body), NOW, NONCE, strlen(NONCE), &headers, NULL));
    add_signed(&made.headers, headers);
    wiresign_signer_free(signer);
    return made;
}

static int32_t sign_response(const wiresign_signer *signer, const pairs *headers, const request *answered,
                             wiresign_signed **made)
{
    return wiresign_signer_sign_response(
        signer, 201, headers->block, headers->length, headers->lengths, headers->count, "[1]", 3, answered->method,
        strlen(answered->method), answered->target, strlen(answered->target), NULL, 0, answered->headers.block,
        answered->headers.length, answered->headers.lengths, answered->headers.count, NOW, made, NULL);
}

static int32_t verify_response(const wiresign_verifier *verifier, const char *service, uint16_t status,
                               const pairs *headers, const char *body, const request *answered, uint64_t now)
{
    wiresign_verified *verified = NULL;
    int32_t code = wiresign_verifier_verify_response(
        verifier, service, strlen(service), status, headers->block, headers->length, headers->lengths, headers->count,
        body, strlen(body), answered->method, strlen(answered->method), answered->target, strlen(answered->target),
        NULL, 0, answered->headers.block, answered->headers.length, answered->headers.lengths, answered->headers.count,
        now, &verified, NULL);
    CHECK((code == WIRESIGN_OK) == (verified != NULL));
    if (verified != NULL) {
        CHECK_TEXT("orders", wiresign_verified_service(verified, NULL));
        CHECK_TEXT("rfc9421", wiresign_verified_scheme(verified, NULL));
    }
    wiresign_verified_free(verified);
    return code;
}

static void a_response_is_held_against_its_request(void)
{
    request answered = signed_message("/a?b=c");
    request other = signed_message("/a?b=d");
    pairs headers = {.count = 0};
    pairs_add(&headers, "Content-Type", "application/json");
    wiresign_signer *signer = signer_of(MESSAGES_OF_ORDERS, NULL);
    wiresign_signed *made = NULL;
    CHECK_STATUS(WIRESIGN_OK, sign_response(signer, &headers, &answered, &made));
    add_signed(&headers, made);

    wiresign_verifier *verifier = verifier_of(MESSAGES_OF_BILLING);
    CHECK_STATUS(WIRESIGN_OK, verify_response(verifier, "orders", 201, &headers, "[1]", &answered, NOW));
    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, verify_response(verifier, "orders", 200, &headers, "[1]", &answered, NOW));
    CHECK_STATUS(WIRESIGN_DIGEST_MISMATCH, verify_response(verifier, "orders", 201, &headers, "[2]", &answered, NOW));
    CHECK_STATUS(WIRESIGN_SERVICE_NOT_ALLOWED,
                 verify_response(verifier, "billing", 201, &headers, "[1]", &answered, NOW));
    CHECK_STATUS(WIRESIGN_TIMESTAMP_OUTSIDE_WINDOW,
                 verify_response(verifier, "orders", 201, &headers, "[1]", &answered, NOW + 301));
    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, verify_response(verifier, "orders", 201, &headers, "[1]", &other, NOW));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, verify_response(NULL, "orders", 201, &headers, "[1]", &answered, NOW));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, sign_response(NULL, &headers, &answered, &made));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, sign_response(signer, &headers, &answered, NULL));
    wiresign_signer_free(signer);
    wiresign_verifier_free(verifier);
}

static void a_signature_that_is_asked_for_is_made(void)
{
    wiresign_verifier *verifier = verifier_of(MESSAGES_OF_ORDERS);
    wiresign_bytes *asked = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_accept_signature(verifier, &asked, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verifier_accept_signature(NULL, &asked, NULL));
    pairs asking = {.count = 0};
    pairs_add(&asking, "Accept-Signature", (const char *)wiresign_bytes_data(asked, NULL));
    wiresign_bytes_free(asked);
    pairs nothing = {.count = 0};
    pairs nonsense = {.count = 0};
    pairs_add(&nonsense, "Accept-Signature", "(((");

    wiresign_signer *signer = signer_of(MESSAGES_OF_BILLING, "orders");
    request request = request_to_orders("/a");
    CHECK_STATUS(WIRESIGN_AUTHENTICATION_REQUIRED, verdict(verifier, &request));
    const struct {
        const pairs *asking;
        int32_t status;
        bool is_signed;
    } cases[] = {
        {&nothing, WIRESIGN_OK, false}, {&nonsense, WIRESIGN_SIGNING_FAILED, false}, {&asking, WIRESIGN_OK, true}};
    wiresign_signed *made = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const pairs *from = cases[i].asking;
        CHECK_STATUS(cases[i].status,
                     wiresign_signer_sign_as_asked(
                         signer, from->block, from->length, from->lengths, from->count, request.method,
                         strlen(request.method), request.target, strlen(request.target), NULL, 0, request.headers.block,
                         request.headers.length, request.headers.lengths, request.headers.count, request.body,
                         strlen(request.body), NOW, NONCE, strlen(NONCE), &made, NULL));
        CHECK((made != NULL) == cases[i].is_signed);
    }
    add_signed(&request.headers, made);
    CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &request));
    wiresign_signer_free(signer);
    wiresign_verifier_free(verifier);
}

static void signatures_that_are_longer_than_usual_tell_how_long(void)
{
    char document[8192];
    char token[4097];
    memset(token, 't', sizeof token - 1);
    token[sizeof token - 1] = 0;
    int length = snprintf(document, sizeof document,
                          "{\"service\": \"billing\", \"sign_with\": \"aws-sigv4\", " AWS_SCOPE
                          "\"services\": {\"billing\": {\"aws_keys\": [{\"id\": \"AKIDBILLING000000001\","
                          " \"secret\": \"literal:" AWS_SECRET "\", \"session_token\": \"literal:%s\"}]}}}",
                          token);
    CHECK(length > 0 && (size_t)length < sizeof document);
    wiresign_signer *signer = signer_of(document, NULL);
    char block[WIRESIGN_SIGNED_BLOCK_SIZE];
    uint32_t lengths[2 * WIRESIGN_SIGNED_COUNT];
    size_t needed = 0;
    size_t count = 0;
    static const uint32_t host[] = {4, 1};
    CHECK_STATUS(WIRESIGN_BUFFER_TOO_SMALL,
                 wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, "Hosta", 5, host, 1, NULL, 0, NOW, NULL,
                                           0, block, sizeof block, &needed, lengths, WIRESIGN_SIGNED_COUNT, &count,
                                           NULL));
    CHECK(needed > 4096 && count < WIRESIGN_SIGNED_COUNT);
    char longer[8192];
    CHECK_STATUS(WIRESIGN_OK, wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, "Hosta", 5, host, 1, NULL, 0,
                                                        NOW, NULL, 0, longer, sizeof longer, &needed, lengths,
                                                        WIRESIGN_SIGNED_COUNT, &count, NULL));
    wiresign_signer_free(signer);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_token_says_more_than_who_called),
        TEST(without_a_token_nothing_of_it_is_known),
        TEST(keys_are_published_while_the_verifier_is_in_use),
        TEST(a_set_that_is_wrong_changes_nothing),
        TEST(a_link_is_good_for_its_time),
        TEST(a_response_is_held_against_its_request),
        TEST(a_signature_that_is_asked_for_is_made),
        TEST(signatures_that_are_longer_than_usual_tell_how_long),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
