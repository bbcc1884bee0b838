/* The RAII wrappers of wiresign.hpp. Prints "pass TEST" for each test, and ends with 0 when all of them passed. */
#include <cstdio>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include <wiresign.hpp>

using namespace wiresign;

static int failures = 0;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                       \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (false)

/* The exception of this type that a call throws. */
template <typename Exception> static Exception thrown(const std::function<void()> &call)
{
    try {
        call();
    } catch (const Exception &exception) {
        return exception;
    }
    throw std::logic_error("nothing was thrown");
}

static Config config(const std::string &service, const std::string &more = "")
{
    const std::string document = "{\"service\": \"" + service +
                                 "\", \"services\": {"
                                 "\"orders\": {\"keys\": [{\"secret\": \"env:ORDERS_SECRET\"}], \"url\": \"http://a\"},"
                                 "\"billing\": {\"keys\": [{\"id\": \"k\", \"secret\": \"env:BILLING_SECRET\"}],"
                                 "\"permissions\": [\"POST /**\"]}}," +
                                 more +
                                 "\"limits\": {\"body_bytes\": 100},"
                                 "\"routes\": [{\"match\": \"GET /health\", \"public\": true}]}";
    return Config::parse(document,
                         {{"ORDERS_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9"},
                          {"BILLING_SECRET", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9"}},
                         WIRESIGN_LOOKUP_NONE);
}

static Request signed_request(std::string_view body = "{}")
{
    Request request;
    request.method = "POST";
    request.target = "/invoices?draft=1";
    request.body = body;
    request.headers = Signer(config("billing"), "orders").sign(request);
    return request;
}

static void a_genuine_request_names_its_caller()
{
    Verifier verifier(config("orders"));
    Request request = signed_request();
    Verified verified = verifier.verify(request);
    CHECK(verified.service() == "billing" && verified.key_id() == "k" && verified.scheme() == "service-hmac-v2");
    CHECK(verified.age() && *verified.age() <= 60 && verified.timestamp() && verified.request_id()->size() == 36);
    CHECK(verified.covered().size() == 8 && verified.replay_key()->rfind("n:", 0) == 0 && !verified.route());
    CHECK(!verified.is_public() && !verified.key_is_retiring() && verified.request_id_is_signed());
    CHECK(!verified.replay_seconds());
    verified.require_service({"shop", "billing"});
    verified.require_service({});
    CHECK(thrown<Refusal>([&] { verified.require_service({"shop"}); }).code() == WIRESIGN_SERVICE_NOT_ALLOWED);
}

static void an_application_asks_for_a_permission()
{
    Verifier verifier(config("orders"));
    Verified verified = verifier.verify(signed_request());
    verified.require_permission("POST /invoices");
    Refusal refusal = thrown<Refusal>([&] { verified.require_permission("GET /invoices"); });
    CHECK(refusal.code() == WIRESIGN_PERMISSION_DENIED && refusal.response().status == 403);
    check_permission("GET /invoices");
    CHECK(thrown<Error>([&] { verified.require_permission("invoices:write"); }).code() == WIRESIGN_INVALID_ARGUMENT);
    CHECK(thrown<Error>([&] { check_permission("invoices:write"); }).code() == WIRESIGN_INVALID_ARGUMENT);
}

static void a_refusal_is_an_exception()
{
    Verifier verifier(config("orders"));
    Request request = signed_request();
    verifier.verify(request);
    Refusal refusal = thrown<Refusal>([&] { verifier.verify(request); });
    CHECK(refusal.code() == WIRESIGN_REPLAYED_REQUEST && refusal.name() == "REPLAYED_REQUEST");
    CHECK(refusal.status() == 401 && refusal.response().status == 401 && refusal.response().www_authenticate);
    CHECK(refusal.response().body.find("\"code\":\"REPLAYED_REQUEST\"") != std::string::npos);
    CHECK(refusal.service() == "billing" && refusal.request_id() && !refusal.detail().empty());
    CHECK(std::string(refusal.what()).find(refusal.detail()) == std::string::npos);
    request.body = "[]";
    CHECK(thrown<Refusal>([&] { verifier.verify(request); }).code() == WIRESIGN_INVALID_SIGNATURE);
}

static void a_body_in_pieces()
{
    Verifier verifier(config("orders"));
    BodyVerification verification = verifier.begin(signed_request("in pieces"));
    CHECK(verification.needs_body());
    verification.declare_length(9);
    verification.update("in ");
    verification.update("pieces");
    CHECK(verification.finish().service() == "billing");
    CHECK(thrown<Error>([&] { verification.finish(); }).code() == WIRESIGN_OBJECT_SPENT);
    BodyVerification too_long = verifier.begin(signed_request());
    CHECK(thrown<Refusal>([&] { too_long.declare_length(101); }).code() == WIRESIGN_BODY_TOO_LARGE);
}

static void a_config_says_what_is_in_it()
{
    Config orders = config("orders");
    CHECK(orders.service() == "orders" && !orders.environment() && orders.body_limit() == 100);
    CHECK(orders.service_ids().size() == 2 && orders.url("orders") == "http://a" && !orders.url("billing"));
    for (const Problem &warning : orders.warnings()) {
        CHECK(warning.pointer.rfind("/", 0) == 0 && !warning.message.empty());
    }
    ConfigError error = thrown<ConfigError>([] { Config::parse("{\"service\": 7}", {}, WIRESIGN_LOOKUP_NONE); });
    CHECK(error.code() == WIRESIGN_CONFIG_INVALID && !error.problems().empty());
    CHECK(thrown<ConfigError>([] { Config::from_env({}, WIRESIGN_LOOKUP_NONE); }).problems().size() > 0);
}

static void a_token_says_more_and_its_issuer_publishes_keys()
{
    Config orders =
        Config::parse("{\"service\": \"orders\", \"accept\": [\"jwt\"], \"services\": {}, \"jwt\": {\"issuers\":"
                      "{\"login\": {\"jwks\": \"https://login.example/keys\", \"callers\": \"users\"}}}}",
                      {}, WIRESIGN_LOOKUP_NONE);
    CHECK(orders.jwks_urls() == (Fields{{"login", "https://login.example/keys"}}));
    Config login = Config::parse(
        "{\"service\": \"login\", \"sign_with\": \"jwt\", \"services\": {\"login\": {\"keys\": ["
        "{\"id\": \"k\", \"algorithm\": \"ed25519\", \"private_key\": \"env:SEED\"}]}}}",
        {{"SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"}}, WIRESIGN_LOOKUP_NONE);
    Verifier verifier(orders);
    Request request;
    request.method = "GET";
    request.target = "/";
    request.headers = Signer(login, "orders").sign(request);
    CHECK(thrown<Refusal>([&] { verifier.verify(request); }).code() == WIRESIGN_UNKNOWN_KEY);
    CHECK(thrown<ConfigError>([&] { orders.publish_keys("login", "{}"); }).problems().size() == 1);
    orders.publish_keys("login", "{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"kid\": \"k\","
                                 "\"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}");
    Verified verified = verifier.verify(request);
    CHECK(verified.service() == "issuer:login" && verified.subject() == "login" && !verified.tenant());
    CHECK(verified.token_expires() && verified.claims()->find("\"aud\":\"orders\"") != std::string::npos);
    Verified without = Verifier(config("orders")).verify(signed_request());
    CHECK(!without.subject() && !without.token_expires() && !without.claims());
}

static void a_response_is_held_against_its_request()
{
    const std::string messages = "\"accept\": [\"rfc9421\"], \"sign_with\": \"rfc9421\",";
    Verifier verifier(config("billing", messages));
    Signer billing(config("billing", messages), "orders");
    Signer orders(config("orders", messages));
    Request request;
    request.method = "POST";
    request.target = "/a";
    request.headers = {{"Host", "a"}};
    const std::string asked = Verifier(config("orders", messages)).accept_signature();
    CHECK(!billing.sign_as_asked({}, request));
    const Fields headers = *billing.sign_as_asked({{"Accept-Signature", asked}}, request);
    request.headers.insert(request.headers.end(), headers.begin(), headers.end());
    CHECK(Verifier(config("orders", messages)).verify(request).service() == "billing");

    RawResponse response;
    response.status = 201;
    response.body = "[1]";
    response.headers = orders.sign_response(response, request);
    CHECK(verifier.verify_response("orders", response, request).service() == "orders");
    response.status = 200;
    CHECK(thrown<Refusal>([&] { verifier.verify_response("orders", response, request); }).code() ==
          WIRESIGN_INVALID_SIGNATURE);
    CHECK(thrown<SigningError>([&] { billing.presign(request, 60); }).code() == WIRESIGN_SIGNING_FAILED);
}

static void a_link_is_signed()
{
    const std::map<std::string, std::string> keys = {{"KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}};
    const std::string document =
        "\"accept\": [\"aws-sigv4\"], \"sign_with\": \"aws-sigv4\", \"aws_sigv4\": {\"region\": \"r\","
        "\"service\": \"s\"}, \"services\": {\"billing\": {\"aws_keys\": [{\"id\": \"AKID0000000000000001\","
        "\"secret\": \"env:KEY\"}], \"allowed_targets\": [\"orders\"]}}}";
    Request request;
    request.method = "GET";
    request.target = "/a";
    request.headers = {{"Host", "a"}};
    const std::string link = Signer(Config::parse("{\"service\": \"billing\"," + document, keys)).presign(request, 60);
    request.target = link;
    Verifier verifier(Config::parse("{\"service\": \"orders\"," + document, keys));
    CHECK(link.rfind("/a?", 0) == 0 && verifier.verify(request).service() == "billing");
}

static void a_role_of_aws_is_asked_about()
{
    const std::string roles =
        "\"accept\": [\"aws-identity\"], \"sign_with\": \"aws-identity\", \"aws_identity\": {\"regions\":"
        "[\"eu-central-1\"], \"roles\": {\"arn:aws:iam::123456789012:role/billing\": \"billing\"}},"
        "\"services\": {\"orders\": {}, \"billing\": {\"allowed_targets\": [\"orders\"]}}}";
    Config billing = Config::parse("{\"service\": \"billing\"," + roles, {}, WIRESIGN_LOOKUP_NONE);
    Verifier verifier(Config::parse("{\"service\": \"orders\"," + roles, {}, WIRESIGN_LOOKUP_NONE));
    Request request;
    request.method = "GET";
    request.target = "/a";
    CHECK(!verifier.identity_request(request));
    request.headers =
        Signer::with_aws_credentials(billing, "ASIABILLING000000001", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                     "a-session-token", "orders")
            .sign(request);
    const std::optional<IdentityRequest> question = verifier.identity_request(request);
    CHECK(question && question->method() == "POST" && question->url() == "https://sts.eu-central-1.amazonaws.com/");
    CHECK(question->headers().size() == 7 && question->headers()[0].first == "Host");
    CHECK(question->body().rfind("Action=GetCallerIdentity&", 0) == 0);
    verifier.identity_answer(*question, 0, "");
    CHECK(thrown<Refusal>([&] { verifier.verify(request); }).code() == WIRESIGN_IDENTITY_UNAVAILABLE);
    verifier.identity_answer(*question, 200,
                             "{\"GetCallerIdentityResponse\": {\"GetCallerIdentityResult\": {"
                             "\"Account\": \"123456789012\","
                             "\"Arn\": \"arn:aws:sts::123456789012:assumed-role/billing/1\"}}}");
    CHECK(verifier.verify(request).service() == "billing" && !verifier.identity_request(request));
    CHECK(thrown<SigningError>([&] { Signer::with_aws_credentials(billing, "", "secret"); }).code() ==
          WIRESIGN_SIGNING_FAILED);
}

static void tokens_are_issued()
{
    const std::map<std::string, std::string> seed = {
        {"SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"}};
    TokenIssuer issuer(Config::parse(
        "{\"service\": \"identity\", \"services\": {\"identity\": {\"keys\": [{\"algorithm\": \"ed25519\","
        "\"private_key\": \"env:SEED\"}]}, \"billing\": {\"allowed_targets\": [\"orders\"], \"permissions\": "
        "[\"/a\"]}}}",
        seed, WIRESIGN_LOOKUP_NONE));
    TokenOptions options;
    options.now = 1767225600;
    IssuedToken token = issuer.issue("billing", "orders", options);
    CHECK(token.expires == options.now + 300 && token.lifetime == 300 && !token.text.empty());
    CHECK(token.permissions == std::vector<std::string>{"/a"});
    options.permissions.emplace();
    options.lifetime = 60;
    token = issuer.issue("billing", "orders", options);
    CHECK(token.lifetime == 60 && token.permissions.empty());
    CHECK(issuer.issue("billing", "orders").lifetime == 300);
    options.permissions = {"/b"};
    CHECK(thrown<SigningError>([&] { issuer.issue("billing", "orders", options); }).code() == WIRESIGN_SIGNING_FAILED);

    const std::string form = "grant_type=client_credentials&audience=orders";
    const Answer answer = issuer.answer("billing", form);
    CHECK(answer.status == 200 && answer.body.find("\"access_token\":\"") != std::string::npos);
    CHECK(answer.headers[1] == std::make_pair(std::string("Cache-Control"), std::string("no-store")));
    CHECK(issuer.answer(std::nullopt, form).status == 401 && issuer.answer("billing", "").status == 400);
    CHECK(thrown<SigningError>([] { TokenIssuer(config("shop")); }).code() == WIRESIGN_SIGNING_FAILED);
    CHECK(thrown<SigningError>([&] { issuer.replace(config("shop")); }).code() == WIRESIGN_SIGNING_FAILED);
    issuer.replace(config("orders"));
    CHECK(issuer.answer("billing", form).body.find("invalid_target") != std::string::npos);
}

static void a_handshake_is_answered()
{
    const std::string hooks = "\"webhooks\": {\"chat\": {\"scheme\": \"whatsapp\", \"verify_token\":"
                              "\"literal:of-our-own\", \"keys\": [{\"secret\": "
                              "\"literal:3b9f6a1c8d2e4705b1c3d5e7f9a0b2c4d6e8f0a1b3c5d7e9\"}]}},"
                              "\"accept\": [\"webhook:chat\"],";
    Verifier verifier(config("orders", hooks));
    CHECK(verifier.handshakes_at("GET", "/a") == std::vector<std::string>{"chat"});
    CHECK(verifier.handshakes_at("GET", "/health").empty());
    Request request;
    request.method = "GET";
    request.target = "/a?hub.mode=subscribe&hub.challenge=7&hub.verify_token=of-our-own";
    const std::optional<Answer> answer = verifier.handshake("chat", request);
    CHECK(answer && answer->status == 200 && answer->body == "7" && !answer->headers.empty());
    request.target = "/a?hub.mode=subscribe&hub.challenge=7&hub.verify_token=of-others";
    CHECK(thrown<Refusal>([&] { verifier.handshake("chat", request); }).code() == WIRESIGN_PERMISSION_DENIED);
    request.target = "/a";
    CHECK(!verifier.handshake("chat", request));
}

static void what_cannot_be_signed_is_an_exception()
{
    CHECK(thrown<SigningError>([] { Signer(config("billing")); }).code() == WIRESIGN_SIGNING_FAILED);
    CHECK(thrown<SigningError>([] { Signer(config("billing"), ""); }).code() == WIRESIGN_SIGNING_FAILED);
    Request request = signed_request();
    request.nonce = "";
    Signer signer(config("billing"), "orders");
    CHECK(thrown<SigningError>([&] { signer.sign(request); }).code() == WIRESIGN_SIGNING_FAILED);
    request.nonce = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
    request.now = 1767225600;
    CHECK(signer.sign(request) == signer.sign(request));
    CHECK(signer.message(request).rfind("wiresign-v2\nPOST\n/invoices\ndraft=1\n1767225600\n", 0) == 0);
}

static void replace_metrics_and_public_routes()
{
    Verifier verifier(config("orders"));
    CHECK(verifier.is_public("GET", "/health") && !verifier.is_public("POST", "/health"));
    verifier.replace(config("orders", "\"environment\": \"staging\","));
    CHECK(verifier.body_limit() == 100 && verifier.verify(signed_request()).service() == "billing");
    CHECK(verifier.metrics().find("wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 1") !=
          std::string::npos);
}

static void an_external_store_is_told()
{
    Verifier verifier(config("orders", "\"replay\": {\"store\": \"external\"},"));
    Verified verified = verifier.verify(signed_request());
    CHECK(verified.replay_seconds() && *verified.replay_seconds() > 300);
    verifier.settle_replay(verified, WIRESIGN_REPLAY_FIRST);
    auto settle = [&](std::uint32_t outcome) { return [&, outcome] { verifier.settle_replay(verified, outcome); }; };
    CHECK(thrown<Refusal>(settle(WIRESIGN_REPLAY_REPEATED)).code() == WIRESIGN_REPLAYED_REQUEST);
    CHECK(thrown<Refusal>(settle(WIRESIGN_REPLAY_UNAVAILABLE)).code() == WIRESIGN_REPLAY_STORE_UNAVAILABLE);
    CHECK(thrown<Error>(settle(7)).code() == WIRESIGN_INVALID_ARGUMENT);
}

static void objects_move_and_are_not_copied()
{
    static_assert(!std::is_copy_constructible_v<Config> && std::is_nothrow_move_constructible_v<Config>);
    static_assert(!std::is_copy_constructible_v<Verifier> && std::is_nothrow_move_assignable_v<Verifier>);
    static_assert(!std::is_copy_constructible_v<Verified> && !std::is_copy_constructible_v<BodyVerification>);
    Verifier first(config("orders"));
    Verifier second = std::move(first);
    CHECK(second.verify(signed_request()).service() == "billing");
    /* NOLINTNEXTLINE: what is moved from answers as the C functions do. */
    CHECK(thrown<Error>([&] { first.verify(signed_request()); }).code() == WIRESIGN_INVALID_ARGUMENT);
    CHECK(generate_secret().size() == 64 && generate_secret(WIRESIGN_SECRET_BASE64).size() == 44);
}

int main()
{
    const std::pair<const char *, void (*)()> tests[] = {
        {"a genuine request names its caller", a_genuine_request_names_its_caller},
        {"an application asks for a permission", an_application_asks_for_a_permission},
        {"a refusal is an exception", a_refusal_is_an_exception},
        {"a body in pieces", a_body_in_pieces},
        {"a config says what is in it", a_config_says_what_is_in_it},
        {"a token says more, and its issuer publishes keys", a_token_says_more_and_its_issuer_publishes_keys},
        {"a response is held against its request", a_response_is_held_against_its_request},
        {"a link is signed", a_link_is_signed},
        {"a role of AWS is asked about", a_role_of_aws_is_asked_about},
        {"tokens are issued", tokens_are_issued},
        {"a handshake is answered", a_handshake_is_answered},
        {"what cannot be signed is an exception", what_cannot_be_signed_is_an_exception},
        {"replace, metrics and public routes", replace_metrics_and_public_routes},
        {"an external store is told", an_external_store_is_told},
        {"objects move and are not copied", objects_move_and_are_not_copied},
    };
    for (const auto &test : tests) {
        const int before = failures;
        try {
            test.second();
        } catch (const std::exception &exception) {
            std::fprintf(stderr, "%s: %s\n", test.first, exception.what());
            failures++;
        }
        if (failures == before) {
            std::printf("pass %s\n", test.first);
        }
    }
    return failures == 0 ? 0 : 1;
}
