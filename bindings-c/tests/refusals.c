/* Every refusal that this version can give, and what its error says. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void a_refusal_says_what_to_answer_and_what_to_log(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    request.body = "{\"invoice\":8}";
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, verify(verifier, &request, &verified, &error));
    CHECK(verified == NULL);

    size_t length = 0;
    CHECK(wiresign_error_code(error) == WIRESIGN_INVALID_SIGNATURE);
    CHECK_TEXT("INVALID_SIGNATURE", wiresign_error_name(error, &length));
    CHECK(length == 17);
    CHECK_TEXT(wiresign_code_message(WIRESIGN_INVALID_SIGNATURE, NULL), wiresign_error_message(error, NULL));
    CHECK(wiresign_error_detail(error, NULL) != NULL);
    CHECK(wiresign_error_status(error) == 401);
    CHECK_TEXT("billing", wiresign_error_service(error, NULL));
    CHECK_TEXT(NONCE, wiresign_error_request_id(error, NULL));
    CHECK(wiresign_error_response_status(error) == 401);
    CHECK(wiresign_error_response_code(error) == WIRESIGN_INVALID_SIGNATURE);
    const char *body = wiresign_error_response_body(error, &length);
    CHECK(length == strlen(body));
    CHECK(strstr(body, "\"INVALID_SIGNATURE\"") != NULL && strstr(body, NONCE) != NULL);
    CHECK(wiresign_error_response_www_authenticate(error, &length) != NULL && length > 0);
    CHECK(wiresign_error_problem_count(error) == 0);
    wiresign_error_free(error);
    wiresign_verifier_free(verifier);
}

static void an_answer_reveals_what_the_document_says(void)
{
    static const char document[] = "{\"service\": \"orders\", \"reveal\": \"uniform\", \"services\": {"
                                   " \"orders\": {\"keys\": [{\"secret\": \"env:ORDERS_SECRET\"}]},"
                                   " \"billing\": {\"keys\": [{\"secret\": \"env:BILLING_SECRET\"}]}}}";
    wiresign_verifier *verifier = verifier_of(document);
    request request = signed_request(NONCE);
    request.body = "";
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, verify(verifier, &request, &verified, &error));
    CHECK(wiresign_error_response_code(error) == WIRESIGN_AUTHENTICATION_REQUIRED);
    CHECK(strstr(wiresign_error_response_body(error, NULL), "INVALID_SIGNATURE") == NULL);
    wiresign_error_free(error);
    wiresign_verifier_free(verifier);
}

static void only_unauthenticated_answers_have_a_challenge(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = {.method = "get", .target = "/", .body = ""};
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_MALFORMED_REQUEST, verify(verifier, &request, &verified, &error));
    CHECK(wiresign_error_response_status(error) == 400);
    CHECK_TEXT(NULL, wiresign_error_response_www_authenticate(error, NULL));
    CHECK_TEXT(NULL, wiresign_error_request_id(error, NULL));
    CHECK_TEXT(NULL, wiresign_error_service(error, NULL));
    wiresign_error_free(error);
    wiresign_verifier_free(verifier);
}

/* One change to a request that would be accepted, and the verdict it brings. */
typedef struct fault {
    int32_t expected;
    const char *header; /* changed to `value`, taken out where that is NULL; or added where `add` is set */
    const char *value;
    bool add;
    const char *method;
    const char *target;
} fault;

static void each_fault_has_its_code(void)
{
    static const fault faults[] = {
        {.expected = WIRESIGN_OK},
        {.expected = WIRESIGN_MISSING_SIGNATURE, .header = "X-Signature"},
        {.expected = WIRESIGN_MISSING_SERVICE_ID, .header = "X-Service-ID"},
        {.expected = WIRESIGN_MISSING_TIMESTAMP, .header = "X-Timestamp"},
        {.expected = WIRESIGN_MISSING_NONCE, .header = "X-Request-ID"},
        {.expected = WIRESIGN_MISSING_TARGET, .header = "X-Target-Service"},
        {.expected = WIRESIGN_INVALID_TIMESTAMP, .header = "X-Timestamp", .value = "01767225600"},
        {.expected = WIRESIGN_TIMESTAMP_OUTSIDE_WINDOW, .header = "X-Timestamp", .value = "1767225299"},
        {.expected = WIRESIGN_MALFORMED_SIGNATURE, .header = "X-Signature", .value = "v2=" ZEROS "0"},
        {.expected = WIRESIGN_INVALID_SIGNATURE, .header = "X-Signature", .value = "v2=" ZEROS},
        {.expected = WIRESIGN_INVALID_NONCE, .header = "X-Request-ID", .value = "short"},
        {.expected = WIRESIGN_UNKNOWN_SERVICE, .header = "X-Service-ID", .value = "nobody"},
        {.expected = WIRESIGN_DUPLICATE_HEADER, .header = "x-timestamp", .value = "1767225600", .add = true},
        {.expected = WIRESIGN_MALFORMED_REQUEST, .method = "post"},
        {.expected = WIRESIGN_MALFORMED_REQUEST, .target = "/invoices/../admin"},
        {.expected = WIRESIGN_INVALID_SIGNATURE, .target = "/invoices?draft=2"},
    };
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request right = signed_request(NONCE);
    for (size_t i = 1; i <= sizeof faults / sizeof faults[0]; i++) {
        /* The right request comes last, so that no fault is hidden by a replay. */
        const fault *fault = &faults[i % (sizeof faults / sizeof faults[0])];
        request request = right;
        if (fault->add) {
            pairs_add(&request.headers, fault->header, fault->value);
        } else if (fault->header != NULL) {
            pairs_set(&request.headers, fault->header, fault->value);
        }
        request.method = fault->method == NULL ? request.method : fault->method;
        request.target = fault->target == NULL ? request.target : fault->target;
        CHECK_STATUS(fault->expected, verdict(verifier, &request));
    }
    wiresign_verifier_free(verifier);
}

static void a_request_without_credentials_is_asked_for_them(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = {.method = "GET", .target = "/", .body = ""};
    CHECK_STATUS(WIRESIGN_AUTHENTICATION_REQUIRED, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
}

static void a_scheme_that_is_not_accepted_is_named(void)
{
    static const char document[] = "{\"service\": \"orders\", \"services\": {"
                                   " \"billing\": {\"keys\": [{\"secret\": \"env:BILLING_SECRET\"}]}}}";
    wiresign_verifier *verifier = verifier_of(document);
    request request = signed_request(NONCE);
    pairs_set(&request.headers, "X-Signature", ZEROS);
    CHECK_STATUS(WIRESIGN_SCHEME_NOT_ACCEPTED, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
}

static void two_credentials_are_ambiguous(void)
{
    static const char document[] =
        "{\"service\": \"orders\", \"accept\": [\"service-hmac-v2\", \"cross-service\"], \"services\": {"
        " \"billing\": {\"keys\": [{\"secret\": \"env:BILLING_SECRET\"}]}}}";
    wiresign_verifier *verifier = verifier_of(document);
    request request = signed_request(NONCE);
    pairs_add(&request.headers, "X-Service-Name", "billing");
    CHECK_STATUS(WIRESIGN_AMBIGUOUS_CREDENTIALS, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
}

static void a_query_that_is_not_signed_is_refused_on_a_strict_route(void)
{
    static const char document[] =
        "{\"service\": \"orders\", \"accept\": [\"service-hmac\"], \"sign_with\": \"service-hmac\","
        " \"services\": {\"orders\": {\"keys\": [{\"secret\": \"env:ORDERS_SECRET\"}],"
        "                           \"allowed_targets\": [\"orders\"]}},"
        " \"routes\": [{\"match\": \"/**\", \"strict\": true}]}";
    wiresign_verifier *verifier = verifier_of(document);
    wiresign_signer *signer = signer_of(document, NULL);
    request request = {.method = "GET", .target = "/a?b", .body = ""};
    sign_with(signer, &request, NONCE);
    CHECK_STATUS(WIRESIGN_INSUFFICIENT_COVERAGE, verdict(verifier, &request));
    request.target = "/a";
    CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &request));
    wiresign_signer_free(signer);
    wiresign_verifier_free(verifier);
}

static void a_body_over_the_limit_is_refused(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    CHECK(wiresign_verifier_body_limit(verifier) == 1024);
    request request = signed_request(NONCE);
    char body[1026];
    memset(body, 'x', sizeof body);
    body[1025] = '\0';
    request.body = body;
    CHECK_STATUS(WIRESIGN_BODY_TOO_LARGE, verdict(verifier, &request));
    body[1024] = '\0';
    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
}

static void policy_decides_after_the_signature_held(void)
{
    static const char document[] = "{\"service\": \"orders\", \"environment\": \"production\", \"services\": {"
                                   " \"billing\": {\"keys\": [{\"secret\": \"env:BILLING_SECRET\"}], %s}}}";
    static const struct {
        int32_t expected;
        const char *policy;
    } cases[] = {
        {WIRESIGN_OK, "\"environments\": [\"production\"]"},
        {WIRESIGN_ENVIRONMENT_NOT_ALLOWED, "\"environments\": [\"staging\"]"},
        {WIRESIGN_TARGET_NOT_ALLOWED, "\"allowed_targets\": [\"shipping\"]"},
        {WIRESIGN_OK, "\"permissions\": [\"POST /invoices\"]"},
        {WIRESIGN_PERMISSION_DENIED, "\"permissions\": [\"GET /invoices\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        const char *hole = strstr(document, "%s");
        CHECK(strlen(document) + strlen(cases[i].policy) < sizeof text);
        memcpy(text, document, (size_t)(hole - document));
        strcpy(text + (hole - document), cases[i].policy);
        strcat(text, hole + 2);
        wiresign_verifier *verifier = verifier_of(text);
        request request = signed_request(NONCE);
        CHECK_STATUS(cases[i].expected, verdict(verifier, &request));
        wiresign_verifier_free(verifier);
    }
}

static void a_route_for_others_is_refused(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    wiresign_signer *signer = signer_of(BILLING, "orders");
    request request = {.method = "GET", .target = "/admin/users", .body = ""};
    sign_with(signer, &request, NONCE);
    CHECK_STATUS(WIRESIGN_SERVICE_NOT_ALLOWED, verdict(verifier, &request));
    wiresign_signer_free(signer);
    wiresign_verifier_free(verifier);
}

static void a_request_for_another_service_is_refused(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    wiresign_signer *signer = signer_of(BILLING, "billing");
    request request = {.method = "GET", .target = "/", .body = ""};
    sign_with(signer, &request, NONCE);
    CHECK_STATUS(WIRESIGN_TARGET_NOT_ALLOWED, verdict(verifier, &request));
    wiresign_signer_free(signer);
    wiresign_verifier_free(verifier);
}

static void a_key_outside_its_life_is_named(void)
{
    static const char document[] =
        "{\"service\": \"orders\", \"services\": {\"billing\": {\"keys\":"
        " [{\"secret\": \"env:BILLING_SECRET\", \"not_after\": \"2026-01-01T00:00:00Z\"}]}}}";
    wiresign_verifier *verifier = verifier_of(document);
    request request = signed_request(NONCE);
    CHECK_STATUS(WIRESIGN_KEY_NOT_VALID_NOW, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
}

static void a_request_is_accepted_once(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &request));
    CHECK_STATUS(WIRESIGN_REPLAYED_REQUEST, verdict(verifier, &request));
    request = signed_request("9b2d7c14-0c53-4f0e-8f3c-6a1de0a4b7d2");
    CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_refusal_says_what_to_answer_and_what_to_log),
        TEST(an_answer_reveals_what_the_document_says),
        TEST(only_unauthenticated_answers_have_a_challenge),
        TEST(each_fault_has_its_code),
        TEST(a_request_without_credentials_is_asked_for_them),
        TEST(a_scheme_that_is_not_accepted_is_named),
        TEST(two_credentials_are_ambiguous),
        TEST(a_query_that_is_not_signed_is_refused_on_a_strict_route),
        TEST(a_body_over_the_limit_is_refused),
        TEST(policy_decides_after_the_signature_held),
        TEST(a_route_for_others_is_refused),
        TEST(a_request_for_another_service_is_refused),
        TEST(a_key_outside_its_life_is_named),
        TEST(a_request_is_accepted_once),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
