/* Verdicts in a buffer, and the facts that their numbers stand for. */
#include "support.h"

#include <string.h>

/* An outcome, and room for its texts. */
typedef struct verdict_buffer {
    wiresign_outcome head;
    char texts[512];
} verdict_buffer;

static int32_t judge(const wiresign_verifier *verifier, const request *request, verdict_buffer *out, size_t capacity)
{
    memset(out, 0xAA, sizeof *out);
    return wiresign_verifier_verify_outcome(verifier, request->method, strlen(request->method), request->target,
                                            strlen(request->target), NULL, 0, request->headers.block,
                                            request->headers.length, request->headers.lengths, request->headers.count,
                                            request->body, strlen(request->body), NULL, 0, NOW, &out->head, capacity);
}

static void check_facts(const wiresign_verifier *verifier, uint32_t number, uint32_t flags, const char *texts)
{
    wiresign_bytes *block = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_facts(verifier, number, &block, &error));
    size_t length = 0;
    const char *bytes = wiresign_bytes_data(block, &length);
    wiresign_facts facts;
    memcpy(&facts, bytes, sizeof facts);
    CHECK(facts.flags == flags);
    size_t sum = sizeof facts;
    for (size_t i = 0; i < WIRESIGN_FACTS_TEXTS; i++) {
        sum += facts.lengths[i] == WIRESIGN_ABSENT ? 0 : facts.lengths[i];
    }
    CHECK(sum == length);
    CHECK_TEXT(texts, bytes + sizeof facts);
    wiresign_bytes_free(block);
}

static void an_acceptance_is_numbers_and_a_request_id(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    verdict_buffer out;
    CHECK_STATUS(WIRESIGN_OK, judge(verifier, &request, &out, sizeof out));
    CHECK(out.head.object == 0 && out.head.facts == 1);
    CHECK(out.head.flags == WIRESIGN_OUTCOME_TIMESTAMP && out.head.age == 0 && out.head.timestamp == NOW);
    CHECK(out.head.lengths[0] == strlen(NONCE) && out.head.lengths[1] == WIRESIGN_ABSENT);
    CHECK(memcmp((const char *)&out + WIRESIGN_OUTCOME_HEAD_SIZE, NONCE, strlen(NONCE)) == 0);
    check_facts(
        verifier, out.head.facts, WIRESIGN_FACTS_REQUEST_ID_SIGNED,
        "billing2026-q1service-hmac-v2method,path,query,timestamp,service,target-service,nonce,bodyservice-hmac-v2");

    request.method = "GET";
    request.target = "/health";
    CHECK_STATUS(WIRESIGN_OK, judge(verifier, &request, &out, sizeof out));
    CHECK(out.head.facts == 2 && out.head.flags == 0);
    check_facts(verifier, out.head.facts, WIRESIGN_FACTS_PUBLIC, "GET /health");
    wiresign_verifier_free(verifier);
}

static void a_refusal_is_its_texts_or_an_object(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    request.body = "[]";
    verdict_buffer out;
    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, judge(verifier, &request, &out, sizeof out));
    CHECK(out.head.object == 0 && out.head.response_status == 401);
    CHECK(out.head.response_code == WIRESIGN_INVALID_SIGNATURE);
    CHECK(strstr((const char *)&out + WIRESIGN_OUTCOME_HEAD_SIZE + out.head.lengths[0], "billing" NONCE) != NULL);

    CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, judge(verifier, &request, &out, WIRESIGN_OUTCOME_HEAD_SIZE));
    CHECK(out.head.object != 0 && out.head.lengths[0] == WIRESIGN_ABSENT);
    wiresign_error *error = (wiresign_error *)(uintptr_t)out.head.object;
    CHECK(wiresign_error_code(error) == WIRESIGN_INVALID_SIGNATURE);
    wiresign_error_free(error);
    wiresign_verifier_free(verifier);
}

static void an_external_store_has_its_say_through_an_object(void)
{
    static const char *const EXTERNAL = "{\"service\": \"orders\", \"services\": {"
                                        " \"billing\": {\"keys\": [{\"secret\": \"env:BILLING_SECRET\"}]}},"
                                        " \"replay\": {\"store\": \"external\"}}";
    wiresign_config *config = config_of(EXTERNAL);
    CHECK(wiresign_config_has_external_replay_store(config));
    CHECK(!wiresign_config_has_external_replay_store(NULL));
    wiresign_config_free(config);
    wiresign_verifier *verifier = verifier_of(EXTERNAL);
    request request = signed_request(NONCE);
    verdict_buffer out;
    CHECK_STATUS(WIRESIGN_OK, judge(verifier, &request, &out, sizeof out));
    wiresign_verified *verified = (wiresign_verified *)(uintptr_t)out.head.object;
    uint64_t seconds = 0;
    CHECK(wiresign_verified_replay_seconds(verified, &seconds) && seconds > 0);
    wiresign_verified_free(verified);

    /* Plain values cannot be settled, so they must not look like an acceptance. */
    wiresign_verified_values values;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_verifier_verify_into(verifier, request.method, strlen(request.method), request.target,
                                               strlen(request.target), NULL, 0, request.headers.block,
                                               request.headers.length, request.headers.lengths, request.headers.count,
                                               request.body, strlen(request.body), NULL, 0, NOW, &values, &error));
    wiresign_error_free(error);
    wiresign_verifier_free(verifier);
}

static void what_cannot_be_used_is_refused(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    verdict_buffer out;
    CHECK_STATUS(WIRESIGN_BUFFER_TOO_SMALL, judge(verifier, &request, &out, WIRESIGN_OUTCOME_HEAD_SIZE - 1));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, judge(NULL, &request, &out, sizeof out));
    wiresign_error_free((wiresign_error *)(uintptr_t)out.head.object);
    for (uint32_t number = 0; number < 3; number++) {
        wiresign_bytes *block = NULL;
        wiresign_error *error = NULL;
        CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verifier_facts(verifier, number, &block, &error));
        CHECK(block == NULL);
        wiresign_error_free(error);
    }
    wiresign_verifier_free(verifier);
}

int main(void)
{
    static const test tests[] = {
        TEST(an_acceptance_is_numbers_and_a_request_id),
        TEST(a_refusal_is_its_texts_or_an_object),
        TEST(an_external_store_has_its_say_through_an_object),
        TEST(what_cannot_be_used_is_refused),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
