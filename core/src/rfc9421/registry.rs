//! Which header fields are structured, and how (the "Structured Type" column of IANA's registry of field names).

/// The type of a structured field as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StructuredType {
    Item,
    List,
    Dictionary,
}

/// The type of a field by its lower-case name. `None` where it is not known: nothing is guessed.
pub(super) fn structured_type(name: &str) -> Option<StructuredType> {
    use StructuredType::{Dictionary, Item, List};
    Some(match name {
        "accept-signature"
        | "alt-svc"
        | "cache-control"
        | "cdn-cache-control"
        | "content-digest"
        | "expect-ct"
        | "keep-alive"
        | "no-vary-search"
        | "permissions-policy"
        | "pragma"
        | "prefer"
        | "preference-applied"
        | "priority"
        | "reporting-endpoints"
        | "repr-digest"
        | "signature"
        | "signature-input"
        | "surrogate-control"
        | "unencoded-digest"
        | "use-as-dictionary"
        | "want-content-digest"
        | "want-repr-digest"
        | "want-unencoded-digest" => Dictionary,
        "accept"
        | "accept-ch"
        | "accept-encoding"
        | "accept-language"
        | "accept-patch"
        | "accept-post"
        | "accept-query"
        | "accept-ranges"
        | "access-control-allow-headers"
        | "access-control-allow-methods"
        | "access-control-expose-headers"
        | "access-control-request-headers"
        | "allow"
        | "cache-group-invalidation"
        | "cache-groups"
        | "cache-status"
        | "cdn-loop"
        | "client-cert-chain"
        | "connection"
        | "content-encoding"
        | "content-language"
        | "proxy-status"
        | "ratelimit"
        | "ratelimit-policy"
        | "server-timing"
        | "te"
        | "timing-allow-origin"
        | "trailer"
        | "transfer-encoding"
        | "vary" => List,
        "access-control-allow-credentials"
        | "access-control-allow-origin"
        | "access-control-max-age"
        | "access-control-request-method"
        | "age"
        | "available-dictionary"
        | "capsule-protocol"
        | "client-cert"
        | "content-length"
        | "content-type"
        | "cross-origin-embedder-policy"
        | "cross-origin-embedder-policy-report-only"
        | "cross-origin-opener-policy"
        | "cross-origin-opener-policy-report-only"
        | "cross-origin-resource-policy"
        | "deprecation"
        | "dictionary-id"
        | "idempotency-key"
        | "incremental"
        | "max-forwards"
        | "origin-agent-cluster"
        | "retry-after"
        | "x-content-type-options"
        | "x-frame-options" => Item,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_by_lower_case_names() {
        assert_eq!(structured_type("content-digest"), Some(StructuredType::Dictionary));
        assert_eq!(structured_type("accept"), Some(StructuredType::List));
        assert_eq!(structured_type("content-type"), Some(StructuredType::Item));
        assert_eq!(structured_type("Content-Type"), None);
        assert_eq!(structured_type("date"), None);
    }
}
