//! `test_keys.json` holds keys and signatures that OpenSSL has made.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const CURVES: [KeyAlgorithm; 3] = [KeyAlgorithm::Ed25519, KeyAlgorithm::EcdsaP256Sha256, KeyAlgorithm::EcdsaP384Sha384];
const RSA: [KeyAlgorithm; 3] = [KeyAlgorithm::RsaV15Sha256, KeyAlgorithm::RsaPssSha256, KeyAlgorithm::RsaPssSha512];

fn keys() -> Value {
    serde_json::from_str(include_str!("test_keys.json")).expect("JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn bytes(value: &Value) -> Vec<u8> {
    from_hex(text(value))
}

fn from_hex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().map(|digit| digit.to_digit(16).expect("hex") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn public(algorithm: KeyAlgorithm, key: &Value) -> Result<BoundKey, &'static str> {
    match key {
        Value::String(text) => BoundKey::public(algorithm, text.as_bytes()),
        jwk => BoundKey::public(algorithm, jwk.to_string().as_bytes()),
    }
}

fn private(algorithm: KeyAlgorithm, key: &Value) -> Result<BoundKey, &'static str> {
    match key {
        Value::String(text) => BoundKey::private(algorithm, text.as_bytes()),
        jwk => BoundKey::private(algorithm, jwk.to_string().as_bytes()),
    }
}

/// The value with a member set.
fn with(jwk: &Value, name: &str, value: Value) -> Value {
    let mut jwk = jwk.clone();
    jwk[name] = value;
    jwk
}

/// What OpenSSL has written is written here, byte for byte, and from the key alone.
#[test]
fn public_halves_are_written_as_openssl_writes_them() {
    let keys = keys();
    for (algorithm, pem) in [
        (KeyAlgorithm::Ed25519, &keys["ed25519"]["public_pem"]),
        (KeyAlgorithm::EcdsaP256Sha256, &keys["ecdsa-p256-sha256"]["public_pem"]),
        (KeyAlgorithm::EcdsaP384Sha384, &keys["ecdsa-p384-sha384"]["public_pem"]),
        (KeyAlgorithm::RsaV15Sha256, &keys["rsa-2048"]["public_pem"]),
    ] {
        let digits: String = text(pem).lines().filter(|line| !line.starts_with('-')).collect();
        let key = public(algorithm, pem).expect("a key");
        assert_eq!(key.public_document().map(|document| STANDARD.encode(document)), Some(digits), "{algorithm:?}");
    }
    let secret = BoundKey::hmac(KeyAlgorithm::HmacSha256, &[7; 32]).expect("a secret");
    assert_eq!((secret.public_bytes(), secret.public_document()), (None, None));
}

#[test]
fn curve_keys_are_read_in_every_form_and_agree_with_openssl() {
    let keys = keys();
    let message = text(&keys["message"]).as_bytes();
    for algorithm in CURVES {
        let forms = &keys[algorithm.name()];
        let signature = bytes(&forms["signature"]);
        for form in ["public_pem", "public_jwk"] {
            let key = public(algorithm, &forms[form]).expect(form);
            assert!(key.verify(message, &signature), "{algorithm:?} {form}");
            assert!(!key.verify(b"another message", &signature));
            assert!(!key.can_sign());
            assert_eq!(key.sign(message), None);
            assert_eq!(key.algorithm(), algorithm);
        }
        for form in ["private_pem", "private_jwk"] {
            let key = private(algorithm, &forms[form]).expect(form);
            assert!(key.can_sign() && key.verify(message, &signature));
            let own = key.sign(message).expect("it can");
            assert_eq!(Some(&own), key.sign(message).as_ref(), "the same each time");
            assert!(public(algorithm, &forms["public_pem"]).expect("good").verify(message, &own));
        }
    }
    let forms = &keys["ed25519"];
    for form in ["public_hex", "public_base64"] {
        assert!(public(KeyAlgorithm::Ed25519, &forms[form]).expect(form).verify(message, &bytes(&forms["signature"])));
    }
    let url = json!(text(&forms["public_jwk"]["x"]));
    assert!(public(KeyAlgorithm::Ed25519, &url).is_ok());
    let key = private(KeyAlgorithm::Ed25519, &forms["private_hex"]).expect("good");
    assert_eq!(key.sign(message).expect("it can"), bytes(&forms["signature"]));
}

#[test]
fn signatures_are_those_of_the_standards() {
    // RFC 6979, sections A.2.5 and A.2.6, message "sample".
    let vectors = [
        (
            KeyAlgorithm::EcdsaP256Sha256,
            "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
             F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        ),
        (
            KeyAlgorithm::EcdsaP384Sha384,
            "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46\
             99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
        ),
    ];
    for (algorithm, number, signature) in vectors {
        let key = BoundKey::curve_private(algorithm, &from_hex(number)).expect("good");
        assert_eq!(key.sign(b"sample").expect("it can"), from_hex(signature), "{algorithm:?}");
        assert!(key.verify(b"sample", &from_hex(signature)));
    }
    // RFC 4231, test case 6: a key longer than any block.
    let secret = [0xaa; 131];
    let message = b"Test Using Larger Than Block-Size Key - Hash Key First";
    let expected = [
        (KeyAlgorithm::HmacSha256, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        (
            KeyAlgorithm::HmacSha384,
            "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
        ),
        (
            KeyAlgorithm::HmacSha512,
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
        ),
    ];
    for (algorithm, tag) in expected {
        let key = BoundKey::hmac(algorithm, &secret).expect("good");
        assert_eq!(key.sign(message).expect("it can"), from_hex(tag));
        assert!(key.verify(message, &from_hex(tag)) && key.can_sign());
        for bad in [&from_hex(tag)[1..], &[], &[0; 32]] {
            assert!(!key.verify(message, bad));
        }
    }
}

#[test]
fn rsa_signatures_of_openssl_are_verified() {
    let keys = keys();
    let message = text(&keys["message"]).as_bytes();
    // Two of the sizes are no multiple of eight, or one more than one: there PSS has its corner cases.
    for name in ["rsa-2048", "rsa-2057", "rsa-3072"] {
        let forms = &keys[name];
        for algorithm in RSA {
            let signature = bytes(&forms["signatures"][algorithm.name()]);
            for form in ["public_pem", "public_jwk", "pkcs1_pem"] {
                let key = public(algorithm, &forms[form]).expect(form);
                assert!(key.verify(message, &signature), "{name} {algorithm:?} {form}");
                assert!(!key.can_sign() && key.sign(message).is_none());
                assert!(!key.verify(b"another message", &signature));
                assert!(!key.verify(message, &signature[1..]) && !key.verify(message, &[]));
                assert!(!key.verify(message, &[&[0], &signature[..]].concat()));
                for at in [0, signature.len() / 2, signature.len() - 1] {
                    let mut other = signature.clone();
                    other[at] ^= 1;
                    assert!(!key.verify(message, &other));
                }
                for all in [0x00, 0xff] {
                    assert!(!key.verify(message, &vec![all; signature.len()]));
                }
            }
            for (other, signature) in forms["signatures"].as_object().expect("an object") {
                let holds = public(algorithm, &forms["public_pem"]).expect("good").verify(message, &bytes(signature));
                assert_eq!(holds, other == algorithm.name(), "{other} for {algorithm:?}");
            }
        }
    }
}

#[test]
fn signatures_that_are_not_reduced_are_refused() {
    let keys = keys();
    let message = text(&keys["message"]).as_bytes();
    let forms = &keys["rsa-2048"];
    let key = public(KeyAlgorithm::RsaV15Sha256, &forms["public_jwk"]).expect("good");
    let modulus = URL_SAFE_NO_PAD.decode(text(&forms["public_jwk"]["n"])).expect("base64url");
    let signature = bytes(&forms["signatures"]["rsa-v1_5-sha256"]);
    let number = crypto_bigint::BoxedUint::from_be_slice_vartime;
    let sum = number(&signature).wrapping_add(number(&modulus)).to_be_bytes();
    // Where it still fits, it is another number of as many bytes with the same remainder.
    assert!(!key.verify(message, &sum));
    assert!(!key.verify(message, &modulus));
    assert!(!key.verify(message, &[0; 256]));
    // The numbers of an ECDSA signature are from 1 to below the order.
    let key = public(KeyAlgorithm::EcdsaP256Sha256, &keys["ecdsa-p256-sha256"]["public_pem"]).expect("good");
    let order = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let one = [&[0; 31][..], &[1]].concat();
    for (r, s) in [(&[0; 32][..], &[0; 32][..]), (&one, &[0; 32]), (&[0; 32], &one), (&order, &one), (&one, &order)] {
        assert!(!key.verify(message, &[r, s].concat()));
    }
    // DER is another form of the same numbers, and not the one that is agreed on.
    let signature = bytes(&keys["ecdsa-p256-sha256"]["signature"]);
    let der = p256::ecdsa::Signature::from_slice(&signature).expect("good").to_der();
    assert!(!key.verify(message, der.as_bytes()));
}

#[test]
fn keys_are_refused_for_other_algorithms() {
    let keys = keys();
    for algorithm in KeyAlgorithm::ALL {
        for (name, forms) in keys.as_object().expect("an object") {
            let fits = name == algorithm.name()
                || (algorithm.is_rsa() && name.starts_with("rsa-2"))
                || (algorithm.is_rsa() && name == "rsa-3072");
            for form in ["public_pem", "public_jwk", "pkcs1_pem"] {
                if let Some(key) = forms.get(form) {
                    assert_eq!(public(algorithm, key).is_ok(), fits, "{name} {form} for {algorithm:?}");
                }
            }
            for form in ["private_pem", "private_jwk"] {
                if let Some(key) = forms.get(form) {
                    assert_eq!(private(algorithm, key).is_ok(), fits && !algorithm.is_rsa(), "{name} {form}");
                    assert!(public(algorithm, key).is_err(), "a private key is no public one");
                }
            }
        }
    }
}

#[test]
fn no_key_document_becomes_an_hmac_key() {
    let keys = keys();
    let mut documents = vec![
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA a@b".to_owned(),
        format!("\n {}", text(&keys["rsa-2048"]["public_pem"])),
        format!("\u{feff}{}", text(&keys["rsa-2048"]["public_pem"])),
        json!({ "keys": [keys["ed25519"]["public_jwk"]] }).to_string(),
    ];
    for forms in keys.as_object().expect("an object").values().filter(|forms| forms.is_object()) {
        for form in ["public_pem", "pkcs1_pem", "private_pem", "sec1_pem"] {
            if let Some(pem) = forms.get(form).map(text) {
                documents.push(pem.to_owned());
                let block = Block::read(pem).expect("PEM");
                documents.push(STANDARD.encode(&*block.document));
                documents.push(URL_SAFE_NO_PAD.encode(&*block.document));
                assert!(BoundKey::hmac(KeyAlgorithm::HmacSha256, &block.document).is_err(), "DER");
            }
        }
        for form in ["public_jwk", "private_jwk"] {
            documents.extend(forms.get(form).map(Value::to_string));
        }
    }
    for document in documents {
        for algorithm in [KeyAlgorithm::HmacSha256, KeyAlgorithm::HmacSha384, KeyAlgorithm::HmacSha512] {
            let refused = BoundKey::hmac(algorithm, document.as_bytes());
            assert!(refused.is_err_and(|why| why.contains("another kind")), "{document}");
            assert!(BoundKey::public(algorithm, document.as_bytes()).is_err());
            assert!(BoundKey::private(algorithm, document.as_bytes()).is_err());
        }
    }
}

#[test]
fn hmac_keys_are_at_least_as_long_as_the_hash() {
    for (algorithm, least) in
        [(KeyAlgorithm::HmacSha256, 32), (KeyAlgorithm::HmacSha384, 48), (KeyAlgorithm::HmacSha512, 64)]
    {
        assert!(BoundKey::hmac(algorithm, &vec![7; least]).is_ok());
        assert!(BoundKey::hmac(algorithm, &vec![7; least - 1]).is_err());
        let jwk = |secret: &[u8]| json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret)});
        assert!(private(algorithm, &jwk(&vec![7; least])).is_ok());
        assert!(private(algorithm, &jwk(&vec![7; least - 1])).is_err());
        let named = with(&jwk(&vec![7; least]), "alg", json!(algorithm.jose_name()));
        assert!(private(algorithm, &named).is_ok());
        assert!(private(algorithm, &with(&named, "alg", json!("A256KW"))).is_err());
    }
    for algorithm in CURVES.into_iter().chain(RSA) {
        assert!(BoundKey::hmac(algorithm, &[7; 64]).is_err());
    }
}

#[test]
fn weak_keys_are_refused() {
    let keys = keys();
    for algorithm in RSA {
        for name in ["rsa-1024", "rsa-exponent-3"] {
            assert!(public(algorithm, &keys[name]["public_pem"]).is_err(), "{name}");
            assert!(public(algorithm, &keys[name]["public_jwk"]).is_err(), "{name}");
        }
        let jwk = &keys["rsa-2048"]["public_jwk"];
        for exponent in ["", "AA", "AQ", "Aw", "AQAA", "AQAAAAE", "AQAAAAAAAAAB"] {
            assert!(public(algorithm, &with(jwk, "e", json!(exponent))).is_err(), "{exponent}");
        }
        assert!(public(algorithm, &with(jwk, "e", json!("AAEAAQ"))).is_ok(), "a zero in front changes no number");
        let mut even = URL_SAFE_NO_PAD.decode(text(&jwk["n"])).expect("base64url");
        *even.last_mut().expect("256 bytes") &= 0xfe;
        assert!(public(algorithm, &with(jwk, "n", json!(URL_SAFE_NO_PAD.encode(even)))).is_err());
        let large = URL_SAFE_NO_PAD.encode([0xff; 1025]);
        assert!(public(algorithm, &with(jwk, "n", json!(large))).is_err());
    }
    // The points of small order of Ed25519.
    for weak in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ] {
        assert!(BoundKey::public(KeyAlgorithm::Ed25519, weak.as_bytes()).is_err());
    }
    // No private key of ECDSA is zero, or as large as the order.
    for number in [[0; 32], [0xff; 32]] {
        assert!(BoundKey::curve_private(KeyAlgorithm::EcdsaP256Sha256, &number).is_err());
    }
}

#[test]
fn a_jwk_says_what_it_is_for() {
    let keys = keys();
    let algorithm = KeyAlgorithm::EcdsaP256Sha256;
    let jwk = &keys[algorithm.name()]["public_jwk"];
    for (name, value) in [
        ("alg", json!("ES256")),
        ("use", json!("sig")),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign", "verify"])),
        ("kid", json!("../../etc/passwd")),
        ("x5u", json!("https://example.com/cert")),
        ("x5c", json!(["AAAA"])),
    ] {
        assert!(public(algorithm, &with(jwk, name, value.clone())).is_ok(), "{name} {value}");
    }
    for (name, value) in [
        ("alg", json!("ES384")),
        ("alg", json!("es256")),
        ("alg", json!("none")),
        ("alg", json!(1)),
        ("use", json!("enc")),
        ("use", json!("")),
        ("use", json!(["sig"])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!([])),
        ("key_ops", json!("verify")),
        ("kid", json!(7)),
        ("kty", json!("RSA")),
        ("kty", json!("ec")),
        ("kty", Value::Null),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("x", json!("AA")),
        ("y", json!(format!("{}=", text(&jwk["y"])))),
        ("y", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        ("d", json!("AAAA")),
        ("k", json!("AAAA")),
    ] {
        assert!(public(algorithm, &with(jwk, name, value.clone())).is_err(), "{name} {value}");
    }
    assert!(BoundKey::public(algorithm, jwk.to_string().replacen('{', r#"{"kty":"EC","#, 1).as_bytes()).is_err());
    let halves = with(&keys[algorithm.name()]["private_jwk"], "d", json!(URL_SAFE_NO_PAD.encode([7; 32])));
    assert!(private(algorithm, &halves).is_err_and(|why| why.contains("half")));
    let zeros_gone = with(&keys[algorithm.name()]["private_jwk"], "d", json!("Bw"));
    assert!(private(algorithm, &zeros_gone).is_err());
}

#[test]
fn texts_that_are_no_keys_are_refused_with_advice() {
    let keys = keys();
    let pem = text(&keys["ed25519"]["public_pem"]).to_owned();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let sentence = |text: &str| BoundKey::public(KeyAlgorithm::Ed25519, text.as_bytes()).expect_err("refused");
    for bad in [
        String::new(),
        "key".into(),
        "0".repeat(63),
        "0".repeat(65),
        "g".repeat(64),
        "A".repeat(44),
        format!("{pem}{pem}"),
        format!("{pem}x"),
        pem.replace("-----END PUBLIC KEY-----", ""),
        pem.replace("END PUBLIC", "END PRIVATE"),
        pem.replace(&body, &body[1..]),
        pem.replace(&body, &format!("{body}AAAA")),
        pem.replace(&body, "!"),
        "[]".into(),
        "{}".into(),
        "{".into(),
        "x".repeat(MAX_TEXT_BYTES + 1),
    ] {
        sentence(&bad);
    }
    assert!(sentence(&pem.replace("PUBLIC", "RSA PUBLIC")).contains("RSA"));
    assert!(sentence(&pem.replace("PUBLIC KEY", "CERTIFICATE")).contains("x509"));
    assert!(sentence(text(&keys["ed25519"]["private_pem"])).contains("private"));
    assert!(BoundKey::public(KeyAlgorithm::Ed25519, b"\xff").is_err());
    assert!(BoundKey::public(KeyAlgorithm::Ed25519, pem.replace('\n', "\r\n").as_bytes()).is_ok());
    let sec1 = private(KeyAlgorithm::EcdsaP256Sha256, &keys["ecdsa-p256-sha256"]["sec1_pem"]).expect_err("refused");
    assert!(sec1.contains("openssl pkcs8"));
    let rsa = private(KeyAlgorithm::RsaPssSha512, &keys["rsa-2048"]["private_pem"]).expect_err("refused");
    assert!(rsa.contains("verified"));
}

#[test]
fn nothing_of_a_key_is_shown() {
    let keys = keys();
    let key = private(KeyAlgorithm::Ed25519, &keys["ed25519"]["private_hex"]).expect("good");
    assert_eq!(format!("{key:?}"), "BoundKey { algorithm: Ed25519, .. }");
}

mod sets {
    use super::*;

    fn parse(keys: Value) -> Result<Vec<SetKey>, &'static str> {
        JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    fn named(jwk: &Value, id: &str) -> Value {
        with(jwk, "kid", json!(id))
    }

    #[test]
    fn usable_keys_are_taken_and_others_passed_over() {
        let keys = keys();
        let jwk = |name: &str| &keys[name]["public_jwk"];
        let set = parse(json!([
            named(jwk("ed25519"), "a"),
            {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"},
            {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
            {},
            named(&with(jwk("rsa-2048"), "use", json!("enc")), "b"),
            named(jwk("rsa-1024"), "c"),
            named(&with(jwk("rsa-2048"), "alg", json!("RSA-OAEP")), "b"),
            named(&with(jwk("rsa-2048"), "alg", json!("PS512")), "b"),
            jwk("rsa-3072"),
            named(jwk("ecdsa-p256-sha256"), "http://127.0.0.1/\u{e9}"),
            with(jwk("ecdsa-p384-sha384"), "kid", json!(7)),
        ]))
        .expect("a set");
        let found: Vec<_> = set.iter().map(|key| (key.id.as_deref(), key.key.algorithm())).collect();
        assert_eq!(
            found,
            [
                (Some("a"), KeyAlgorithm::Ed25519),
                (Some("b"), KeyAlgorithm::RsaPssSha512),
                (None, KeyAlgorithm::RsaV15Sha256),
                (Some("http://127.0.0.1/\u{e9}"), KeyAlgorithm::EcdsaP256Sha256),
            ]
        );
        assert!(set.iter().all(|key| !key.key.can_sign()));
    }

    #[test]
    fn sets_that_leak_or_confuse_are_refused() {
        let keys = keys();
        let jwk = &keys["ed25519"]["public_jwk"];
        let why = |keys: Value| parse(keys).err().expect("refused");
        assert!(why(json!([jwk, keys["ed25519"]["private_jwk"]])).contains("private"));
        assert!(why(json!([jwk, {"kty": "oct", "k": "AAAA"}])).contains("symmetric"));
        assert!(why(json!([jwk, {"kty": "oct"}])).contains("symmetric"));
        let other = &keys["ecdsa-p256-sha256"]["public_jwk"];
        assert!(why(json!([named(jwk, "a"), named(other, "a")])).contains("same"));
        assert!(why(json!([])).contains("no key"));
        assert!(why(json!([1])).contains("not a set"));
        assert!(why(json!({})).contains("not a set"));
        assert!(why(Value::Array(vec![jwk.clone(); 65])).contains("64 keys"));
        assert!(parse(Value::Array(vec![jwk.clone(); 64])).is_ok());
        for document in ["", "[]", "{}", "{\"keys\":[", "{\"keys\":[],\"keys\":[]}"] {
            assert!(JwkSet::parse(document.as_bytes()).is_err(), "{document}");
        }
        let long = json!({"keys": [jwk], "x": "x".repeat(65_536)}).to_string();
        assert!(JwkSet::parse(long.as_bytes()).err().expect("refused").contains("64 KiB"));
    }
}

proptest! {
    #[test]
    fn any_text_and_signature_has_an_answer(
        text in proptest::collection::vec(any::<u8>(), 0..300),
        signature in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let keys = keys();
        for algorithm in KeyAlgorithm::ALL {
            let _ = BoundKey::hmac(algorithm, &text);
            prop_assert!(BoundKey::public(algorithm, &text).is_err());
            prop_assert!(BoundKey::private(algorithm, &text).is_err());
            let name = if algorithm.is_rsa() { "rsa-2048" } else { algorithm.name() };
            if let Ok(key) = public(algorithm, &keys[name]["public_pem"]) {
                prop_assert!(!key.verify(&text, &signature));
            }
        }
        let _ = JwkSet::parse(&text);
    }

    #[test]
    fn damaged_documents_have_an_answer(at in 0_usize..120, to in any::<u8>()) {
        let keys = keys();
        for algorithm in CURVES {
            for form in ["public_pem", "private_pem"] {
                let mut document = Block::read(text(&keys[algorithm.name()][form])).expect("PEM").document.to_vec();
                let length = document.len();
                document[at % length] = to;
                let _ = pem::public_key(algorithm, &document).map(|key| BoundKey::curve_public(algorithm, key));
                let _ = BoundKey::pkcs8(algorithm, &document);
            }
        }
        let mut document = Block::read(text(&keys["rsa-2048"]["pkcs1_pem"])).expect("PEM").document.to_vec();
        document[at] = to;
        let _ = RsaKey::from_pkcs1(&document);
    }
}
