package dev.wiresign;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The functions of {@code wiresign.h} that Java calls. Objects are passed as addresses in a {@code long}.
 *
 * <p>"Critical" functions get arrays of the Java heap, which the collector must not move meanwhile: so they are short. All
 * that may read a file, or takes a long body, is not critical.
 */
final class Native {
    /** As the time: the clock of the system. */
    static final long NOW = -1;
    /** As a length: there is no such text. */
    static final int ABSENT = -1;
    /** References to files are read. */
    static final int LOOKUP_FILES = 2;
    /** The environment of the process, and files. */
    static final int LOOKUP_SYSTEM = 3;
    static final int SIGNED_BLOCK_SIZE = 2048;
    static final int SIGNED_COUNT = 16;
    static final int SECRET_SIZE = 65;
    /** Data that a critical call gets is no longer than this, in bytes. */
    static final int CRITICAL_BYTES = 16 * 1024;

    private static final int ABI_VERSION = 0;

    static final MethodHandle CONFIG_PARSE;
    static final MethodHandle CONFIG_FROM_ENV;
    static final MethodHandle CONFIG_SERVICE;
    static final MethodHandle CONFIG_ENVIRONMENT;
    static final MethodHandle CONFIG_BODY_LIMIT;
    static final MethodHandle CONFIG_HAS_HANDSHAKES;
    static final MethodHandle CONFIG_SERVICE_ID_COUNT;
    static final MethodHandle CONFIG_SERVICE_ID;
    static final MethodHandle CONFIG_HEADER_NAME_COUNT;
    static final MethodHandle CONFIG_HEADER_NAME;
    static final MethodHandle CONFIG_URL;
    static final MethodHandle CONFIG_JWKS_URL_COUNT;
    static final MethodHandle CONFIG_JWKS_URL_ISSUER;
    static final MethodHandle CONFIG_JWKS_URL;
    static final MethodHandle CONFIG_PUBLISH_KEYS;
    static final MethodHandle CONFIG_CLONE;
    static final MethodHandle CONFIG_PERMITS;
    static final MethodHandle CONFIG_WARNING_COUNT;
    static final MethodHandle CONFIG_WARNING_POINTER;
    static final MethodHandle CONFIG_WARNING_MESSAGE;
    static final MethodHandle CONFIG_FREE;

    static final MethodHandle SIGNER_NEW;
    static final MethodHandle SIGNER_WITH_AWS_CREDENTIALS;
    static final MethodHandle SIGNER_SIGN;
    static final MethodHandle SIGNER_SIGN_LONG;
    static final MethodHandle SIGNER_SIGN_OBJECT;
    static final MethodHandle SIGNER_PRESIGN;
    static final MethodHandle SIGNER_SIGN_RESPONSE;
    static final MethodHandle SIGNER_SIGN_AS_ASKED;
    static final MethodHandle SIGNED_HEADER_COUNT;
    static final MethodHandle SIGNED_NAME;
    static final MethodHandle SIGNED_VALUE;
    static final MethodHandle SIGNED_FREE;
    static final MethodHandle SIGNER_MESSAGE;
    static final MethodHandle SIGNER_FREE;

    static final MethodHandle VERIFIER_NEW;
    static final MethodHandle VERIFIER_VERIFY;
    static final MethodHandle VERIFIER_FACTS;
    static final MethodHandle VERIFIER_BEGIN;
    static final MethodHandle VERIFIER_REPLACE;
    static final MethodHandle VERIFIER_VERIFY_RESPONSE;
    static final MethodHandle VERIFIER_ACCEPT_SIGNATURE;
    static final MethodHandle VERIFIER_METRICS;
    static final MethodHandle VERIFIER_IS_PUBLIC;
    static final MethodHandle VERIFIER_FREE;

    static final MethodHandle VERIFIER_SETTLE_REPLAY;
    static final MethodHandle VERIFIER_EXPLAIN;
    static final MethodHandle EXPLANATION_VERDICT;
    static final MethodHandle EXPLANATION_TEXT;
    static final MethodHandle EXPLANATION_JSON;
    static final MethodHandle EXPLANATION_HINT_COUNT;
    static final MethodHandle EXPLANATION_HINT_ID;
    static final MethodHandle EXPLANATION_HINT_CAUSE;
    static final MethodHandle EXPLANATION_HINT_FIX;
    static final MethodHandle EXPLANATION_HINT_IS_PROVED;
    static final MethodHandle EXPLANATION_FREE;
    static final MethodHandle VERIFIER_HANDSHAKE;
    static final MethodHandle VERIFIER_HANDSHAKES_AT;
    static final MethodHandle TEXTS_COUNT;
    static final MethodHandle TEXTS_TEXT;
    static final MethodHandle TEXTS_FREE;
    static final MethodHandle HANDSHAKE_STATUS;
    static final MethodHandle HANDSHAKE_HEADER_COUNT;
    static final MethodHandle HANDSHAKE_HEADER_NAME;
    static final MethodHandle HANDSHAKE_HEADER_VALUE;
    static final MethodHandle HANDSHAKE_BODY;
    static final MethodHandle HANDSHAKE_FREE;

    static final MethodHandle VERIFIER_IDENTITY_REQUEST;
    static final MethodHandle VERIFIER_IDENTITY_ANSWER;
    static final MethodHandle IDENTITY_METHOD;
    static final MethodHandle IDENTITY_URL;
    static final MethodHandle IDENTITY_HEADER_COUNT;
    static final MethodHandle IDENTITY_HEADER_NAME;
    static final MethodHandle IDENTITY_HEADER_VALUE;
    static final MethodHandle IDENTITY_BODY;
    static final MethodHandle IDENTITY_FREE;

    static final MethodHandle TOKEN_ISSUER_NEW;
    static final MethodHandle TOKEN_ISSUER_ISSUE;
    static final MethodHandle TOKEN_ISSUER_ANSWER;
    static final MethodHandle TOKEN_ISSUER_FREE;
    static final MethodHandle ISSUED_TEXT;
    static final MethodHandle ISSUED_EXPIRES;
    static final MethodHandle ISSUED_LIFETIME;
    static final MethodHandle ISSUED_PERMISSION_COUNT;
    static final MethodHandle ISSUED_PERMISSION;
    static final MethodHandle ISSUED_FREE;
    static final MethodHandle TOKEN_RESPONSE_STATUS;
    static final MethodHandle TOKEN_RESPONSE_HEADER_COUNT;
    static final MethodHandle TOKEN_RESPONSE_HEADER_NAME;
    static final MethodHandle TOKEN_RESPONSE_HEADER_VALUE;
    static final MethodHandle TOKEN_RESPONSE_BODY;
    static final MethodHandle TOKEN_RESPONSE_FREE;

    static final MethodHandle CONTEXTS_NEW;
    static final MethodHandle CONTEXTS_SIGN;
    static final MethodHandle CONTEXTS_MESSAGE;
    static final MethodHandle CONTEXTS_VERIFY;
    static final MethodHandle CONTEXTS_REPLACE;
    static final MethodHandle CONTEXTS_METRICS;
    static final MethodHandle CONTEXTS_FREE;
    static final MethodHandle CONTEXT_TENANT;
    static final MethodHandle CONTEXT_ROLE_COUNT;
    static final MethodHandle CONTEXT_ROLE;
    static final MethodHandle CONTEXT_KEY_ID;
    static final MethodHandle CONTEXT_IS_RETIRING;
    static final MethodHandle CONTEXT_MATCHED;
    static final MethodHandle CONTEXT_FREE;

    static final MethodHandle BODY_NEEDS_BODY;
    static final MethodHandle BODY_DECLARE_LENGTH;
    static final MethodHandle BODY_UPDATE;
    static final MethodHandle BODY_FINISH;
    static final MethodHandle BODY_FREE;

    static final MethodHandle VERIFIED_IS_PUBLIC;
    static final MethodHandle VERIFIED_IS_RETIRING;
    static final MethodHandle VERIFIED_REQUEST_ID_IS_SIGNED;
    static final MethodHandle VERIFIED_AGE;
    static final MethodHandle VERIFIED_TIMESTAMP;
    static final MethodHandle VERIFIED_SERVICE;
    static final MethodHandle VERIFIED_KEY_ID;
    static final MethodHandle VERIFIED_SCHEME;
    static final MethodHandle VERIFIED_REQUEST_ID;
    static final MethodHandle VERIFIED_ROUTE;
    static final MethodHandle VERIFIED_COVERED_COUNT;
    static final MethodHandle VERIFIED_COVERED;
    static final MethodHandle VERIFIED_REPLAY_KEY;
    static final MethodHandle VERIFIED_REPLAY_SECONDS;
    static final MethodHandle VERIFIED_SUBJECT;
    static final MethodHandle VERIFIED_TENANT;
    static final MethodHandle VERIFIED_TOKEN_EXPIRES;
    static final MethodHandle VERIFIED_CLAIMS;
    static final MethodHandle VERIFIED_SCHEMES_COUNT;
    static final MethodHandle VERIFIED_SCHEMES;
    static final MethodHandle VERIFIED_FREE;

    static final MethodHandle ERROR_CODE;
    static final MethodHandle ERROR_MESSAGE;
    static final MethodHandle ERROR_DETAIL;
    static final MethodHandle ERROR_SERVICE;
    static final MethodHandle ERROR_REQUEST_ID;
    static final MethodHandle ERROR_RESPONSE_STATUS;
    static final MethodHandle ERROR_RESPONSE_CODE;
    static final MethodHandle ERROR_RESPONSE_BODY;
    static final MethodHandle ERROR_RESPONSE_WWW_AUTHENTICATE;
    static final MethodHandle ERROR_PROBLEM_COUNT;
    static final MethodHandle ERROR_PROBLEM_POINTER;
    static final MethodHandle ERROR_PROBLEM_MESSAGE;
    static final MethodHandle ERROR_FREE;

    static final MethodHandle BYTES_DATA;
    static final MethodHandle BYTES_FREE;
    static final MethodHandle GENERATE_SECRET;
    static final MethodHandle PERMISSION_CHECK;
    static final MethodHandle VERSION;

    /** Why nothing above can be called; null where all is well. */
    private static final NativeLibraryException PROBLEM;

    private static final Linker.Option CRITICAL = Linker.Option.critical(true);
    private static final FunctionDescriptor FREE = FunctionDescriptor.ofVoid(JAVA_LONG);
    private static final FunctionDescriptor TEXT = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final FunctionDescriptor TEXT_AT = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final FunctionDescriptor COUNT = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor FLAG = FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG);
    private static final FunctionDescriptor STATUS = FunctionDescriptor.of(JAVA_SHORT, JAVA_LONG);

    static {
        Functions all = Functions.open();
        PROBLEM = all.problem;

        CONFIG_PARSE = all.find("config_parse", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS));
        CONFIG_FROM_ENV = all.find("config_from_env", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS));
        CONFIG_SERVICE = all.find("config_service", TEXT, CRITICAL);
        CONFIG_ENVIRONMENT = all.find("config_environment", TEXT, CRITICAL);
        CONFIG_BODY_LIMIT = all.find("config_body_limit", COUNT);
        CONFIG_HAS_HANDSHAKES = all.find("config_has_handshakes", FLAG);
        CONFIG_SERVICE_ID_COUNT = all.find("config_service_id_count", COUNT);
        CONFIG_SERVICE_ID = all.find("config_service_id", TEXT_AT, CRITICAL);
        CONFIG_HEADER_NAME_COUNT = all.find("config_header_name_count", COUNT);
        CONFIG_HEADER_NAME = all.find("config_header_name", TEXT_AT, CRITICAL);
        CONFIG_URL = all.find("config_url", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS), CRITICAL);
        CONFIG_JWKS_URL_COUNT = all.find("config_jwks_url_count", COUNT);
        CONFIG_JWKS_URL_ISSUER = all.find("config_jwks_url_issuer", TEXT_AT, CRITICAL);
        CONFIG_JWKS_URL = all.find("config_jwks_url", TEXT_AT, CRITICAL);
        CONFIG_PUBLISH_KEYS = all.find("config_publish_keys", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS));
        CONFIG_CLONE = all.find("config_clone", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        CONFIG_PERMITS = all.find("config_permits", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        CONFIG_WARNING_COUNT = all.find("config_warning_count", COUNT);
        CONFIG_WARNING_POINTER = all.find("config_warning_pointer", TEXT_AT, CRITICAL);
        CONFIG_WARNING_MESSAGE = all.find("config_warning_message", TEXT_AT, CRITICAL);
        CONFIG_FREE = all.find("config_free", FREE);

        SIGNER_NEW = all.find("signer_new", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        SIGNER_WITH_AWS_CREDENTIALS = all.find("signer_with_aws_credentials", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
        FunctionDescriptor sign = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
        SIGNER_SIGN = all.find("signer_sign_into", sign, CRITICAL);
        SIGNER_SIGN_LONG = all.find("signer_sign_into", sign);
        FunctionDescriptor signObject = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
        SIGNER_SIGN_OBJECT = all.find("signer_sign", signObject);
        SIGNER_MESSAGE = all.find("signer_message", signObject);
        SIGNER_PRESIGN = all.find("signer_presign", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS));
        SIGNER_SIGN_RESPONSE = all.find("signer_sign_response", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_SHORT, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS));
        SIGNER_SIGN_AS_ASKED = all.find("signer_sign_as_asked", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
        SIGNED_HEADER_COUNT = all.find("signed_count", COUNT);
        SIGNED_NAME = all.find("signed_name", TEXT_AT, CRITICAL);
        SIGNED_VALUE = all.find("signed_value", TEXT_AT, CRITICAL);
        SIGNED_FREE = all.find("signed_free", FREE);
        SIGNER_FREE = all.find("signer_free", FREE);

        VERIFIER_NEW = all.find("verifier_new", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        VERIFIER_VERIFY = all.find("verifier_verify_packed", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG), CRITICAL);
        VERIFIER_FACTS = all.find("verifier_facts", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS), CRITICAL);
        VERIFIER_BEGIN = all.find("verifier_begin", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        VERIFIER_REPLACE = all.find("verifier_replace", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS));
        VERIFIER_VERIFY_RESPONSE = all.find("verifier_verify_response", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_SHORT, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS));
        VERIFIER_ACCEPT_SIGNATURE = all.find("verifier_accept_signature", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
        VERIFIER_METRICS = all.find("verifier_metrics", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
        VERIFIER_IS_PUBLIC = all.find("verifier_is_public", FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG), CRITICAL);
        VERIFIER_FREE = all.find("verifier_free", FREE);

        VERIFIER_SETTLE_REPLAY = all.find("verifier_settle_replay", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS), CRITICAL);
        VERIFIER_EXPLAIN = all.find("verifier_explain", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS));
        EXPLANATION_VERDICT = all.find("explanation_verdict", TEXT, CRITICAL);
        EXPLANATION_TEXT = all.find("explanation_text", TEXT, CRITICAL);
        EXPLANATION_JSON = all.find("explanation_json", TEXT, CRITICAL);
        EXPLANATION_HINT_COUNT = all.find("explanation_hint_count", COUNT);
        EXPLANATION_HINT_ID = all.find("explanation_hint_id", TEXT_AT, CRITICAL);
        EXPLANATION_HINT_CAUSE = all.find("explanation_hint_cause", TEXT_AT, CRITICAL);
        EXPLANATION_HINT_FIX = all.find("explanation_hint_fix", TEXT_AT, CRITICAL);
        EXPLANATION_HINT_IS_PROVED = all.find("explanation_hint_is_proved", FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG, JAVA_LONG));
        EXPLANATION_FREE = all.find("explanation_free", FREE);
        VERIFIER_HANDSHAKE = all.find("verifier_handshake", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS));
        VERIFIER_HANDSHAKES_AT = all.find("verifier_handshakes_at", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        TEXTS_COUNT = all.find("texts_count", COUNT);
        TEXTS_TEXT = all.find("texts_text", TEXT_AT, CRITICAL);
        TEXTS_FREE = all.find("texts_free", FREE);
        HANDSHAKE_STATUS = all.find("handshake_response_status", STATUS);
        HANDSHAKE_HEADER_COUNT = all.find("handshake_response_header_count", COUNT);
        HANDSHAKE_HEADER_NAME = all.find("handshake_response_header_name", TEXT_AT, CRITICAL);
        HANDSHAKE_HEADER_VALUE = all.find("handshake_response_header_value", TEXT_AT, CRITICAL);
        HANDSHAKE_BODY = all.find("handshake_response_body", TEXT, CRITICAL);
        HANDSHAKE_FREE = all.find("handshake_response_free", FREE);

        VERIFIER_IDENTITY_REQUEST = all.find("verifier_identity_request", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        VERIFIER_IDENTITY_ANSWER = all.find("verifier_identity_answer", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_SHORT, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
        IDENTITY_METHOD = all.find("identity_request_method", TEXT, CRITICAL);
        IDENTITY_URL = all.find("identity_request_url", TEXT, CRITICAL);
        IDENTITY_HEADER_COUNT = all.find("identity_request_header_count", COUNT);
        IDENTITY_HEADER_NAME = all.find("identity_request_header_name", TEXT_AT, CRITICAL);
        IDENTITY_HEADER_VALUE = all.find("identity_request_header_value", TEXT_AT, CRITICAL);
        IDENTITY_BODY = all.find("identity_request_body", TEXT, CRITICAL);
        IDENTITY_FREE = all.find("identity_request_free", FREE);

        TOKEN_ISSUER_NEW = all.find("token_issuer_new", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
        TOKEN_ISSUER_ISSUE = all.find("token_issuer_issue", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
        TOKEN_ISSUER_ANSWER = all.find("token_issuer_answer", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
        TOKEN_ISSUER_FREE = all.find("token_issuer_free", FREE);
        ISSUED_TEXT = all.find("issued_token_text", TEXT, CRITICAL);
        ISSUED_EXPIRES = all.find("issued_token_expires", COUNT);
        ISSUED_LIFETIME = all.find("issued_token_lifetime", COUNT);
        ISSUED_PERMISSION_COUNT = all.find("issued_token_permission_count", COUNT);
        ISSUED_PERMISSION = all.find("issued_token_permission", TEXT_AT, CRITICAL);
        ISSUED_FREE = all.find("issued_token_free", FREE);
        TOKEN_RESPONSE_STATUS = all.find("token_response_status", STATUS);
        TOKEN_RESPONSE_HEADER_COUNT = all.find("token_response_header_count", COUNT);
        TOKEN_RESPONSE_HEADER_NAME = all.find("token_response_header_name", TEXT_AT, CRITICAL);
        TOKEN_RESPONSE_HEADER_VALUE = all.find("token_response_header_value", TEXT_AT, CRITICAL);
        TOKEN_RESPONSE_BODY = all.find("token_response_body", TEXT, CRITICAL);
        TOKEN_RESPONSE_FREE = all.find("token_response_free", FREE);

        CONTEXTS_NEW = all.find("contexts_new", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        CONTEXTS_SIGN = all.find("contexts_sign", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS));
        CONTEXTS_MESSAGE = all.find("contexts_message", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
        CONTEXTS_VERIFY = all.find("contexts_verify", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
        CONTEXTS_REPLACE = all.find("contexts_replace", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS), CRITICAL);
        CONTEXTS_METRICS = all.find("contexts_metrics", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        CONTEXTS_FREE = all.find("contexts_free", FREE);
        CONTEXT_TENANT = all.find("verified_context_tenant", TEXT, CRITICAL);
        CONTEXT_ROLE_COUNT = all.find("verified_context_role_count", COUNT);
        CONTEXT_ROLE = all.find("verified_context_role", TEXT_AT, CRITICAL);
        CONTEXT_KEY_ID = all.find("verified_context_key_id", TEXT, CRITICAL);
        CONTEXT_IS_RETIRING = all.find("verified_context_key_is_retiring", FLAG);
        CONTEXT_MATCHED = all.find("verified_context_matched", TEXT, CRITICAL);
        CONTEXT_FREE = all.find("verified_context_free", FREE);

        BODY_NEEDS_BODY = all.find("body_verification_needs_body", FLAG);
        BODY_DECLARE_LENGTH = all.find("body_verification_declare_length", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS), CRITICAL);
        BODY_UPDATE = all.find("body_verification_update", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS), CRITICAL);
        BODY_FINISH = all.find("body_verification_finish", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        BODY_FREE = all.find("body_verification_free", FREE);

        VERIFIED_IS_PUBLIC = all.find("verified_is_public", FLAG);
        VERIFIED_IS_RETIRING = all.find("verified_key_is_retiring", FLAG);
        VERIFIED_REQUEST_ID_IS_SIGNED = all.find("verified_request_id_is_signed", FLAG);
        FunctionDescriptor number = FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG, ADDRESS);
        VERIFIED_AGE = all.find("verified_age", number, CRITICAL);
        VERIFIED_TIMESTAMP = all.find("verified_timestamp", number, CRITICAL);
        VERIFIED_SERVICE = all.find("verified_service", TEXT, CRITICAL);
        VERIFIED_KEY_ID = all.find("verified_key_id", TEXT, CRITICAL);
        VERIFIED_SCHEME = all.find("verified_scheme", TEXT, CRITICAL);
        VERIFIED_REQUEST_ID = all.find("verified_request_id", TEXT, CRITICAL);
        VERIFIED_ROUTE = all.find("verified_route", TEXT, CRITICAL);
        VERIFIED_COVERED_COUNT = all.find("verified_covered_count", COUNT);
        VERIFIED_COVERED = all.find("verified_covered", TEXT_AT, CRITICAL);
        VERIFIED_REPLAY_KEY = all.find("verified_replay_key", TEXT, CRITICAL);
        VERIFIED_REPLAY_SECONDS = all.find("verified_replay_seconds", number, CRITICAL);
        VERIFIED_SUBJECT = all.find("verified_subject", TEXT, CRITICAL);
        VERIFIED_TENANT = all.find("verified_tenant", TEXT, CRITICAL);
        VERIFIED_TOKEN_EXPIRES = all.find("verified_token_expires", number, CRITICAL);
        VERIFIED_CLAIMS = all.find("verified_claims", TEXT, CRITICAL);
        VERIFIED_SCHEMES_COUNT = all.find("verified_schemes_count", COUNT);
        VERIFIED_SCHEMES = all.find("verified_schemes", TEXT_AT, CRITICAL);
        VERIFIED_FREE = all.find("verified_free", FREE);

        ERROR_CODE = all.find("error_code", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        ERROR_MESSAGE = all.find("error_message", TEXT, CRITICAL);
        ERROR_DETAIL = all.find("error_detail", TEXT, CRITICAL);
        ERROR_SERVICE = all.find("error_service", TEXT, CRITICAL);
        ERROR_REQUEST_ID = all.find("error_request_id", TEXT, CRITICAL);
        ERROR_RESPONSE_STATUS = all.find("error_response_status", STATUS);
        ERROR_RESPONSE_CODE = all.find("error_response_code", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        ERROR_RESPONSE_BODY = all.find("error_response_body", TEXT, CRITICAL);
        ERROR_RESPONSE_WWW_AUTHENTICATE = all.find("error_response_www_authenticate", TEXT, CRITICAL);
        ERROR_PROBLEM_COUNT = all.find("error_problem_count", COUNT);
        ERROR_PROBLEM_POINTER = all.find("error_problem_pointer", TEXT_AT, CRITICAL);
        ERROR_PROBLEM_MESSAGE = all.find("error_problem_message", TEXT_AT, CRITICAL);
        ERROR_FREE = all.find("error_free", FREE);

        BYTES_DATA = all.find("bytes_data", TEXT, CRITICAL);
        BYTES_FREE = all.find("bytes_free", FREE);
        GENERATE_SECRET = all.find("generate_secret", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS), CRITICAL);
        PERMISSION_CHECK = all.find("permission_check", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS), CRITICAL);
        VERSION = all.find("version", FunctionDescriptor.of(JAVA_LONG, ADDRESS), CRITICAL);
    }

    private Native() {}

    /** Throws unless the library is loaded. Everything that makes an object asks first. */
    static void require() {
        if (PROBLEM != null) {
            throw PROBLEM.again();
        }
    }

    /** The text that a reading function gives of an object; null where it has none. */
    static String text(MethodHandle reader, long object) {
        try {
            long[] length = new long[1];
            return text((long) reader.invokeExact(object, MemorySegment.ofArray(length)), length[0]);
        } catch (Throwable failure) {
            throw unforeseen(failure);
        }
    }

    /** The text that a reading function gives of a list of an object. */
    static String text(MethodHandle reader, long object, long index) {
        try {
            long[] length = new long[1];
            return text((long) reader.invokeExact(object, index, MemorySegment.ofArray(length)), length[0]);
        } catch (Throwable failure) {
            throw unforeseen(failure);
        }
    }

    static String text(long address, long length) {
        return address == 0 ? null : new String(bytes(address, length), StandardCharsets.UTF_8);
    }

    /** All texts of a list of an object. */
    static List<String> texts(MethodHandle counter, MethodHandle reader, long object) {
        List<String> texts = new ArrayList<>();
        long count = count(counter, object);
        for (long at = 0; at < count; at++) {
            texts.add(text(reader, object, at));
        }
        return List.copyOf(texts);
    }

    /** All header fields of an object. */
    static List<Header> headers(MethodHandle counter, MethodHandle names, MethodHandle values, long object) {
        List<Header> headers = new ArrayList<>();
        long count = count(counter, object);
        for (long at = 0; at < count; at++) {
            headers.add(new Header(text(names, object, at), text(values, object, at)));
        }
        return List.copyOf(headers);
    }

    static int status(MethodHandle reader, long object) {
        try {
            return (short) reader.invokeExact(object);
        } catch (Throwable failure) {
            throw unforeseen(failure);
        }
    }

    /** A text as the library takes it; NULL where there is none. */
    static MemorySegment given(Arena arena, String text) {
        return text == null ? MemorySegment.NULL : arena.allocateFrom(JAVA_BYTE, text.getBytes(StandardCharsets.UTF_8));
    }

    /** A copy of bytes of the library, which gave both the address and the length. */
    @SuppressWarnings("restricted")
    static byte[] bytes(long address, long length) {
        return MemorySegment.ofAddress(address).reinterpret(length).toArray(JAVA_BYTE);
    }

    /** Takes the bytes out of a wiresign_bytes and frees it. */
    static byte[] take(long object) {
        try {
            long[] length = new long[1];
            long address = (long) BYTES_DATA.invokeExact(object, MemorySegment.ofArray(length));
            byte[] bytes = bytes(address, length[0]);
            BYTES_FREE.invokeExact(object);
            return bytes;
        } catch (Throwable failure) {
            throw unforeseen(failure);
        }
    }

    static boolean flag(MethodHandle reader, long object) {
        try {
            return (boolean) reader.invokeExact(object);
        } catch (Throwable failure) {
            throw unforeseen(failure);
        }
    }

    static long count(MethodHandle reader, long object) {
        try {
            return (long) reader.invokeExact(object);
        } catch (Throwable failure) {
            throw unforeseen(failure);
        }
    }

    static void free(MethodHandle function, long object) {
        try {
            function.invokeExact(object);
        } catch (Throwable failure) {
            throw unforeseen(failure);
        }
    }

    /** What a call throws that does not come from the library: an error of the machine, passed on as it is. */
    static RuntimeException unforeseen(Throwable failure) {
        if (failure instanceof RuntimeException known) {
            throw known;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        throw new AssertionError("a native call throws no checked exception", failure);
    }

    /** The library while its functions are looked up; without one, all of them are missing. */
    private static final class Functions {
        private final Linker linker;
        private final SymbolLookup symbols;
        private final NativeLibraryException problem;

        private Functions(Linker linker, SymbolLookup symbols, NativeLibraryException problem) {
            this.linker = linker;
            this.symbols = symbols;
            this.problem = problem;
        }

        static Functions open() {
            try {
                SymbolLookup symbols = NativeLibrary.load();
                Functions all = new Functions(Linker.nativeLinker(), symbols, null);
                int version = (int) all.find("abi_version", FunctionDescriptor.of(JAVA_INT)).invokeExact();
                if (version != ABI_VERSION) {
                    throw new NativeLibraryException(
                            "the library that was found has version " + version + " of the C ABI, and version " + ABI_VERSION
                                    + " is needed. Install the one that belongs to this JAR.", null);
                }
                return all;
            } catch (NativeLibraryException problem) {
                return new Functions(null, null, problem);
            } catch (IllegalCallerException denied) {
                return new Functions(null, null, new NativeLibraryException(nativeAccess(), denied));
            } catch (UnsupportedOperationException noLinker) {
                return new Functions(null, null, new NativeLibraryException(
                        "this Java cannot call native code on " + NativeLibrary.Platform.current().id() + ". Use one that can.", noLinker));
            } catch (Throwable failure) {
                throw unforeseen(failure);
            }
        }

        @SuppressWarnings("restricted")
        MethodHandle find(String name, FunctionDescriptor type, Linker.Option... options) {
            if (symbols == null) {
                return null;
            }
            MemorySegment symbol = symbols.find("wiresign_" + name).orElseThrow(() -> new NativeLibraryException(
                    "the library that was found has no function wiresign_" + name + ": it is older than this JAR.", null));
            return linker.downcallHandle(symbol, type, options);
        }

        private static String nativeAccess() {
            Module module = Native.class.getModule();
            String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
            return "this Java does not let it call native code. Start java with --enable-native-access=" + name
                    + ", or write \"Enable-Native-Access: ALL-UNNAMED\" into the manifest of the JAR that is started.";
        }
    }
}
