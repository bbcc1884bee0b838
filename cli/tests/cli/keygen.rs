use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{CONFIG, Folder};

#[test]
fn makes_another_hex_secret_each_time() {
    let folder = Folder::empty();
    let secrets: HashSet<String> = (0..8)
        .map(|_| {
            let run = folder.run(&["keygen"]).expect(0);
            let secret = run.text().strip_suffix('\n').expect("one line").to_owned();
            assert_eq!(secret.len(), 64);
            assert!(secret.bytes().all(|digit| b"0123456789abcdef".contains(&digit)), "{secret}");
            secret
        })
        .collect();
    assert_eq!(secrets.len(), 8);
}

#[test]
fn writes_as_many_bytes_as_asked_in_the_format_asked() {
    let folder = Folder::empty();
    for bytes in [32, 33, 64, 128] {
        let number = bytes.to_string();
        let hex = folder.run(&["keygen", "--bytes", &number]).expect(0);
        assert_eq!(hex.text().trim_end().len(), 2 * bytes);
        let base64 = folder.run(&["keygen", "--format", "base64", "--bytes", &number]).expect(0);
        assert_eq!(STANDARD.decode(base64.text().trim_end()).expect("base64").len(), bytes);
    }
}

#[test]
fn json_says_what_was_made() {
    let made = Folder::empty().run(&["keygen", "--json", "--format", "base64"]).expect(0).json();
    assert_eq!((&made["format"], &made["bytes"]), (&"base64".into(), &32.into()));
    assert_eq!(STANDARD.decode(made["secret"].as_str().expect("text")).expect("base64").len(), 32);
}

#[test]
fn short_secrets_are_refused() {
    for bytes in ["0", "16", "31", "129", "-1", "x"] {
        let run = Folder::empty().run(&["keygen", "--bytes", bytes]).expect(2);
        assert!(run.out.is_empty());
    }
}

#[test]
fn a_made_secret_is_accepted_by_check() {
    for format in ["hex", "base64"] {
        let make = || Folder::empty().run(&["keygen", "--format", format]).expect(0).text().trim_end().to_owned();
        let folder = Folder::empty().env("ORDERS_SECRET", &make()).env("BILLING_SECRET", &make());
        folder.write("wiresign.json", CONFIG);
        assert!(folder.run(&["check", "--json"]).expect(0).json()["ok"].as_bool().expect("a boolean"));
    }
}
