/* A body that arrives in pieces. */
#include "support.h"

#include <string.h>

static void pieces_of_any_size_give_the_verdict_of_the_whole(void)
{
    for (size_t step = 1; step <= 14; step++) {
        wiresign_verifier *verifier = verifier_of(ORDERS);
        request request = signed_request(NONCE);
        wiresign_body_verification *verification = NULL;
        wiresign_error *error = NULL;
        CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, &error));
        CHECK(wiresign_body_verification_needs_body(verification));
        size_t length = strlen(request.body);
        for (size_t at = 0; at < length; at += step) {
            size_t piece = length - at < step ? length - at : step;
            CHECK_STATUS(WIRESIGN_OK,
                         wiresign_body_verification_update(verification, request.body + at, piece, &error));
            CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_update(verification, NULL, 0, &error));
        }
        wiresign_verified *verified = NULL;
        CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_finish(verification, &verified, &error));
        CHECK_TEXT("billing", wiresign_verified_service(verified, NULL));
        wiresign_verified_free(verified);
        wiresign_body_verification_free(verification);
        CHECK_STATUS(WIRESIGN_REPLAYED_REQUEST, verdict(verifier, &request));
        wiresign_verifier_free(verifier);
    }
}

static void a_finished_object_is_spent(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_body_verification *verification = NULL;
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, wiresign_body_verification_finish(verification, &verified, NULL));
    CHECK_STATUS(WIRESIGN_OBJECT_SPENT, wiresign_body_verification_update(verification, "x", 1, &error));
    CHECK_TEXT("OBJECT_SPENT", wiresign_error_name(error, NULL));
    CHECK(wiresign_error_response_status(error) == 500);
    wiresign_error_free(error);
    CHECK_STATUS(WIRESIGN_OBJECT_SPENT, wiresign_body_verification_finish(verification, &verified, NULL));
    CHECK(verified == NULL);
    wiresign_body_verification_free(verification);
    wiresign_verifier_free(verifier);
}

static void a_wrong_argument_does_not_spend_the_object(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_body_verification *verification = NULL;
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_body_verification_update(verification, NULL, 1, NULL));
    CHECK_STATUS(WIRESIGN_OK,
                 wiresign_body_verification_update(verification, request.body, strlen(request.body), NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_body_verification_finish(verification, NULL, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_finish(verification, &verified, NULL));
    wiresign_verified_free(verified);
    wiresign_body_verification_free(verification);
    wiresign_verifier_free(verifier);
}

static void a_body_over_the_limit_stays_refused(void)
{
    static const char piece[512];
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_body_verification *verification = NULL;
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_update(verification, piece, 512, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_update(verification, piece, 512, NULL));
    CHECK_STATUS(WIRESIGN_BODY_TOO_LARGE, wiresign_body_verification_update(verification, piece, 1, NULL));
    CHECK_STATUS(WIRESIGN_BODY_TOO_LARGE, wiresign_body_verification_update(verification, NULL, 0, NULL));
    CHECK_STATUS(WIRESIGN_BODY_TOO_LARGE, wiresign_body_verification_finish(verification, &verified, &error));
    CHECK(verified == NULL && wiresign_error_response_status(error) == 413);
    wiresign_error_free(error);
    CHECK_STATUS(WIRESIGN_OBJECT_SPENT, wiresign_body_verification_finish(verification, &verified, NULL));
    wiresign_body_verification_free(verification);
    wiresign_verifier_free(verifier);
}

static void a_declared_length_over_the_limit_is_refused_before_the_body(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_body_verification *verification = NULL;
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_body_verification_declare_length(NULL, 1, NULL));
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_declare_length(verification, 1024, NULL));
    CHECK_STATUS(WIRESIGN_BODY_TOO_LARGE, wiresign_body_verification_declare_length(verification, 1025, NULL));
    CHECK_STATUS(WIRESIGN_BODY_TOO_LARGE, wiresign_body_verification_update(verification, "a", 1, NULL));
    CHECK_STATUS(WIRESIGN_BODY_TOO_LARGE, wiresign_body_verification_finish(verification, &verified, NULL));
    CHECK_STATUS(WIRESIGN_OBJECT_SPENT, wiresign_body_verification_declare_length(verification, 1, NULL));
    wiresign_body_verification_free(verification);
    wiresign_verifier_free(verifier);
}

static void an_application_takes_the_services_that_it_names(void)
{
    static const uint32_t one[] = {4};
    static const uint32_t two[] = {4, 7};
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_verified_require_service(verified, "shopbilling", 11, two, 2, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_verified_require_service(verified, NULL, 0, NULL, 0, NULL));
    CHECK_STATUS(WIRESIGN_SERVICE_NOT_ALLOWED, wiresign_verified_require_service(verified, "shop", 4, one, 1, &error));
    CHECK_TEXT("billing", wiresign_error_service(error, NULL));
    wiresign_error_free(error);
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verified_require_service(verified, "shop", 4, two, 2, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verified_require_service(verified, "shop", 4, NULL, 1, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verified_require_service(NULL, "shop", 4, one, 1, NULL));
    wiresign_verified_free(verified);

    request = (struct request){.method = "GET", .target = "/health", .body = ""};
    verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    CHECK_STATUS(WIRESIGN_AUTHENTICATION_REQUIRED, wiresign_verified_require_service(verified, NULL, 0, NULL, 0, NULL));
    wiresign_verified_free(verified);
    wiresign_verifier_free(verifier);
}

static void what_needs_no_body_is_refused_at_the_beginning(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    pairs_set(&request.headers, "X-Timestamp", "1");
    wiresign_body_verification *verification = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_TIMESTAMP_OUTSIDE_WINDOW, begin(verifier, &request, &verification, &error));
    CHECK(verification == NULL);
    CHECK_TEXT("TIMESTAMP_OUTSIDE_WINDOW", wiresign_error_name(error, NULL));
    wiresign_error_free(error);
    wiresign_verifier_free(verifier);
}

static void a_public_route_needs_no_body(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = {.method = "GET", .target = "/health", .body = ""};
    wiresign_body_verification *verification = NULL;
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, NULL));
    CHECK(!wiresign_body_verification_needs_body(verification));
    CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_finish(verification, &verified, NULL));
    CHECK(wiresign_verified_is_public(verified));
    wiresign_verified_free(verified);
    wiresign_body_verification_free(verification);
    wiresign_verifier_free(verifier);
}

static void the_object_lives_longer_than_its_verifier(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_body_verification *verification = NULL;
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, NULL));
    wiresign_verifier_free(verifier);
    CHECK_STATUS(WIRESIGN_OK,
                 wiresign_body_verification_update(verification, request.body, strlen(request.body), NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_finish(verification, &verified, NULL));
    wiresign_verified_free(verified);
    wiresign_body_verification_free(verification);
}

static void an_object_may_be_freed_unfinished(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_body_verification *verification = NULL;
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_update(verification, "{", 1, NULL));
    wiresign_body_verification_free(verification);
    /* Nothing was remembered of it. */
    CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
}

int main(void)
{
    static const test tests[] = {
        TEST(pieces_of_any_size_give_the_verdict_of_the_whole),
        TEST(a_finished_object_is_spent),
        TEST(a_wrong_argument_does_not_spend_the_object),
        TEST(a_body_over_the_limit_stays_refused),
        TEST(a_declared_length_over_the_limit_is_refused_before_the_body),
        TEST(an_application_takes_the_services_that_it_names),
        TEST(what_needs_no_body_is_refused_at_the_beginning),
        TEST(a_public_route_needs_no_body),
        TEST(the_object_lives_longer_than_its_verifier),
        TEST(an_object_may_be_freed_unfinished),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
