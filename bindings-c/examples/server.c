/* The service orders on libmicrohttpd: who calls has to sign, except on public routes. */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <wiresign.h>

/* How much of a body that nobody wants is read before the connection ends: else a client could send for ever. */
#define PATIENCE (1024 * 1024)

/* A request, from its request line to its answer. */
typedef struct exchange {
    const char *method;
    const char *host;
    char *target; /* as it was sent: what libmicrohttpd calls the URL is decoded already, and has no query */
    char *headers;
    size_t headers_length;
    uint32_t *lengths;
    size_t count;
    uint8_t client[16];
    size_t client_length;
    bool has_head;
    wiresign_texts *webhooks;                 /* those to ask about a handshake: then the body is judged as a whole */
    wiresign_body_verification *verification; /* else it is judged while it arrives */
    wiresign_verified *verified;
    wiresign_error *refused;
    char *body;
    size_t body_length;
    size_t dropped;
} exchange;

/* The head of a request as the library takes it, and the address of its client. */
#define HEAD(request)                                                                                                  \
    (request)->method, strlen((request)->method), (request)->target, strlen((request)->target), (request)->host,       \
        (request)->host == NULL ? 0 : strlen((request)->host), (request)->headers, (request)->headers_length,          \
        (request)->lengths, (request)->count
#define CLIENT(request) (request)->client_length == 0 ? NULL : (request)->client, (request)->client_length

static exchange *new_exchange(const char *target)
{
    exchange *made = calloc(1, sizeof *made);
    if (made != NULL && (made->target = strdup(target)) == NULL) {
        free(made);
        made = NULL;
    }
    return made;
}

static void free_exchange(exchange *request)
{
    if (request != NULL) {
        wiresign_texts_free(request->webhooks);
        wiresign_body_verification_free(request->verification);
        wiresign_verified_free(request->verified);
        wiresign_error_free(request->refused);
        free(request->target);
        free(request->headers);
        free(request->lengths);
        free(request->body);
        free(request);
    }
}

/* Appends one header field to the flat list: repeats stay, each in its place. */
static enum MHD_Result take_field(void *closure, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                  const char *value, size_t value_length)
{
    exchange *request = closure;
    (void)kind;
    char *headers = realloc(request->headers, request->headers_length + name_length + value_length + 1);
    if (headers != NULL) {
        request->headers = headers;
    }
    uint32_t *lengths = realloc(request->lengths, 2 * (request->count + 1) * sizeof *lengths);
    if (lengths != NULL) {
        request->lengths = lengths;
    }
    if (headers == NULL || lengths == NULL) {
        return MHD_NO;
    }
    memcpy(headers + request->headers_length, name, name_length);
    request->headers_length += name_length;
    if (value_length != 0) {
        memcpy(headers + request->headers_length, value, value_length);
        request->headers_length += value_length;
    }
    lengths[2 * request->count] = (uint32_t)name_length;
    lengths[2 * request->count + 1] = (uint32_t)value_length;
    request->count++;
    return MHD_YES;
}

static void take_client(exchange *request, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL) {
        return;
    }
    if (info->client_addr->sa_family == AF_INET) {
        struct sockaddr_in address;
        memcpy(&address, info->client_addr, sizeof address);
        memcpy(request->client, &address.sin_addr, request->client_length = 4);
    } else if (info->client_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 address;
        memcpy(&address, info->client_addr, sizeof address);
        memcpy(request->client, &address.sin6_addr, request->client_length = 16);
    }
}

/* Sends a response that was made, and lets go of it. */
static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    enum MHD_Result result = response == NULL ? MHD_NO : MHD_queue_response(connection, status, response);
    if (response != NULL) {
        MHD_destroy_response(response);
    }
    return result;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type, const char *body,
                              size_t length)
{
    /* The response keeps a copy of its own; the library does not write to what it copies. */
    struct MHD_Response *response = MHD_create_response_from_buffer(length, (void *)body, MHD_RESPMEM_MUST_COPY);
    if (response != NULL) {
        MHD_add_response_header(response, "Content-Type", type);
    }
    return send_response(connection, status, response);
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
    return answer(connection, status, "text/plain", text, strlen(text));
}

/* Answers what is refused, and 500 where no verdict was possible, with the bytes that every language answers with. */
static enum MHD_Result answer_refusal(struct MHD_Connection *connection, const wiresign_error *error)
{
    fprintf(stderr, "not served: %s\n", wiresign_error_name(error, NULL));
    size_t length = 0;
    const char *body = wiresign_error_response_body(error, &length);
    struct MHD_Response *response = MHD_create_response_from_buffer(length, (void *)body, MHD_RESPMEM_MUST_COPY);
    if (response != NULL) {
        const char *challenge = wiresign_error_response_www_authenticate(error, NULL);
        MHD_add_response_header(response, "Content-Type", "application/json");
        if (challenge != NULL) {
            MHD_add_response_header(response, "WWW-Authenticate", challenge);
        }
    }
    return send_response(connection, wiresign_error_response_status(error), response);
}

static enum MHD_Result answer_handshake(struct MHD_Connection *connection, const wiresign_handshake_response *handshake)
{
    size_t length = 0;
    const char *body = wiresign_handshake_response_body(handshake, &length);
    struct MHD_Response *response = MHD_create_response_from_buffer(length, (void *)body, MHD_RESPMEM_MUST_COPY);
    for (size_t i = 0; response != NULL && i < wiresign_handshake_response_header_count(handshake); i++) {
        MHD_add_response_header(response, wiresign_handshake_response_header_name(handshake, i, NULL),
                                wiresign_handshake_response_header_value(handshake, i, NULL));
    }
    return send_response(connection, wiresign_handshake_response_status(handshake), response);
}

/* What the service does for a request that was accepted. */
static enum MHD_Result serve(struct MHD_Connection *connection, const exchange *request)
{
    static const char billing[] = "billing";
    static const uint32_t billing_length = sizeof billing - 1;
    bool reads = strcmp(request->method, "GET") == 0;
    const char *service = wiresign_verified_service(request->verified, NULL);
    if (reads && strcmp(request->target, "/health") == 0) {
        return answer_text(connection, 200, "up");
    }
    if (reads && strncmp(request->target, "/orders/", 8) == 0) {
        char text[256];
        snprintf(text, sizeof text, "order %.100s, asked by %s", request->target + 8, service);
        return answer_text(connection, 200, text);
    }
    if (strcmp(request->method, "POST") == 0 && strcmp(request->target, "/invoices") == 0) {
        wiresign_error *error = NULL;
        if (wiresign_verified_require_service(request->verified, billing, billing_length, &billing_length, 1, &error) !=
            WIRESIGN_OK) {
            enum MHD_Result result = answer_refusal(connection, error);
            wiresign_error_free(error);
            return result;
        }
        return answer(connection, 201, "application/json", request->body, request->body_length);
    }
    if (strcmp(request->method, "POST") == 0 && strcmp(request->target, "/hooks/chat") == 0) {
        return answer_text(connection, 200, "thanks");
    }
    return answer_text(connection, 404, "not found");
}

/* The head is here: what can be refused without the body is refused now. */
static enum MHD_Result take_head(const wiresign_verifier *verifier, struct MHD_Connection *connection,
                                 const char *method, exchange *request)
{
    int fields = MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_field, request);
    if (fields < 0 || (size_t)fields != request->count) {
        return MHD_NO;
    }
    request->method = method;
    request->host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    take_client(request, connection);
    int32_t status = wiresign_verifier_handshakes_at(verifier, method, strlen(method), request->target,
                                                     strlen(request->target), &request->webhooks, &request->refused);
    if (status == WIRESIGN_OK && request->webhooks == NULL) {
        status = wiresign_verifier_begin(verifier, HEAD(request), CLIENT(request), WIRESIGN_NOW, &request->verification,
                                         &request->refused);
        const char *declared = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
        if (status == WIRESIGN_OK && declared != NULL) {
            status = wiresign_body_verification_declare_length(request->verification, strtoull(declared, NULL, 10),
                                                               &request->refused);
        }
    }
    /* libmicrohttpd closes the connection where the body was not wanted. */
    return status == WIRESIGN_OK ? MHD_YES : answer_refusal(connection, request->refused);
}

/* The next bytes of the body. False ends the connection. */
static bool take_piece(const wiresign_verifier *verifier, exchange *request, const char *piece, size_t length)
{
    if (request->refused == NULL && request->webhooks == NULL) {
        (void)wiresign_body_verification_update(request->verification, piece, length, &request->refused);
    }
    /* One byte above the limit shows that a body is too long. Nothing is kept of one that nobody will look at. */
    size_t limit = (size_t)wiresign_verifier_body_limit(verifier) + 1;
    bool is_wanted = request->webhooks != NULL || wiresign_body_verification_needs_body(request->verification);
    size_t kept = 0;
    if (request->refused == NULL && is_wanted && request->body_length < limit) {
        kept = length < limit - request->body_length ? length : limit - request->body_length;
        char *body = realloc(request->body, request->body_length + kept);
        if (body == NULL) {
            return false;
        }
        memcpy(body + request->body_length, piece, kept);
        request->body = body;
        request->body_length += kept;
    }
    request->dropped += length - kept;
    return request->dropped <= PATIENCE;
}

/* Asks each webhook of the route whether this is the challenge of its sender. NULL, and nothing refused: it is not. */
static wiresign_handshake_response *handshake_of(const wiresign_verifier *verifier, exchange *request)
{
    for (size_t i = 0; i < wiresign_texts_count(request->webhooks); i++) {
        size_t length = 0;
        const char *webhook = wiresign_texts_text(request->webhooks, i, &length);
        wiresign_handshake_response *response = NULL;
        int32_t status =
            wiresign_verifier_handshake(verifier, webhook, length, HEAD(request), request->body, request->body_length,
                                        CLIENT(request), WIRESIGN_NOW, &response, &request->refused);
        if (status != WIRESIGN_OK || response != NULL) {
            return response;
        }
    }
    return NULL;
}

/* All of the request is here: the verdict, and the answer. */
static enum MHD_Result take_end(const wiresign_verifier *verifier, struct MHD_Connection *connection, exchange *request)
{
    if (request->refused == NULL && request->webhooks == NULL) {
        (void)wiresign_body_verification_finish(request->verification, &request->verified, &request->refused);
    } else if (request->refused == NULL) {
        wiresign_handshake_response *handshake = handshake_of(verifier, request);
        if (handshake != NULL) {
            enum MHD_Result result = answer_handshake(connection, handshake);
            wiresign_handshake_response_free(handshake);
            return result;
        }
        if (request->refused == NULL) {
            (void)wiresign_verifier_verify(verifier, HEAD(request), request->body, request->body_length,
                                           CLIENT(request), WIRESIGN_NOW, &request->verified, &request->refused);
        }
    }
    /* Only a verdict that is there lets a request through. */
    return request->verified == NULL ? answer_refusal(connection, request->refused) : serve(connection, request);
}

/* libmicrohttpd calls this with each request line, before it decodes it, */
static void *on_request_line(void *verifier, const char *target, struct MHD_Connection *connection)
{
    (void)verifier;
    (void)connection;
    return new_exchange(target);
}

/* this with the head, with each piece of the body, and at the end of it, */
static enum MHD_Result on_request(void *verifier, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *piece, size_t *length,
                                  void **state)
{
    exchange *request = *state;
    (void)url;
    (void)version;
    if (request == NULL) {
        return MHD_NO;
    }
    if (!request->has_head) {
        request->has_head = true;
        return take_head(verifier, connection, method, request);
    }
    if (*length != 0) {
        bool goes_on = take_piece(verifier, request, piece, *length);
        *length = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    return take_end(verifier, connection, request);
}

/* and this when the answer is sent, or the client is gone. */
static void on_completed(void *verifier, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode reason)
{
    (void)verifier;
    (void)connection;
    (void)reason;
    free_exchange(*state);
    *state = NULL;
}

/* Reads the configuration; NULL, and a word about it, where it cannot be used. */
static wiresign_config *read_config(const char *path)
{
    static char document[65536];
    FILE *file = fopen(path, "rb");
    size_t length = file == NULL ? 0 : fread(document, 1, sizeof document, file);
    if (file == NULL || fclose(file) != 0 || length == sizeof document) {
        fprintf(stderr, "%s cannot be read\n", path);
        return NULL;
    }
    wiresign_config *config = NULL;
    wiresign_error *error = NULL;
    if (wiresign_config_parse(document, length, NULL, 0, NULL, 0, WIRESIGN_LOOKUP_ENVIRONMENT | WIRESIGN_LOOKUP_FILES,
                              &config, &error) != WIRESIGN_OK) {
        for (size_t i = 0; i < wiresign_error_problem_count(error); i++) {
            fprintf(stderr, "%s: %s: %s\n", path, wiresign_error_problem_pointer(error, i, NULL),
                    wiresign_error_problem_message(error, i, NULL));
        }
        wiresign_error_free(error);
    }
    return config;
}

/* Puts the file in force for requests to come; what was seen and counted stays. A file that is wrong changes nothing.
 */
static void reload(wiresign_verifier *verifier, const char *path)
{
    wiresign_config *config = read_config(path);
    if (config != NULL && wiresign_verifier_replace(verifier, config, NULL) == WIRESIGN_OK) {
        printf("reloaded\n");
        fflush(stdout);
    }
    wiresign_config_free(config);
}

int main(int count, char **arguments)
{
    const char *path = count > 1 ? arguments[1] : "wiresign.json";
    unsigned port = count > 2 ? (unsigned)strtoul(arguments[2], NULL, 10) : 8000;

    /* The threads of libmicrohttpd leave the signals to this one. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    wiresign_config *config = read_config(path);
    wiresign_verifier *verifier = NULL;
    if (config == NULL || wiresign_verifier_new(config, &verifier, NULL) != WIRESIGN_OK) {
        wiresign_config_free(config);
        return 1;
    }
    wiresign_config_free(config);

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Daemon *server = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)port, NULL, NULL, on_request, verifier, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&address, MHD_OPTION_THREAD_POOL_SIZE, 2U, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    if (server == NULL) {
        fprintf(stderr, "port %u cannot be served\n", port);
        wiresign_verifier_free(verifier);
        return 1;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT);
    printf("http://127.0.0.1:%u\n", info == NULL ? port : (unsigned)info->port);
    fflush(stdout);

    int signal = 0;
    while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) {
        reload(verifier, path);
    }
    MHD_stop_daemon(server);
    wiresign_verifier_free(verifier);
    return 0;
}
