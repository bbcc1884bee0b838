//! R5: what the standards cost here, beside the crates that are there for them. Ours do the whole work of a request: registry of
//! fifty services, routes, permissions, replay store. Theirs do what they offer, with keys derived and parsed beforehand where
//! their interface lets one.

mod aws;
mod message;
mod token;

use serde_json::Value;
use wiresign::{Config, Head, Signer, Verifier};

use crate::contest::contest;
use crate::fleet::{CALLED, CALLER, Fleet, METHOD, TARGET, USUAL_HEADERS, secrets};
use crate::report::{Row, Unit};

const ROUNDS: usize = 1500;
const BODY_BYTES: usize = 200;

pub(crate) fn rows() -> Vec<Row> {
    let best = contest(
        ROUNDS,
        vec![
            aws::our_sign(),
            aws::their_sign(),
            aws::our_verify(),
            aws::their_verify(),
            message::our_verify(),
            message::their_verify(),
            token::our_verify(),
            token::their_verify(),
        ],
    );
    let goals = [
        ("aws-sigv4 sign against the crate aws-sigv4", 3.0, 6.0),
        ("aws-sigv4 verify against scratchstack-aws-signature", 3.0, 6.0),
        ("rfc9421 verify (hmac-sha256) against httpsig", 3.0, 6.0),
        ("jwt verify (HS256) against jsonwebtoken", 1.2, 2.0),
    ];
    let rows = goals.into_iter().zip(best.as_chunks::<2>().0);
    rows.map(|((what, must, reach), [ours, theirs])| {
        let what = format!("{what}, 200 B body: {ours:.0} against {theirs:.0} ns");
        Row::judged("R5", what, theirs / ours, Unit::Faster, must, reach)
    })
    .collect()
}

/// The fleet of all measurements with one of the standards, and what the document says of it beside that.
struct Standard {
    document: Box<dyn Fn(&str) -> Value>,
}

impl Standard {
    fn new(accept: &'static [&'static str; 1], extend: impl Fn(&mut Value) + 'static) -> Self {
        let fleet = Fleet { accept, ..Fleet::default() };
        let document = move |service: &str| {
            let mut document = fleet.document(service);
            extend(&mut document);
            document
        };
        Self { document: Box::new(document) }
    }

    fn config(&self, service: &str) -> Config {
        Config::parse(&(self.document)(service).to_string(), &secrets()).expect("the document holds no mistake")
    }

    fn verifier(&self) -> Verifier {
        Verifier::new(&self.config(CALLED))
    }

    fn signer(&self) -> Signer {
        Signer::new(&self.config(CALLER), Some(CALLED)).expect("the caller has a key")
    }
}

/// The header fields of a request.
type Fields = Vec<(String, String)>;

/// What a client sends besides a signature.
fn usual() -> Fields {
    // Signers of AWS cover all that they are given, and differ in whether that is the connection's.
    let fields = USUAL_HEADERS.iter().filter(|(name, _)| *name != "connection");
    fields.map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn head(fields: &Fields) -> Head<'_, Fields> {
    Head::new(METHOD.as_bytes(), TARGET.as_bytes(), fields)
}

/// A body of its own for each number: not every scheme signs a nonce.
fn body(number: u64) -> Vec<u8> {
    format!("{number:0BODY_BYTES$}").into_bytes()
}
