//! Callers that speak one of the standards: HTTP message signatures, tokens, or signatures of AWS. Each is written here as
//! the list of members that its text is made of, so that a member can be left out, repeated, moved or written otherwise, both
//! before it is signed and on its way.

mod amazon;
mod messages;
mod tokens;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::fleet::{OWN, START};
use super::hostile::BODIES;
use super::mutate::before_signing;
use super::random::Random;
use amazon::Scope;

const CALLERS: [&str; 2] = ["billing", "web"];
const TARGETS: [&str; 6] =
    ["/api/orders", "/api/orders/7?id=7&sort=", "/", "/api/a%20b?x=%2F&a=1", "/internal/jobs?b=2&a=1", "/api/~x/y-z"];
const HOST: &[u8] = b"orders.internal:8443";

/// A document that accepts one standard, and those who call by it.
#[derive(Clone, Debug)]
pub(crate) struct Standards {
    pub(crate) document: Value,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) now: u64,
    standard: Standard,
    callers: Vec<Caller>,
}

#[derive(Clone, Debug)]
enum Standard {
    Messages,
    Tokens,
    Amazon(Scope),
}

/// A service with the id of its key and the bytes of it.
#[derive(Clone, Debug)]
struct Caller {
    service: &'static str,
    key_id: String,
    key: Vec<u8>,
}

/// The moment, and who signs.
#[derive(Clone, Copy, Debug)]
struct Sender<'a> {
    caller: &'a Caller,
    now: u64,
}

impl Standards {
    pub(crate) fn new(random: &mut Random) -> Standards {
        let standard = match random.below(3) {
            0 => Standard::Messages,
            1 => Standard::Tokens,
            _ => Standard::Amazon(Scope::any(random)),
        };
        let (id, member) = match &standard {
            Standard::Messages => ("rfc9421", "keys"),
            Standard::Tokens => ("jwt", "keys"),
            Standard::Amazon(_) => ("aws-sigv4", "aws_keys"),
        };
        let mut env = BTreeMap::new();
        let mut services = Map::new();
        let mut callers = Vec::new();
        for (number, service) in [OWN].into_iter().chain(CALLERS).enumerate() {
            let name = format!("SECRET_{number}");
            let secret = random.hex(64);
            let key_id = match standard {
                Standard::Amazon(_) => format!("AKIDCALLER000000000{number}"),
                _ => format!("k{number}"),
            };
            services.insert(service.to_owned(), json!({member: [{"id": key_id, "secret": format!("env:{name}")}]}));
            if service != OWN {
                callers.push(Caller { service, key_id, key: secret.clone().into_bytes() });
            }
            env.insert(name, secret);
        }
        let mut document = json!({"service": OWN, "accept": [id], "sign_with": id, "services": services});
        document["replay"] = json!({"store": random.pick(&["none", "none", "memory", "external"])});
        match &standard {
            Standard::Messages if random.percent(30) => {
                document["rfc9421"] = random.pick_ref(&messages::settings()).clone();
            }
            Standard::Tokens if random.percent(30) => {
                let settings = [json!({"leeway": 0}), json!({"once": true}), json!({"audience": ["a", OWN]})];
                document["jwt"] = random.pick_ref(&settings).clone();
            }
            Standard::Amazon(scope) => document["aws_sigv4"] = scope.to_document(),
            _ => {}
        }
        Standards { document, env, now: START + random.below(100_000) as u64, standard, callers }
    }

    /// A request of one of the callers. A part of them is signed over something hostile, and a part is damaged behind its signature.
    pub(crate) fn call(&self, random: &mut Random) -> Draft {
        let mut draft = Draft {
            method: random.pick(&[b"GET".as_slice(), b"POST", b"POST", b"PUT"]).to_vec(),
            target: random.pick(&TARGETS).as_bytes().to_vec(),
            authority: None,
            headers: vec![("Host".to_owned(), HOST.to_vec())],
            body: if random.percent(50) { Vec::new() } else { random.pick(BODIES).to_vec() },
        };
        if random.percent(20) {
            before_signing(random, &mut draft);
        }
        let caller = random.pick_ref(&self.callers);
        let now = match random.below(12) {
            0 => self.now - random.pick(&[299, 300, 301, 899, 900, 901]),
            1 => self.now + random.pick(&[1, 30, 31, 300, 301, 901]),
            _ => self.now - random.below(5) as u64,
        };
        let sender = Sender { caller, now };
        match &self.standard {
            Standard::Messages => messages::sign(random, &mut draft, sender),
            Standard::Tokens => tokens::sign(random, &mut draft, sender),
            Standard::Amazon(scope) => amazon::sign(random, &mut draft, sender, scope),
        }
        draft
    }

    /// A service that can be called, or none, or one that there is not.
    pub(crate) fn target(&self, random: &mut Random) -> Option<String> {
        match random.below(10) {
            0 => None,
            1 => Some("nobody".to_owned()),
            _ => Some(random.pick_ref(&self.callers).service.to_owned()),
        }
    }
}

/// A list whose order and names mean something.
type Members = Vec<(String, String)>;

/// Leaves out, repeats, moves, adds a member, or gives it another value.
fn change_members(random: &mut Random, members: &mut Members, others: &[(&str, &str)], values: &[&str]) {
    if members.is_empty() {
        return;
    }
    let at = random.below(members.len());
    match random.below(8) {
        0 => {
            members.remove(at);
        }
        1 => {
            let twice = members[at].clone();
            members.insert(random.below(members.len() + 1), twice);
        }
        2 => random.shuffle(members),
        3 | 4 => {
            let (name, value) = random.pick(others);
            members.insert(random.below(members.len() + 1), (name.to_owned(), value.to_owned()));
        }
        5 => members[at].0 = members[at].0.to_ascii_uppercase(),
        6 => members[at].1 = random.pick(values).replace("{}", &members[at].1),
        _ => {
            let other = random.below(members.len());
            members[at].1 = members[other].1.clone();
        }
    }
}

/// Another spelling of a text: one of its pieces is written otherwise.
fn respell(random: &mut Random, text: &str, spellings: &[(&str, &str)]) -> String {
    let (from, to) = random.pick(spellings);
    match text.match_indices(from).count() {
        0 => text.to_owned(),
        count => {
            let (start, _) = text.match_indices(from).nth(random.below(count)).expect("it was counted");
            [&text[..start], to, &text[start + from.len()..]].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_changes_one_place() {
        let mut random = Random::of(1, "respell", 0);
        let text = respell(&mut random, "a;b;c", &[(";", " ; ")]);
        assert!(["a ; b;c", "a;b ; c"].contains(&text.as_str()), "{text}");
        assert_eq!(respell(&mut random, "abc", &[(";", "x")]), "abc");
    }

    #[test]
    fn each_standard_comes_up_and_its_document_names_it() {
        let accepted: std::collections::BTreeSet<String> = (0..40)
            .map(|number| Standards::new(&mut Random::of(1, "batch", number)).document["accept"][0].to_string())
            .collect();
        assert_eq!(accepted.len(), 3, "{accepted:?}");
    }
}
