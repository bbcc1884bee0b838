//! One flipped bit in each field of a signed request.

use crate::diff::text;
use crate::step::{Request, Step};

/// A step that differs from a genuine one in one bit.
#[derive(Clone, Debug)]
pub(crate) struct Flip {
    /// The place, for people.
    pub(crate) place: String,
    /// What `covered` must hold for this place to be bound; the name of a header binds that header.
    pub(crate) field: Field,
    pub(crate) step: Step,
}

/// What says whether a flip must be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Where the answer lists one of these names of it under `covered`.
    Covered(&'static [&'static str]),
    /// Unless the scheme sends this header unbound.
    Header(String),
    /// Always.
    Bound,
}

const METHOD: &[&str] = &["method", "\"@method\""];
const PATH: &[&str] = &["path", "\"@path\""];
const QUERY: &[&str] = &["query", "\"@query\""];
const AUTHORITY: &[&str] = &["host", "\"@authority\""];
const BODY: &[&str] = &["body", "\"content-digest\""];

/// Every flip of this step.
pub(crate) fn flips(step: &Step) -> Vec<Flip> {
    match step {
        Step::Verify { now, request } => {
            let found = in_request(request);
            let made = found.into_iter();
            made.map(|(place, field, request)| Flip { place, field, step: Step::Verify { now: *now, request } })
                .collect()
        }
        Step::VerifyContext { tenant, roles, signature, now, payload } => {
            let with = |place: &str, tenant: &str, roles: Vec<String>, signature: &str| Flip {
                place: place.to_owned(),
                field: Field::Bound,
                step: Step::VerifyContext {
                    tenant: tenant.to_owned(),
                    roles,
                    signature: signature.to_owned(),
                    now: *now,
                    payload: payload.clone(),
                },
            };
            let mut flips = vec![
                with("tenant", &flip_text(tenant, tenant.len() - 1), roles.clone(), signature),
                with("signature", tenant, roles.clone(), &flip_text(signature, signature.len() / 2)),
            ];
            for index in (0..roles.len()).filter(|&index| roles[index].is_ascii()) {
                let mut changed = roles.clone();
                // Every copy of it, or the set would stay what it was.
                let flipped = flip_text(&roles[index], 0);
                changed.iter_mut().filter(|role| **role == roles[index]).for_each(|role| role.clone_from(&flipped));
                flips.push(with(&format!("role {index}"), tenant, changed, signature));
            }
            flips
        }
        _ => Vec::new(),
    }
}

fn in_request(request: &Request) -> Vec<(String, Field, Request)> {
    let mut flips = Vec::new();
    let method = request.method.bytes();
    let mut changed = request.clone();
    changed.method = text(&flipped(method, method.len() - 1));
    flips.push(("method".to_owned(), Field::Covered(METHOD), changed));

    let target = request.target.bytes();
    let query = target.iter().position(|&byte| byte == b'?');
    let mut in_target = |place: &str, field: &'static [&'static str], at: usize| {
        let mut changed = request.clone();
        changed.target = text(&flipped(target, at));
        flips.push((place.to_owned(), Field::Covered(field), changed));
    };
    in_target("path", PATH, query.unwrap_or(target.len()) - 1);
    if query.is_some_and(|query| query + 1 < target.len()) {
        in_target("query", QUERY, target.len() - 1);
    }

    if let Some(authority) = &request.authority {
        let mut changed = request.clone();
        changed.authority = Some(text(&flipped(authority.bytes(), 0)));
        flips.push(("authority".to_owned(), Field::Covered(AUTHORITY), changed));
    }

    for (index, (name, value)) in request.headers.iter().enumerate() {
        let value = value.bytes();
        for (place, at) in [("first", 0), ("middle", value.len() / 2), ("last", value.len() - 1)] {
            let mut changed = request.clone();
            changed.headers[index].1 = text(&flipped(value, at));
            flips.push((format!("{name}, {place} byte"), Field::Header(name.clone()), changed));
        }
    }

    let body = request.body.bytes();
    for (place, at) in [("first", 0), ("middle", body.len() / 2), ("last", body.len().saturating_sub(1))] {
        if !body.is_empty() {
            let mut changed = request.clone();
            changed.body = text(&flipped(body, at));
            flips.push((format!("body, {place} byte"), Field::Covered(BODY), changed));
        }
    }
    flips
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    changed
}

fn flip_text(text: &str, at: usize) -> String {
    String::from_utf8(flipped(text.as_bytes(), at)).expect("the lowest bit of ASCII leaves ASCII")
}
