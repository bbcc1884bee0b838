//! One request, and what becomes of it when something about it is changed.

use super::*;

const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TIME: u64 = 1_440_938_160;
const ANY_DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn secret() -> SigningSecret {
    SigningSecret::new(SECRET)
}

fn credentials(secret: &SigningSecret) -> Credentials<'_> {
    Credentials { access_key: "AKIDEXAMPLE", secret, session_token: None }
}

fn unsigned() -> Request {
    let headers = [("Host", "api.example.com"), ("Content-Type", "application/json"), ("X-Amz-Meta", "1")];
    Request::new("POST", "/invoices/7?draft=1&tag=a%20b", &headers, b"{\"amount\":7}")
}

fn signed(expected: &Expected) -> Request {
    unsigned().signed(&credentials(&secret()), expected, TIME)
}

fn presigned(expected: &Expected, expires: u64) -> Request {
    let mut request = unsigned();
    let target =
        presign(&request.head(), Payload::Signed(&request.body), &credentials(&secret()), expected, TIME, expires);
    request.target = target.expect("can be signed").into_bytes();
    request
}

fn most() -> Expected {
    Expected::new("eu-central-1", "execute-api")
}

fn s3() -> Expected {
    Expected::s3("eu-central-1", "s3")
}

/// The verdict on the signed request with a change.
fn after(expected: &Expected, change: impl FnOnce(&mut Request)) -> Verdict {
    let mut request = signed(expected);
    assert_eq!(request.verdict(&secret(), expected), Verdict::Accepted);
    change(&mut request);
    request.verdict(&secret(), expected)
}

/// The verdict on the presigned request with one text in its target replaced.
fn after_in_link(expected: &Expected, from: &str, to: &str) -> Verdict {
    let mut request = presigned(expected, 600);
    assert_eq!(request.verdict(&secret(), expected), Verdict::Accepted);
    let target = String::from_utf8(request.target.clone()).expect("ASCII");
    assert!(target.contains(from), "{target} holds no {from}");
    request.target = target.replace(from, to).into_bytes();
    request.verdict(&secret(), expected)
}

#[test]
fn a_credential_is_found_where_it_is() {
    let header = |value: &'static str| is_there(Some(value.as_bytes()), None);
    assert!(header("AWS4-HMAC-SHA256 Credential=x") && header("AWS4-ECDSA-P256-SHA256 x") && header("aws4-x"));
    assert!(!header("Bearer x") && !header("AWS x") && !header(""));
    assert!(is_there(None, Some(b"a=1&X-Amz-Algorithm=x")) && is_there(None, Some(b"X-Amz-Signature=x")));
    assert!(!is_there(None, Some(b"X-Amz-Date=1")) && !is_there(None, None));
    assert_eq!(unsigned().verdict(&secret(), &most()), Verdict::Refused(Fault::NoneThere));
}

#[test]
fn each_part_of_the_request_is_covered() {
    for expected in [most(), s3()] {
        assert_eq!(after(&expected, |request| request.method = "PUT".into()), Verdict::WrongSignature);
        for target in ["/invoices/8?draft=1&tag=a%20b", "/invoices/7?draft=1", "/invoices/7?draft=1&tag=a%20b&c"] {
            assert_eq!(after(&expected, |request| request.target = target.into()), Verdict::WrongSignature, "{target}");
        }
        for (name, value) in [("Host", "evil.example.com"), ("Content-Type", "text/html"), ("X-Amz-Meta", "2")] {
            assert_eq!(after(&expected, |request| request.set(name, value)), Verdict::WrongSignature, "{name}");
        }
        assert_eq!(
            after(&expected, |request| request.set("X-Amz-Date", "20150830T123601Z")),
            Verdict::WrongSignature,
            "the time that is checked is the time that is signed"
        );
        assert_eq!(
            after(&expected, |request| request.target = b"/invoices/7?tag=a%20b&draft=1".to_vec()),
            Verdict::Accepted,
            "the order of parameters is not signed"
        );
    }
    assert_eq!(after(&most(), |request| request.body.push(b' ')), Verdict::WrongSignature);
    assert_eq!(after(&s3(), |request| request.body.push(b' ')), Verdict::WrongBody, "the declared digest is signed");
}

#[test]
fn each_part_of_a_link_is_covered() {
    for expected in [most(), s3()] {
        for (from, to) in [("draft=1", "draft=2"), ("&tag=a%20b", ""), ("Expires=600", "Expires=601")] {
            assert_eq!(after_in_link(&expected, from, to), Verdict::WrongSignature, "{from}");
        }
    }
    let mut request = presigned(&most(), 600);
    request.body.clear();
    assert_eq!(request.verdict(&secret(), &most()), Verdict::WrongSignature);
    request = presigned(&s3(), 600);
    request.body.clear();
    assert_eq!(request.verdict(&secret(), &s3()), Verdict::WrongBody);
}

#[test]
fn the_header_and_its_parameters_are_read_strictly() {
    use Fault as F;
    let change = |from: &str, to: &str| {
        after(&most(), |request| {
            let header = request.header("authorization");
            assert!(header.contains(from), "{header}");
            request.set("authorization", &header.replacen(from, to, 1));
        })
    };
    for (from, to, fault) in [
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", F::Algorithm),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512", F::Algorithm),
        ("AKIDEXAMPLE/", "", F::Scope),
        ("/aws4_request", "", F::Scope),
        ("/20150830/", "/20150831/", F::Day),
        ("content-type;host", "host;content-type", F::SignedHeaders),
        ("content-type;host", "Content-Type;host", F::SignedHeaders),
        ("content-type;host;", "host;", F::ContentTypeNotSigned),
        ("content-type;host;", "content-type;", F::HostNotSigned),
        (";x-amz-meta", "", F::AmazonHeaderNotSigned),
        (";x-amz-date", "", F::AmazonHeaderNotSigned),
        (";x-amz-meta", ";x-amz-meta;x-other", F::SignedHeaderAbsent),
        ("Signature=", "Signature=0", F::Signature),
    ] {
        assert_eq!(change(from, to), Verdict::Refused(fault), "{from} to {to}");
    }
    assert_eq!(change("eu-central-1", "us-east-1"), Verdict::WrongSignature);
    assert_eq!(change("AKIDEXAMPLE", "AKIDEXAMPLF"), Verdict::Accepted, "whose secret it is, the registry says");
    let upper = |request: &mut Request| {
        let header = request.header("authorization");
        let (before, signature) = header.split_once("Signature=").expect("there");
        let header = format!("{before}Signature={}", signature.to_uppercase());
        request.set("authorization", &header);
    };
    assert_eq!(after(&most(), upper), Verdict::Refused(F::Signature));
}

#[test]
fn what_comes_twice_is_refused() {
    for name in ["Authorization", "X-Amz-Date", "Host"] {
        let twice = |request: &mut Request| {
            let value = request.header(name);
            request.headers.push((name.to_lowercase(), value.into_bytes()));
        };
        assert_eq!(after(&most(), twice), Verdict::Refused(Fault::Repeated(name)), "{name}");
        let joined = |request: &mut Request| {
            let value = request.header(name);
            request.set(name, &format!("{value}, {value}"));
        };
        assert_eq!(after(&most(), joined), Verdict::Refused(Fault::Repeated(name)), "{name} joined");
    }
    let digest = |request: &mut Request| request.headers.push(("x-amz-content-sha256".into(), ANY_DIGEST.into()));
    assert_eq!(after(&s3(), digest), Verdict::Refused(Fault::Repeated("X-Amz-Content-Sha256")));
    for name in ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"] {
        let twice = format!("{name}=1&{name}=");
        assert_eq!(after_in_link(&most(), &format!("{name}="), &twice), Verdict::Refused(Fault::RepeatedParameter));
    }
    let two = |request: &mut Request| request.target.extend_from_slice(b"&X-Amz-Signature=0");
    assert_eq!(after(&most(), two), Verdict::Refused(Fault::TwoCarriers));
}

#[test]
fn a_link_is_read_strictly() {
    use Fault as F;
    for (from, to, fault) in [
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", F::Algorithm),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256&", "", F::Algorithm),
        ("X-Amz-Algorithm", "x-amz-algorithm", F::ParameterSpelling),
        ("X-Amz-Credential=AKIDEXAMPLE%2F", "X-Amz-Credential=", F::Scope),
        ("X-Amz-Credential", "Y-Amz-Credential", F::NoCredential),
        ("X-Amz-SignedHeaders", "Y-Amz-SignedHeaders", F::NoSignedHeaders),
        ("X-Amz-Signature", "Y-Amz-Signature", F::NoSignature),
        ("X-Amz-Date", "Y-Amz-Date", F::NoDate),
        ("X-Amz-Date=2015", "X-Amz-Date=02015", F::Date),
        ("X-Amz-Expires", "Y-Amz-Expires", F::NoExpiry),
        ("X-Amz-Expires=600", "X-Amz-Expires=0", F::Expiry),
        ("X-Amz-Expires=600", "X-Amz-Expires=0600", F::Expiry),
        ("X-Amz-Expires=600", "X-Amz-Expires=6e2", F::Expiry),
        ("X-Amz-Expires=600", "X-Amz-Expires=-600", F::Expiry),
        ("X-Amz-Expires=600", "X-Amz-Expires=604801", F::LongExpiry),
        ("tag=a%20b", "tag=a+b", F::PlusSign),
        ("tag=a%20b", "tag=a%2", F::PercentSign),
        ("X-Amz-Signature=", "X-Amz-Signature=0", F::Signature),
    ] {
        assert_eq!(after_in_link(&most(), from, to), Verdict::Refused(fault), "{from} to {to}");
    }
    assert_eq!(after_in_link(&most(), "X-Amz-Date", "X%2DAmz%2dDate"), Verdict::Accepted, "only spelled otherwise");
}

#[test]
fn links_say_how_long_they_live() {
    let link = Claim::read(&presigned(&most(), 600).head(), &most()).expect("fine");
    assert_eq!((link.carrier, link.timestamp, link.window()), (Carrier::Query, TIME, (600, 900)));
    let header = Claim::read(&signed(&most()).head(), &most()).expect("fine");
    assert_eq!((header.carrier, header.timestamp, header.window()), (Carrier::Header, TIME, (900, 900)));
    let short = Expected { longest_expiry: 300, ..most() };
    assert_eq!(presigned(&most(), 600).verdict(&secret(), &short), Verdict::Refused(Fault::LongExpiry));
    assert_eq!(presigned(&most(), 300).verdict(&secret(), &short), Verdict::Accepted);
}

#[test]
fn the_scope_and_the_names_are_told() {
    let claim = Claim::read(&signed(&most()).head(), &most()).expect("fine");
    assert_eq!((claim.access_key(), claim.day()), (&b"AKIDEXAMPLE"[..], b"20150830"));
    assert_eq!((claim.region(), claim.service()), (&b"eu-central-1"[..], &b"execute-api"[..]));
    assert!(claim.is_for(&most()) && !claim.is_for(&s3()) && !claim.is_for(&Expected::new("us", "execute-api")));
    assert!(claim.covers("host") && claim.covers("x-amz-meta") && !claim.covers("authorization"));
    assert!(claim.needs_digest());
    assert_eq!(format!("{claim:?}"), format!("Claim {{ carrier: Header, timestamp: {TIME}, .. }}"));
}

#[test]
fn a_signature_for_another_service_holds_but_is_not_for_us() {
    let claim = Claim::read(&signed(&s3()).head(), &most()).expect("fine");
    assert!(!claim.is_for(&most()));
    assert!(claim.prove(&claim.key(&secret(), &most()), &signed(&s3()).digests()));
}

#[test]
fn the_example_of_the_general_reference_holds() {
    let headers = [
        ("Host", "iam.amazonaws.com"),
        ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("X-Amz-Date", "20150830T123600Z"),
        (
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ];
    let request = Request::new("GET", "/?Action=ListUsers&Version=2010-05-08", &headers, b"");
    assert_eq!(request.verdict(&secret(), &Expected::new("us-east-1", "iam")), Verdict::Accepted);
}

#[test]
fn the_date_header_serves_where_there_is_no_other() {
    let mut request = unsigned();
    request.set("Date", "Sun, 30 Aug 2015 12:36:00 GMT");
    let mut request = request.signed(&credentials(&secret()), &most(), TIME);
    assert_eq!(request.verdict(&secret(), &most()), Verdict::Accepted);
    request.set("Date", "Sun, 30 Aug 2015 12:36:00 GMT, Sun, 30 Aug 2015 12:36:00 GMT");
    assert_eq!(request.verdict(&secret(), &most()), Verdict::WrongSignature, "X-Amz-Date decides the time");
    request.remove("X-Amz-Date");
    assert_eq!(request.verdict(&secret(), &most()), Verdict::Refused(Fault::Repeated("Date")));
    request.set("Date", "yesterday");
    assert_eq!(request.verdict(&secret(), &most()), Verdict::Refused(Fault::Date));
    request.remove("Date");
    assert_eq!(request.verdict(&secret(), &most()), Verdict::Refused(Fault::NoDate));

    // As botocore signs: the Date header alone, in the form of mail. Computed with Python's hmac and hashlib.
    let headers = [
        ("Host", "api.example.com"),
        ("Date", "Sun, 30 Aug 2015 12:36:00 -0000"),
        (
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/execute-api/aws4_request, \
             SignedHeaders=date;host, Signature=1949f7b2074414260fc4daa12dbca77663718bcccb604575090811491d0d2691",
        ),
    ];
    let request = Request::new("GET", "/", &headers, b"");
    assert_eq!(request.verdict(&secret(), &most()), Verdict::Accepted);
}

#[test]
fn only_the_modes_that_are_verified_are_taken() {
    let declare = |mode: &str| after(&s3(), |request| request.set("x-amz-content-sha256", mode));
    assert_eq!(declare(ANY_DIGEST), Verdict::WrongSignature);
    assert_eq!(declare("UNSIGNED-PAYLOAD"), Verdict::Refused(Fault::PayloadUnsigned));
    assert_eq!(declare("unsigned"), Verdict::Refused(Fault::PayloadMode));
    let mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    assert_eq!(declare(mode), Verdict::Refused(Fault::Streaming(mode)));
    assert_eq!(after(&s3(), |request| request.remove("x-amz-content-sha256")), Verdict::Refused(Fault::PayloadAbsent));
}

#[test]
fn bodies_are_left_unsigned_only_where_that_is_allowed() {
    for strict in [most(), s3()] {
        let open = Expected { unsigned_payload: true, ..strict.clone() };
        let mut request = unsigned();
        request.sign_with(Payload::Unsigned, &credentials(&secret()), &open, TIME);
        assert_eq!(request.verdict(&secret(), &strict), Verdict::Refused(Fault::PayloadUnsigned));
        request.body.push(b'!');
        assert_eq!(request.verdict(&secret(), &open), Verdict::Accepted);
        assert!(!Claim::read(&request.head(), &open).expect("fine").needs_digest());

        request = unsigned();
        let link = presign(&request.head(), Payload::Unsigned, &credentials(&secret()), &open, TIME, 60);
        request.target = link.expect("can be signed").into_bytes();
        assert_eq!(request.verdict(&secret(), &strict), Verdict::Refused(Fault::PayloadUnsigned));
        request.body.push(b'!');
        assert_eq!(request.verdict(&secret(), &open), Verdict::Accepted);
    }
    let mut request = presigned(&s3(), 600);
    request.set("x-amz-content-sha256", ANY_DIGEST);
    assert_eq!(request.verdict(&secret(), &s3()), Verdict::Refused(Fault::PayloadTwice));
}

#[test]
fn a_session_token_is_compared() {
    let secret = secret();
    let with_token = Credentials { session_token: Some("token/+="), ..credentials(&secret) };
    for expected in [most(), Expected { token_is_outside: true, ..most() }] {
        let mut in_header = unsigned();
        in_header.sign_with(Payload::Signed(&unsigned().body), &with_token, &expected, TIME);
        let mut in_link = unsigned();
        let link = presign(&unsigned().head(), Payload::Signed(&unsigned().body), &with_token, &expected, TIME, 60);
        in_link.target = link.expect("can be signed").into_bytes();
        for request in [in_header, in_link] {
            assert_eq!(request.verdict(&secret, &expected), Verdict::Accepted);
            let claim = Claim::read(&request.head(), &expected).expect("fine");
            assert!(claim.has_token(Some(b"token/+=")));
            assert!(!claim.has_token(None) && !claim.has_token(Some(b"token")) && !claim.has_token(Some(b"token/+-")));
        }
    }
    let claim = Claim::read(&signed(&most()).head(), &most()).expect("fine");
    assert!(claim.has_token(None) && !claim.has_token(Some(b"token/+=")));
    // A token that was added behind a signature that should cover it.
    let added = |request: &mut Request| request.set("X-Amz-Security-Token", "other");
    assert_eq!(after(&most(), added), Verdict::Refused(Fault::AmazonHeaderNotSigned));
}

#[test]
fn the_authority_is_one() {
    let request = signed(&most());
    let read = |authority: &'static str, request: &Request| {
        let head = Head { authority: Some(authority.as_bytes()), ..request.head() };
        Claim::read(&head, &most()).map(|claim| claim.prove(&claim.key(&secret(), &most()), &request.digests()))
    };
    assert_eq!(read("api.example.com", &request).ok(), Some(true));
    assert_eq!(read("API.example.com", &request).ok(), Some(true));
    assert_eq!(read("evil.example.com", &request).err(), Some(Fault::TwoAuthorities));
    let mut without = request.clone();
    without.remove("host");
    assert_eq!(read("api.example.com", &without).ok(), Some(true));
    assert_eq!(read("evil.example.com", &without).ok(), Some(false));
    assert_eq!(without.verdict(&secret(), &most()), Verdict::Refused(Fault::Host));
}

#[test]
fn a_path_with_twins_is_told() {
    for (target, expected, is_one) in [("/a/b", most(), true), ("/a//b", most(), false), ("/a//b", s3(), true)] {
        let request = Request::new("GET", target, &[("Host", "h")], b"");
        let request = request.signed(&credentials(&secret()), &expected, TIME);
        assert_eq!(request.verdict(&secret(), &expected), Verdict::Accepted);
        assert_eq!(Claim::read(&request.head(), &expected).expect("fine").has_one_path, is_one, "{target}");
    }
}

#[test]
fn without_its_digest_nothing_is_proved() {
    let none = BodyDigests::default();
    for expected in [most(), s3()] {
        let claim = Claim::read(&signed(&expected).head(), &expected).expect("fine");
        let is_proved = claim.prove(&claim.key(&secret(), &expected), &none);
        assert!(!is_proved || !claim.is_right_body(&none));
    }
}

#[test]
fn what_cannot_be_verified_is_not_signed() {
    let secret = secret();
    let try_to = |request: &Request, credentials: &Credentials<'_>, time: u64| {
        let body = Payload::Signed(&request.body);
        let in_header = sign(&request.head(), body, credentials, &most(), time).err();
        assert_eq!(presign(&request.head(), body, credentials, &most(), time, 60).err(), in_header);
        in_header
    };
    let usual = credentials(&secret);
    assert_eq!(try_to(&unsigned(), &usual, TIME), None);
    assert_eq!(try_to(&unsigned(), &usual, u64::MAX), Some(SignFault::Time));
    let with = |name: &str, value: &str| {
        let mut request = unsigned();
        request.set(name, value);
        request
    };
    assert_eq!(try_to(&with("X-A", "a\nb"), &usual, TIME), Some(SignFault::Header));
    assert_eq!(try_to(&with("X A", "a"), &usual, TIME), Some(SignFault::Header));
    assert_eq!(try_to(&with("User-Agent", "a\nb"), &usual, TIME), None, "it is not signed");
    let mut many = unsigned();
    (0..64).for_each(|at| many.set(&format!("x-{at}"), "a"));
    assert_eq!(try_to(&many, &usual, TIME), Some(SignFault::TooManyHeaders));
    let mut hostless = unsigned();
    hostless.remove("host");
    assert_eq!(try_to(&hostless, &usual, TIME), Some(SignFault::NoHost));
    for target in ["/?a=b+c", "/?a=%", "/?X-Amz-Signature=0"] {
        let request = Request::new("GET", target, &[("Host", "h")], b"");
        let fault = if target.contains("Amz") { SignFault::AlreadySigned } else { SignFault::Query };
        assert_eq!(try_to(&request, &usual, TIME), Some(fault), "{target}");
    }
    for access_key in ["", "a/b", "a b", &"a".repeat(129)] {
        let credentials = Credentials { access_key, ..usual };
        assert_eq!(try_to(&unsigned(), &credentials, TIME), Some(SignFault::Scope), "{access_key}");
    }
    for token in ["", "a,b", "a b", "ü"] {
        let credentials = Credentials { session_token: Some(token), ..usual };
        assert_eq!(try_to(&unsigned(), &credentials, TIME), Some(SignFault::Token), "{token}");
    }
    for expires in [0, 604_801] {
        let link = presign(&unsigned().head(), Payload::Unsigned, &usual, &most(), TIME, expires);
        assert_eq!(link.err(), Some(SignFault::Expiry), "{expires}");
    }
}
