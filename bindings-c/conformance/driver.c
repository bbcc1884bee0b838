/*
 * Answers the questions of the conformance runner over the functions of wiresign.h alone. The protocol is described in
 * conformance/README.md: one JSON object per line in, one per line out.
 *
 * cJSON reads the lines. Its strings end at the first NUL, so two things are done by hand: configuration documents are
 * cut out of the line as they stand there, and answers are written with lengths.
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <wiresign.h>

/* Ends the program: the runner charges this to the question that it asked, and shows the sentence. */
static void die(const char *sentence)
{
    fprintf(stderr, "conformance_driver: %s\n", sentence);
    exit(1);
}

/* Bytes that grow. */

typedef struct buffer {
    char *data;
    size_t length;
    size_t capacity;
} buffer;

static void put_bytes(buffer *out, const char *bytes, size_t length)
{
    if (length == 0) {
        return;
    }
    if (out->capacity - out->length < length) {
        size_t capacity = 2 * (out->length + length);
        char *data = realloc(out->data, capacity);
        if (data == NULL) {
            die("out of memory");
        }
        out->data = data;
        out->capacity = capacity;
    }
    memcpy(out->data + out->length, bytes, length);
    out->length += length;
}

static void put(buffer *out, const char *text)
{
    put_bytes(out, text, strlen(text));
}

/* Answers as JSON. */

static void put_string(buffer *out, const char *text, size_t length)
{
    put(out, "\"");
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '"' || byte == '\\') {
            put(out, "\\");
            put_bytes(out, text + i, 1);
        } else if (byte < 0x20) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", byte);
            put(out, escape);
        } else {
            put_bytes(out, text + i, 1);
        }
    }
    put(out, "\"");
}

/* A text of the library, or null where it is absent. */
static void put_text(buffer *out, const char *text, size_t length)
{
    if (text == NULL) {
        put(out, "null");
    } else {
        put_string(out, text, length);
    }
}

static void put_number(buffer *out, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    put(out, text);
}

static void put_boolean(buffer *out, bool value)
{
    put(out, value ? "true" : "false");
}

/* Base64: the standard alphabet, padded. */

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_base64(buffer *out, const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t at = 0; at < length; at += 3) {
        size_t count = length - at < 3 ? length - at : 3;
        uint32_t group = (uint32_t)bytes[at] << 16;
        group |= count > 1 ? (uint32_t)bytes[at + 1] << 8 : 0;
        group |= count > 2 ? (uint32_t)bytes[at + 2] : 0;
        char digits[4];
        for (size_t i = 0; i < 4; i++) {
            digits[i] = i <= count ? ALPHABET[(group >> (18 - 6 * i)) & 63] : '=';
        }
        put_bytes(out, digits, 4);
    }
}

static void take_base64(buffer *out, const char *text)
{
    size_t length = strlen(text);
    if (length % 4 != 0) {
        die("base64 without its padding");
    }
    for (size_t at = 0; at < length; at += 4) {
        uint32_t group = 0;
        size_t digits = 4;
        while (at + 4 == length && digits > 2 && text[at + digits - 1] == '=') {
            digits--;
        }
        for (size_t i = 0; i < 4; i++) {
            const char *digit = i < digits ? strchr(ALPHABET, text[at + i]) : ALPHABET;
            if (digit == NULL) {
                die("a byte that is not base64");
            }
            group = group << 6 | (uint32_t)(digit - ALPHABET);
        }
        const char bytes[3] = {(char)(group >> 16), (char)(group >> 8), (char)group};
        put_bytes(out, bytes, digits - 1);
    }
}

/* Pieces of a line as they stand there. The line was parsed before, so it is JSON. */

typedef struct piece {
    const char *start;
    size_t length;
} piece;

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at)
{
    for (at++; *at != '"'; at++) {
        at += *at == '\\' ? 1 : 0;
    }
    return at + 1;
}

static const char *skip_value(const char *at)
{
    size_t depth = 0;
    do {
        at = skip_space(at);
        if (*at == '"') {
            at = skip_string(at);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            depth--;
            at++;
        } else if (*at == ',' || *at == ':') {
            at++;
        } else {
            at += strcspn(at, ",:{}[] \t\r\n\"");
        }
    } while (depth > 0);
    return at;
}

/* The value of a member of the object at `at`, or nothing. */
static piece member(const char *at, const char *name)
{
    size_t length = strlen(name);
    at = skip_space(skip_space(at) + 1);
    while (*at == '"') {
        const char *key = at + 1;
        at = skip_string(at);
        bool found = (size_t)(at - 1 - key) == length && memcmp(key, name, length) == 0;
        const char *value = skip_space(skip_space(at) + 1);
        at = skip_value(value);
        if (found) {
            return (piece){value, (size_t)(at - value)};
        }
        at = skip_space(at);
        at = *at == ',' ? skip_space(at + 1) : at;
    }
    return (piece){NULL, 0};
}

/* The next value of an array; `at` is behind its bracket or behind the value before. */
static piece element(const char *at)
{
    at = skip_space(at);
    at = *at == ',' ? skip_space(at + 1) : at;
    return (piece){at, (size_t)(skip_value(at) - at)};
}

static void put_code_point(buffer *out, uint32_t point)
{
    char bytes[4] = {(char)point};
    size_t length = 1;
    if (point >= 0x80) {
        length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        for (size_t i = length - 1; i > 0; i--) {
            bytes[i] = (char)(0x80 | (point & 0x3f));
            point >>= 6;
        }
        bytes[0] = (char)((0xf00u >> length & 0xffu) | point);
    }
    put_bytes(out, bytes, length);
}

static uint32_t four_digits(const char *at)
{
    char digits[5] = {at[0], at[1], at[2], at[3], '\0'};
    return (uint32_t)strtoul(digits, NULL, 16);
}

/* A text with all of its characters, NUL included, which cJSON would cut short. */
static buffer decoded(piece text)
{
    static const char ESCAPES[] = "\"\\/bfnrt";
    static const char CHARACTERS[] = "\"\\/\b\f\n\r\t";
    buffer out = {NULL, 0, 0};
    for (const char *at = text.start + 1; at < text.start + text.length - 1; at++) {
        if (*at != '\\') {
            put_bytes(&out, at, 1);
        } else if (*++at != 'u') {
            const char *escape = strchr(ESCAPES, *at);
            put_bytes(&out, CHARACTERS + (escape - ESCAPES), 1);
        } else {
            uint32_t point = four_digits(at + 1);
            at += 4;
            if (point >= 0xd800 && point < 0xdc00) {
                point = 0x10000 + ((point - 0xd800) << 10) + (four_digits(at + 3) - 0xdc00);
                at += 6;
            }
            put_code_point(&out, point);
        }
    }
    return out;
}

/* Whole numbers are read from the line, because cJSON keeps them as floating-point numbers. */
static uint64_t whole_number(piece text)
{
    char *end = NULL;
    uint64_t number = strtoull(text.start, &end, 10);
    if (text.start == NULL || *text.start == '-' || end != text.start + text.length) {
        die("a number that is not whole");
    }
    return number;
}

/* Flat lists of pairs. */

typedef struct pairs {
    buffer block;
    buffer lengths; /* as uint32_t */
    size_t count;
} pairs;

static void pairs_put(pairs *list, const char *name, buffer value)
{
    uint32_t lengths[2] = {(uint32_t)strlen(name), (uint32_t)value.length};
    put(&list->block, name);
    put_bytes(&list->block, value.data, value.length);
    put_bytes(&list->lengths, (const char *)lengths, sizeof lengths);
    list->count++;
}

static const uint32_t *pairs_lengths(const pairs *list)
{
    return (const uint32_t *)(const void *)list->lengths.data;
}

static void pairs_free(pairs *list)
{
    free(list->block.data);
    free(list->lengths.data);
}

/* Requests. */

/* A list of texts, in the same form. */
static void texts_put(pairs *list, buffer text)
{
    uint32_t length = (uint32_t)text.length;
    put_bytes(&list->block, text.data, text.length);
    put_bytes(&list->lengths, (const char *)&length, sizeof length);
    list->count++;
}

typedef struct request {
    buffer method;
    buffer target;
    buffer authority;
    bool has_authority;
    buffer body;
    pairs headers;
} request;

/* Text, or bytes in base64. */
static buffer take_bytes(const cJSON *value)
{
    buffer bytes = {NULL, 0, 0};
    const cJSON *base64 = cJSON_GetObjectItemCaseSensitive(value, "base64");
    if (cJSON_IsString(value)) {
        put(&bytes, value->valuestring);
    } else if (cJSON_IsString(base64)) {
        take_base64(&bytes, base64->valuestring);
    } else {
        die("neither a text nor {\"base64\": ...}");
    }
    return bytes;
}

static request take_request(const cJSON *value)
{
    request request = {.has_authority = false};
    const cJSON *authority = cJSON_GetObjectItemCaseSensitive(value, "authority");
    const cJSON *body = cJSON_GetObjectItemCaseSensitive(value, "body");
    request.method = take_bytes(cJSON_GetObjectItemCaseSensitive(value, "method"));
    request.target = take_bytes(cJSON_GetObjectItemCaseSensitive(value, "target"));
    if (authority != NULL) {
        request.authority = take_bytes(authority);
        request.has_authority = true;
    }
    if (body != NULL) {
        request.body = take_bytes(body);
    }
    const cJSON *header = NULL;
    cJSON_ArrayForEach(header, cJSON_GetObjectItemCaseSensitive(value, "headers"))
    {
        const cJSON *name = cJSON_GetArrayItem(header, 0);
        if (!cJSON_IsString(name)) {
            die("a header without a name");
        }
        buffer bytes = take_bytes(cJSON_GetArrayItem(header, 1));
        pairs_put(&request.headers, name->valuestring, bytes);
        free(bytes.data);
    }
    return request;
}

/* An authority that is empty is not one that is absent: then the pointer is not NULL. */
static const char *authority_of(const request *request)
{
    return request->has_authority && request->authority.data == NULL ? "" : request->authority.data;
}

static void request_free(request *request)
{
    free(request->method.data);
    free(request->target.data);
    free(request->authority.data);
    free(request->body.data);
    pairs_free(&request->headers);
}

/* Results. */

static void put_crashed(buffer *out, int32_t status, wiresign_error *error)
{
    buffer text = {NULL, 0, 0};
    const char *name = wiresign_code_name(status, NULL);
    const char *message = wiresign_error_message(error, NULL);
    const char *detail = wiresign_error_detail(error, NULL);
    put(&text, name == NULL ? "a status without a name" : name);
    put(&text, ": ");
    put(&text, message == NULL ? "" : message);
    put(&text, " ");
    put(&text, detail == NULL ? "" : detail);
    put(out, "{\"crashed\":");
    put_string(out, text.data, text.length);
    put(out, "}");
    free(text.data);
    wiresign_error_free(error);
}

static void put_verified(buffer *out, wiresign_verified *verified)
{
    size_t length = 0;
    const char *text = wiresign_verified_service(verified, &length);
    put(out, "{\"ok\":{\"service\":");
    put_text(out, text, length);
    text = wiresign_verified_key_id(verified, &length);
    put(out, ",\"key\":");
    put_text(out, text, length);
    text = wiresign_verified_scheme(verified, &length);
    put(out, ",\"scheme\":");
    put_text(out, text, length);
    int64_t age = 0;
    put(out, ",\"age\":");
    if (wiresign_verified_age(verified, &age)) {
        put_number(out, age);
    } else {
        put(out, "null");
    }
    text = wiresign_verified_request_id(verified, &length);
    put(out, ",\"request_id\":");
    put_text(out, text, length);
    text = wiresign_verified_route(verified, &length);
    put(out, ",\"route\":");
    put_text(out, text, length);
    put(out, ",\"retiring\":");
    put_boolean(out, wiresign_verified_key_is_retiring(verified));
    put(out, ",\"public\":");
    put_boolean(out, wiresign_verified_is_public(verified));
    put(out, ",\"covered\":[");
    for (size_t i = 0; i < wiresign_verified_covered_count(verified); i++) {
        put(out, i == 0 ? "" : ",");
        text = wiresign_verified_covered(verified, i, &length);
        put_text(out, text, length);
    }
    text = wiresign_verified_replay_key(verified, &length);
    put(out, "],\"replay_key\":");
    put_text(out, text, length);
    put(out, "}}");
    wiresign_verified_free(verified);
}

static void put_refused(buffer *out, wiresign_error *error)
{
    size_t length = 0;
    const char *text = wiresign_error_name(error, &length);
    put(out, "{\"refused\":{\"code\":");
    put_text(out, text, length);
    put(out, ",\"status\":");
    put_number(out, wiresign_error_status(error));
    put(out, ",\"response\":{\"status\":");
    put_number(out, wiresign_error_response_status(error));
    text = wiresign_error_response_body(error, &length);
    put(out, ",\"body\":");
    put_text(out, text, length);
    text = wiresign_error_response_www_authenticate(error, &length);
    put(out, ",\"www_authenticate\":");
    put_text(out, text, length);
    text = wiresign_error_request_id(error, &length);
    put(out, "},\"request_id\":");
    put_text(out, text, length);
    put(out, "}}");
    wiresign_error_free(error);
}

static void put_verdict(buffer *out, int32_t status, wiresign_verified *verified, wiresign_error *error)
{
    if (status == WIRESIGN_OK) {
        put_verified(out, verified);
    } else if (status < WIRESIGN_CONFIG_INVALID) {
        put_refused(out, error);
    } else {
        put_crashed(out, status, error);
    }
}

static void put_config_errors(buffer *out, const wiresign_error *error)
{
    put(out, "{\"config_errors\":[");
    for (size_t i = 0; i < wiresign_error_problem_count(error); i++) {
        size_t length = 0;
        const char *text = wiresign_error_problem_pointer(error, i, &length);
        put(out, i == 0 ? "{\"pointer\":" : ",{\"pointer\":");
        put_text(out, text, length);
        text = wiresign_error_problem_message(error, i, &length);
        put(out, ",\"message\":");
        put_text(out, text, length);
        put(out, "}");
    }
    put(out, "]}");
}

/* Steps. */

typedef struct service {
    pairs variables;
    wiresign_config *config;
    wiresign_verifier *verifier;
} service;

static int32_t parse_config(const service *service, piece document, wiresign_config **config, wiresign_error **error)
{
    const pairs *variables = &service->variables;
    return wiresign_config_parse(document.start, document.length, variables->block.data, variables->block.length,
                                 pairs_lengths(variables), variables->count, WIRESIGN_LOOKUP_FILES, config, error);
}

static void do_verify(buffer *out, const service *service, const request *request, uint64_t now)
{
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_verifier_verify(
        service->verifier, request->method.data, request->method.length, request->target.data, request->target.length,
        authority_of(request), request->authority.length, request->headers.block.data, request->headers.block.length,
        pairs_lengths(&request->headers), request->headers.count, request->body.data, request->body.length, NULL, 0,
        now, &verified, &error);
    put_verdict(out, status, verified, error);
}

static int32_t feed(wiresign_body_verification *verification, const buffer *body, const cJSON *chunks,
                    wiresign_error **error)
{
    size_t at = 0;
    const cJSON *chunk = NULL;
    cJSON_ArrayForEach(chunk, chunks)
    {
        size_t length = (size_t)chunk->valuedouble;
        if (length > body->length - at) {
            die("a chunk that is longer than the rest of the body");
        }
        int32_t status =
            wiresign_body_verification_update(verification, length == 0 ? NULL : body->data + at, length, error);
        if (status != WIRESIGN_OK) {
            return status;
        }
        at += length;
    }
    size_t rest = body->length - at;
    return wiresign_body_verification_update(verification, rest == 0 ? NULL : body->data + at, rest, error);
}

static void do_verify_stream(buffer *out, const service *service, const request *request, uint64_t now,
                             const cJSON *chunks)
{
    wiresign_body_verification *verification = NULL;
    wiresign_verified *verified = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_verifier_begin(
        service->verifier, request->method.data, request->method.length, request->target.data, request->target.length,
        authority_of(request), request->authority.length, request->headers.block.data, request->headers.block.length,
        pairs_lengths(&request->headers), request->headers.count, NULL, 0, now, &verification, &error);
    if (status == WIRESIGN_OK && wiresign_body_verification_needs_body(verification)) {
        status = feed(verification, &request->body, chunks, &error);
    }
    if (status == WIRESIGN_OK) {
        status = wiresign_body_verification_finish(verification, &verified, &error);
    }
    wiresign_body_verification_free(verification);
    put_verdict(out, status, verified, error);
}

static void put_failed(buffer *out, wiresign_error *error)
{
    size_t length = 0;
    const char *text = wiresign_error_name(error, &length);
    put(out, "{\"failed\":{\"code\":");
    put_text(out, text, length);
    put(out, ",\"message\":");
    text = wiresign_error_message(error, &length);
    put_text(out, text, length);
    put(out, "}}");
    wiresign_error_free(error);
}

static void do_sign(buffer *out, const service *service, const request *request, uint64_t now, const cJSON *nonce,
                    const cJSON *target)
{
    wiresign_signer *signer = NULL;
    wiresign_signed *headers = NULL;
    wiresign_bytes *message = NULL;
    wiresign_error *error = NULL;
    if (!cJSON_IsString(nonce)) {
        die("a signature without a nonce");
    }
    const char *service_id = cJSON_IsString(target) ? target->valuestring : NULL;
    int32_t status =
        wiresign_signer_new(service->config, service_id, service_id == NULL ? 0 : strlen(service_id), &signer, &error);
    if (status == WIRESIGN_OK) {
        status = wiresign_signer_sign(
            signer, request->method.data, request->method.length, request->target.data, request->target.length,
            authority_of(request), request->authority.length, request->headers.block.data,
            request->headers.block.length, pairs_lengths(&request->headers), request->headers.count, request->body.data,
            request->body.length, now, nonce->valuestring, strlen(nonce->valuestring), &headers, &error);
    }
    if (status == WIRESIGN_OK) {
        status = wiresign_signer_message(
            signer, request->method.data, request->method.length, request->target.data, request->target.length,
            authority_of(request), request->authority.length, request->headers.block.data,
            request->headers.block.length, pairs_lengths(&request->headers), request->headers.count, request->body.data,
            request->body.length, now, nonce->valuestring, strlen(nonce->valuestring), &message, &error);
    }
    if (status == WIRESIGN_OK) {
        size_t length = 0;
        put(out, "{\"ok\":{\"headers\":[");
        for (size_t i = 0; i < wiresign_signed_count(headers); i++) {
            const char *text = wiresign_signed_name(headers, i, &length);
            put(out, i == 0 ? "[" : ",[");
            put_text(out, text, length);
            put(out, ",");
            text = wiresign_signed_value(headers, i, &length);
            put_text(out, text, length);
            put(out, "]");
        }
        const char *bytes = wiresign_bytes_data(message, &length);
        put(out, "],\"message\":{\"base64\":\"");
        put_base64(out, bytes, length);
        put(out, "\"}}}");
    } else if (status == WIRESIGN_SIGNING_FAILED) {
        put_failed(out, error);
    } else {
        put_crashed(out, status, error);
    }
    wiresign_bytes_free(message);
    wiresign_signed_free(headers);
    wiresign_signer_free(signer);
}

/* What is neither success nor a verdict of the expected kind. */
static void put_unsuccessful(buffer *out, int32_t status, wiresign_error *error)
{
    if (status < WIRESIGN_CONFIG_INVALID) {
        put_refused(out, error);
    } else if (status == WIRESIGN_SIGNING_FAILED) {
        put_failed(out, error);
    } else {
        put_crashed(out, status, error);
    }
}

static const char *text_of(const cJSON *step, const char *name)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(step, name);
    if (!cJSON_IsString(text)) {
        die("a step without a text that it needs");
    }
    return text->valuestring;
}

static pairs take_texts(piece step, const char *name)
{
    pairs texts = {.count = 0};
    piece list = member(step.start, name);
    if (list.start == NULL || *list.start != '[') {
        die("a step without a list that it needs");
    }
    const char *at = skip_space(list.start + 1);
    while (*at != ']') {
        piece item = element(at);
        buffer text = decoded(item);
        texts_put(&texts, text);
        free(text.data);
        at = skip_space(item.start + item.length);
    }
    return texts;
}

static void do_sign_context(buffer *out, const service *service, const cJSON *step, piece text, uint64_t now)
{
    const char *tenant = text_of(step, "tenant");
    pairs roles = take_texts(text, "roles");
    wiresign_contexts *contexts = NULL;
    wiresign_bytes *signature = NULL;
    wiresign_bytes *message = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_contexts_new(service->config, &contexts, &error);
    if (status == WIRESIGN_OK) {
        status = wiresign_contexts_sign(contexts, tenant, strlen(tenant), roles.block.data, roles.block.length,
                                        pairs_lengths(&roles), roles.count, now, &signature, &error);
    }
    if (status == WIRESIGN_OK) {
        status = wiresign_contexts_message(contexts, tenant, strlen(tenant), roles.block.data, roles.block.length,
                                           pairs_lengths(&roles), roles.count, &message, &error);
    }
    if (status == WIRESIGN_OK) {
        size_t length = 0;
        const char *bytes = wiresign_bytes_data(signature, &length);
        put(out, "{\"ok\":{\"signature\":");
        put_text(out, bytes, length);
        bytes = wiresign_bytes_data(message, &length);
        put(out, ",\"message\":{\"base64\":\"");
        put_base64(out, bytes, length);
        put(out, "\"}}}");
    } else {
        put_unsuccessful(out, status, error);
    }
    wiresign_bytes_free(message);
    wiresign_bytes_free(signature);
    wiresign_contexts_free(contexts);
    pairs_free(&roles);
}

static void put_verified_context(buffer *out, const wiresign_verified_context *verified)
{
    size_t length = 0;
    const char *text = wiresign_verified_context_key_id(verified, &length);
    put(out, "{\"ok\":{\"key\":");
    put_text(out, text, length);
    text = wiresign_verified_context_matched(verified, &length);
    put(out, ",\"matched\":");
    put_text(out, text, length);
    put(out, ",\"retiring\":");
    put_boolean(out, wiresign_verified_context_key_is_retiring(verified));
    put(out, ",\"roles\":[");
    for (size_t i = 0; i < wiresign_verified_context_role_count(verified); i++) {
        put(out, i == 0 ? "" : ",");
        text = wiresign_verified_context_role(verified, i, &length);
        put_text(out, text, length);
    }
    put(out, "]}}");
}

static void do_verify_context(buffer *out, const service *service, const cJSON *step, piece text, uint64_t now)
{
    const char *tenant = text_of(step, "tenant");
    const char *signature = text_of(step, "signature");
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(step, "payload");
    buffer payload = {NULL, 0, 0};
    if (given != NULL && !cJSON_IsNull(given)) {
        payload = take_bytes(given);
    }
    /* A payload that is empty is not one that is absent. */
    const char *bytes = payload.data == NULL && given != NULL && !cJSON_IsNull(given) ? "" : payload.data;
    pairs roles = take_texts(text, "roles");
    wiresign_contexts *contexts = NULL;
    wiresign_verified_context *verified = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_contexts_new(service->config, &contexts, &error);
    if (status == WIRESIGN_OK) {
        status = wiresign_contexts_verify(contexts, tenant, strlen(tenant), roles.block.data, roles.block.length,
                                          pairs_lengths(&roles), roles.count, signature, strlen(signature), now, bytes,
                                          payload.length, &verified, &error);
    }
    if (status == WIRESIGN_OK) {
        put_verified_context(out, verified);
    } else {
        put_unsuccessful(out, status, error);
    }
    wiresign_verified_context_free(verified);
    wiresign_contexts_free(contexts);
    pairs_free(&roles);
    free(payload.data);
}

/* Headers and body, as the answers of handshakes and of token endpoints and the questions to AWS have them. */
typedef const char *(*text_at)(const void *object, size_t index, size_t *length);

#define TEXT_AT(name, type, function)                                                                                  \
    static const char *name(const void *object, size_t index, size_t *length)                                          \
    {                                                                                                                  \
        return function((const type *)object, index, length);                                                          \
    }

TEXT_AT(handshake_name, wiresign_handshake_response, wiresign_handshake_response_header_name)
TEXT_AT(handshake_value, wiresign_handshake_response, wiresign_handshake_response_header_value)
TEXT_AT(token_name, wiresign_token_response, wiresign_token_response_header_name)
TEXT_AT(token_value, wiresign_token_response, wiresign_token_response_header_value)
TEXT_AT(question_name, wiresign_identity_request, wiresign_identity_request_header_name)
TEXT_AT(question_value, wiresign_identity_request, wiresign_identity_request_header_value)

static void put_headers(buffer *out, const void *object, size_t count, text_at name_at, text_at value_at)
{
    put(out, "\"headers\":[");
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        const char *text = name_at(object, i, &length);
        put(out, i == 0 ? "[" : ",[");
        put_text(out, text, length);
        put(out, ",");
        text = value_at(object, i, &length);
        put_text(out, text, length);
        put(out, "]");
    }
    put(out, "]");
}

static void put_handshake(buffer *out, const wiresign_handshake_response *response)
{
    size_t length = 0;
    put(out, "{\"ok\":{\"handshake\":");
    if (response == NULL) {
        put(out, "null}}");
        return;
    }
    put(out, "{\"status\":");
    put_number(out, wiresign_handshake_response_status(response));
    put(out, ",");
    put_headers(out, response, wiresign_handshake_response_header_count(response), handshake_name, handshake_value);
    const char *body = wiresign_handshake_response_body(response, &length);
    put(out, ",\"body\":");
    put_text(out, body, length);
    put(out, "}}}");
}

static void do_handshake(buffer *out, const service *service, const cJSON *step, const request *request, uint64_t now)
{
    const char *webhook = text_of(step, "webhook");
    wiresign_handshake_response *response = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_verifier_handshake(
        service->verifier, webhook, strlen(webhook), request->method.data, request->method.length, request->target.data,
        request->target.length, authority_of(request), request->authority.length, request->headers.block.data,
        request->headers.block.length, pairs_lengths(&request->headers), request->headers.count, request->body.data,
        request->body.length, NULL, 0, now, &response, &error);
    if (status == WIRESIGN_OK) {
        put_handshake(out, response);
    } else {
        put_unsuccessful(out, status, error);
    }
    wiresign_handshake_response_free(response);
}

static void put_question(buffer *out, const wiresign_identity_request *question)
{
    size_t length = 0;
    put(out, "{\"ok\":{\"question\":");
    if (question == NULL) {
        put(out, "null}}");
        return;
    }
    const char *text = wiresign_identity_request_method(question, &length);
    put(out, "{\"method\":");
    put_text(out, text, length);
    text = wiresign_identity_request_url(question, &length);
    put(out, ",\"url\":");
    put_text(out, text, length);
    put(out, ",");
    put_headers(out, question, wiresign_identity_request_header_count(question), question_name, question_value);
    text = wiresign_identity_request_body(question, &length);
    put(out, ",\"body\":");
    put_text(out, text, length);
    put(out, "}}}");
}

static void do_ask_identity(buffer *out, const service *service, const cJSON *step, const request *request,
                            uint64_t now)
{
    wiresign_identity_request *question = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_verifier_identity_request(
        service->verifier, request->method.data, request->method.length, request->target.data, request->target.length,
        authority_of(request), request->authority.length, request->headers.block.data, request->headers.block.length,
        pairs_lengths(&request->headers), request->headers.count, NULL, 0, now, &question, &error);
    if (status == WIRESIGN_OK && question != NULL) {
        const cJSON *answer = cJSON_GetObjectItemCaseSensitive(step, "answer");
        buffer body = {NULL, 0, 0};
        uint16_t answered = 0;
        if (cJSON_IsObject(answer)) {
            answered = (uint16_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(answer, "status"));
            body = take_bytes(cJSON_GetObjectItemCaseSensitive(answer, "body"));
        }
        status = wiresign_verifier_identity_answer(service->verifier, question, answered, body.data, body.length, now,
                                                   &error);
        free(body.data);
    }
    if (status == WIRESIGN_OK) {
        put_question(out, question);
    } else {
        put_unsuccessful(out, status, error);
    }
    wiresign_identity_request_free(question);
}

/* A text that a step may leave out, or say to be absent; NULL then. */
static const char *text_if_there(const cJSON *step, const char *name)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(step, name);
    return cJSON_IsString(text) ? text->valuestring : NULL;
}

static size_t length_of(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

static void do_issue_token(buffer *out, const service *service, const cJSON *step, piece text, uint64_t now)
{
    const char *subject = text_of(step, "subject");
    const char *audience = text_of(step, "audience");
    const char *nonce = text_of(step, "nonce");
    const char *tenant = text_if_there(step, "tenant");
    piece given = member(text.start, "lifetime");
    uint64_t lifetime = given.start == NULL ? WIRESIGN_CONFIGURED_LIFETIME : whole_number(given);
    bool is_narrowed = member(text.start, "permissions").start != NULL;
    pairs permissions = {.count = 0};
    if (is_narrowed) {
        permissions = take_texts(text, "permissions");
    }
    /* No permissions at all are not all of them. */
    static const uint32_t NONE[1] = {0};
    const uint32_t *lengths = permissions.count == 0 ? NONE : pairs_lengths(&permissions);
    wiresign_token_issuer *issuer = NULL;
    wiresign_issued_token *token = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_token_issuer_new(service->config, &issuer, &error);
    if (status == WIRESIGN_OK) {
        status = wiresign_token_issuer_issue(issuer, subject, strlen(subject), audience, strlen(audience), lifetime,
                                             permissions.block.data, permissions.block.length,
                                             is_narrowed ? lengths : NULL, permissions.count, tenant, length_of(tenant),
                                             now, nonce, strlen(nonce), &token, &error);
    }
    if (status == WIRESIGN_OK) {
        size_t length = 0;
        const char *part = wiresign_issued_token_text(token, &length);
        put(out, "{\"ok\":{\"text\":");
        put_text(out, part, length);
        put(out, ",\"expires\":");
        put_number(out, (int64_t)wiresign_issued_token_expires(token));
        put(out, ",\"lifetime\":");
        put_number(out, (int64_t)wiresign_issued_token_lifetime(token));
        put(out, ",\"permissions\":[");
        for (size_t i = 0; i < wiresign_issued_token_permission_count(token); i++) {
            put(out, i == 0 ? "" : ",");
            part = wiresign_issued_token_permission(token, i, &length);
            put_text(out, part, length);
        }
        put(out, "]}}");
    } else {
        put_unsuccessful(out, status, error);
    }
    wiresign_issued_token_free(token);
    wiresign_token_issuer_free(issuer);
    pairs_free(&permissions);
}

static void do_answer_token(buffer *out, const service *service, const cJSON *step, uint64_t now)
{
    const char *caller = text_if_there(step, "caller");
    const char *nonce = text_of(step, "nonce");
    const char *tenant = text_if_there(step, "tenant");
    buffer form = take_bytes(cJSON_GetObjectItemCaseSensitive(step, "form"));
    wiresign_token_issuer *issuer = NULL;
    wiresign_token_response *response = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_token_issuer_new(service->config, &issuer, &error);
    if (status == WIRESIGN_OK) {
        status = wiresign_token_issuer_answer(issuer, caller, length_of(caller), form.data, form.length, tenant,
                                              length_of(tenant), now, nonce, strlen(nonce), &response, &error);
    }
    if (status == WIRESIGN_OK) {
        size_t length = 0;
        put(out, "{\"ok\":{\"status\":");
        put_number(out, wiresign_token_response_status(response));
        put(out, ",");
        put_headers(out, response, wiresign_token_response_header_count(response), token_name, token_value);
        const char *body = wiresign_token_response_body(response, &length);
        put(out, ",\"body\":");
        put_text(out, body, length);
        put(out, "}}");
    } else {
        put_unsuccessful(out, status, error);
    }
    wiresign_token_response_free(response);
    wiresign_token_issuer_free(issuer);
    free(form.data);
}

static void do_explain(buffer *out, const service *service, const request *request, uint64_t now)
{
    wiresign_explanation *explanation = NULL;
    wiresign_error *error = NULL;
    int32_t status = wiresign_verifier_explain(
        service->verifier, request->method.data, request->method.length, request->target.data, request->target.length,
        authority_of(request), request->authority.length, request->headers.block.data, request->headers.block.length,
        pairs_lengths(&request->headers), request->headers.count, request->body.data, request->body.length, NULL, 0,
        now, &explanation, &error);
    if (status != WIRESIGN_OK) {
        put_unsuccessful(out, status, error);
        return;
    }
    size_t length = 0;
    const char *text = wiresign_explanation_verdict(explanation, &length);
    put(out, "{\"ok\":{\"verdict\":");
    put_text(out, text, length);
    put(out, ",\"hints\":[");
    for (size_t i = 0; i < wiresign_explanation_hint_count(explanation); i++) {
        put(out, i == 0 ? "" : ",");
        text = wiresign_explanation_hint_id(explanation, i, &length);
        put_text(out, text, length);
    }
    put(out, "]}}");
    wiresign_explanation_free(explanation);
}

static void do_check(buffer *out, const service *service)
{
    put(out, "{\"ok\":{\"warnings\":[");
    for (size_t i = 0; i < wiresign_config_warning_count(service->config); i++) {
        size_t length = 0;
        const char *text = wiresign_config_warning_pointer(service->config, i, &length);
        put(out, i == 0 ? "{\"pointer\":" : ",{\"pointer\":");
        put_text(out, text, length);
        text = wiresign_config_warning_message(service->config, i, &length);
        put(out, ",\"message\":");
        put_text(out, text, length);
        put(out, "}");
    }
    put(out, "]}}");
}

static void do_replace(buffer *out, const service *service, piece document)
{
    wiresign_config *config = NULL;
    wiresign_error *error = NULL;
    int32_t status = parse_config(service, document, &config, &error);
    if (status == WIRESIGN_OK) {
        status = wiresign_verifier_replace(service->verifier, config, &error);
    }
    if (status == WIRESIGN_OK) {
        put(out, "{\"ok\":{}}");
    } else if (status == WIRESIGN_CONFIG_INVALID) {
        put_config_errors(out, error);
        wiresign_error_free(error);
    } else {
        put_crashed(out, status, error);
    }
    wiresign_config_free(config);
}

/* `text` is the step as it stands in the line, for what cJSON cannot keep. */
static void do_step(buffer *out, const service *service, const cJSON *step, piece text)
{
    const cJSON *op = cJSON_GetObjectItemCaseSensitive(step, "op");
    const char *name = cJSON_IsString(op) ? op->valuestring : "";
    if (strcmp(name, "check") == 0) {
        do_check(out, service);
        return;
    }
    if (strcmp(name, "replace") == 0) {
        do_replace(out, service, member(text.start, "config"));
        return;
    }
    uint64_t now = whole_number(member(text.start, "now"));
    if (strcmp(name, "sign_context") == 0) {
        do_sign_context(out, service, step, text, now);
        return;
    }
    if (strcmp(name, "verify_context") == 0) {
        do_verify_context(out, service, step, text, now);
        return;
    }
    if (strcmp(name, "issue_token") == 0) {
        do_issue_token(out, service, step, text, now);
        return;
    }
    if (strcmp(name, "answer_token") == 0) {
        do_answer_token(out, service, step, now);
        return;
    }
    request request = take_request(cJSON_GetObjectItemCaseSensitive(step, "request"));
    if (strcmp(name, "verify") == 0) {
        do_verify(out, service, &request, now);
    } else if (strcmp(name, "verify_stream") == 0) {
        do_verify_stream(out, service, &request, now, cJSON_GetObjectItemCaseSensitive(step, "chunks"));
    } else if (strcmp(name, "explain") == 0) {
        do_explain(out, service, &request, now);
    } else if (strcmp(name, "ask_identity") == 0) {
        do_ask_identity(out, service, step, &request, now);
    } else if (strcmp(name, "handshake") == 0) {
        do_handshake(out, service, step, &request, now);
    } else if (strcmp(name, "sign") == 0) {
        do_sign(out, service, &request, now, cJSON_GetObjectItemCaseSensitive(step, "nonce"),
                cJSON_GetObjectItemCaseSensitive(step, "target"));
    } else {
        die("a step that this driver does not declare");
    }
    request_free(&request);
}

/* Questions. */

/* Text with a NUL character would be cut short by cJSON. Documents are not read by it. */
static void refuse_nul(piece text)
{
    for (const char *at = text.start; at != NULL && at + 6 <= text.start + text.length; at++) {
        if (memcmp(at, "\\u0000", 6) == 0) {
            die("a NUL character in a text; bytes that are not text are given in base64");
        }
        /* A backslash that is escaped itself begins no escape. */
        at += *at == '\\' ? 1 : 0;
    }
}

static piece document_of(const cJSON *question, const char *line)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(question, "config_text");
    if (cJSON_IsString(text)) {
        refuse_nul(member(line, "config_text"));
        return (piece){text->valuestring, strlen(text->valuestring)};
    }
    return member(line, "config");
}

static void answer(buffer *out, const cJSON *question, const char *line)
{
    service service = {.config = NULL, .verifier = NULL};
    refuse_nul(member(line, "env"));
    const cJSON *variable = NULL;
    cJSON_ArrayForEach(variable, cJSON_GetObjectItemCaseSensitive(question, "env"))
    {
        buffer value = take_bytes(variable);
        pairs_put(&service.variables, variable->string, value);
        free(value.data);
    }
    wiresign_error *error = NULL;
    int32_t status = parse_config(&service, document_of(question, line), &service.config, &error);
    if (status == WIRESIGN_OK) {
        status = wiresign_verifier_new(service.config, &service.verifier, &error);
    }

    piece id = member(line, "id");
    put(out, "{\"id\":");
    put_bytes(out, id.start, id.length);
    put(out, ",\"results\":[");
    piece text = {member(line, "steps").start + 1, 0};
    const cJSON *step = NULL;
    const cJSON *steps = cJSON_GetObjectItemCaseSensitive(question, "steps");
    cJSON_ArrayForEach(step, steps)
    {
        text = element(text.start + text.length);
        put(out, step == steps->child ? "" : ",");
        if (status == WIRESIGN_OK) {
            refuse_nul(member(text.start, "request"));
            do_step(out, &service, step, text);
        } else if (status == WIRESIGN_CONFIG_INVALID) {
            put_config_errors(out, error);
        } else {
            put_crashed(out, status, NULL);
        }
    }
    put(out, "]}\n");

    wiresign_error_free(error);
    wiresign_verifier_free(service.verifier);
    wiresign_config_free(service.config);
    pairs_free(&service.variables);
}

int main(void)
{
    printf("{\"protocol\":1,\"binding\":\"c\",\"version\":\"%s\",\"runtime\":\"C %ld, ABI %" PRIu32 "\","
           "\"capabilities\":[\"verify\",\"verify_stream\",\"sign\",\"check\",\"replace\",\"sign_context\",\"verify_"
           "context\",\"handshake\",\"explain\",\"ask_identity\",\"issue_token\",\"answer_token\"]}\n",
           wiresign_version(NULL), __STDC_VERSION__, wiresign_abi_version());
    fflush(stdout);

    char *line = NULL;
    size_t capacity = 0;
    buffer out = {NULL, 0, 0};
    for (ssize_t length = getline(&line, &capacity, stdin); length >= 0; length = getline(&line, &capacity, stdin)) {
        cJSON *question = cJSON_ParseWithLength(line, (size_t)length);
        if (!cJSON_IsObject(question) || !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(question, "steps")) ||
            !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(question, "id"))) {
            die("a line that is no question");
        }
        out.length = 0;
        answer(&out, question, line);
        if (fwrite(out.data, 1, out.length, stdout) != out.length || fflush(stdout) != 0) {
            die("the answer could not be written");
        }
        cJSON_Delete(question);
    }
    free(line);
    free(out.data);
    return 0;
}
