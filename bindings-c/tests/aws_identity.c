/* Proofs of IAM identities: the question that a verifier asks AWS, and what it makes of the answer. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#define REGISTRY                                                                                                       \
    "\"aws_identity\": {\"regions\": [\"eu-central-1\"],"                                                              \
    " \"roles\": {\"arn:aws:iam::123456789012:role/prod-{service}-task\": \"{service}\"}},"                            \
    " \"services\": {\"orders\": {}, \"billing\": {\"allowed_targets\": [\"orders\"]}}}"

static const char *const ROLES_AT_ORDERS = "{\"service\": \"orders\", \"accept\": [\"aws-identity\"], " REGISTRY;
static const char *const ROLE_OF_BILLING = "{\"service\": \"billing\", \"sign_with\": \"aws-identity\", " REGISTRY;
static const char *const BILLING_SAYS_AWS =
    "{\"GetCallerIdentityResponse\": {\"GetCallerIdentityResult\": {\"Account\": \"123456789012\","
    " \"Arn\": \"arn:aws:sts::123456789012:assumed-role/prod-billing-task/1\"}}}";
#define KEY "ASIABILLING000000001"

static int32_t signer_with(const char *document, const char *id, const char *secret, const char *token,
                           wiresign_signer **signer, wiresign_error **error)
{
    wiresign_config *config = config_of(document);
    int32_t status = wiresign_signer_with_aws_credentials(config, "orders", 6, id, strlen(id), secret, strlen(secret),
                                                          token, token == NULL ? 0 : strlen(token), signer, error);
    wiresign_config_free(config);
    return status;
}

/* A request with a proof of billing's role. */
static request proven(const char *token)
{
    request made = {.method = "GET", .target = "/a", .body = ""};
    wiresign_signer *signer = NULL;
    CHECK_STATUS(WIRESIGN_OK,
                 signer_with(ROLE_OF_BILLING, KEY, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token, &signer, NULL));
    sign_with(signer, &made, NONCE);
    wiresign_signer_free(signer);
    return made;
}

static int32_t ask(const wiresign_verifier *verifier, const request *request, wiresign_identity_request **question)
{
    return wiresign_verifier_identity_request(verifier, request->method, strlen(request->method), request->target,
                                              strlen(request->target), NULL, 0, request->headers.block,
                                              request->headers.length, request->headers.lengths, request->headers.count,
                                              NULL, 0, NOW, question, NULL);
}

static wiresign_identity_request *question_of(const wiresign_verifier *verifier, const request *request)
{
    wiresign_identity_request *question = NULL;
    CHECK_STATUS(WIRESIGN_OK, ask(verifier, request, &question));
    CHECK(question != NULL);
    return question;
}

static void answer(const wiresign_verifier *verifier, wiresign_identity_request *question, uint16_t status,
                   const char *body)
{
    CHECK_STATUS(WIRESIGN_OK,
                 wiresign_verifier_identity_answer(verifier, question, status, body, strlen(body), NOW, NULL));
    wiresign_identity_request_free(question);
}

static void a_role_that_aws_confirms_is_let_in(void)
{
    wiresign_verifier *verifier = verifier_of(ROLES_AT_ORDERS);
    request request = proven("a-session-token");
    CHECK_STATUS(WIRESIGN_IDENTITY_UNAVAILABLE, verdict(verifier, &request));
    answer(verifier, question_of(verifier, &request), 200, BILLING_SAYS_AWS);
    wiresign_verified *verified = NULL;
    CHECK_STATUS(WIRESIGN_OK, verify(verifier, &request, &verified, NULL));
    CHECK_TEXT("billing", wiresign_verified_service(verified, NULL));
    CHECK_TEXT("aws-identity", wiresign_verified_scheme(verified, NULL));
    CHECK_TEXT("arn:aws:sts::123456789012:assumed-role/prod-billing-task/1", wiresign_verified_subject(verified, NULL));
    CHECK_TEXT(KEY, wiresign_verified_key_id(verified, NULL));
    wiresign_verified_free(verified);

    /* What is known is not asked again. */
    wiresign_identity_request *none = (wiresign_identity_request *)&verified;
    CHECK_STATUS(WIRESIGN_OK, ask(verifier, &request, &none));
    CHECK(none == NULL);
    wiresign_verifier_free(verifier);
}

static void the_question_is_made_from_nothing_that_the_caller_chose(void)
{
    wiresign_verifier *verifier = verifier_of(ROLES_AT_ORDERS);
    request request = proven("a-session-token");
    wiresign_identity_request *question = question_of(verifier, &request);
    size_t length = 0;
    CHECK_TEXT("POST", wiresign_identity_request_method(question, &length));
    CHECK(length == 4);
    CHECK_TEXT("https://sts.eu-central-1.amazonaws.com/", wiresign_identity_request_url(question, NULL));
    CHECK_TEXT("Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON",
               wiresign_identity_request_body(question, &length));
    CHECK(length == strlen(wiresign_identity_request_body(question, NULL)));
    static const char *const names[] = {
        "Host",          "Accept", "Content-Type", "X-Target-Service", "X-Amz-Security-Token", "X-Amz-Date",
        "Authorization", NULL};
    CHECK(wiresign_identity_request_header_count(question) == 7);
    for (size_t i = 0; i < 8; i++) {
        CHECK_TEXT(names[i], wiresign_identity_request_header_name(question, i, NULL));
    }
    CHECK_TEXT("sts.eu-central-1.amazonaws.com", wiresign_identity_request_header_value(question, 0, NULL));
    CHECK_TEXT("a-session-token", wiresign_identity_request_header_value(question, 4, &length));
    CHECK(length == 15);
    CHECK_TEXT(NULL, wiresign_identity_request_header_value(question, SIZE_MAX, NULL));
    wiresign_identity_request_free(question);

    request = proven(NULL);
    question = question_of(verifier, &request);
    CHECK(wiresign_identity_request_header_count(question) == 6);
    wiresign_identity_request_free(question);
    wiresign_verifier_free(verifier);
}

static void what_aws_refuses_is_refused(void)
{
    static const struct {
        uint16_t status;
        const char *body;
        int32_t code;
    } cases[] = {
        {403, "{\"Error\": {\"Code\": \"SignatureDoesNotMatch\"}}", WIRESIGN_INVALID_SIGNATURE},
        {403, "{\"Error\": {\"Code\": \"InvalidClientTokenId\"}}", WIRESIGN_UNKNOWN_KEY},
        {403, "{\"Error\": {\"Code\": \"ExpiredToken\"}}", WIRESIGN_TOKEN_EXPIRED},
        {500, "", WIRESIGN_IDENTITY_UNAVAILABLE},
        {200, "<html>", WIRESIGN_IDENTITY_UNAVAILABLE},
        {0, "", WIRESIGN_IDENTITY_UNAVAILABLE},
        {200,
         "{\"GetCallerIdentityResponse\": {\"GetCallerIdentityResult\": {\"Account\": \"210987654321\","
         " \"Arn\": \"arn:aws:sts::210987654321:assumed-role/prod-billing-task/1\"}}}",
         WIRESIGN_UNKNOWN_SERVICE},
    };
    request request = proven(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wiresign_verifier *verifier = verifier_of(ROLES_AT_ORDERS);
        answer(verifier, question_of(verifier, &request), cases[i].status, cases[i].body);
        CHECK_STATUS(cases[i].code, verdict(verifier, &request));
        wiresign_verifier_free(verifier);
    }
}

static void what_the_head_decides_is_not_asked(void)
{
    wiresign_verifier *verifier = verifier_of(ROLES_AT_ORDERS);
    wiresign_verifier *of_keys = verifier_of(ORDERS);
    request nobody = {.method = "GET", .target = "/a", .body = ""};
    request request = proven(NULL);
    wiresign_identity_request *question = NULL;
    CHECK_STATUS(WIRESIGN_OK, ask(verifier, &nobody, &question));
    CHECK(question == NULL);
    CHECK_STATUS(WIRESIGN_OK, ask(of_keys, &request, &question));
    CHECK(question == NULL);
    pairs_set(&request.headers, "X-Target-Service", "billing");
    CHECK_STATUS(WIRESIGN_OK, ask(verifier, &request, &question));
    CHECK(question == NULL);
    CHECK_STATUS(WIRESIGN_TARGET_NOT_ALLOWED, verdict(verifier, &request));
    wiresign_verifier_free(of_keys);
    wiresign_verifier_free(verifier);
}

static void credentials_that_cannot_be_sign_nothing(void)
{
    wiresign_signer *signer = NULL;
    wiresign_error *error = NULL;
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, signer_with(BILLING, KEY, "secret", NULL, &signer, &error));
    CHECK(strstr(wiresign_error_message(error, NULL), "sign_with") != NULL);
    wiresign_error_free(error);
    error = NULL;
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, signer_with(ROLE_OF_BILLING, "", "secret", NULL, &signer, NULL));
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, signer_with(ROLE_OF_BILLING, KEY, "", NULL, &signer, NULL));
    CHECK_STATUS(WIRESIGN_SIGNING_FAILED, signer_with(ROLE_OF_BILLING, KEY, "secret", "a\nb", &signer, &error));
    CHECK(strstr(wiresign_error_message(error, NULL), "a\nb") == NULL);
    wiresign_error_free(error);
    CHECK(signer == NULL);
}

static void wrong_arguments_are_told(void)
{
    wiresign_config *config = config_of(ROLE_OF_BILLING);
    wiresign_signer *signer = NULL;
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_signer_with_aws_credentials(NULL, NULL, 0, "a", 1, "b", 1, NULL, 0, &signer, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_signer_with_aws_credentials(config, NULL, 0, NULL, 1, "b", 1, NULL, 0, &signer, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_signer_with_aws_credentials(config, NULL, 0, "a", 1, "\xff", 1, NULL, 0, &signer, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_signer_with_aws_credentials(config, NULL, 0, "a", 1, "b", 1, NULL, 1, &signer, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_signer_with_aws_credentials(config, NULL, 0, "a", 1, "b", 1, NULL, 0, NULL, NULL));
    wiresign_config_free(config);

    wiresign_verifier *verifier = verifier_of(ROLES_AT_ORDERS);
    request request = proven(NULL);
    wiresign_identity_request *question = NULL;
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, ask(NULL, &request, &question));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, ask(verifier, &request, NULL));
    question = question_of(verifier, &request);
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verifier_identity_answer(NULL, question, 200, "", 0, NOW, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verifier_identity_answer(verifier, NULL, 200, "", 0, NOW, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_verifier_identity_answer(verifier, question, 200, NULL, 1, NOW, NULL));
    wiresign_identity_request_free(question);
    wiresign_verifier_free(verifier);

    wiresign_identity_request_free(NULL);
    CHECK_TEXT(NULL, wiresign_identity_request_method(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_identity_request_url(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_identity_request_body(NULL, NULL));
    CHECK(wiresign_identity_request_header_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_identity_request_header_name(NULL, 0, NULL));
    CHECK_TEXT(NULL, wiresign_identity_request_header_value(NULL, 0, NULL));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_role_that_aws_confirms_is_let_in),
        TEST(the_question_is_made_from_nothing_that_the_caller_chose),
        TEST(what_aws_refuses_is_refused),
        TEST(what_the_head_decides_is_not_asked),
        TEST(credentials_that_cannot_be_sign_nothing),
        TEST(wrong_arguments_are_told),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
