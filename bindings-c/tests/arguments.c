/* What careless callers pass: NULL, lengths that lie, misaligned places. */
#include "support.h"

#include <string.h>

static void free_of_null_is_nothing(void)
{
    wiresign_config_free(NULL);
    wiresign_signer_free(NULL);
    wiresign_signed_free(NULL);
    wiresign_verifier_free(NULL);
    wiresign_verified_free(NULL);
    wiresign_body_verification_free(NULL);
    wiresign_bytes_free(NULL);
    wiresign_error_free(NULL);
}

static void reading_null_gives_nothing(void)
{
    size_t length = 7;
    CHECK_TEXT(NULL, wiresign_error_message(NULL, &length));
    CHECK(length == 0);
    CHECK(wiresign_error_code(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_error_name(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_error_detail(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_error_service(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_error_request_id(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_error_response_body(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_error_response_www_authenticate(NULL, NULL));
    CHECK(wiresign_error_response_code(NULL) == 0);
    CHECK(wiresign_error_problem_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_error_problem_pointer(NULL, 0, NULL));
    CHECK_TEXT(NULL, wiresign_error_problem_message(NULL, 0, NULL));
    /* Whoever answers with these numbers never accepts by mistake. */
    CHECK(wiresign_error_status(NULL) == 500);
    CHECK(wiresign_error_response_status(NULL) == 500);

    CHECK_TEXT(NULL, wiresign_config_service(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_config_environment(NULL, NULL));
    CHECK(wiresign_config_body_limit(NULL) == 0);
    CHECK(wiresign_config_service_id_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_config_service_id(NULL, 0, NULL));
    CHECK_TEXT(NULL, wiresign_config_url(NULL, "a", 1, NULL));
    CHECK(wiresign_config_warning_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_config_warning_pointer(NULL, 0, NULL));
    CHECK_TEXT(NULL, wiresign_config_warning_message(NULL, 0, NULL));

    CHECK(wiresign_signed_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_signed_name(NULL, 0, NULL));
    CHECK_TEXT(NULL, wiresign_signed_value(NULL, 0, NULL));
    length = 7;
    CHECK_TEXT(NULL, wiresign_bytes_data(NULL, &length));
    CHECK(length == 0);

    CHECK(!wiresign_verified_is_public(NULL));
    CHECK(!wiresign_verified_key_is_retiring(NULL));
    CHECK(!wiresign_verified_request_id_is_signed(NULL));
    CHECK_TEXT(NULL, wiresign_verified_service(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_verified_key_id(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_verified_scheme(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_verified_request_id(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_verified_route(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_verified_replay_key(NULL, NULL));
    CHECK(wiresign_verified_covered_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_verified_covered(NULL, 0, NULL));
    CHECK(!wiresign_verified_age(NULL, &(int64_t){0}));
    CHECK(!wiresign_verified_timestamp(NULL, NULL));

    CHECK(!wiresign_verifier_is_public(NULL, "GET", 3, "/", 1));
    CHECK(wiresign_verifier_body_limit(NULL) == 0);
    CHECK(!wiresign_body_verification_needs_body(NULL));
}

static void a_place_for_a_value_may_be_null(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    CHECK(!wiresign_verified_age(verified, NULL));
    CHECK(!wiresign_verified_timestamp(verified, NULL));
    wiresign_verified_free(verified);
    wiresign_verifier_free(verifier);
}

/* The error of a call with a wrong argument names that argument. */
static void check_argument(int32_t status, wiresign_error **error, const char *name)
{
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, status);
    CHECK_TEXT("INVALID_ARGUMENT", wiresign_error_name(*error, NULL));
    CHECK(wiresign_error_response_status(*error) == 500);
    CHECK(strncmp(wiresign_error_message(*error, NULL), name, strlen(name)) == 0);
    CHECK(wiresign_error_message(*error, NULL)[strlen(name)] == ':');
    wiresign_error_free(*error);
    *error = NULL;
}

static void null_handles_and_outputs_are_refused(void)
{
    wiresign_config *config = config_of(BILLING);
    wiresign_signer *signer = signer_of(BILLING, "orders");
    wiresign_verifier *verifier = verifier_of(ORDERS);
    wiresign_signer *new_signer = NULL;
    wiresign_verifier *new_verifier = NULL;
    wiresign_signed *headers = NULL;
    wiresign_verified *verified = NULL;
    wiresign_verified_values values;
    wiresign_body_verification *verification = NULL;
    wiresign_bytes *bytes = NULL;
    wiresign_error *error = NULL;
    char secret[WIRESIGN_SECRET_SIZE];
    size_t length = 0;

    check_argument(wiresign_config_parse("{}", 2, NULL, 0, NULL, 0, 0, NULL, &error), &error, "config");
    check_argument(wiresign_config_parse(NULL, 2, NULL, 0, NULL, 0, 0, &config, &error), &error, "document");
    check_argument(wiresign_config_from_env(NULL, 0, NULL, 0, 0, NULL, &error), &error, "config");
    check_argument(wiresign_signer_new(NULL, NULL, 0, &new_signer, &error), &error, "config");
    check_argument(wiresign_signer_new(config, NULL, 0, NULL, &error), &error, "signer");
    check_argument(wiresign_signer_new(config, NULL, 6, &new_signer, &error), &error, "target");
    check_argument(wiresign_signer_sign(NULL, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 0,
                                        &headers, &error),
                   &error, "signer");
    check_argument(
        wiresign_signer_sign(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 0, NULL, &error),
        &error, "signed");
    check_argument(wiresign_signer_sign(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 4,
                                        &headers, &error),
                   &error, "nonce");
    check_argument(wiresign_signer_message(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 0,
                                           NULL, &error),
                   &error, "message");
    check_argument(wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 0,
                                             NULL, 1, &length, NULL, 0, &length, &error),
                   &error, "block");
    check_argument(wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 0,
                                             NULL, 0, &length, NULL, 1, &length, &error),
                   &error, "lengths");
    check_argument(wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 0,
                                             NULL, 0, NULL, NULL, 0, &length, &error),
                   &error, "block_length");
    check_argument(wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 0,
                                             NULL, 0, &length, NULL, 0, NULL, &error),
                   &error, "count");
    check_argument(wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NULL, 0,
                                             NULL, 0, &length, NULL, SIZE_MAX, &length, &error),
                   &error, "count_capacity");
    check_argument(wiresign_verifier_new(NULL, &new_verifier, &error), &error, "config");
    check_argument(wiresign_verifier_new(config, NULL, &error), &error, "verifier");
    check_argument(wiresign_verifier_verify(NULL, "GET", 3, "/health", 7, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
                                            NOW, &verified, &error),
                   &error, "verifier");
    check_argument(wiresign_verifier_verify(verifier, "GET", 3, "/health", 7, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL,
                                            0, NOW, NULL, &error),
                   &error, "verified");
    check_argument(wiresign_verifier_verify_into(verifier, "GET", 3, "/health", 7, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
                                                 NULL, 0, NOW, NULL, &error),
                   &error, "values");
    check_argument(wiresign_verifier_verify_into(NULL, "GET", 3, "/health", 7, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL,
                                                 0, NOW, &values, &error),
                   &error, "verifier");
    check_argument(wiresign_verifier_begin(NULL, "GET", 3, "/health", 7, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW,
                                           &verification, &error),
                   &error, "verifier");
    check_argument(wiresign_verifier_begin(verifier, "GET", 3, "/health", 7, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW,
                                           NULL, &error),
                   &error, "verification");
    check_argument(wiresign_body_verification_update(NULL, "x", 1, &error), &error, "verification");
    check_argument(wiresign_body_verification_finish(NULL, &verified, &error), &error, "verification");
    check_argument(wiresign_verifier_replace(NULL, config, &error), &error, "verifier");
    check_argument(wiresign_verifier_replace(verifier, NULL, &error), &error, "config");
    check_argument(wiresign_verifier_metrics(NULL, &bytes, &error), &error, "verifier");
    check_argument(wiresign_verifier_metrics(verifier, NULL, &error), &error, "text");
    check_argument(wiresign_generate_secret(WIRESIGN_SECRET_HEX, NULL, 65, &length, &error), &error, "secret");
    check_argument(wiresign_generate_secret(WIRESIGN_SECRET_HEX, secret, sizeof secret, NULL, &error), &error,
                   "length");

    CHECK(new_signer == NULL && new_verifier == NULL && headers == NULL && verified == NULL);
    CHECK(verification == NULL && bytes == NULL);
    wiresign_verifier_free(verifier);
    wiresign_signer_free(signer);
    wiresign_config_free(config);
}

static void err_may_be_null_everywhere(void)
{
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_config_parse(NULL, 1, NULL, 0, NULL, 0, 0, NULL, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verifier_new(NULL, NULL, NULL));
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = {.method = "GET", .target = "/", .body = ""};
    CHECK_STATUS(WIRESIGN_AUTHENTICATION_REQUIRED, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
}

static void err_is_not_touched_by_success(void)
{
    wiresign_error *mark = (wiresign_error *)(uintptr_t)1;
    wiresign_error *error = mark;
    wiresign_config *config = config_of(BILLING);
    wiresign_verifier *verifier = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_new(config, &verifier, &error));
    CHECK(error == mark);
    wiresign_verifier_free(verifier);
    wiresign_config_free(config);
}

static int32_t verify_flat(const wiresign_verifier *verifier, const char *block, size_t block_length,
                           const uint32_t *lengths, size_t count, wiresign_error **error)
{
    wiresign_verified *verified = NULL;
    int32_t status = wiresign_verifier_verify(verifier, "GET", 3, "/health", 7, NULL, 0, block, block_length, lengths,
                                              count, NULL, 0, NULL, 0, NOW, &verified, error);
    CHECK((status == WIRESIGN_OK) == (verified != NULL));
    wiresign_verified_free(verified);
    return status;
}

static void lengths_that_lie_are_refused(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    wiresign_error *error = NULL;
    static const uint32_t right[] = {4, 5};
    static const uint32_t over[] = {4, 6};
    static const uint32_t under[] = {4, 4};
    static const uint32_t huge[] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    /* In 32 bits this sum is 9, the length of the block. */
    static const uint32_t wrapping[] = {UINT32_MAX, 10};
    CHECK_STATUS(WIRESIGN_OK, verify_flat(verifier, "Namevalue", 9, right, 1, &error));
    CHECK_STATUS(WIRESIGN_OK, verify_flat(verifier, NULL, 0, NULL, 0, &error));
    CHECK_STATUS(WIRESIGN_OK, verify_flat(verifier, "", 0, right, 0, &error));
    check_argument(verify_flat(verifier, "Namevalue", 9, over, 1, &error), &error, "headers");
    check_argument(verify_flat(verifier, "Namevalue", 9, under, 1, &error), &error, "headers");
    check_argument(verify_flat(verifier, "Namevalue", 9, huge, 2, &error), &error, "headers");
    check_argument(verify_flat(verifier, "Namevalue", 9, wrapping, 1, &error), &error, "headers");
    check_argument(verify_flat(verifier, "Namevalue", 9, right, 0, &error), &error, "headers");
    check_argument(verify_flat(verifier, "Namevalue", 9, NULL, 1, &error), &error, "headers");
    check_argument(verify_flat(verifier, NULL, 9, right, 1, &error), &error, "headers");
    check_argument(verify_flat(verifier, NULL, 0, right, 1, &error), &error, "headers");
    /* Counts whose array would not fit into memory: refused before they are read. */
    check_argument(verify_flat(verifier, "Namevalue", 9, right, SIZE_MAX, &error), &error, "headers");
    check_argument(verify_flat(verifier, "Namevalue", 9, right, SIZE_MAX / 2 + 1, &error), &error, "headers");
    check_argument(verify_flat(verifier, "Namevalue", (size_t)-1, right, 1, &error), &error, "headers");
    wiresign_verifier_free(verifier);
}

static void misaligned_lengths_are_refused(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    wiresign_error *error = NULL;
    char raw[32] = {0};
    const void *odd = raw + 1;
    check_argument(verify_flat(verifier, "", 0, odd, 1, &error), &error, "headers");
    wiresign_verifier_free(verifier);
}

static void each_text_of_a_request_is_checked(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    const size_t negative = (size_t)-1;
    check_argument(wiresign_verifier_verify(verifier, NULL, 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW,
                                            &verified, &error),
                   &error, "method");
    check_argument(wiresign_verifier_verify(verifier, "GET", 3, NULL, 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
                                            NOW, &verified, &error),
                   &error, "target");
    check_argument(wiresign_verifier_verify(verifier, "GET", 3, "/", 1, NULL, 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
                                            NOW, &verified, &error),
                   &error, "authority");
    check_argument(wiresign_verifier_verify(verifier, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 1, NULL, 0,
                                            NOW, &verified, &error),
                   &error, "body");
    check_argument(wiresign_verifier_verify(verifier, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, "x", negative, NULL,
                                            0, NOW, &verified, &error),
                   &error, "body");
    check_argument(wiresign_verifier_verify(verifier, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 4,
                                            NOW, &verified, &error),
                   &error, "client");
    static const uint8_t text[] = "192.0.2.1";
    check_argument(wiresign_verifier_verify(verifier, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, text, 9,
                                            NOW, &verified, &error),
                   &error, "client");
    /* No method and no target are legal arguments of a request that is not. */
    CHECK_STATUS(WIRESIGN_MALFORMED_REQUEST, wiresign_verifier_verify(verifier, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
                                                                      NULL, 0, NULL, 0, NULL, 0, NOW, &verified, NULL));
    CHECK(verified == NULL);
    wiresign_verifier_free(verifier);
}

static void an_empty_document_is_a_problem_and_not_an_argument(void)
{
    wiresign_config *config = NULL;
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, wiresign_config_parse(NULL, 0, NULL, 0, NULL, 0, 0, &config, NULL));
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, wiresign_config_parse("", 0, NULL, 0, NULL, 0, 0, &config, NULL));
    CHECK(config == NULL);
}

int main(void)
{
    static const test tests[] = {
        TEST(free_of_null_is_nothing),           TEST(reading_null_gives_nothing),
        TEST(a_place_for_a_value_may_be_null),   TEST(null_handles_and_outputs_are_refused),
        TEST(err_may_be_null_everywhere),        TEST(err_is_not_touched_by_success),
        TEST(lengths_that_lie_are_refused),      TEST(misaligned_lengths_are_refused),
        TEST(each_text_of_a_request_is_checked), TEST(an_empty_document_is_a_problem_and_not_an_argument),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
