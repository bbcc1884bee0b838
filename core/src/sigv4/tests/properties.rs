//! What holds for all requests.

use proptest::prelude::*;

use super::*;

const TIME: u64 = 1_767_225_600;

fn secret() -> SigningSecret {
    SigningSecret::new(b"some secret of some length")
}

/// Any request that can be on the wire and be signed.
fn any_request() -> impl Strategy<Value = Request> {
    let header = ("[A-Za-z][A-Za-z0-9-]{0,12}", "[ -~\t]{0,20}");
    (
        "[A-Z]{3,7}",
        "/([!$&'()*,./0-9:;=@A-Z_a-z~-]|%[0-9A-Fa-f]{2}){0,30}",
        proptest::option::of("([!$&'()*,./0-9:;=?@A-Z_a-z~-]|%[0-9A-Fa-f]{2}){0,40}"),
        proptest::collection::vec(header, 0..6),
        proptest::collection::vec(any::<u8>(), 0..60),
    )
        .prop_map(|(method, path, query, headers, body)| {
            let target = query.map_or(path.clone(), |query| format!("{path}?{query}"));
            let is_free = |name: &str| !["host", "date"].contains(&name.to_lowercase().as_str());
            let mut headers: Vec<(&str, &str)> = headers
                .iter()
                .filter(|(name, _)| is_free(name))
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            headers.push(("Host", "api.example.com"));
            Request::new(&method, &target, &headers, &body)
        })
}

/// A request in which no two spellings mean the same.
fn plain_request() -> impl Strategy<Value = Request> {
    ("(/[a-z]{1,5}){1,3}", "[a-z]{1,4}=[a-z]{1,4}(&[a-z]{1,4}=[a-z]{1,4}){0,3}", "[a-z]{1,9}", "[a-z]{1,9}").prop_map(
        |(path, query, value, body)| {
            let headers = [("Host", "api.example.com"), ("X-Amz-Value", &*value), ("Content-Type", "text")];
            Request::new("POST", &format!("{path}?{query}"), &headers, body.as_bytes())
        },
    )
}

fn expected_ones() -> impl Strategy<Value = Expected> {
    prop_oneof![Just(Expected::new("eu-west-1", "api")), Just(Expected::s3("eu-west-1", "s3"))]
}

/// Signs a request in one of both ways.
fn sign_either(mut request: Request, expected: &Expected, as_link: bool) -> Request {
    let secret = secret();
    let credentials = Credentials { access_key: "AKIDEXAMPLE", secret: &secret, session_token: Some("token=") };
    if as_link {
        let body = Payload::Signed(&request.body);
        let target = presign(&request.head(), body, &credentials, expected, TIME, 60);
        request.target = target.expect("can be signed").into_bytes();
        request
    } else {
        request.signed(&credentials, expected, TIME)
    }
}

proptest! {
    #[test]
    fn what_is_signed_is_verified(request in any_request(), expected in expected_ones(), as_link: bool) {
        let signed = sign_either(request, &expected, as_link);
        prop_assert_eq!(signed.verdict(&secret(), &expected), Verdict::Accepted);
        prop_assert_ne!(signed.verdict(&SigningSecret::new(b"other"), &expected), Verdict::Accepted);
    }

    #[test]
    fn a_changed_byte_is_refused(
        request in plain_request(),
        expected in expected_ones(),
        as_link: bool,
        place: prop::sample::Index,
        letter in "[a-z]",
    ) {
        let signed = sign_either(request, &expected, as_link);
        let mut changed = signed.clone();
        let texts = changed.headers.iter_mut().map(|(_, value)| value);
        let mut bytes: Vec<&mut u8> =
            [&mut changed.target, &mut changed.body].into_iter().chain(texts).flatten().collect();
        let at = place.index(bytes.len());
        *bytes[at] = letter.as_bytes()[0];
        // The letter case of hex digits in a link is not signed, nor is the access key id: it says whose secret is tried.
        let same = changed == signed || changed.verdict(&secret(), &expected) == Verdict::Accepted;
        let is_spelling = changed.target.eq_ignore_ascii_case(&signed.target);
        let names_other_key = as_link_or_header_names_other_key(&signed, &changed);
        prop_assert!(!same || changed == signed || (as_link && is_spelling) || names_other_key);
    }

    #[test]
    fn nothing_from_outside_panics(
        target in proptest::collection::vec(any::<u8>(), 0..200),
        headers in proptest::collection::vec(
            (
                prop_oneof![
                    Just("authorization".to_owned()), Just("x-amz-date".to_owned()), Just("date".to_owned()),
                    Just("host".to_owned()), Just("x-amz-content-sha256".to_owned()), "[a-z-]{0,9}",
                ],
                proptest::collection::vec(any::<u8>(), 0..80),
            ),
            0..8,
        ),
        expected in expected_ones(),
    ) {
        let request = Request { method: "GET".into(), target, headers, body: Vec::new() };
        prop_assert_ne!(request.verdict(&secret(), &expected), Verdict::Accepted);
    }

    #[test]
    fn nothing_in_a_damaged_credential_panics(
        request in any_request(),
        expected in expected_ones(),
        as_link: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut changed = sign_either(request, &expected, as_link);
        for (place, byte) in changes {
            let texts = changed.headers.iter_mut().map(|(_, value)| value);
            let mut bytes: Vec<&mut u8> = [&mut changed.target].into_iter().chain(texts).flatten().collect();
            let at = place.index(bytes.len());
            *bytes[at] = byte;
        }
        changed.verdict(&secret(), &expected);
    }
}

/// Whether two requests differ in the id of their key at most.
fn as_link_or_header_names_other_key(signed: &Request, changed: &Request) -> bool {
    let without_key = |request: &Request| {
        let mut request = request.clone();
        let hide = |text: &[u8]| {
            let text = String::from_utf8_lossy(text).into_owned();
            match text.split_once("Credential=") {
                Some((before, after)) => format!("{before}{}", after.split_once('/').map_or(after, |(_, rest)| rest)),
                None => text,
            }
        };
        request.headers.iter_mut().for_each(|(_, value)| *value = hide(value).into_bytes());
        request
    };
    changed != signed && without_key(changed) == without_key(signed)
}
