/*
 * Wiresign for C++17: the objects of wiresign.h as values that free themselves, and its errors as exceptions.
 *
 * Everything is in this header, over the C functions alone. Texts that come back are copies. A request is accepted only
 * when verify() or finish() returns; a refusal is the exception wiresign::Refusal. Objects may be moved and not copied.
 * All but BodyVerification may be used by several threads at once.
 */

#ifndef WIRESIGN_HPP
#define WIRESIGN_HPP

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wiresign.h>

namespace wiresign
{

/** Header fields, or variables: names and values in order. */
using Fields = std::vector<std::pair<std::string, std::string>>;

/** One finding about a configuration: where, and what to do. */
struct Problem {
    std::string pointer;
    std::string message;
};

/** What to answer a refused request with, byte for byte, as application/json. */
struct Response {
    std::uint16_t status = 500;
    std::string body;
    std::optional<std::string> www_authenticate;
};

/** A request in raw parts: the bytes of the wire. What it points to has to live for the call. */
struct Request {
    std::string_view method;
    std::string_view target;
    std::optional<std::string_view> authority;
    Fields headers;
    std::string_view body;
    /** The address of the caller in network byte order: 4 or 16 bytes, or none. */
    std::string_view client;
    /** Unix time in seconds; the clock of the system unless set. */
    std::uint64_t now = WIRESIGN_NOW;
    /** Of a request to sign: X-Request-ID; a new random UUID unless set. */
    std::optional<std::string_view> nonce;
};

/** A response in raw parts. What it points to has to live for the call. */
struct RawResponse {
    std::uint16_t status = 200;
    Fields headers;
    std::string_view body;
    /** Unix time in seconds; the clock of the system unless set. */
    std::uint64_t now = WIRESIGN_NOW;
};

/** What to answer a request with, and nothing else: a handshake of a webhook, or a request for a token. */
struct Answer {
    std::uint16_t status = 500;
    Fields headers;
    std::string body;
};

/** A token that was issued. Whoever has its text can use it. */
struct IssuedToken {
    std::string text;
    /** The first Unix second at which it has ended. */
    std::uint64_t expires = 0;
    /** For how many seconds it lives. */
    std::uint64_t lifetime = 0;
    std::vector<std::string> permissions;
};

namespace detail
{

template <typename T, void (*Free)(T *)> struct Freer {
    void operator()(T *object) const noexcept
    {
        Free(object);
    }
};

template <typename T, void (*Free)(T *)> using Owned = std::unique_ptr<T, Freer<T, Free>>;

/** A text of the library as a copy; nothing where it is NULL. */
inline std::optional<std::string> optional_text(const char *text, std::size_t length)
{
    return text == nullptr ? std::nullopt : std::optional<std::string>(std::in_place, text, length);
}

/** Calls a reading function, whose last argument is the length. */
template <typename Reader, typename... Arguments>
std::optional<std::string> read_optional(Reader reader, Arguments... arguments)
{
    std::size_t length = 0;
    const char *text = reader(arguments..., &length);
    return optional_text(text, length);
}

template <typename Reader, typename... Arguments> std::string read(Reader reader, Arguments... arguments)
{
    return read_optional(reader, arguments...).value_or(std::string());
}

/** A given text that is empty is not one that is absent: then the pointer is not NULL. */
inline const char *given(const std::optional<std::string_view> &text)
{
    return !text ? nullptr : text->empty() ? "" : text->data();
}

/** Texts as the library takes lists: one block, and the length of each. */
class Flat
{
  public:
    explicit Flat(const Fields &pairs)
    {
        for (const auto &pair : pairs) {
            add(pair.first);
            add(pair.second);
        }
    }

    explicit Flat(const std::map<std::string, std::string> &pairs)
    {
        for (const auto &pair : pairs) {
            add(pair.first);
            add(pair.second);
        }
    }

    explicit Flat(const std::vector<std::string> &texts)
    {
        for (const auto &text : texts) {
            add(text);
        }
    }

    const char *block() const
    {
        return block_.data();
    }
    std::size_t length() const
    {
        return block_.size();
    }
    const std::uint32_t *lengths() const
    {
        return lengths_.data();
    }
    std::size_t count() const
    {
        return lengths_.size();
    }
    std::size_t pairs() const
    {
        return lengths_.size() / 2;
    }

  private:
    void add(const std::string &text)
    {
        if (text.size() > UINT32_MAX) {
            throw std::length_error("wiresign: a text of more than 4 GiB");
        }
        block_ += text;
        lengths_.push_back(static_cast<std::uint32_t>(text.size()));
    }

    std::string block_;
    std::vector<std::uint32_t> lengths_;
};

} // namespace detail

/** Why a call did not succeed: a failure of the call or the set-up. Its message is for the programmer or the operator.
 */
class Error : public std::runtime_error
{
  public:
    explicit Error(const wiresign_error *error, std::int32_t status)
        : std::runtime_error(detail::read_optional(wiresign_error_message, error).value_or("wiresign: no memory")),
          code_(status), name_(detail::read(wiresign_error_name, error))
    {
    }

    /** The number of the status, such as WIRESIGN_INVALID_ARGUMENT. */
    std::int32_t code() const noexcept
    {
        return code_;
    }
    /** Its name, which is the same in every language. */
    const std::string &name() const noexcept
    {
        return name_;
    }

  private:
    std::int32_t code_;
    std::string name_;
};

/** A request was judged, and is refused. what() is safe to show to whoever sent it. */
class Refusal : public Error
{
  public:
    explicit Refusal(const wiresign_error *error, std::int32_t status)
        : Error(error, status), detail_(detail::read(wiresign_error_detail, error)),
          service_(detail::read_optional(wiresign_error_service, error)),
          request_id_(detail::read_optional(wiresign_error_request_id, error)),
          http_status_(wiresign_error_status(error))
    {
        response_.status = wiresign_error_response_status(error);
        response_.body = detail::read(wiresign_error_response_body, error);
        response_.www_authenticate = detail::read_optional(wiresign_error_response_www_authenticate, error);
    }

    /** More, for the operator's log only. */
    const std::string &detail() const noexcept
    {
        return detail_;
    }
    /** The known service that was claimed, not proven. */
    const std::optional<std::string> &service() const noexcept
    {
        return service_;
    }
    /** The request id, not verified. */
    const std::optional<std::string> &request_id() const noexcept
    {
        return request_id_;
    }
    /** The HTTP status of the code. */
    std::uint16_t status() const noexcept
    {
        return http_status_;
    }
    /** What to answer with. */
    const Response &response() const noexcept
    {
        return response_;
    }

  private:
    std::string detail_;
    std::optional<std::string> service_;
    std::optional<std::string> request_id_;
    std::uint16_t http_status_;
    Response response_;
};

/** A configuration that cannot be used: all of its problems at once. */
class ConfigError : public Error
{
  public:
    explicit ConfigError(const wiresign_error *error, std::int32_t status) : Error(error, status)
    {
        for (std::size_t at = 0; at < wiresign_error_problem_count(error); at++) {
            problems_.push_back({detail::read(wiresign_error_problem_pointer, error, at),
                                 detail::read(wiresign_error_problem_message, error, at)});
        }
    }

    const std::vector<Problem> &problems() const noexcept
    {
        return problems_;
    }

  private:
    std::vector<Problem> problems_;
};

/** A request that cannot be signed; what() says what is missing. */
class SigningError : public Error
{
  public:
    using Error::Error;
};

namespace detail
{

/**
 * Throws what a call gave instead of success. The error is a reference, since it may be passed before the call that is
 * the other argument has written it.
 */
inline void check(std::int32_t status, wiresign_error *const &error)
{
    if (status == WIRESIGN_OK) {
        return;
    }
    Owned<wiresign_error, wiresign_error_free> owned(error);
    if (error != nullptr && status < WIRESIGN_CONFIG_INVALID) {
        throw Refusal(error, status);
    }
    switch (status) {
    case WIRESIGN_CONFIG_INVALID:
        throw ConfigError(error, status);
    case WIRESIGN_SIGNING_FAILED:
        throw SigningError(error, status);
    default:
        throw Error(error, status);
    }
}

inline std::string taken(wiresign_bytes *bytes)
{
    Owned<wiresign_bytes, wiresign_bytes_free> owned(bytes);
    return read(wiresign_bytes_data, static_cast<const wiresign_bytes *>(bytes));
}

/** Header fields that a count and two reading functions show. */
template <typename T>
Fields fields(const T *object, std::size_t (*count)(const T *),
              const char *(*name)(const T *, std::size_t, std::size_t *),
              const char *(*value)(const T *, std::size_t, std::size_t *))
{
    Fields fields;
    for (std::size_t at = 0; at < count(object); at++) {
        fields.emplace_back(read(name, object, at), read(value, object, at));
    }
    return fields;
}

/** Takes signed header fields out of their object. */
inline Fields fields(wiresign_signed *made)
{
    Owned<wiresign_signed, wiresign_signed_free> owned(made);
    return fields<wiresign_signed>(made, wiresign_signed_count, wiresign_signed_name, wiresign_signed_value);
}

} // namespace detail

/** A fresh secret of 32 random bytes: WIRESIGN_SECRET_HEX or WIRESIGN_SECRET_BASE64. */
inline std::string generate_secret(std::uint32_t encoding = WIRESIGN_SECRET_HEX)
{
    char secret[WIRESIGN_SECRET_SIZE];
    std::size_t length = 0;
    wiresign_error *error = nullptr;
    detail::check(wiresign_generate_secret(encoding, secret, sizeof secret, &length, &error), error);
    return std::string(secret, length);
}

/** Throws an Error for what is no permission: when a handler is set up, and not at its first request. */
inline void check_permission(std::string_view permission)
{
    wiresign_error *error = nullptr;
    detail::check(wiresign_permission_check(permission.data(), permission.size(), &error), error);
}

/** A checked configuration. It may be destroyed before what was made of it. */
class Config
{
  public:
    /** Reads a document. `variables` come before those that `lookup` lets it find. */
    static Config parse(std::string_view document, const std::map<std::string, std::string> &variables = {},
                        std::uint32_t lookup = WIRESIGN_LOOKUP_ENVIRONMENT | WIRESIGN_LOOKUP_FILES)
    {
        detail::Flat flat(variables);
        wiresign_config *config = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_config_parse(document.data(), document.size(), flat.block(), flat.length(),
                                            flat.lengths(), flat.pairs(), lookup, &config, &error),
                      error);
        return Config(config);
    }

    /** Makes one of environment variables alone. */
    static Config from_env(const std::map<std::string, std::string> &variables = {},
                           std::uint32_t lookup = WIRESIGN_LOOKUP_ENVIRONMENT)
    {
        detail::Flat flat(variables);
        wiresign_config *config = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_config_from_env(flat.block(), flat.length(), flat.lengths(), flat.pairs(), lookup,
                                               &config, &error),
                      error);
        return Config(config);
    }

    std::string service() const
    {
        return detail::read(wiresign_config_service, get());
    }
    std::optional<std::string> environment() const
    {
        return detail::read_optional(wiresign_config_environment, get());
    }
    std::uint64_t body_limit() const
    {
        return wiresign_config_body_limit(get());
    }
    std::vector<std::string> service_ids() const
    {
        std::vector<std::string> ids;
        for (std::size_t at = 0; at < wiresign_config_service_id_count(get()); at++) {
            ids.push_back(detail::read(wiresign_config_service_id, get(), at));
        }
        return ids;
    }
    std::optional<std::string> url(std::string_view service) const
    {
        return detail::read_optional(wiresign_config_url, get(), service.data(), service.size());
    }
    /** The issuers of tokens that publish their keys, and the URLs of their JWK Sets: for the program to fetch. */
    Fields jwks_urls() const
    {
        Fields urls;
        for (std::size_t at = 0; at < wiresign_config_jwks_url_count(get()); at++) {
            urls.emplace_back(detail::read(wiresign_config_jwks_url_issuer, get(), at),
                              detail::read(wiresign_config_jwks_url, get(), at));
        }
        return urls;
    }
    /** Takes the JWK Set that an issuer publishes now. Throws a ConfigError where it is wrong; then nothing changes. */
    void publish_keys(std::string_view issuer, std::string_view jwks)
    {
        wiresign_error *error = nullptr;
        detail::check(
            wiresign_config_publish_keys(config_.get(), issuer.data(), issuer.size(), jwks.data(), jwks.size(), &error),
            error);
    }
    std::vector<Problem> warnings() const
    {
        std::vector<Problem> warnings;
        for (std::size_t at = 0; at < wiresign_config_warning_count(get()); at++) {
            warnings.push_back({detail::read(wiresign_config_warning_pointer, get(), at),
                                detail::read(wiresign_config_warning_message, get(), at)});
        }
        return warnings;
    }
    /** The object of wiresign.h, which stays this one's. */
    const wiresign_config *get() const noexcept
    {
        return config_.get();
    }

  private:
    explicit Config(wiresign_config *config) : config_(config)
    {
    }

    detail::Owned<wiresign_config, wiresign_config_free> config_;
};

/** Signs requests. */
class Signer
{
  public:
    /** `target` is the service that the requests go to; none for schemes that sign no target. */
    explicit Signer(const Config &config, std::optional<std::string_view> target = std::nullopt)
    {
        wiresign_signer *signer = nullptr;
        wiresign_error *error = nullptr;
        detail::check(
            wiresign_signer_new(config.get(), detail::given(target), target ? target->size() : 0, &signer, &error),
            error);
        signer_.reset(signer);
    }

    /** A signer with credentials of AWS that were given out for a while. Make a new one before they end. Only where the
     * config signs with "aws-identity" or "aws-sigv4". */
    static Signer with_aws_credentials(const Config &config, std::string_view access_key_id, std::string_view secret,
                                       std::optional<std::string_view> session_token = std::nullopt,
                                       std::optional<std::string_view> target = std::nullopt)
    {
        wiresign_signer *signer = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_signer_with_aws_credentials(
                          config.get(), detail::given(target), target ? target->size() : 0, access_key_id.data(),
                          access_key_id.size(), secret.data(), secret.size(), detail::given(session_token),
                          session_token ? session_token->size() : 0, &signer, &error),
                      error);
        return Signer(signer);
    }

    /** The header fields to set, in order. Each attempt to send needs a signature of its own. */
    Fields sign(const Request &request) const
    {
        detail::Flat headers(request.headers);
        wiresign_signed *made = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_signer_sign(
                          signer_.get(), request.method.data(), request.method.size(), request.target.data(),
                          request.target.size(), detail::given(request.authority),
                          request.authority ? request.authority->size() : 0, headers.block(), headers.length(),
                          headers.lengths(), headers.pairs(), request.body.data(), request.body.size(), request.now,
                          detail::given(request.nonce), request.nonce ? request.nonce->size() : 0, &made, &error),
                      error);
        return detail::fields(made);
    }

    /** The target of a link that is signed for so many seconds. Only where the config signs with "aws-sigv4". */
    std::string presign(const Request &request, std::uint64_t seconds) const
    {
        detail::Flat headers(request.headers);
        wiresign_bytes *link = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_signer_presign(
                          signer_.get(), request.method.data(), request.method.size(), request.target.data(),
                          request.target.size(), detail::given(request.authority),
                          request.authority ? request.authority->size() : 0, headers.block(), headers.length(),
                          headers.lengths(), headers.pairs(), seconds, request.now, &link, &error),
                      error);
        return detail::taken(link);
    }

    /** The header fields that sign a response (RFC 9421) and bind it to the request that it answers, as that was
     * received. */
    Fields sign_response(const RawResponse &response, const Request &answered) const
    {
        detail::Flat headers(response.headers);
        detail::Flat fields(answered.headers);
        wiresign_signed *made = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_signer_sign_response(
                          signer_.get(), response.status, headers.block(), headers.length(), headers.lengths(),
                          headers.pairs(), response.body.data(), response.body.size(), answered.method.data(),
                          answered.method.size(), answered.target.data(), answered.target.size(),
                          detail::given(answered.authority), answered.authority ? answered.authority->size() : 0,
                          fields.block(), fields.length(), fields.lengths(), fields.pairs(), response.now, &made,
                          &error),
                      error);
        return detail::fields(made);
    }

    /** Signs a request once more, as its response asks by Accept-Signature; nothing where that asks for nothing. */
    std::optional<Fields> sign_as_asked(const Fields &response_headers, const Request &request) const
    {
        detail::Flat asking(response_headers);
        detail::Flat headers(request.headers);
        wiresign_signed *made = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_signer_sign_as_asked(
                          signer_.get(), asking.block(), asking.length(), asking.lengths(), asking.pairs(),
                          request.method.data(), request.method.size(), request.target.data(), request.target.size(),
                          detail::given(request.authority), request.authority ? request.authority->size() : 0,
                          headers.block(), headers.length(), headers.lengths(), headers.pairs(), request.body.data(),
                          request.body.size(), request.now, detail::given(request.nonce),
                          request.nonce ? request.nonce->size() : 0, &made, &error),
                      error);
        return made == nullptr ? std::nullopt : std::optional<Fields>(detail::fields(made));
    }

    /** The bytes that a signature of this request covers. They hold the body and no secret. */
    std::string message(const Request &request) const
    {
        detail::Flat headers(request.headers);
        wiresign_bytes *message = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_signer_message(
                          signer_.get(), request.method.data(), request.method.size(), request.target.data(),
                          request.target.size(), detail::given(request.authority),
                          request.authority ? request.authority->size() : 0, headers.block(), headers.length(),
                          headers.lengths(), headers.pairs(), request.body.data(), request.body.size(), request.now,
                          detail::given(request.nonce), request.nonce ? request.nonce->size() : 0, &message, &error),
                      error);
        return detail::taken(message);
    }

  private:
    explicit Signer(wiresign_signer *signer) : signer_(signer)
    {
    }

    detail::Owned<wiresign_signer, wiresign_signer_free> signer_;
};

/** What a token may say beside its subject and its audience. */
struct TokenOptions {
    /** In seconds; as long as the configuration says unless set. */
    std::uint64_t lifetime = WIRESIGN_CONFIGURED_LIFETIME;
    /** Some of the subject's permissions; all of them unless set. */
    std::optional<std::vector<std::string>> permissions;
    std::optional<std::string_view> tenant;
    /** Unix time in seconds; the clock of the system unless set. */
    std::uint64_t now = WIRESIGN_NOW;
    /** A new random UUID unless set. */
    std::optional<std::string_view> id;
};

/** Issues tokens about the services of the registry, for a token endpoint. */
class TokenIssuer
{
  public:
    /** Throws a SigningError where the own service has no key that can sign tokens. */
    explicit TokenIssuer(const Config &config)
    {
        wiresign_token_issuer *issuer = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_token_issuer_new(config.get(), &issuer, &error), error);
        issuer_.reset(issuer);
    }

    /** A token about a service of the registry for one of its targets. */
    IssuedToken issue(std::string_view subject, std::string_view audience, const TokenOptions &options = {}) const
    {
        detail::Flat permissions(options.permissions.value_or(std::vector<std::string>()));
        /* The address of the lengths says whether there is a list, which may be empty. */
        const std::uint32_t none = 0;
        const std::uint32_t *lengths = !options.permissions       ? nullptr
                                       : permissions.count() == 0 ? &none
                                                                  : permissions.lengths();
        wiresign_issued_token *made = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_token_issuer_issue(
                          issuer_.get(), subject.data(), subject.size(), audience.data(), audience.size(),
                          options.lifetime, permissions.block(), permissions.length(), lengths, permissions.count(),
                          detail::given(options.tenant), options.tenant ? options.tenant->size() : 0, options.now,
                          detail::given(options.id), options.id ? options.id->size() : 0, &made, &error),
                      error);
        detail::Owned<wiresign_issued_token, wiresign_issued_token_free> owned(made);
        const wiresign_issued_token *shown = made;
        IssuedToken token;
        token.text = detail::read(wiresign_issued_token_text, shown);
        token.expires = wiresign_issued_token_expires(made);
        token.lifetime = wiresign_issued_token_lifetime(made);
        for (std::size_t at = 0; at < wiresign_issued_token_permission_count(made); at++) {
            token.permissions.push_back(detail::read(wiresign_issued_token_permission, shown, at));
        }
        return token;
    }

    /** What to answer a request for a token with. `caller` is the service that a verification of it named, `form` its
     * body. What the caller asks wrongly is an answer too. */
    Answer answer(std::optional<std::string_view> caller, std::string_view form,
                  std::optional<std::string_view> tenant = std::nullopt, std::uint64_t now = WIRESIGN_NOW,
                  std::optional<std::string_view> id = std::nullopt) const
    {
        wiresign_token_response *response = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_token_issuer_answer(issuer_.get(), detail::given(caller), caller ? caller->size() : 0,
                                                   form.data(), form.size(), detail::given(tenant),
                                                   tenant ? tenant->size() : 0, now, detail::given(id),
                                                   id ? id->size() : 0, &response, &error),
                      error);
        detail::Owned<wiresign_token_response, wiresign_token_response_free> owned(response);
        const wiresign_token_response *shown = response;
        return {wiresign_token_response_status(shown),
                detail::fields(shown, wiresign_token_response_header_count, wiresign_token_response_header_name,
                               wiresign_token_response_header_value),
                detail::read(wiresign_token_response_body, shown)};
    }

    /** Puts another configuration in force, at once for all threads. Throws a SigningError where it has no key for
     * tokens; then the old one stays. */
    void replace(const Config &config)
    {
        wiresign_error *error = nullptr;
        detail::check(wiresign_token_issuer_replace(issuer_.get(), config.get(), &error), error);
    }

  private:
    detail::Owned<wiresign_token_issuer, wiresign_token_issuer_free> issuer_;
};

/** A question to AWS: who made the proof of an IAM identity. To be sent as it is, over TLS, without following
 * redirects. */
class IdentityRequest
{
  public:
    std::string method() const
    {
        return detail::read(wiresign_identity_request_method, get());
    }
    /** The endpoint of STS in a region of the configuration. */
    std::string url() const
    {
        return detail::read(wiresign_identity_request_url, get());
    }
    /** The header fields to send, Host among them. */
    Fields headers() const
    {
        return detail::fields(get(), wiresign_identity_request_header_count, wiresign_identity_request_header_name,
                              wiresign_identity_request_header_value);
    }
    std::string body() const
    {
        return detail::read(wiresign_identity_request_body, get());
    }

  private:
    friend class Verifier;

    explicit IdentityRequest(wiresign_identity_request *question) : question_(question)
    {
    }
    const wiresign_identity_request *get() const noexcept
    {
        return question_.get();
    }

    detail::Owned<wiresign_identity_request, wiresign_identity_request_free> question_;
};

/** A request that was accepted, and who sent it. Only a verification makes one. */
class Verified
{
  public:
    /** The calling service; nothing only on a public route. */
    std::optional<std::string> service() const
    {
        return detail::read_optional(wiresign_verified_service, get());
    }
    std::optional<std::string> key_id() const
    {
        return detail::read_optional(wiresign_verified_key_id, get());
    }
    bool key_is_retiring() const
    {
        return wiresign_verified_key_is_retiring(get());
    }
    std::optional<std::string> scheme() const
    {
        return detail::read_optional(wiresign_verified_scheme, get());
    }
    /** Seconds since the request was signed; negative when it is from the future. */
    std::optional<std::int64_t> age() const
    {
        std::int64_t age = 0;
        return wiresign_verified_age(get(), &age) ? std::optional<std::int64_t>(age) : std::nullopt;
    }
    std::optional<std::uint64_t> timestamp() const
    {
        std::uint64_t timestamp = 0;
        return wiresign_verified_timestamp(get(), &timestamp) ? std::optional<std::uint64_t>(timestamp) : std::nullopt;
    }
    std::optional<std::string> request_id() const
    {
        return detail::read_optional(wiresign_verified_request_id, get());
    }
    bool request_id_is_signed() const
    {
        return wiresign_verified_request_id_is_signed(get());
    }
    std::optional<std::string> route() const
    {
        return detail::read_optional(wiresign_verified_route, get());
    }
    std::vector<std::string> covered() const
    {
        std::vector<std::string> parts;
        for (std::size_t at = 0; at < wiresign_verified_covered_count(get()); at++) {
            parts.push_back(detail::read(wiresign_verified_covered, get(), at));
        }
        return parts;
    }
    /** What the token of the request says, where it has one: its subject, its tenant, when it ends, and all as JSON
     * text. */
    std::optional<std::string> subject() const
    {
        return detail::read_optional(wiresign_verified_subject, get());
    }
    std::optional<std::string> tenant() const
    {
        return detail::read_optional(wiresign_verified_tenant, get());
    }
    std::optional<std::uint64_t> token_expires() const
    {
        std::uint64_t seconds = 0;
        return wiresign_verified_token_expires(get(), &seconds) ? std::optional<std::uint64_t>(seconds) : std::nullopt;
    }
    std::optional<std::string> claims() const
    {
        return detail::read_optional(wiresign_verified_claims, get());
    }
    std::optional<std::string> replay_key() const
    {
        return detail::read_optional(wiresign_verified_replay_key, get());
    }
    /** For how long an external replay store must remember the replay key; nothing where it need not. */
    std::optional<std::uint64_t> replay_seconds() const
    {
        std::uint64_t seconds = 0;
        return wiresign_verified_replay_seconds(get(), &seconds) ? std::optional<std::uint64_t>(seconds) : std::nullopt;
    }
    bool is_public() const
    {
        return wiresign_verified_is_public(get());
    }
    /** Throws a Refusal unless one of these services made the request; without any named, each will do. */
    void require_service(const std::vector<std::string> &services) const
    {
        detail::Flat flat(services);
        wiresign_error *error = nullptr;
        detail::check(
            wiresign_verified_require_service(get(), flat.block(), flat.length(), flat.lengths(), flat.count(), &error),
            error);
    }
    /**
     * Throws a Refusal unless the caller may do all that a permission matches, such as "POST /invoices"; an Error for
     * what is no permission.
     */
    void require_permission(std::string_view permission) const
    {
        wiresign_error *error = nullptr;
        detail::check(wiresign_verified_require_permission(get(), permission.data(), permission.size(), &error), error);
    }
    /** The object of wiresign.h, which stays this one's. */
    const wiresign_verified *get() const noexcept
    {
        return verified_.get();
    }

  private:
    friend class Verifier;
    friend class BodyVerification;

    explicit Verified(wiresign_verified *verified) : verified_(verified)
    {
    }

    detail::Owned<wiresign_verified, wiresign_verified_free> verified_;
};

/** A request whose body is still arriving. One thread at a time may use it. */
class BodyVerification
{
  public:
    bool needs_body() const
    {
        return wiresign_body_verification_needs_body(verification_.get());
    }
    /** Takes the length that the head declares; throws a Refusal when it is too long. */
    void declare_length(std::uint64_t declared)
    {
        wiresign_error *error = nullptr;
        detail::check(wiresign_body_verification_declare_length(verification_.get(), declared, &error), error);
    }
    /** Takes the next bytes; throws a Refusal as soon as the body is too long. */
    void update(std::string_view bytes)
    {
        wiresign_error *error = nullptr;
        detail::check(wiresign_body_verification_update(verification_.get(), bytes.data(), bytes.size(), &error),
                      error);
    }
    /** The verdict. Nothing of the body is verified before it. */
    Verified finish()
    {
        wiresign_verified *verified = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_body_verification_finish(verification_.get(), &verified, &error), error);
        return Verified(verified);
    }

  private:
    friend class Verifier;

    explicit BodyVerification(wiresign_body_verification *verification) : verification_(verification)
    {
    }

    detail::Owned<wiresign_body_verification, wiresign_body_verification_free> verification_;
};

/** Judges requests. A service has one for its whole life, because it remembers what it accepted. */
class Verifier
{
  public:
    explicit Verifier(const Config &config)
    {
        wiresign_verifier *verifier = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_new(config.get(), &verifier, &error), error);
        verifier_.reset(verifier);
    }

    /** Who called; throws a Refusal unless the request is accepted. */
    Verified verify(const Request &request) const
    {
        detail::Flat headers(request.headers);
        wiresign_verified *verified = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_verify(
                          verifier_.get(), request.method.data(), request.method.size(), request.target.data(),
                          request.target.size(), detail::given(request.authority),
                          request.authority ? request.authority->size() : 0, headers.block(), headers.length(),
                          headers.lengths(), headers.pairs(), request.body.data(), request.body.size(), client(request),
                          request.client.size(), request.now, &verified, &error),
                      error);
        return Verified(verified);
    }

    /** Judges the head, and gives what takes the body in pieces. The body of the request is not looked at. */
    BodyVerification begin(const Request &request) const
    {
        detail::Flat headers(request.headers);
        wiresign_body_verification *verification = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_begin(verifier_.get(), request.method.data(), request.method.size(),
                                              request.target.data(), request.target.size(),
                                              detail::given(request.authority),
                                              request.authority ? request.authority->size() : 0, headers.block(),
                                              headers.length(), headers.lengths(), headers.pairs(), client(request),
                                              request.client.size(), request.now, &verification, &error),
                      error);
        return BodyVerification(verification);
    }

    /** Who answered; throws a Refusal unless the service signed the response (RFC 9421) and the request, as it was
     * sent. */
    Verified verify_response(std::string_view service, const RawResponse &response, const Request &answered) const
    {
        detail::Flat headers(response.headers);
        detail::Flat fields(answered.headers);
        wiresign_verified *verified = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_verify_response(
                          verifier_.get(), service.data(), service.size(), response.status, headers.block(),
                          headers.length(), headers.lengths(), headers.pairs(), response.body.data(),
                          response.body.size(), answered.method.data(), answered.method.size(), answered.target.data(),
                          answered.target.size(), detail::given(answered.authority),
                          answered.authority ? answered.authority->size() : 0, fields.block(), fields.length(),
                          fields.lengths(), fields.pairs(), response.now, &verified, &error),
                      error);
        return Verified(verified);
    }

    /** The value of an Accept-Signature header that asks a caller for the message signature that is accepted here. */
    std::string accept_signature() const
    {
        wiresign_bytes *text = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_accept_signature(verifier_.get(), &text, &error), error);
        return detail::taken(text);
    }

    /** The webhooks that are accepted where a request goes, and whose senders make handshakes. */
    std::vector<std::string> handshakes_at(std::string_view method, std::string_view target) const
    {
        wiresign_texts *webhooks = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_handshakes_at(verifier_.get(), method.data(), method.size(), target.data(),
                                                      target.size(), &webhooks, &error),
                      error);
        detail::Owned<wiresign_texts, wiresign_texts_free> owned(webhooks);
        std::vector<std::string> names;
        for (std::size_t at = 0; at < wiresign_texts_count(webhooks); at++) {
            names.push_back(detail::read(wiresign_texts_text, static_cast<const wiresign_texts *>(webhooks), at));
        }
        return names;
    }

    /** What to answer a handshake of the webhook with; nothing where the request is none: then verify it. */
    std::optional<Answer> handshake(std::string_view webhook, const Request &request) const
    {
        detail::Flat headers(request.headers);
        wiresign_handshake_response *response = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_handshake(
                          verifier_.get(), webhook.data(), webhook.size(), request.method.data(), request.method.size(),
                          request.target.data(), request.target.size(), detail::given(request.authority),
                          request.authority ? request.authority->size() : 0, headers.block(), headers.length(),
                          headers.lengths(), headers.pairs(), request.body.data(), request.body.size(), client(request),
                          request.client.size(), request.now, &response, &error),
                      error);
        if (response == nullptr) {
            return std::nullopt;
        }
        detail::Owned<wiresign_handshake_response, wiresign_handshake_response_free> owned(response);
        const wiresign_handshake_response *shown = response;
        return Answer{wiresign_handshake_response_status(shown),
                      detail::fields(shown, wiresign_handshake_response_header_count,
                                     wiresign_handshake_response_header_name, wiresign_handshake_response_header_value),
                      detail::read(wiresign_handshake_response_body, shown)};
    }

    /** What AWS has to be asked before a request with the proof of an IAM identity can be verified; nothing where there
     * is no question. The body of the request is not looked at. */
    std::optional<IdentityRequest> identity_request(const Request &request) const
    {
        detail::Flat headers(request.headers);
        wiresign_identity_request *question = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_identity_request(
                          verifier_.get(), request.method.data(), request.method.size(), request.target.data(),
                          request.target.size(), detail::given(request.authority),
                          request.authority ? request.authority->size() : 0, headers.block(), headers.length(),
                          headers.lengths(), headers.pairs(), client(request), request.client.size(), request.now,
                          &question, &error),
                      error);
        return question == nullptr ? std::nullopt : std::optional<IdentityRequest>(IdentityRequest(question));
    }

    /** Takes what AWS answers to a question: status and body. A status of 0 says that no answer came. */
    void identity_answer(const IdentityRequest &question, std::uint16_t status, std::string_view body,
                         std::uint64_t now = WIRESIGN_NOW) const
    {
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_identity_answer(verifier_.get(), question.get(), status, body.data(),
                                                        body.size(), now, &error),
                      error);
    }

    /** Takes what an external replay store says: WIRESIGN_REPLAY_FIRST and its like. Throws a Refusal. */
    void settle_replay(const Verified &verified, std::uint32_t outcome) const
    {
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_settle_replay(verifier_.get(), verified.get(), outcome, &error), error);
    }

    /** Puts another configuration in force, at once for all threads. */
    void replace(const Config &config)
    {
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_replace(verifier_.get(), config.get(), &error), error);
    }

    /** The counters in the text format of Prometheus. */
    std::string metrics() const
    {
        wiresign_bytes *text = nullptr;
        wiresign_error *error = nullptr;
        detail::check(wiresign_verifier_metrics(verifier_.get(), &text, &error), error);
        return detail::taken(text);
    }

    bool is_public(std::string_view method, std::string_view target) const
    {
        return wiresign_verifier_is_public(verifier_.get(), method.data(), method.size(), target.data(), target.size());
    }
    std::uint64_t body_limit() const
    {
        return wiresign_verifier_body_limit(verifier_.get());
    }

  private:
    static const std::uint8_t *client(const Request &request)
    {
        return reinterpret_cast<const std::uint8_t *>(request.client.data());
    }

    detail::Owned<wiresign_verifier, wiresign_verifier_free> verifier_;
};

} // namespace wiresign

#endif /* WIRESIGN_HPP */
