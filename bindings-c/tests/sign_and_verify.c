/* A request that one service signs and the other accepts, and all that is then known of it. */
#include "support.h"

#include <string.h>

static void a_signed_request_is_accepted(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify_at(verifier, &request, NOW + 3, &verified, &error));
    CHECK(error == NULL);

    size_t length = 0;
    CHECK_TEXT("billing", wiresign_verified_service(verified, &length));
    CHECK(length == 7);
    CHECK_TEXT("2026-q1", wiresign_verified_key_id(verified, NULL));
    CHECK_TEXT("service-hmac-v2", wiresign_verified_scheme(verified, NULL));
    CHECK_TEXT(NONCE, wiresign_verified_request_id(verified, NULL));
    CHECK(wiresign_verified_request_id_is_signed(verified));
    CHECK(!wiresign_verified_key_is_retiring(verified));
    CHECK(!wiresign_verified_is_public(verified));
    CHECK_TEXT(NULL, wiresign_verified_route(verified, NULL));
    CHECK(wiresign_verified_replay_key(verified, NULL) != NULL);
    int64_t age = 0;
    uint64_t timestamp = 0;
    CHECK(wiresign_verified_age(verified, &age) && age == 3);
    CHECK(wiresign_verified_timestamp(verified, &timestamp) && timestamp == NOW);
    size_t covered = wiresign_verified_covered_count(verified);
    CHECK(covered > 0);
    CHECK(wiresign_verified_covered(verified, covered - 1, NULL) != NULL);
    CHECK(wiresign_verified_covered(verified, covered, &length) == NULL && length == 0);
    CHECK(wiresign_verified_covered(verified, SIZE_MAX, NULL) == NULL);

    wiresign_verified_free(verified);
    wiresign_verifier_free(verifier);
}

static void the_headers_are_those_of_the_scheme_in_order(void)
{
    static const char *const names[] = {"X-Service-ID", "X-Target-Service", "X-Timestamp", "X-Request-ID",
                                        "X-Signature"};
    wiresign_signer *signer = signer_of(BILLING, "orders");
    wiresign_signed *headers = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_signer_sign(signer, "GET", 3, "/a", 2, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW,
                                                   NONCE, strlen(NONCE), &headers, NULL));
    CHECK(wiresign_signed_count(headers) == 5);
    for (size_t i = 0; i < 5; i++) {
        CHECK_TEXT(names[i], wiresign_signed_name(headers, i, NULL));
    }
    CHECK_TEXT("billing", wiresign_signed_value(headers, 0, NULL));
    CHECK_TEXT("1767225600", wiresign_signed_value(headers, 2, NULL));
    size_t length = 1;
    CHECK(wiresign_signed_name(headers, 5, &length) == NULL && length == 0);
    CHECK(wiresign_signed_value(headers, SIZE_MAX, NULL) == NULL);
    CHECK(strncmp(wiresign_signed_value(headers, 4, &length), "v2=", 3) == 0 && length == 67);
    wiresign_signed_free(headers);
    wiresign_signer_free(signer);
}

static void the_message_is_the_documented_one(void)
{
    static const char expected[] = "wiresign-v2\nPOST\n/a\nq=1\n1767225600\nbilling\norders\n" NONCE "\nbody\0with NUL";
    static const char body[] = "body\0with NUL";
    wiresign_signer *signer = signer_of(BILLING, "orders");
    wiresign_bytes *message = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_signer_message(signer, "POST", 4, "/a?q=1", 6, NULL, 0, NULL, 0, NULL, 0, body,
                                                      sizeof body - 1, NOW, NONCE, strlen(NONCE), &message, NULL));
    size_t length = 0;
    const char *data = wiresign_bytes_data(message, &length);
    CHECK(length == sizeof expected - 1);
    CHECK(memcmp(data, expected, sizeof expected) == 0); /* with the NUL byte behind it */
    wiresign_bytes_free(message);
    wiresign_signer_free(signer);
}

static void caller_buffers_get_the_same_headers(void)
{
    wiresign_signer *signer = signer_of(BILLING, "orders");
    request request = {.method = "POST", .target = "/invoices?draft=1", .body = "{\"invoice\":7}"};
    sign_with(signer, &request, NONCE);

    char block[WIRESIGN_SIGNED_BLOCK_SIZE];
    uint32_t lengths[2 * WIRESIGN_SIGNED_COUNT];
    size_t block_length = 0;
    size_t count = 0;
    CHECK_STATUS(WIRESIGN_OK, wiresign_signer_sign_into(signer, "POST", 4, request.target, strlen(request.target), NULL,
                                                        0, NULL, 0, NULL, 0, request.body, strlen(request.body), NOW,
                                                        NONCE, strlen(NONCE), block, sizeof block, &block_length,
                                                        lengths, WIRESIGN_SIGNED_COUNT, &count, NULL));
    CHECK(count == request.headers.count);
    CHECK(block_length == request.headers.length);
    CHECK(memcmp(block, request.headers.block, block_length) == 0);
    CHECK(memcmp(lengths, request.headers.lengths, 2 * count * sizeof lengths[0]) == 0);
    wiresign_signer_free(signer);
}

static void caller_buffers_that_are_too_small_are_left_alone(void)
{
    wiresign_signer *signer = signer_of(BILLING, "orders");
    char block[WIRESIGN_SIGNED_BLOCK_SIZE];
    uint32_t lengths[2 * WIRESIGN_SIGNED_COUNT];
    size_t needed = 0;
    size_t count = 0;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_BUFFER_TOO_SMALL,
                 wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NONCE,
                                           strlen(NONCE), NULL, 0, &needed, NULL, 0, &count, &error));
    CHECK(needed > 0 && count == 5);
    CHECK_TEXT("BUFFER_TOO_SMALL", wiresign_error_name(error, NULL));
    wiresign_error_free(error);

    memset(block, '#', sizeof block);
    memset(lengths, 0x23, sizeof lengths);
    size_t again = 0;
    CHECK_STATUS(WIRESIGN_BUFFER_TOO_SMALL,
                 wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NONCE,
                                           strlen(NONCE), block, needed - 1, &again, lengths, count, &count, NULL));
    CHECK(again == needed && block[0] == '#' && lengths[0] == 0x23232323);
    CHECK_STATUS(WIRESIGN_BUFFER_TOO_SMALL,
                 wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NONCE,
                                           strlen(NONCE), block, needed, &again, lengths, count - 1, &count, NULL));
    CHECK(block[0] == '#' && lengths[0] == 0x23232323);

    CHECK_STATUS(WIRESIGN_OK,
                 wiresign_signer_sign_into(signer, "GET", 3, "/", 1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, NONCE,
                                           strlen(NONCE), block, needed, &again, lengths, count, &count, NULL));
    CHECK(block[needed] == '#' && lengths[2 * count] == 0x23232323);
    wiresign_signer_free(signer);
}

static void plain_values_say_the_same_as_the_object(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_verified_values values;
    memset(&values, 0x23, sizeof values);
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_verify_into(
                                  verifier, request.method, strlen(request.method), request.target,
                                  strlen(request.target), "orders.internal", 15, request.headers.block,
                                  request.headers.length, request.headers.lengths, request.headers.count, request.body,
                                  strlen(request.body), (const uint8_t[]){192, 0, 2, 1}, 4, NOW - 2, &values, NULL));
    CHECK_TEXT("billing", values.service);
    CHECK(values.service_length == 7);
    CHECK_TEXT("2026-q1", values.key_id);
    CHECK(values.key_id_length == 7);
    CHECK_TEXT("service-hmac-v2", values.scheme);
    CHECK(values.scheme_length == 15);
    CHECK_TEXT(NONCE, values.request_id);
    CHECK(values.request_id_length == 36);
    CHECK(values.age == -2 && values.timestamp == NOW && values.has_timestamp == 1);
    CHECK(values.is_public == 0 && values.key_is_retiring == 0 && values.request_id_is_signed == 1);

    /* A refusal leaves them alone. */
    wiresign_verified_values before = values;
    CHECK_STATUS(WIRESIGN_REPLAYED_REQUEST,
                 wiresign_verifier_verify_into(verifier, request.method, strlen(request.method), request.target,
                                               strlen(request.target), NULL, 0, request.headers.block,
                                               request.headers.length, request.headers.lengths, request.headers.count,
                                               request.body, strlen(request.body), NULL, 0, NOW, &values, NULL));
    CHECK(memcmp(&before, &values, sizeof values) == 0);

    /* Everything of a public route is absent. */
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_verify_into(verifier, "GET", 3, "/health", 7, NULL, 0, NULL, 0, NULL, 0,
                                                            NULL, 0, NULL, 0, NOW, &values, NULL));
    CHECK(values.is_public == 1 && values.service_length == 0 && values.has_timestamp == 0 && values.age == 0);
    CHECK_TEXT("", values.service);
    wiresign_verifier_free(verifier);
}

static void the_layout_of_the_plain_values_is_fixed(void)
{
    CHECK(sizeof(wiresign_verified_values) == 392);
    CHECK(offsetof(wiresign_verified_values, service) == 36);
    CHECK(offsetof(wiresign_verified_values, request_id) == 36 + 129 + 129 + 33);
}

static void the_system_clock_and_a_new_nonce_stand_in(void)
{
    wiresign_signer *signer = signer_of(BILLING, "orders");
    wiresign_verifier *verifier = verifier_of(ORDERS);
    char first[64] = "";
    for (int i = 0; i < 2; i++) {
        wiresign_signed *headers = NULL;
        CHECK_STATUS(WIRESIGN_OK, wiresign_signer_sign(signer, "POST", 4, "/a", 2, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
                                                       WIRESIGN_NOW, NULL, 0, &headers, NULL));
        request request = {.method = "POST", .target = "/a", .body = ""};
        for (size_t at = 0; at < wiresign_signed_count(headers); at++) {
            pairs_add(&request.headers, wiresign_signed_name(headers, at, NULL),
                      wiresign_signed_value(headers, at, NULL));
        }
        size_t length = 0;
        const char *nonce = wiresign_signed_value(headers, 3, &length);
        CHECK(length == 36 && strcmp(nonce, first) != 0);
        memcpy(first, nonce, length);
        wiresign_signed_free(headers);

        wiresign_verified *verified = NULL;
        CHECK_STATUS(WIRESIGN_TIMESTAMP_OUTSIDE_WINDOW, verify_at(verifier, &request, 1000, &verified, NULL));
        CHECK_STATUS(WIRESIGN_OK, verify_at(verifier, &request, WIRESIGN_NOW, &verified, NULL));
        wiresign_verified_free(verified);
    }
    wiresign_verifier_free(verifier);
    wiresign_signer_free(signer);
}

static void a_public_route_has_no_caller(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = {.method = "GET", .target = "/health", .body = ""};
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    CHECK(wiresign_verified_is_public(verified));
    CHECK_TEXT(NULL, wiresign_verified_service(verified, NULL));
    CHECK_TEXT(NULL, wiresign_verified_key_id(verified, NULL));
    CHECK_TEXT(NULL, wiresign_verified_replay_key(verified, NULL));
    CHECK_TEXT("GET /health", wiresign_verified_route(verified, NULL));
    int64_t age = 42;
    uint64_t timestamp = 42;
    CHECK(!wiresign_verified_age(verified, &age) && age == 42);
    CHECK(!wiresign_verified_timestamp(verified, &timestamp) && timestamp == 42);
    wiresign_verified_free(verified);

    CHECK(wiresign_verifier_is_public(verifier, "GET", 3, "/health", 7));
    CHECK(!wiresign_verifier_is_public(verifier, "POST", 4, "/health", 7));
    CHECK(!wiresign_verifier_is_public(verifier, "GET", 3, NULL, 7));
    wiresign_verifier_free(verifier);
}

static void a_body_with_nul_bytes_is_covered_to_its_end(void)
{
    static const char body[] = "a\0b";
    wiresign_signer *signer = signer_of(BILLING, "orders");
    wiresign_verifier *verifier = verifier_of(ORDERS);
    wiresign_signed *headers = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_signer_sign(signer, "POST", 4, "/a", 2, NULL, 0, NULL, 0, NULL, 0, body, 3, NOW,
                                                   NONCE, strlen(NONCE), &headers, NULL));
    pairs list = {.count = 0};
    for (size_t i = 0; i < wiresign_signed_count(headers); i++) {
        pairs_add(&list, wiresign_signed_name(headers, i, NULL), wiresign_signed_value(headers, i, NULL));
    }
    wiresign_signed_free(headers);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE,
                 wiresign_verifier_verify(verifier, "POST", 4, "/a", 2, NULL, 0, list.block, list.length, list.lengths,
                                          list.count, body, 2, NULL, 0, NOW, &verified, NULL));
    CHECK(verified == NULL);
    CHECK_STATUS(WIRESIGN_OK,
                 wiresign_verifier_verify(verifier, "POST", 4, "/a", 2, NULL, 0, list.block, list.length, list.lengths,
                                          list.count, body, 3, NULL, 0, NOW, &verified, NULL));
    wiresign_verified_free(verified);
    wiresign_verifier_free(verifier);
    wiresign_signer_free(signer);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_signed_request_is_accepted),
        TEST(the_headers_are_those_of_the_scheme_in_order),
        TEST(the_message_is_the_documented_one),
        TEST(caller_buffers_get_the_same_headers),
        TEST(caller_buffers_that_are_too_small_are_left_alone),
        TEST(plain_values_say_the_same_as_the_object),
        TEST(the_layout_of_the_plain_values_is_fixed),
        TEST(the_system_clock_and_a_new_nonce_stand_in),
        TEST(a_public_route_has_no_caller),
        TEST(a_body_with_nul_bytes_is_covered_to_its_end),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
