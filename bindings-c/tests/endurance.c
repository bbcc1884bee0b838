/*
 * Many verifies in one process, and what it has in memory at the start, in the middle and at the end. Says so and ends
 * with 1 when memory has grown after the first tenth: by then the replay store is as large as it gets.
 *
 *     endurance [COUNT]      ten million unless given
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How many seconds of the verifier's clock all requests take. What is remembered is forgotten after 600, so the replay
 * store has its full size after a tenth. */
#define SECONDS 7000
#define ALLOWED_GROWTH (4 * 1024 * 1024)

static const char *const SHORT_MEMORY =
    "{\"service\": \"orders\", \"services\": {"
    " \"billing\": {\"keys\": [{\"secret\": \"env:BILLING_SECRET\"}], \"allowed_targets\": [\"orders\"]}}}";

/* A request as it was received. */
typedef struct received {
    char body[32];
    size_t body_length;
    char headers[WIRESIGN_SIGNED_BLOCK_SIZE];
    size_t headers_length;
    uint32_t lengths[2 * WIRESIGN_SIGNED_COUNT];
    size_t count;
    uint64_t now;
} received;

#define HEAD(request)                                                                                                  \
    "POST", 4, "/invoices?draft=1", 17, NULL, 0, (request)->headers, (request)->headers_length, (request)->lengths,    \
        (request)->count
#define BODY(request) (request)->body, (request)->body_length

static long resident_memory(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%*d %ld", &pages) == 1);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void sign(const wiresign_signer *signer, received *request, long number, long count)
{
    request->now = NOW + (uint64_t)(number * SECONDS / count);
    request->body_length = (size_t)snprintf(request->body, sizeof request->body, "{\"invoice\":%ld}", number);
    CHECK_STATUS(WIRESIGN_OK,
                 wiresign_signer_sign_into(signer, "POST", 4, "/invoices?draft=1", 17, NULL, 0, NULL, 0, NULL, 0,
                                           BODY(request), request->now, NULL, 0, request->headers,
                                           sizeof request->headers, &request->headers_length, request->lengths,
                                           WIRESIGN_SIGNED_COUNT, &request->count, NULL));
}

static int32_t verify_object(const wiresign_verifier *verifier, const received *request, wiresign_error **error)
{
    wiresign_verified *verified = NULL;
    int32_t status =
        wiresign_verifier_verify(verifier, HEAD(request), BODY(request), NULL, 0, request->now, &verified, error);
    CHECK(status != WIRESIGN_OK || strcmp(wiresign_verified_service(verified, NULL), "billing") == 0);
    wiresign_verified_free(verified);
    return status;
}

static int32_t verify_values(const wiresign_verifier *verifier, const received *request)
{
    wiresign_verified_values values;
    return wiresign_verifier_verify_into(verifier, HEAD(request), BODY(request), NULL, 0, request->now, &values, NULL);
}

static int32_t verify_outcome(const wiresign_verifier *verifier, const received *request)
{
    struct {
        wiresign_outcome head;
        char texts[456];
    } outcome;
    int32_t status = wiresign_verifier_verify_outcome(verifier, HEAD(request), BODY(request), NULL, 0, request->now,
                                                      &outcome.head, sizeof outcome);
    CHECK(outcome.head.object == 0);
    return status;
}

static int32_t verify_pieces(const wiresign_verifier *verifier, const received *request)
{
    wiresign_body_verification *verification = NULL;
    wiresign_verified *verified = NULL;
    int32_t status = wiresign_verifier_begin(verifier, HEAD(request), NULL, 0, request->now, &verification, NULL);
    for (size_t at = 0; status == WIRESIGN_OK && at < request->body_length; at++) {
        status = wiresign_body_verification_update(verification, request->body + at, 1, NULL);
    }
    if (status == WIRESIGN_OK) {
        status = wiresign_body_verification_finish(verification, &verified, NULL);
    }
    wiresign_verified_free(verified);
    wiresign_body_verification_free(verification);
    return status;
}

/* A refusal whose whole answer is read. */
static void refused(int32_t expected, const wiresign_verifier *verifier, const received *request)
{
    wiresign_error *error = NULL;
    CHECK_STATUS(expected, verify_object(verifier, request, &error));
    CHECK(wiresign_error_response_status(error) == 401 && wiresign_error_response_body(error, NULL) != NULL);
    wiresign_error_free(error);
}

/* What a service does now and then. */
static void look_after(wiresign_verifier *verifier, const received *request)
{
    wiresign_explanation *explanation = NULL;
    wiresign_bytes *metrics = NULL;
    wiresign_config *config = config_of(SHORT_MEMORY);
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_explain(verifier, HEAD(request), BODY(request), NULL, 0, request->now,
                                                        &explanation, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_metrics(verifier, &metrics, NULL));
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_replace(verifier, config, NULL));
    wiresign_explanation_free(explanation);
    wiresign_bytes_free(metrics);
    wiresign_config_free(config);
}

static void one(wiresign_verifier *verifier, const wiresign_signer *signer, received *request, long number, long count)
{
    switch (number % 8) {
    case 6: /* what was accepted just now, once more */
        refused(WIRESIGN_REPLAYED_REQUEST, verifier, request);
        return;
    case 7:
        sign(signer, request, number, count);
        request->body[0] = '[';
        refused(WIRESIGN_INVALID_SIGNATURE, verifier, request);
        return;
    default:
        sign(signer, request, number, count);
    }
    switch (number % 8) {
    case 3:
        CHECK_STATUS(WIRESIGN_OK, verify_object(verifier, request, NULL));
        break;
    case 4:
        CHECK_STATUS(WIRESIGN_OK, verify_outcome(verifier, request));
        break;
    case 5:
        CHECK_STATUS(WIRESIGN_OK, verify_pieces(verifier, request));
        break;
    default:
        CHECK_STATUS(WIRESIGN_OK, verify_values(verifier, request));
    }
}

int main(int argc, char **arguments)
{
    long count = argc > 1 ? strtol(arguments[1], NULL, 10) : 10000000;
    CHECK(count >= 10);
    wiresign_verifier *verifier = verifier_of(SHORT_MEMORY);
    wiresign_signer *signer = signer_of(BILLING, "orders");
    received request;
    long start = resident_memory(), tenth = 0, middle = 0;
    for (long number = 0; number < count; number++) {
        one(verifier, signer, &request, number, count);
        if (number % 100000 == 0) {
            look_after(verifier, &request);
        }
        if (number == count / 10) {
            tenth = resident_memory();
        } else if (number == count / 2) {
            middle = resident_memory();
        }
    }
    long end = resident_memory();
    printf(
        "C: %ld verifies, resident memory %.1f MiB at the start, %.1f after a tenth, %.1f in the middle, %.1f at the "
        "end\n",
        count, (double)start / 1048576, (double)tenth / 1048576, (double)middle / 1048576, (double)end / 1048576);
    wiresign_signer_free(signer);
    wiresign_verifier_free(verifier);
    return end - tenth <= ALLOWED_GROWTH ? 0 : 1;
}
