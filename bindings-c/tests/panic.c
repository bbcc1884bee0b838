/* A panic inside the library, which only a library with the cargo feature `panic-test` can be asked for. */
#include "support.h"

#include <string.h>

int32_t wiresign_test_panic(wiresign_error **err);
int32_t wiresign_test_panic_value(void);

static void a_panic_becomes_a_status(void)
{
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_INTERNAL, wiresign_test_panic(&error));
    CHECK_TEXT("INTERNAL", wiresign_error_name(error, NULL));
    CHECK_TEXT("asked to panic", wiresign_error_detail(error, NULL));
    CHECK(strstr(wiresign_error_message(error, NULL), "asked to panic") == NULL);
    CHECK(wiresign_error_response_status(error) == 500);
    wiresign_error_free(error);
    CHECK_STATUS(WIRESIGN_INTERNAL, wiresign_test_panic(NULL));
}

static void a_function_without_a_status_gives_its_fallback(void)
{
    CHECK(wiresign_test_panic_value() == 7);
}

static void the_library_works_on(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    CHECK_STATUS(WIRESIGN_INTERNAL, wiresign_test_panic(NULL));
    request request = signed_request(NONCE);
    CHECK_STATUS(WIRESIGN_OK, verdict(verifier, &request));
    wiresign_verifier_free(verifier);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_panic_becomes_a_status),
        TEST(a_function_without_a_status_gives_its_fallback),
        TEST(the_library_works_on),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
