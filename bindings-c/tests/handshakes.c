/* Handshakes of webhooks: which routes may see one, and what it is answered with. */
#include "support.h"

#include <string.h>

static const char *const HOOKS =
    "{\"service\": \"orders\", \"services\": {\"orders\": {\"keys\": [{\"secret\": \"env:ORDERS_SECRET\"}]}},"
    " \"webhooks\": {"
    "  \"chat\": {\"scheme\": \"whatsapp\", \"verify_token\": \"literal:a-token-of-our-own\","
    "             \"keys\": [{\"secret\": \"env:BILLING_SECRET\"}]},"
    "  \"shop\": {\"scheme\": \"stripe\", \"keys\": [{\"secret\": \"env:BILLING_SECRET\"}]},"
    "  \"work\": {\"scheme\": \"slack\", \"keys\": [{\"secret\": \"env:BILLING_SECRET\"}]}},"
    " \"routes\": [{\"match\": \"/hooks/chat\", \"accept\": [\"webhook:chat\"]},"
    "              {\"match\": \"POST /hooks/any\", \"accept\": [\"webhook:work\", \"webhook:shop\", "
    "\"webhook:chat\"]},"
    "              {\"match\": \"/hooks/shop\", \"accept\": [\"webhook:shop\"]},"
    "              {\"match\": \"/open\", \"public\": true}]}";

static wiresign_texts *webhooks_at(const wiresign_verifier *verifier, const char *method, const char *target)
{
    wiresign_texts *webhooks = NULL;
    CHECK_STATUS(WIRESIGN_OK, wiresign_verifier_handshakes_at(verifier, method, strlen(method), target, strlen(target),
                                                              &webhooks, NULL));
    return webhooks;
}

static void only_routes_of_senders_that_ask_see_handshakes(void)
{
    wiresign_verifier *verifier = verifier_of(HOOKS);
    wiresign_texts *one = webhooks_at(verifier, "GET", "/hooks/chat?hub.mode=subscribe");
    CHECK(wiresign_texts_count(one) == 1);
    size_t length = 0;
    CHECK_TEXT("chat", wiresign_texts_text(one, 0, &length));
    CHECK(length == 4);
    CHECK_TEXT(NULL, wiresign_texts_text(one, 1, NULL));
    wiresign_texts_free(one);

    wiresign_texts *two = webhooks_at(verifier, "POST", "/hooks/any");
    CHECK(wiresign_texts_count(two) == 2);
    CHECK_TEXT("chat", wiresign_texts_text(two, 0, NULL));
    CHECK_TEXT("work", wiresign_texts_text(two, 1, NULL));
    wiresign_texts_free(two);

    static const char *const none[][2] = {{"GET", "/hooks/any"},
                                          {"POST", "/hooks/shop"},
                                          {"GET", "/open"},
                                          {"GET", "/a"},
                                          {"G T", "/hooks/chat"},
                                          {"GET", "x"},
                                          {"", ""}};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        CHECK(webhooks_at(verifier, none[i][0], none[i][1]) == NULL);
    }
    wiresign_verifier_free(verifier);
}

static void a_configuration_says_whether_there_are_any(void)
{
    wiresign_config *with = config_of(HOOKS);
    wiresign_config *without = config_of(ORDERS);
    CHECK(wiresign_config_has_handshakes(with));
    CHECK(!wiresign_config_has_handshakes(without) && !wiresign_config_has_handshakes(NULL));
    wiresign_config_free(with);
    wiresign_config_free(without);
}

static int32_t ask(const wiresign_verifier *verifier, const char *webhook, const char *target,
                   wiresign_handshake_response **response)
{
    return wiresign_verifier_handshake(verifier, webhook, strlen(webhook), "GET", 3, target, strlen(target), NULL, 0,
                                       NULL, 0, NULL, 0, NULL, 0, NULL, 0, NOW, response, NULL);
}

static void a_handshake_is_answered_or_refused(void)
{
    wiresign_verifier *verifier = verifier_of(HOOKS);
    static const char question[] = "/hooks/chat?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    char target[256] = "";
    strcat(strcat(target, question), "a-token-of-our-own");
    wiresign_handshake_response *response = NULL;
    CHECK_STATUS(WIRESIGN_OK, ask(verifier, "chat", target, &response));
    CHECK(wiresign_handshake_response_status(response) == 200);
    size_t length = 0;
    CHECK_TEXT("1158201444", wiresign_handshake_response_body(response, &length));
    CHECK(length == 10);
    CHECK(wiresign_handshake_response_header_count(response) > 0);
    CHECK_TEXT("Content-Type", wiresign_handshake_response_header_name(response, 0, NULL));
    CHECK(strncmp("text/plain", wiresign_handshake_response_header_value(response, 0, NULL), 10) == 0);
    wiresign_handshake_response_free(response);

    response = NULL;
    CHECK_STATUS(WIRESIGN_OK, ask(verifier, "shop", target, &response));
    CHECK(response == NULL);
    CHECK_STATUS(WIRESIGN_OK, ask(verifier, "chat", "/hooks/chat", &response));
    CHECK(response == NULL);
    target[sizeof question] = 'X';
    CHECK_STATUS(WIRESIGN_PERMISSION_DENIED, ask(verifier, "chat", target, &response));
    CHECK(response == NULL);
    wiresign_verifier_free(verifier);
}

static void wrong_arguments_are_told(void)
{
    wiresign_verifier *verifier = verifier_of(HOOKS);
    wiresign_texts *webhooks = NULL;
    wiresign_handshake_response *response = NULL;
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verifier_handshakes_at(NULL, "GET", 3, "/a", 2, &webhooks, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_verifier_handshakes_at(verifier, NULL, 3, "/a", 2, &webhooks, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT,
                 wiresign_verifier_handshakes_at(verifier, "GET", 3, NULL, 2, &webhooks, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, wiresign_verifier_handshakes_at(verifier, "GET", 3, "/a", 2, NULL, NULL));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, ask(NULL, "chat", "/", &response));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, ask(verifier, "\xff", "/", &response));
    CHECK_STATUS(WIRESIGN_INVALID_ARGUMENT, ask(verifier, "chat", "/", NULL));
    CHECK(webhooks == NULL && response == NULL);
    wiresign_verifier_free(verifier);

    wiresign_texts_free(NULL);
    wiresign_handshake_response_free(NULL);
    CHECK(wiresign_texts_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_texts_text(NULL, 0, NULL));
    CHECK(wiresign_handshake_response_status(NULL) == 500 && wiresign_handshake_response_header_count(NULL) == 0);
    CHECK_TEXT(NULL, wiresign_handshake_response_body(NULL, NULL));
    CHECK_TEXT(NULL, wiresign_handshake_response_header_name(NULL, 0, NULL));
    CHECK_TEXT(NULL, wiresign_handshake_response_header_value(NULL, 0, NULL));
}

int main(void)
{
    static const test tests[] = {
        TEST(only_routes_of_senders_that_ask_see_handshakes),
        TEST(a_configuration_says_whether_there_are_any),
        TEST(a_handshake_is_answered_or_refused),
        TEST(wrong_arguments_are_told),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0]);
}
