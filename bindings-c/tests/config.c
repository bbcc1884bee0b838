/* Documents, variables and what a configuration says of itself. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "c2a7f9e1b4d08365c2a7f9e1b4d08365a1b9c0d4e5f607182f3d5b7c9e1a0486"

static int32_t parse(const char *document, const pairs *variables, uint32_t lookup, wiresign_config **config,
                     wiresign_error **error)
{
    return wiresign_config_parse(document, strlen(document), variables->block, variables->length, variables->lengths,
                                 variables->count, lookup, config, error);
}

static void a_configuration_tells_what_it_holds(void)
{
    wiresign_config *config = config_of(ORDERS);
    size_t length = 0;
    CHECK_TEXT("orders", wiresign_config_service(config, &length));
    CHECK(length == 6);
    CHECK_TEXT("test", wiresign_config_environment(config, NULL));
    CHECK(wiresign_config_body_limit(config) == 1024);
    CHECK(wiresign_config_service_id_count(config) == 2);
    bool billing = false;
    for (size_t i = 0; i < 2; i++) {
        billing = billing || strcmp("billing", wiresign_config_service_id(config, i, NULL)) == 0;
    }
    CHECK(billing);
    CHECK_TEXT(NULL, wiresign_config_service_id(config, 2, NULL));
    CHECK_TEXT("https://orders.internal", wiresign_config_url(config, "orders", 6, &length));
    CHECK(length == 23);
    CHECK_TEXT(NULL, wiresign_config_url(config, "billing", 7, &length));
    CHECK(length == 0);
    CHECK_TEXT(NULL, wiresign_config_url(config, "nobody", 6, NULL));
    CHECK_TEXT(NULL, wiresign_config_url(config, NULL, 6, NULL));
    wiresign_config_free(config);

    config = config_of(BILLING);
    CHECK_TEXT(NULL, wiresign_config_environment(config, NULL));
    CHECK(wiresign_config_body_limit(config) == 10485760);
    wiresign_config_free(config);
}

static void every_problem_is_listed_with_its_pointer(void)
{
    static const char document[] = "{\"service\": \"orders\", \"window\": {\"past\": 0}, \"colour\": \"red\","
                                   " \"services\": {\"orders\": {\"keys\": [{\"secret\": \"env:MISSING\"}]}}}";
    wiresign_config *config = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, parse(document, &(pairs){.count = 0}, WIRESIGN_LOOKUP_NONE, &config, &error));
    CHECK(config == NULL);
    CHECK(wiresign_error_code(error) == WIRESIGN_CONFIG_INVALID);
    CHECK_TEXT("CONFIG_INVALID", wiresign_error_name(error, NULL));
    CHECK(strlen(wiresign_error_message(error, NULL)) > 0);
    CHECK(wiresign_error_status(error) == 500);
    CHECK(wiresign_error_response_status(error) == 500);
    CHECK_TEXT(NULL, wiresign_error_response_body(error, NULL));

    static const char *const expected[] = {"/colour", "/services/orders/keys/0/secret", "/window/past"};
    CHECK(wiresign_error_problem_count(error) == 3);
    for (size_t e = 0; e < 3; e++) {
        bool found = false;
        for (size_t i = 0; i < 3; i++) {
            size_t length = 0;
            const char *pointer = wiresign_error_problem_pointer(error, i, &length);
            CHECK(length == strlen(pointer));
            CHECK(strlen(wiresign_error_problem_message(error, i, NULL)) > 0);
            found = found || strcmp(pointer, expected[e]) == 0;
        }
        if (!found) {
            check_failed(__FILE__, __LINE__, expected[e]);
        }
    }
    CHECK_TEXT(NULL, wiresign_error_problem_pointer(error, 3, NULL));
    CHECK_TEXT(NULL, wiresign_error_problem_message(error, SIZE_MAX, NULL));
    wiresign_error_free(error);
}

static void warnings_do_not_stop_a_configuration(void)
{
    static const char document[] = "{\"service\": \"orders\", \"services\": {\"orders\": {\"keys\":"
                                   " [{\"secret\": \"literal:" SECRET "\"}]}}}";
    wiresign_config *config = NULL;
    CHECK_STATUS(WIRESIGN_OK, parse(document, &(pairs){.count = 0}, WIRESIGN_LOOKUP_NONE, &config, NULL));
    size_t count = wiresign_config_warning_count(config);
    CHECK(count > 0);
    CHECK_TEXT("/services/orders/keys/0/secret", wiresign_config_warning_pointer(config, 0, NULL));
    CHECK(strstr(wiresign_config_warning_message(config, 0, NULL), SECRET) == NULL);
    CHECK_TEXT(NULL, wiresign_config_warning_pointer(config, count, NULL));
    CHECK_TEXT(NULL, wiresign_config_warning_message(config, count, NULL));
    wiresign_config_free(config);
}

static void no_error_text_holds_a_secret(void)
{
    static const char document[] = "{\"service\": \"orders\", \"services\": {\"orders\": {\"keys\":"
                                   " [{\"secret\": \"env:SECRET\"}]}}}";
    pairs variables = {.count = 0};
    pairs_add(&variables, "SECRET", " blank-before-" SECRET);
    wiresign_config *config = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, parse(document, &variables, WIRESIGN_LOOKUP_NONE, &config, &error));
    CHECK(strstr(wiresign_error_message(error, NULL), SECRET) == NULL);
    CHECK(strstr(wiresign_error_detail(error, NULL), SECRET) == NULL);
    CHECK(strstr(wiresign_error_problem_message(error, 0, NULL), SECRET) == NULL);
    wiresign_error_free(error);
}

static void the_environment_is_read_only_when_allowed(void)
{
    static const char document[] = "{\"service\": \"orders\", \"services\": {\"orders\": {\"keys\":"
                                   " [{\"secret\": \"env:WIRESIGN_TEST_SECRET\"}]}}}";
    pairs none = {.count = 0};
    wiresign_config *config = NULL;
    CHECK(setenv("WIRESIGN_TEST_SECRET", SECRET, 1) == 0);
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, parse(document, &none, WIRESIGN_LOOKUP_NONE, &config, NULL));
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, parse(document, &none, WIRESIGN_LOOKUP_FILES, &config, NULL));
    CHECK_STATUS(WIRESIGN_OK, parse(document, &none, WIRESIGN_LOOKUP_ENVIRONMENT, &config, NULL));
    wiresign_config_free(config);

    /* A variable that is passed comes first: this one is too short to be a secret. */
    pairs passed = {.count = 0};
    pairs_add(&passed, "WIRESIGN_TEST_SECRET", "short");
    config = NULL;
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, parse(document, &passed, WIRESIGN_LOOKUP_SYSTEM, &config, NULL));
    CHECK(unsetenv("WIRESIGN_TEST_SECRET") == 0);
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, parse(document, &none, WIRESIGN_LOOKUP_SYSTEM, &config, NULL));
}

static void files_are_read_only_when_allowed(void)
{
    char path[] = "/tmp/wiresign-secret-XXXXXX";
    int descriptor = mkstemp(path);
    CHECK(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    CHECK(file != NULL);
    CHECK(fputs(SECRET "\n", file) >= 0);
    CHECK(fclose(file) == 0);
    char document[512];
    snprintf(document, sizeof document,
             "{\"service\": \"orders\", \"services\": {\"orders\": {\"keys\": [{\"secret\": \"file:%s\"}]}}}", path);
    pairs none = {.count = 0};
    wiresign_config *config = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID, parse(document, &none, WIRESIGN_LOOKUP_ENVIRONMENT, &config, &error));
    CHECK_TEXT("/services/orders/keys/0/secret", wiresign_error_problem_pointer(error, 0, NULL));
    wiresign_error_free(error);
    CHECK_STATUS(WIRESIGN_OK, parse(document, &none, WIRESIGN_LOOKUP_FILES, &config, NULL));
    wiresign_config_free(config);
    CHECK(remove(path) == 0);
}

static void the_environment_alone_is_enough(void)
{
    pairs variables = {.count = 0};
    pairs_add(&variables, "SERVICE_ID", "orders");
    pairs_add(&variables, "SERVICE_SECRET", SECRET);
    pairs_add(&variables, "ALLOWED_SERVICES", "billing");
    pairs_add(&variables, "BILLING_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9");
    wiresign_config *config = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_config_from_env(variables.block, variables.length, variables.lengths,
                                                       variables.count, WIRESIGN_LOOKUP_NONE, &config, &error));
    CHECK_TEXT("orders", wiresign_config_service(config, NULL));
    wiresign_config_free(config);

    pairs_set(&variables, "SERVICE_SECRET", NULL);
    config = NULL;
    CHECK_STATUS(WIRESIGN_CONFIG_INVALID,
                 wiresign_config_from_env(variables.block, variables.length, variables.lengths, variables.count,
                                          WIRESIGN_LOOKUP_NONE, &config, &error));
    CHECK(config == NULL && wiresign_error_problem_count(error) > 0);
    wiresign_error_free(error);
}

static void a_signer_lives_longer_than_its_configuration(void)
{
    /* signer_of frees the configuration before it returns. */
    wiresign_signer *signer = signer_of(BILLING, "orders");
    request request = {.method = "POST", .target = "/", .body = ""};
    sign_with(signer, &request, NONCE);
    wiresign_signer_free(signer);
}

static void a_signer_needs_what_its_scheme_signs(void)
{
    wiresign_config *config = config_of(BILLING);
    wiresign_signer *signer = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_signer_new(config, NULL, 0, &signer, &error);
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, status);
    CHECK(signer == NULL);
    CHECK_TEXT("SIGNING_FAILED", wiresign_error_name(error, NULL));
    CHECK(strlen(wiresign_error_message(error, NULL)) > 0);
    CHECK(wiresign_error_problem_count(error) == 0);
    wiresign_error_free(error);
    wiresign_config_free(config);
}

static void a_request_that_cannot_be_signed_says_why(void)
{
    wiresign_signer *signer = signer_of(BILLING, "orders");
    wiresign_signed *headers = NULL;
    wiresign_bytes *message = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED,
                 wiresign_signer_sign(signer, "GET", 3, "no-slash", 8, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NONCE,
                                      strlen(NONCE), &headers, &error));
    CHECK(headers == NULL && strlen(wiresign_error_message(error, NULL)) > 0);
    wiresign_error_free(error);
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, wiresign_signer_sign(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0,
                                                               NULL, 0, NOW, "short", 5, &headers, NULL));
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, wiresign_signer_message(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0,
                                                                  NULL, 0, NOW, "short", 5, &message, NULL));
    CHECK(headers == NULL && message == NULL);
    wiresign_signer_free(signer);
}

static void secrets_are_made_in_both_encodings(void)
{
    char secret[WIRESIGN_SECRET_SIZE];
    size_t length = 0;
    CHECK_STATUS(WIRESIGN_OK, wiresign_generate_secret(WIRESIGN_SECRET_HEX, secret, sizeof secret, &length, NULL));
    CHECK(length == 64 && strlen(secret) == 64 && strspn(secret, "0123456789abcdef") == 64);
    CHECK_STATUS(WIRESIGN_OK, wiresign_generate_secret(WIRESIGN_SECRET_BASE64, secret, sizeof secret, &length, NULL));
    CHECK(length == 44 && strlen(secret) == 44);

    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_BUFFER_TOO_SMALL, wiresign_generate_secret(WIRESIGN_SECRET_HEX, secret, 64, &length, &error));
    CHECK(length == 65);
    wiresign_error_free(error);
    CHECK_STATUS(WIRESIGN_BUFFER_TOO_SMALL, wiresign_generate_secret(WIRESIGN_SECRET_HEX, NULL, 0, &length, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_generate_secret(2, secret, sizeof secret, &length, NULL));
}

static void the_library_names_itself_and_its_codes(void)
{
    size_t length = 0;
    CHECK(wiresign_abi_version() == WIRESIGN_ABI_VERSION);
    CHECK(strlen(wiresign_version(&length)) == length && length >= 5);
    CHECK_TEXT("INVALID_SIGNATURE", wiresign_code_name(WIRESIGN_INVALID_SIGNATURE, &length));
    CHECK(length == 17);
    CHECK(wiresign_code_status(WIRESIGN_INVALID_SIGNATURE) == 401);
    CHECK(wiresign_code_status(WIRESIGN_BODY_TOO_LARGE) == 413);
    CHECK(wiresign_code_status(WIRESIGN_INTERNAL) == 500);
    CHECK(wiresign_code_message(WIRESIGN_REPLAYED_REQUEST, NULL) != NULL);
    CHECK_TEXT(NULL, wiresign_code_name(WIRESIGN_OK, NULL));
    CHECK_TEXT(NULL, wiresign_code_message(-1, NULL));
    CHECK(wiresign_code_status(WIRESIGN_OK) == 0 && wiresign_code_status(INT32_MAX) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_configuration_tells_what_it_holds),       TEST(every_problem_is_listed_with_its_pointer),
        TEST(warnings_do_not_stop_a_configuration),      TEST(no_error_text_holds_a_secret),
        TEST(the_environment_is_read_only_when_allowed), TEST(files_are_read_only_when_allowed),
        TEST(the_environment_alone_is_enough),           TEST(a_signer_lives_longer_than_its_configuration),
        TEST(a_signer_needs_what_its_scheme_signs),      TEST(a_request_that_cannot_be_signed_says_why),
        TEST(secrets_are_made_in_both_encodings),        TEST(the_library_names_itself_and_its_codes),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
