/* Another configuration for a verifier at work, and its counters. */
#include "support.h"

#include <string.h>

static const char *const WITHOUT_BILLING = "{\"service\": \"orders\", \"services\": {"
                                           " \"orders\": {\"keys\": [{\"secret\": \"env:ORDERS_SECRET\"}]}},"
                                           " \"limits\": {\"body_bytes\": 5}}";

static void replace(wiresign_verifier *verifier, const char *document)
{
    wiresign_config *config = config_of(document);
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_replace(verifier, config, &error));
    wiresign_config_free(config);
}

static void the_new_configuration_is_in_force_at_once(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request first = signed_request(NONCE);
    CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &first));

    replace(verifier, WITHOUT_BILLING);
    CHECK(wiresign_verifier_body_limit(verifier) == 5);
    CHECK(!wiresign_verifier_is_public(verifier, "GET", 3, "/health", 7));
    request second = {.method = "POST", .target = "/", .body = ""};
    wiresign_signer *signer = signer_of(BILLING, "orders");
    sign_with(signer, &second, "9b2d7c14-0c53-4f0e-8f3c-6a1de0a4b7d2");
    wiresign_signer_free(signer);
    CHECK_STATUS(WIRESIGN_UNKNOWN_SERVICE, verdict(verifier, &second));

    /* What was seen before is kept. */
    replace(verifier, ORDERS);
    CHECK_STATUS(WIRESIGN_REPLAYED_REQUEST, verdict(verifier, &first));
    CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &second));
    wiresign_verifier_free(verifier);
}

static void a_request_under_way_finishes_on_the_old_one(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_body_verification *verification = NULL;
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, NULL));
    replace(verifier, WITHOUT_BILLING);
    CHECK_STATUS(WIRESIGN_OK,
                 wiresign_body_verification_update(verification, request.body, strlen(request.body), NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_finish(verification, &verified, NULL));
    CHECK_TEXT("billing", wiresign_verified_service(verified, NULL));
    wiresign_verified_free(verified);
    wiresign_body_verification_free(verification);
    wiresign_verifier_free(verifier);
}

static void counters_outlive_the_configuration(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &request));
    CHECK_STATUS(WIRESIGN_REPLAYED_REQUEST, verdict(verifier, &request));
    wiresign_bytes *before = NULL;
    wiresign_bytes *after = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_metrics(verifier, &before, NULL));
    replace(verifier, WITHOUT_BILLING);
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_metrics(verifier, &after, NULL));
    size_t length = 0;
    const char *text = wiresign_bytes_data(before, &length);
    CHECK(length == strlen(text));
    CHECK(strstr(text, "REPLAYED_REQUEST") != NULL);
    CHECK(strstr(text, "# TYPE ") != NULL);
    CHECK(strstr(wiresign_bytes_data(after, NULL), "REPLAYED_REQUEST") != NULL);
    wiresign_bytes_free(before);
    wiresign_bytes_free(after);
    wiresign_verifier_free(verifier);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_new_configuration_is_in_force_at_once),
        TEST(a_request_under_way_finishes_on_the_old_one),
        TEST(counters_outlive_the_configuration),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
