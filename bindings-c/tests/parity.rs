//! Compares the header with the contract that every language keeps, in both directions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Members that have another form in C than `wiresign_<type>_<member>`, and the functions that stand for them.
///
/// A list becomes a count and a reader by index; an object without a life of its own belongs to the one that holds it;
/// a refusal, a signing error and a config error are all a `wiresign_error`.
const OTHER_FORMS: &[(&str, &[&str])] = &[
    ("Config.warnings", &["config_warning_count", "config_warning_pointer", "config_warning_message"]),
    ("Config.jwks_urls", &["config_jwks_url_count", "config_jwks_url_issuer", "config_jwks_url"]),
    ("Config.service_ids", &["config_service_id_count", "config_service_id"]),
    ("Problem.pointer", &["config_warning_pointer", "error_problem_pointer"]),
    ("Problem.message", &["config_warning_message", "error_problem_message"]),
    ("ConfigError.problems", &["error_problem_count", "error_problem_pointer", "error_problem_message"]),
    ("Signer.sign", &["signer_sign", "signer_sign_into"]),
    ("SigningError.code", &["error_code", "error_name"]),
    ("SigningError.message", &["error_message"]),
    ("Verifier.verify", &["verifier_verify", "verifier_verify_into"]),
    ("Verified.schemes", &["verified_schemes_count", "verified_schemes"]),
    ("VerifiedContext.roles", &["verified_context_role_count", "verified_context_role"]),
    (
        "HandshakeResponse.headers",
        &["handshake_response_header_count", "handshake_response_header_name", "handshake_response_header_value"],
    ),
    (
        "IdentityRequest.headers",
        &["identity_request_header_count", "identity_request_header_name", "identity_request_header_value"],
    ),
    ("IssuedToken.permissions", &["issued_token_permission_count", "issued_token_permission"]),
    (
        "TokenResponse.headers",
        &["token_response_header_count", "token_response_header_name", "token_response_header_value"],
    ),
    (
        "Explanation.hints",
        &[
            "explanation_hint_count",
            "explanation_hint_id",
            "explanation_hint_cause",
            "explanation_hint_fix",
            "explanation_hint_is_proved",
        ],
    ),
    ("Hint.id", &["explanation_hint_id"]),
    ("Hint.cause", &["explanation_hint_cause"]),
    ("Hint.fix", &["explanation_hint_fix"]),
    ("Hint.is_proved", &["explanation_hint_is_proved"]),
    ("Verified.covered", &["verified_covered_count", "verified_covered"]),
    ("Refusal.code", &["error_code", "error_name"]),
    ("Refusal.status", &["error_status"]),
    ("Refusal.message", &["error_message"]),
    ("Refusal.detail", &["error_detail"]),
    ("Refusal.service", &["error_service"]),
    ("Refusal.request_id", &["error_request_id"]),
    ("Refusal.response", &["error_response_status", "error_response_body"]),
    ("RefusalResponse.status", &["error_response_status"]),
    ("RefusalResponse.code", &["error_response_code"]),
    ("RefusalResponse.www_authenticate", &["error_response_www_authenticate"]),
    ("RefusalResponse.body", &["error_response_body"]),
    ("Metrics.prometheus", &["verifier_metrics"]),
];

/// What only C needs: memory, results that are lists, and what other languages read from a package or an enumeration.
const ONLY_IN_C: &[&str] = &[
    "abi_version",
    "version",
    "code_name",
    "code_message",
    "code_status",
    "bytes_data",
    "bytes_free",
    "signed_count",
    "signed_name",
    "signed_value",
    "signed_free",
    "body_verification_free",
    "config_clone",
    "config_free",
    "config_permits",
    "contexts_free",
    "error_free",
    "explanation_free",
    "explanation_text",
    "handshake_response_free",
    "identity_request_free",
    "issued_token_free",
    "permission_check",
    "signer_free",
    "texts_count",
    "texts_text",
    "texts_free",
    "token_issuer_free",
    "token_response_free",
    "verified_context_free",
    "verified_free",
    "verifier_free",
    "verifier_verify_packed",
    "verifier_verify_outcome",
    "verifier_facts",
    "config_has_external_replay_store",
    "config_has_handshakes",
    "config_header_name_count",
    "config_header_name",
];

/// How an argument of the contract is called in C. What is signed has no client yet.
fn parameters(argument: &str, is_signed: bool) -> &[&str] {
    match argument {
        "json" => &["document", "document_length"],
        "lookup" => &["variables", "variables_length", "variable_lengths", "variable_count", "lookup"],
        "request" => &["method", "target", "authority", "headers", "header_lengths", "header_count", "body"],
        "head" if is_signed => &["method", "target", "authority", "headers", "header_lengths", "header_count"],
        "answered" => &[
            "answered_method",
            "answered_target",
            "answered_authority",
            "answered_headers",
            "answered_header_lengths",
            "answered_header_count",
        ],
        "response" => &["status", "headers", "header_lengths", "header_count", "body"],
        "response_headers" => &["response_headers", "response_header_lengths", "response_header_count"],
        "seconds" => &["seconds"],
        "head" => &["method", "target", "authority", "headers", "header_lengths", "header_count", "client"],
        "config" => &["config"],
        "service" => &["service", "service_length"],
        "target" => &["target", "target_length"],
        "now" => &["now"],
        "nonce" => &["nonce", "nonce_length"],
        "method" => &["method", "method_length"],
        "bytes" => &["bytes", "length"],
        "encoding" => &["encoding"],
        "verified" => &["verified"],
        "outcome" => &["outcome"],
        "webhook" => &["webhook", "webhook_length"],
        "tenant" => &["tenant", "tenant_length"],
        "roles" => &["roles", "roles_length", "role_lengths", "role_count"],
        "role" => &["role", "role_length"],
        "signature" => &["signature", "signature_length"],
        "payload" => &["payload", "payload_length"],
        "declared" => &["declared"],
        "issuer" => &["issuer", "issuer_length"],
        "jwks" => &["jwks", "jwks_length"],
        "access_key_id" => &["access_key_id", "access_key_id_length"],
        "secret" => &["secret", "secret_length"],
        "session_token" => &["session_token", "session_token_length"],
        "question" => &["question"],
        // A status of 0 says that there is no answer.
        "answer" => &["status", "body", "body_length"],
        "subject" => &["subject", "subject_length"],
        "audience" => &["audience", "audience_length"],
        "lifetime" => &["lifetime"],
        "permission" => &["permission", "permission_length"],
        "permissions" => &["permissions", "permissions_length", "permission_lengths", "permission_count"],
        "id" => &["id", "id_length"],
        "caller" => &["caller", "caller_length"],
        "form" => &["form", "form_length"],
        "services" => &["services", "services_length", "service_lengths", "count"],
        other => panic!("the contract has a new argument {other:?}: give it its form in C here"),
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_owned()
}

fn contract(name: &str) -> Table {
    let text = fs::read_to_string(repository().join("conformance/contract").join(name)).expect("the contract");
    text.parse().expect("TOML")
}

fn rows<'a>(table: &'a Table, name: &str) -> &'a [Value] {
    table.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("{name} of {row}"))
}

fn is_for_c(row: &Value) -> bool {
    row.get("languages")
        .and_then(Value::as_array)
        .is_none_or(|languages| languages.iter().any(|language| language.as_str() == Some("c")))
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// The functions of the committed header, and the names of their parameters.
fn header_functions() -> BTreeMap<String, BTreeSet<String>> {
    let header = fs::read_to_string(repository().join("bindings-c/include/wiresign.h")).expect("the header");
    let code: String =
        header.lines().filter(|line| !line.trim_start().starts_with(['*', '/', '#'])).collect::<Vec<_>>().join(" ");
    let mut functions = BTreeMap::new();
    for declaration in code.split(';') {
        let Some((before, parameters)) = declaration.split_once('(') else { continue };
        let name = before.rsplit([' ', '*']).next().expect("a name");
        let parameters = parameters
            .trim_end_matches(')')
            .split(',')
            .filter_map(|parameter| parameter.rsplit([' ', '*']).next())
            .map(str::to_owned);
        functions.insert(name.to_owned(), parameters.collect());
    }
    functions
}

#[test]
fn the_header_offers_exactly_what_the_contract_says() {
    let api = contract("api.toml");
    let functions = header_functions();
    let mut wanted: BTreeSet<String> = ONLY_IN_C.iter().map(|name| format!("wiresign_{name}")).collect();
    let mut forms_used = BTreeSet::new();
    let mut problems = Vec::new();

    let mut want = |member: &str, symbol: String, row: &Value| {
        let Some(present) = functions.get(&symbol) else {
            problems.push(format!("{member}: {symbol} is not in the header"));
            return;
        };
        for argument in row.get("arguments").and_then(Value::as_array).into_iter().flatten() {
            for parameter in parameters(text(argument, "name"), member.starts_with("Signer.")) {
                if !present.contains(*parameter) {
                    problems.push(format!("{member}: {symbol} has no parameter {parameter}"));
                }
            }
        }
        if row.get("fails").is_some() && !present.contains("err") {
            problems.push(format!("{member}: {symbol} can fail and has no err"));
        }
        wanted.insert(symbol);
    };
    for kind in rows(&api, "type").iter().filter(|kind| is_for_c(kind)) {
        for member in kind.get("member").and_then(Value::as_array).into_iter().flatten().filter(|row| is_for_c(row)) {
            let full = format!("{}.{}", text(kind, "name"), text(member, "name"));
            match OTHER_FORMS.iter().find(|(name, _)| *name == full) {
                Some((name, symbols)) => {
                    forms_used.insert(*name);
                    for symbol in *symbols {
                        want(&full, format!("wiresign_{symbol}"), member);
                    }
                }
                None => {
                    let symbol = format!("wiresign_{}_{}", snake_case(text(kind, "name")), text(member, "name"));
                    want(&full, symbol, member);
                }
            }
        }
    }
    for function in rows(&api, "function").iter().filter(|row| is_for_c(row)) {
        want(text(function, "name"), format!("wiresign_{}", text(function, "name")), function);
    }

    problems.extend(functions.keys().filter(|name| !wanted.contains(*name)).map(|name| {
        format!("{name} is in the header, and neither in the contract nor in the list of what only C needs")
    }));
    problems.extend(
        wanted.iter().filter(|name| !functions.contains_key(*name)).map(|name| format!("{name} is not in the header")),
    );
    problems.extend(
        OTHER_FORMS
            .iter()
            .filter(|(name, _)| !forms_used.contains(name))
            .map(|(name, _)| format!("{name} is not in the contract any more")),
    );
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_code_of_the_contract_is_a_constant_of_the_header() {
    let codes = contract("refusals.toml");
    let mut wanted = BTreeMap::from([("WIRESIGN_OK".to_owned(), 0)]);
    for row in rows(&codes, "refusal").iter().chain(rows(&codes, "failure")) {
        let number = row.get("number").and_then(Value::as_integer).expect("a number");
        wanted.insert(format!("WIRESIGN_{}", text(row, "name")), number);
    }
    let header = fs::read_to_string(repository().join("bindings-c/include/wiresign.h")).expect("the header");
    // The codes are the first constants, and the version of the ABI is the first one that is none.
    let (codes, _) = header.split_once("#define WIRESIGN_ABI_VERSION").expect("the constants");
    let present: BTreeMap<String, i64> = codes
        .lines()
        .filter_map(|line| line.strip_prefix("#define ")?.split_once(' '))
        .map(|(name, number)| (name.to_owned(), number.parse().expect("a number")))
        .collect();
    assert_eq!(present, wanted);
}
