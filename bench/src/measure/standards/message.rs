//! Signatures of messages (RFC 9421), verified. One signer makes the requests of both.

use std::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig::prelude::{AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams, SharedKey};
use sha2::{Digest, Sha256};

use super::{Fields, Standard, body, head, usual};
use crate::contest::{Contestant, prepared};
use crate::fleet::{BATCH, CALLER, METHOD, NOW, TARGET, secret};

const COVERED: [&str; 5] = ["@method", "@authority", "@path", "@query", "content-digest"];

/// Makes requests with a nonce of their own each.
fn requests() -> impl FnMut() -> Vec<(Fields, Vec<u8>)> {
    let key = key();
    let mut count = 0;
    move || {
        let first = count;
        count += u64::from(BATCH);
        (first..count).map(|number| request(&key, number)).collect()
    }
}

fn request(key: &SharedKey, number: u64) -> (Fields, Vec<u8>) {
    let (mut fields, body) = (usual(), body(number));
    fields.push(("content-digest".into(), digest(&body)));
    let covered: Vec<_> =
        COVERED.iter().map(|&name| HttpMessageComponentId::try_from(name).expect("a component")).collect();
    let mut parameters = HttpSignatureParams::try_new(&covered).expect("components");
    parameters.set_created(NOW).set_nonce(&format!("{number:032x}")).set_alg(&AlgorithmName::HmacSha256);
    parameters.set_keyid(&format!("{CALLER}/1")).set_tag("wiresign");
    let lines: Vec<_> = covered.iter().map(|id| component(id, &fields)).collect();
    let base = HttpSignatureBase::try_new(&lines, &parameters).expect("all components");
    let signature = base.build_signature_headers(key, Some("wiresign")).expect("a key that signs");
    fields.push(("signature-input".into(), signature.signature_input_header_value()));
    fields.push(("signature".into(), signature.signature_header_value()));
    (fields, body)
}

pub(super) fn our_verify<'a>() -> Contestant<'a> {
    let verifier = Standard::new(&["rfc9421"], |_| {}).verifier();
    prepared(BATCH, requests(), move |batch| {
        let (fields, body) = batch.pop().expect("as many as are verified");
        let verified = verifier.verify(&head(&fields), black_box(&body), NOW);
        black_box(&verified).as_ref().expect("a good request");
    })
}

pub(super) fn their_verify<'a>() -> Contestant<'a> {
    let key = key();
    prepared(BATCH, requests(), move |batch| {
        let (fields, body) = batch.pop().expect("as many as are verified");
        let (fields, body) = (black_box(&fields), black_box(&body));
        let all = HttpSignatureHeaders::try_parse(field(fields, "signature"), field(fields, "signature-input"));
        let all = all.expect("a good signature");
        let signature = &all["wiresign"];
        let parameters = signature.signature_params();
        let lines: Vec<_> = parameters.covered_components.iter().map(|id| component(id, fields)).collect();
        let base = HttpSignatureBase::try_new(&lines, parameters).expect("all components");
        base.verify_signature_headers(&key, signature).expect("a good signature");
        assert!(field(fields, "content-digest") == digest(body), "another body");
    })
}

/// The key that the fleet has for the caller.
fn key() -> SharedKey {
    let text = STANDARD.encode(secret(CALLER));
    SharedKey::from_base64(&AlgorithmName::HmacSha256, &text).expect("a secret")
}

fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).expect("a header of the request")
}

fn component(id: &HttpMessageComponentId, fields: &Fields) -> HttpMessageComponent {
    let (path, query) = TARGET.split_once('?').expect("a query");
    let name = id.to_string();
    let value = match name.trim_matches('"') {
        "@method" => METHOD.to_owned(),
        "@authority" => field(fields, "host").to_owned(),
        "@path" => path.to_owned(),
        "@query" => format!("?{query}"),
        name => field(fields, name).to_owned(),
    };
    HttpMessageComponent::try_from((id, &[value][..])).expect("a component")
}
