/* The hot path asks for no memory. This program counts what the library asks for, so it runs without sanitizers. */
#include "support.h"

#include <string.h>

/* The allocator of glibc, below the names that this program takes over. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
int posix_memalign(void **pointer, size_t alignment, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *pointer, size_t size);

static size_t requests_for_memory;

void *malloc(size_t size)
{
    requests_for_memory++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    requests_for_memory++;
    return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
    requests_for_memory++;
    return __libc_realloc(pointer, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size)
{
    requests_for_memory++;
    *pointer = __libc_memalign(alignment, size);
    return 0;
}

/* A replay store grows with what it remembers, which is not what is counted here. */
static const char *const WITHOUT_STORE = "{\"service\": \"orders\", \"services\": {"
                                         " \"billing\": {\"keys\": [{\"secret\": \"env:BILLING_SECRET\"}]}},"
                                         " \"replay\": {\"store\": \"none\"}}";

static int32_t verify_into(const wiresign_verifier *verifier, const request *request, wiresign_verified_values *values)
{
    return wiresign_verifier_verify_into(verifier, request->method, strlen(request->method), request->target,
                                         strlen(request->target), NULL, 0, request->headers.block,
                                         request->headers.length, request->headers.lengths, request->headers.count,
                                         request->body, strlen(request->body), NULL, 0, NOW, values, NULL);
}

static void the_count_counts(void)
{
    size_t before = requests_for_memory;
    wiresign_verifier *verifier = verifier_of(WITHOUT_STORE);
    CHECK(requests_for_memory > before);
    wiresign_verifier_free(verifier);
}

static void judging_into_plain_values_asks_for_no_memory(void)
{
    wiresign_verifier *verifier = verifier_of(WITHOUT_STORE);
    request right = signed_request(NONCE);
    request forged = right;
    forged.body = "{}";
    request anonymous = {.method = "GET", .target = "/", .body = ""};
    wiresign_verified_values values;
    /* What a thread needs once is made now. */
    CHECK_STATUS(WIRESIGN_OK, verify_into(verifier, &right, &values));

    size_t before = requests_for_memory;
    for (int i = 0; i < 100; i++) {
        CHECK_STATUS(WIRESIGN_OK, verify_into(verifier, &right, &values));
        CHECK_STATUS(WIRESIGN_INVALID_SIGNATURE, verify_into(verifier, &forged, &values));
        CHECK_STATUS(WIRESIGN_AUTHENTICATION_REQUIRED, verify_into(verifier, &anonymous, &values));
    }
    CHECK(requests_for_memory == before);
    wiresign_verifier_free(verifier);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_count_counts),
        TEST(judging_into_plain_values_asks_for_no_memory),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
