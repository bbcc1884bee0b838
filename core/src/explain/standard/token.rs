//! Why a JSON Web Token does not hold.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::keys::{self, PUBLIC_KEY_WORK, from_der, hmac_tag, secrets_of_others};
use super::{Asked, Looked, is_about_key, text};
use crate::bound_key::{BoundKey, KeyAlgorithm};
use crate::config::{Compiled, Window};
use crate::explain::budget::Budget;
use crate::explain::causes::Cause;
use crate::explain::key;
use crate::explain::reading;
use crate::explain::recipe::fingerprint;
use crate::explain::search::nearly;
use crate::explain::sought::exact;
use crate::explain::stage::StageName;
use crate::explain::target::shown;
use crate::explain::time;
use crate::jwt;
use crate::refusal::{Detail, Refusal};
use crate::scheme::Standard;
use crate::standard::{Candidate, Issuer};

/// The longest text that is taken apart.
const MAX_BYTES: usize = 64 * 1024;

/// The text of a token, and what is unusual about its place and its surroundings.
struct Found {
    header: String,
    text: Vec<u8>,
    faults: Vec<Cause>,
}

pub(super) fn is_there(asked: &Asked<'_>) -> bool {
    find(asked).is_some()
}

fn find(asked: &Asked<'_>) -> Option<Found> {
    const NAME: &str = "Authorization";
    if let Some(value) = exact(asked.fields, NAME) {
        if let Some((text, faults)) = cleaned(value) {
            let faults = faults.into_iter().map(Cause::new).collect();
            return Some(Found { header: NAME.into(), text, faults });
        }
        if let Some(text) = jwt::carried(value) {
            return Some(Found { header: NAME.into(), text: text.to_vec(), faults: Vec::new() });
        }
    }
    // Only a text that is a token beyond doubt is looked for in other places.
    asked.fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(NAME.as_bytes())).find_map(|(name, value)| {
        let (text, _) = cleaned(value)?;
        let header = shown(name);
        Some(Found { faults: vec![Cause::with("token-elsewhere", &header)], header, text })
    })
}

/// A token without what stands around it, and what that was.
fn cleaned(value: &[u8]) -> Option<(Vec<u8>, Vec<&'static str>)> {
    let mut faults = Vec::new();
    let mut note = |fault| {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    };
    let mut bearers = 0;
    let mut rest = value.get(..MAX_BYTES.min(value.len()))?;
    loop {
        let bare = rest.trim_ascii();
        if bare.len() != rest.len() {
            note("token-white-space");
        }
        rest = bare;
        let pairs: [(&[u8], &[u8]); 4] = [(b"\"", b"\""), (b"'", b"'"), (b"b'", b"'"), (b"<", b">")];
        let inner = pairs.iter().find_map(|(left, right)| rest.strip_prefix(*left)?.strip_suffix(*right));
        if let Some(inner) = inner {
            note("token-quotes");
            rest = inner;
            continue;
        }
        let end = rest.iter().position(|byte| matches!(byte, b' ' | b':' | b'=')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let is_bearer = word.eq_ignore_ascii_case(b"bearer");
        if !after.is_empty() && (is_bearer || [&b"token"[..], b"jwt"].iter().any(|it| word.eq_ignore_ascii_case(it))) {
            bearers += usize::from(is_bearer);
            if !is_bearer || after[0] != b' ' {
                note("token-bearer-missing");
            }
            rest = &after[1..];
            continue;
        }
        break;
    }
    match bearers {
        0 => note("token-bearer-missing"),
        1 => {}
        _ => note("token-bearer-twice"),
    }
    // What says most comes first.
    faults.sort_by_key(|fault| *fault == "token-white-space");
    is_token(rest).then(|| (rest.to_vec(), faults))
}

/// Whether a text is in the form of a token: JSON in base64, in three parts or five.
fn is_token(text: &[u8]) -> bool {
    let dots = text.iter().filter(|byte| **byte == b'.').count();
    let is_known = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_+/=.".contains(byte);
    text.starts_with(b"ey") && matches!(dots, 1..=4) && text.iter().all(is_known)
}

/// A token, read leniently.
struct Token {
    algorithm: Option<KeyAlgorithm>,
    header: Value,
    payload: Value,
    /// What may have been signed.
    signed: Vec<Vec<u8>>,
    /// The bytes of the signature, and what is unusual about their spelling.
    signatures: Vec<(Vec<u8>, Option<&'static str>)>,
    lengths: [usize; 2],
}

impl Token {
    fn read(text: &[u8]) -> Option<Self> {
        let parts: Vec<&[u8]> = text.split(|&byte| byte == b'.').collect();
        let [header, payload, signature] = parts.as_slice() else { return None };
        let json = |part: &[u8]| serde_json::from_slice::<Value>(&decode(part)?).ok().filter(Value::is_object);
        let (header, payload, lengths) = (json(header)?, json(payload)?, [header.len(), payload.len()]);
        let as_sent = text[..text.len() - signature.len() - 1].to_vec();
        let plain: Vec<u8> = as_sent.iter().filter(|byte| **byte != b'=').map(|&byte| url_safe(byte)).collect();
        let mut signed = vec![as_sent];
        if plain != signed[0] {
            signed.push(plain);
        }
        let algorithm = header["alg"].as_str().and_then(KeyAlgorithm::from_jose);
        let mut signatures: Vec<(Vec<u8>, Option<&'static str>)> = Vec::new();
        if let Some(bytes) = decode(signature) {
            let other = algorithm.and_then(|algorithm| from_der(&bytes, algorithm));
            // Hex digits, put into base64 once more.
            let digits = reading::hex(&bytes);
            signatures.push((bytes, None));
            signatures.extend(other.map(|numbers| (numbers, Some("signature-der"))));
            signatures.extend(digits.map(|bytes| (bytes, Some("signature-base64-of-hex"))));
        }
        signatures.extend(reading::hex(signature).map(|bytes| (bytes, Some("signature-hex"))));
        Some(Self { algorithm, header, payload, signed, signatures, lengths })
    }

    fn time(&self, claim: &str) -> Option<u64> {
        self.payload[claim].as_u64()
    }
}

fn url_safe(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        byte => byte,
    }
}

fn decode(part: &[u8]) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    [&URL_SAFE, &STANDARD].into_iter().find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(part).ok())
}

/// What is unusual about the alphabet.
fn spelling(text: &[u8]) -> Vec<Cause> {
    let mut causes = Vec::new();
    if text.iter().any(|byte| matches!(byte, b'+' | b'/')) {
        causes.push(Cause::new("token-base64-alphabet"));
    }
    if text.contains(&b'=') {
        causes.push(Cause::new("token-padding"));
    }
    causes
}

pub(super) fn look(asked: &Asked<'_>, budget: &mut Budget) -> Option<Looked> {
    let found = find(asked)?;
    let mut looked = Looked::new(Standard::Jwt);
    looked.tell(StageName::Credential, "found", json!(["jwt"]));
    looked.tell(StageName::Credential, "read", json!([found.header]));
    let token = Token::read(&found.text);
    let settings = &asked.config.standards.tokens;
    let name = token.as_ref().and_then(|token| token.payload["iss"].as_str()).unwrap_or_default();
    let issuer = settings.issuers.iter().find(|issuer| *issuer.name == *name);
    let own = if issuer.is_none() { asked.config.find(name.as_bytes()) } else { None };
    looked.service = own.or(issuer.and_then(|issuer| issuer.users));
    let signers = Signers { config: asked.config, issuer, own };
    if let Some(token) = &token {
        tell(&mut looked, asked, &signers, token);
    }
    let Some(refusal) = asked.refusal else { return Some(looked) };

    let faults: Vec<Cause> = found.faults.into_iter().chain(spelling(&found.text)).collect();
    let mut search = token.as_ref().and_then(|token| Search::new(token, &signers, budget));
    if !faults.is_empty() {
        let holds = search.as_mut().is_some_and(|search| search.with_own_keys().is_some());
        faults.into_iter().for_each(|fault| looked.name(fault, holds));
    } else if is_about_key(refusal) {
        let found = search.as_mut().and_then(Search::run);
        found.into_iter().flatten().for_each(|cause| looked.name(cause, true));
    }
    let seen = seen(asked, refusal, &signers, token.as_ref());
    let seen =
        seen.into_iter().map(|cause| (cause.id == "key-not-valid", cause)).map(|(is_proved, cause)| (cause, is_proved));
    // Who has signed says nothing where the issuer is not known; it may help to find out.
    match refusal.facts() {
        Detail::UnknownIssuer => looked.causes.splice(0..0, seen).for_each(drop),
        _ => looked.causes.extend(seen),
    }
    Some(looked)
}

fn tell(looked: &mut Looked, asked: &Asked<'_>, signers: &Signers<'_>, token: &Token) {
    let settings = &asked.config.standards.tokens;
    let word = |value: &Value| value.as_str().map_or(Value::Null, |word| text(word.as_bytes()));
    let audience = match &token.payload["aud"] {
        Value::Array(items) => items.iter().take(8).map(word).collect(),
        one => word(one),
    };
    looked.tell(StageName::Credential, "issuer", word(&token.payload["iss"]));
    looked.tell(StageName::Credential, "algorithm", word(&token.header["alg"]));
    looked.tell(StageName::Credential, "key_id", word(&token.header["kid"]));
    let expires = token.time("exp");
    for (claim, value) in [("issued_at", token.time("iat")), ("not_before", token.time("nbf")), ("expires", expires)] {
        if let Some(value) = value {
            looked.tell(StageName::Window, claim, value);
        }
    }
    looked.tell(StageName::Window, "now", asked.now);
    looked.tell(StageName::Window, "leeway", settings.leeway);
    looked.tell(StageName::Policy, "audience", audience);
    looked.tell(StageName::Policy, "audiences_here", settings.audiences.iter().map(|name| &**name).collect::<Vec<_>>());
    let whose = match (signers.issuer, signers.own) {
        (Some(_), _) => Value::from("an issuer of jwt.issuers"),
        (None, Some(at)) => (&*asked.config.services[at].id).into(),
        (None, None) => Value::Null,
    };
    looked.tell(StageName::Keys, "service", whose);
    let mut keys = Vec::new();
    let mut expected = Vec::new();
    signers.each(|candidate| {
        let algorithm = candidate.bound.algorithm();
        let key = match candidate.key {
            Some(key) => keys::told(key, algorithm.jose_name(), asked.now),
            None => json!({"key": candidate.id, "algorithm": algorithm.jose_name(), "state": "published"}),
        };
        keys.push(key);
        if algorithm.is_symmetric() && token.algorithm == Some(algorithm) {
            let tag = Zeroizing::new(candidate.bound.sign(&token.signed[0]).unwrap_or_default());
            expected.push(json!({"key": candidate.id, "expected": fingerprint(&tag)}));
            looked.hidden.push(Zeroizing::new(URL_SAFE_NO_PAD.encode(&*tag)));
        }
    });
    looked.tell(StageName::Keys, "keys", keys);
    let parts = ["header", "payload"].into_iter().zip(token.lengths);
    let parts: Vec<Value> = parts.map(|(part, bytes)| json!({"part": part, "bytes": bytes})).collect();
    looked.tell(StageName::Message, "scheme", "jwt");
    looked.tell(StageName::Message, "parts", parts);
    looked.tell(StageName::Message, "bytes", token.signed[0].len());
    looked.tell(StageName::Message, "sha256", fingerprint(&token.signed[0]));
    let received: Vec<String> = token.signatures.iter().take(1).map(|(bytes, _)| fingerprint(bytes)).collect();
    looked.tell(StageName::Signature, "received", received);
    looked.tell(StageName::Signature, "keys", expected);
}

/// The keys with which the claimed issuer may sign.
struct Signers<'a> {
    config: &'a Compiled,
    issuer: Option<&'a Issuer>,
    own: Option<usize>,
}

impl Signers<'_> {
    fn each(&self, mut visit: impl FnMut(Candidate<'_>)) {
        let own = self.own.map_or(&[][..], |at| &self.config.services[at].bound_keys);
        own.iter().map(Candidate::from).for_each(&mut visit);
        if let Some(issuer) = self.issuer {
            issuer.keys.iter().map(Candidate::from).for_each(&mut visit);
            issuer.fetched.load().iter().map(Candidate::from).for_each(&mut visit);
        }
    }

    fn find(&self, mut check: impl FnMut(&Candidate<'_>) -> Option<Vec<Cause>>) -> Option<Vec<Cause>> {
        let mut found = None;
        self.each(|candidate| {
            if found.is_none() {
                found = check(&candidate);
            }
        });
        found
    }
}

struct Search<'s> {
    signers: &'s Signers<'s>,
    token: &'s Token,
    algorithm: KeyAlgorithm,
    budget: &'s mut Budget,
}

type Causes = Vec<Cause>;

impl<'s> Search<'s> {
    fn new(token: &'s Token, signers: &'s Signers<'s>, budget: &'s mut Budget) -> Option<Self> {
        Some(Self { signers, token, algorithm: token.algorithm?, budget })
    }

    /// The causes with which the signature is right.
    fn run(&mut self) -> Option<Causes> {
        self.with_own_keys()
            .or_else(|| self.with_keys_of_others())
            .or_else(|| self.with_public_keys_as_secrets())
            .or_else(|| self.with_other_readings_of_secrets())
            .or_else(|| self.with_secrets_of_others())
    }

    fn with_own_keys(&mut self) -> Option<Causes> {
        let (token, signers) = (self.token, self.signers);
        let named = token.header["kid"].as_str();
        signers.find(|candidate| {
            let mut causes = self.holds(candidate.bound)?;
            if named.is_some_and(|named| candidate.id.is_some_and(|id| id != named)) {
                causes.push(Cause::with("key-id-other", &format!("key \"{}\"", candidate.id.unwrap_or_default())));
            }
            Some(causes)
        })
    }

    fn holds(&mut self, key: &BoundKey) -> Option<Causes> {
        if key.algorithm() != self.algorithm {
            return None;
        }
        let work = if key.algorithm().is_symmetric() { 0 } else { PUBLIC_KEY_WORK };
        for signed in &self.token.signed {
            for (signature, fault) in &self.token.signatures {
                if self.budget.take(signed.len() + work) && key.verify(signed, signature) {
                    return Some(fault.iter().map(|id| Cause::new(id)).collect());
                }
            }
        }
        None
    }

    fn holds_with_secret(&mut self, secret: &[u8]) -> Option<Causes> {
        for signed in &self.token.signed {
            if !self.budget.take(signed.len()) {
                return None;
            }
            let tag = hmac_tag(self.algorithm, secret, signed)?;
            if let Some((_, fault)) = self.token.signatures.iter().find(|(signature, _)| *signature == *tag) {
                return Some(fault.iter().map(|id| Cause::new(id)).collect());
            }
        }
        None
    }

    fn with_keys_of_others(&mut self) -> Option<Causes> {
        let config = self.signers.config;
        let services = config.services.iter().enumerate().filter(|(at, _)| self.signers.own != Some(*at));
        let of_services =
            services.flat_map(|(_, service)| service.bound_keys.iter().map(|known| (&*service.id, known)));
        let issuers = config.standards.tokens.issuers.iter();
        let issuers = issuers.filter(|issuer| self.signers.issuer.is_none_or(|own| !std::ptr::eq(own, *issuer)));
        let of_issuers = issuers.flat_map(|issuer| issuer.keys.iter().map(|known| (&*issuer.name, known)));
        for (whose, known) in of_services.chain(of_issuers).take(keys::MAX_OTHER_KEYS) {
            if let Some(mut causes) = self.holds(&known.bound) {
                let cause = format!("key \"{}\" of {whose}", known.key.id);
                causes.insert(0, Cause::with("key-of-other-service", &cause));
                return Some(causes);
            }
        }
        None
    }

    /// What everybody has, taken for a secret.
    fn with_public_keys_as_secrets(&mut self) -> Option<Causes> {
        if !self.algorithm.is_symmetric() {
            return None;
        }
        let signers = self.signers;
        signers.find(|candidate| {
            keys::public_texts(candidate.bound).iter().find_map(|secret| {
                let mut causes = self.holds_with_secret(secret)?;
                causes.insert(0, Cause::with("token-public-key-as-secret", candidate.id.unwrap_or_default()));
                Some(causes)
            })
        })
    }

    fn with_other_readings_of_secrets(&mut self) -> Option<Causes> {
        if !self.algorithm.is_symmetric() {
            return None;
        }
        let signers = self.signers;
        signers.find(|candidate| {
            let secret =
                candidate.key.map(|key| &**key.secret).filter(|_| candidate.bound.algorithm().is_symmetric())?;
            key::readings(secret).into_iter().find_map(|(cause, bytes)| {
                let mut causes = self.holds_with_secret(&bytes)?;
                causes.insert(0, cause);
                Some(causes)
            })
        })
    }

    fn with_secrets_of_others(&mut self) -> Option<Causes> {
        if !self.algorithm.is_symmetric() {
            return None;
        }
        secrets_of_others(self.signers.config, self.signers.own).into_iter().find_map(|(cause, secret)| {
            let mut causes = self.holds_with_secret(secret)?;
            causes.insert(0, cause);
            Some(causes)
        })
    }
}

/// What follows from the verdict and the look of the token.
fn seen(asked: &Asked<'_>, refusal: &Refusal, signers: &Signers<'_>, token: Option<&Token>) -> Vec<Cause> {
    let cause = match refusal.facts() {
        Detail::Token(fault) => of_fault(asked, fault, token),
        Detail::UnknownIssuer => token.map(|token| of_issuer(asked.config, &token.payload["iss"])),
        Detail::UnknownTokenCaller => Some(Cause::new("token-caller-unknown")),
        Detail::TokenOfAnother => Some(Cause::new("token-of-another")),
        Detail::TokenType => Some(Cause::new("token-type")),
        Detail::NoTokenId | Detail::TokenId => Some(Cause::new("token-id")),
        Detail::TokenKeyNotValid => {
            Some(Cause::with("key-not-valid", "it is revoked, not valid yet or no longer valid"))
        }
        Detail::UnknownTokenKey => Some(Cause::new("key-id-unknown")),
        Detail::OtherAlgorithm => {
            let mut names: Vec<&str> = Vec::new();
            signers.each(|candidate| names.push(candidate.bound.algorithm().jose_name()));
            names.dedup();
            let named = token.and_then(|token| token.algorithm).map_or("another", KeyAlgorithm::jose_name);
            Some(Cause::with("algorithm-of-key", &format!("{named}|{}", names.join(", "))))
        }
        _ => None,
    };
    cause.into_iter().collect()
}

fn of_fault(asked: &Asked<'_>, fault: jwt::Fault, token: Option<&Token>) -> Option<Cause> {
    use jwt::Fault;
    let window = Window { past: asked.config.standards.tokens.leeway, future: asked.config.standards.tokens.leeway };
    let of_clock =
        |ahead: u64| time::of_age(-(ahead.min(i64::MAX as u64) as i64), window, asked.now.saturating_add(ahead));
    Some(match fault {
        Fault::Joined => Cause::new("header-repeated"),
        Fault::TooLong => Cause::new("token-too-long"),
        Fault::Encrypted => Cause::new("token-encrypted"),
        Fault::Parts | Fault::Base64(_) => Cause::new("token-form"),
        Fault::AlgorithmNone => Cause::new("token-algorithm-none"),
        Fault::AlgorithmNotOffered => Cause::new("token-algorithm-not-offered"),
        Fault::Extension(name) => Cause::with("token-extension", name),
        Fault::Claim(name @ ("exp" | "nbf" | "iat")) => {
            let id = match token.map(|token| &token.payload[name]) {
                Some(Value::Number(number)) if number.as_u64().is_some_and(|number| number >= 1_000_000_000_000) => {
                    "token-time-milliseconds"
                }
                Some(Value::Number(number)) if number.is_f64() => "token-time-fraction",
                _ => "token-time-form",
            };
            Cause::with(id, name)
        }
        Fault::Header(_)
        | Fault::Payload(_)
        | Fault::HeaderMember(_)
        | Fault::NoAlgorithm
        | Fault::Claim(_)
        | Fault::ConfiguredClaim => Cause::with("token-content", &fault.sentence()),
        Fault::NoExpiry => Cause::new("token-no-expiry"),
        Fault::Expired { seconds_ago } => {
            let age = token.and_then(|token| token.time("iat")).map(|issued| crate::judge::age(asked.now, issued));
            let zone = age.map(|age| time::of_age(age, window, asked.now.saturating_add_signed(age.saturating_neg())));
            zone.filter(|cause| cause.id == "timestamp-local-time" && seconds_ago > 1800)
                .unwrap_or_else(|| Cause::with("token-expired", &seconds_ago.to_string()))
        }
        Fault::NotYet { in_seconds } => {
            let zone = of_clock(in_seconds);
            match zone.id {
                "timestamp-local-time" => zone,
                _ => Cause::with("token-not-yet", &in_seconds.to_string()),
            }
        }
        Fault::IssuedInFuture { in_seconds } => of_clock(in_seconds),
        Fault::NoIssuer | Fault::OtherIssuer => Cause::new("token-issuer-missing"),
        Fault::NoAudience => Cause::new("token-audience-missing"),
        Fault::OtherAudience => of_audience(asked.config, &token?.payload["aud"]),
    })
}

/// A name without what is written otherwise by mistake: slashes at its end, letter case, what stands before its host.
fn plain(name: &str) -> String {
    let name = name.trim().trim_end_matches('/').to_ascii_lowercase();
    name.split_once("://").map_or(name.clone(), |(_, rest)| rest.to_owned())
}

fn of_issuer(config: &Compiled, sent: &Value) -> Cause {
    let Some(sent) = sent.as_str().filter(|sent| !sent.is_empty()) else { return Cause::new("token-issuer-missing") };
    let known = config.standards.tokens.issuers.iter().map(|issuer| &*issuer.name);
    let services = config.services[..config.known_services].iter().map(|service| &*service.id);
    if let Some(known) = known.chain(services).find(|known| plain(known) == plain(sent)) {
        return Cause::with("token-issuer-spelling", known);
    }
    match nearly(config, sent.as_bytes()) {
        Some(at) => Cause::with("token-issuer-spelling", &config.services[at].id),
        None => Cause::new("token-issuer-unknown"),
    }
}

fn of_audience(config: &Compiled, sent: &Value) -> Cause {
    let sent: Vec<&str> = match sent {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let ours = &config.standards.tokens.audiences;
    if let Some(known) = ours.iter().find(|known| sent.iter().any(|sent| plain(sent) == plain(known))) {
        return Cause::with("token-audience-spelling", known);
    }
    let other = sent.iter().find_map(|sent| config.find(sent.as_bytes()));
    match other {
        Some(at) => Cause::with("token-audience-service", &config.services[at].id),
        None => Cause::with("token-audience-other", &ours.join(", ")),
    }
}
