/* Handles that several threads share. */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 40 };

typedef struct work {
    wiresign_verifier *verifier;
    const wiresign_signer *signer;
    const wiresign_config *other;
    const request *same;
    atomic_int accepted;
    atomic_int replayed;
    atomic_int number;
} work;

static void start_all(void *(*run)(void *), work *work)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, run, work) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

static void *sign_and_verify(void *argument)
{
    work *work = argument;
    int number = atomic_fetch_add(&work->number, 1);
    for (int round = 0; round < ROUNDS; round++) {
        char nonce[32];
        snprintf(nonce, sizeof nonce, "thread-%02d-round-%03d-aa", number, round);
        request request = {.method = "POST", .target = "/invoices", .body = "{}"};
        sign_with(work->signer, &request, nonce);
        wiresign_verified *verified = NULL;
        wiresign_error *error = NULL;
        CHECK_STATUS(WIRESIGN_OK, verify(work->verifier, &request, &verified, &error));
        CHECK_TEXT(nonce, wiresign_verified_request_id(verified, NULL));
        wiresign_verified_free(verified);
        request.body = "{ }";
        CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, verify(work->verifier, &request, &verified, &error));
        wiresign_error_free(error);
        if (number == 0) {
            CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_replace(work->verifier, work->other, NULL));
        }
        if (number == 1) {
            wiresign_bytes *text = NULL;
            CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_metrics(work->verifier, &text, NULL));
            wiresign_bytes_free(text);
        }
    }
    return NULL;
}

static void *send_the_same(void *argument)
{
    work *work = argument;
    for (int round = 0; round < ROUNDS; round++) {
        int32_t status = verdict(work->verifier, work->same);
        if (status == WIRESIGN_OK) {
            atomic_fetch_add(&work->accepted, 1);
        } else {
            CHECK_STATUS(WIRESIGN_REPLAYED_REQUEST, status);
            atomic_fetch_add(&work->replayed, 1);
        }
    }
    return NULL;
}

static void threads_share_signers_verifiers_and_configurations(void)
{
    wiresign_config *other = config_of(ORDERS);
    wiresign_signer *signer = signer_of(BILLING, "orders");
    work work = {.verifier = verifier_of(ORDERS), .signer = signer, .other = other};
    start_all(sign_and_verify, &work);
    wiresign_verifier_free(work.verifier);
    wiresign_signer_free(signer);
    wiresign_config_free(other);
}

static void of_many_copies_of_a_request_one_is_accepted(void)
{
    request same = signed_request(NONCE);
    work work = {.verifier = verifier_of(ORDERS), .same = &same};
    start_all(send_the_same, &work);
    CHECK(atomic_load(&work.accepted) == 1);
    CHECK(atomic_load(&work.replayed) == THREADS * ROUNDS - 1);
    wiresign_verifier_free(work.verifier);
}

static void *finish_it(void *argument)
{
    wiresign_body_verification *verification = argument;
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_body_verification_finish(verification, &verified, NULL));
    wiresign_verified_free(verified);
    wiresign_body_verification_free(verification);
    return NULL;
}

static void a_streaming_object_may_move_to_another_thread(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    wiresign_body_verification *verification = NULL;
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &verification, NULL));
    CHECK_STATUS(WIRESIGN_OK,
                 wiresign_body_verification_update(verification, request.body, strlen(request.body), NULL));
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, finish_it, verification) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    wiresign_verifier_free(verifier);
}

typedef struct contest {
    wiresign_body_verification *verification;
    atomic_int finished;
} contest;

static void *update_and_finish(void *argument)
{
    contest *contest = argument;
    static const char piece[64];
    for (int round = 0; round < ROUNDS; round++) {
        int32_t status = wiresign_body_verification_update(contest->verification, piece, 1, NULL);
        CHECK(status == WIRESIGN_OK || status == WIRESIGN_INVALID_ARGUMENT || status == WIRESIGN_OBJECT_SPENT);
    }
    wiresign_verified *verified = NULL;
    int32_t status = wiresign_body_verification_finish(contest->verification, &verified, NULL);
    CHECK(verified == NULL);
    if (status == WIRESIGN_INVALID_SIGNATURE) {
        atomic_fetch_add(&contest->finished, 1);
    } else {
        CHECK(status == WIRESIGN_INVALID_ARGUMENT || status == WIRESIGN_OBJECT_SPENT);
    }
    return NULL;
}

static void wrong_use_of_a_streaming_object_by_two_threads_is_refused_and_not_undefined(void)
{
    wiresign_verifier *verifier = verifier_of(ORDERS);
    request request = signed_request(NONCE);
    contest contest = {.verification = NULL};
    CHECK_STATUS(WIRESIGN_OK, begin(verifier, &request, &contest.verification, NULL));
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, update_and_finish, &contest) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(atomic_load(&contest.finished) <= 1);
    wiresign_body_verification_free(contest.verification);
    wiresign_verifier_free(verifier);
}

int main(void)
{
    static const test tests[] = {
        TEST(threads_share_signers_verifiers_and_configurations),
        TEST(of_many_copies_of_a_request_one_is_accepted),
        TEST(a_streaming_object_may_move_to_another_thread),
        TEST(wrong_use_of_a_streaming_object_by_two_threads_is_refused_and_not_undefined),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
