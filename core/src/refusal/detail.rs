//! The operator's side of a refusal, kept as facts and put into words only when asked for.

use crate::config::{Compiled, Key, KeyState, Window};
use crate::context::ContextFault;
use crate::failures::ClaimClass;
use crate::handshake::HandshakeFault;
use crate::policy::PathFault;
use crate::request::HeadFault;
use crate::scheme::{Scheme, SchemeSet};
use crate::template::{ClaimFault, SignaturePlace, Template, TimeUnit, TimestampPlace};
use crate::{aws_identity, jwt, rfc9421, sigv4};

/// What exactly was wrong.
#[derive(Clone, Copy)]
pub(crate) enum Detail {
    Head(HeadFault),
    Path(PathFault),
    Repeated(&'static str),
    Absent(&'static str),
    NoCredential(SchemeSet),
    TwoCallers,
    OtherScheme {
        accepted: SchemeSet,
    },
    Form {
        header: &'static str,
        wanted: &'static str,
    },
    QueryNotCovered(Scheme),
    Window {
        age: i64,
        window: Window,
    },
    BodyLimit(u64),
    TooManyFailures {
        limit: u32,
    },
    SeveralCredentials(SchemeSet),
    OtherService,
    NoCommonNonce,
    NotAllCredentials(SchemeSet),
    /// What is wrong with the credential of a template.
    Claim {
        plan: u8,
        fault: ClaimFault,
    },
    UnknownApiKey,
    ApiKey {
        at: usize,
        now: u64,
    },
    OtherDigest,
    /// What is wrong with a token.
    Token(jwt::Fault),
    /// What is wrong with a message signature.
    MessageSignature(rfc9421::Fault),
    /// What is wrong with a signature of AWS.
    AwsSignature(sigv4::Fault),
    /// What is wrong with the proof of an IAM identity.
    Identity(aws_identity::Fault),
    UnknownIssuer,
    UnknownTokenCaller,
    TokenOfAnother,
    NoTokenId,
    TokenType,
    TokenId,
    TokenKeyNotValid,
    UnknownTokenKey,
    OtherAlgorithm,
    TokenSignature,
    UnknownKeyId(ClaimClass),
    UnknownAccessKey(ClaimClass),
    BoundKey {
        at: usize,
        now: u64,
    },
    AwsKey {
        at: usize,
        now: u64,
    },
    SessionToken,
    AnsweredByAnother,
    OtherBody,
    AwsPath,
    SignatureExpired,
    StandardSignature,
    RepeatedOutside,
    StoreAway,
    UnknownService(ClaimClass),
    NoKeyMatches {
        tried: usize,
    },
    Key {
        at: usize,
        now: u64,
    },
    OtherTarget,
    TargetNotListed,
    Environment,
    RouteServices {
        route: usize,
    },
    Permissions,
    RequiredServices,
    RequiredPermission,
    RequiredCaller,
    SameNonce,
    SameSignature,
    TooOldForStore,
    StoreFull {
        capacity: usize,
    },
    Handshake(HandshakeFault),
    Context(ContextFault),
    ContextSignature,
    ContextKey {
        at: usize,
        now: u64,
    },
    NoContextKeyMatches {
        tried: usize,
    },
    MigrationOver,
}

impl Detail {
    pub(super) fn sentence(self, config: &Compiled, service: Option<usize>) -> String {
        let list = |set: SchemeSet| set.iter().map(|scheme| config.listed(scheme)).collect::<Vec<_>>().join(", ");
        let caller = service.map_or("the caller", |at| &*config.services[at].id);
        match self {
            Self::Head(fault) => fault.sentence().into(),
            Self::Path(fault) => fault.sentence().into(),
            Self::Repeated(header) => format!("{header} is there twice, or holds a comma where two were joined"),
            Self::Absent(header) => format!("{header} is not there"),
            Self::NoCredential(accepted) => {
                format!("there is no credential of an accepted scheme ({})", list(accepted))
            }
            Self::TwoCallers => "X-Service-ID and X-Service-Name are both there; send the headers of one scheme".into(),
            Self::OtherScheme { accepted } => {
                format!("the request is signed in another scheme than those accepted here ({})", list(accepted))
            }
            Self::Form { header, wanted } => format!("{header} is not {wanted}"),
            Self::QueryNotCovered(scheme) => {
                format!("the route is strict, and {} does not sign all of method, path and query", config.listed(scheme))
            }
            Self::SeveralCredentials(found) => {
                format!("there are credentials of several schemes ({}); send one of them", list(found))
            }
            Self::OtherService => "the credentials are of two different services".into(),
            Self::NoCommonNonce => {
                "the caller's signatures have no nonce in common, so a copy with one of them left out would be a new request; sign one \
                 nonce with each key"
                    .into()
            }
            Self::NotAllCredentials(required) => {
                format!("not all of the required credentials ({}) are there", list(required))
            }
            Self::Claim { plan, fault } => claim_fault(&config.plan(plan).template, fault),
            Self::UnknownApiKey => "no service of this config has this API key".into(),
            Self::ApiKey { at, now } => {
                let key = service.map(|service| &config.services[service].api_keys[at].key);
                let (id, why) = key.map_or(("", "is not valid"), |key| (&key.id, why_not(key, now)));
                format!("the API key is known, but key \"{id}\" of {caller} {why}")
            }
            Self::OtherDigest => "the body is not the one whose digest the query holds".into(),
            Self::Token(fault) => fault.sentence(),
            Self::MessageSignature(fault) => fault.sentence().into(),
            Self::AwsSignature(fault) => fault.sentence().into(),
            Self::Identity(fault) => fault.sentence(),
            Self::UnknownIssuer => "the token's issuer (iss) is neither a service nor listed under jwt.issuers".into(),
            Self::UnknownTokenCaller => "the token names a caller that is not in \"services\"".into(),
            Self::TokenOfAnother => format!("{caller} has issued a token about somebody else, and only jwt.issuers may do that"),
            Self::TokenType => "the token's header says another type (typ) than the one that jwt.issuers asks for".into(),
            Self::NoTokenId => "the token has no jti, and jwt.once accepts each token once only".into(),
            Self::TokenId => "the token's jti is not 16 to 64 letters, digits, hyphens or underscores".into(),
            Self::TokenKeyNotValid => "the signature is right, but the issuer's key is revoked, not valid yet or no longer valid".into(),
            Self::UnknownTokenKey => "the issuer has no key of the id (kid) that the token names; if it publishes new ones, fetch them".into(),
            Self::OtherAlgorithm => "no key of the signer is for the algorithm that the request names".into(),
            Self::TokenSignature => "none of the issuer's keys of this algorithm makes this signature".into(),
            Self::UnknownKeyId(_) => "no service has a key of the id (keyid) that the signature names".into(),
            Self::UnknownAccessKey(_) => "no service has an access key of this id".into(),
            Self::BoundKey { at, now } => {
                let key = service.map(|service| &config.services[service].bound_keys[at].key);
                let (id, why) = key.map_or(("", "is not valid"), |key| (&key.id, why_not(key, now)));
                format!("the signature is right, but key \"{id}\" of {caller} {why}")
            }
            Self::AwsKey { at, now } => {
                let key = service.map(|service| &config.services[service].aws_keys[at].key);
                let (id, why) = key.map_or(("", "is not valid"), |key| (&key.id, why_not(key, now)));
                format!("the signature is right, but access key \"{id}\" of {caller} {why}")
            }
            Self::SessionToken => format!("the access key of {caller} goes with another session token, or with none"),
            Self::AnsweredByAnother => "the response is signed by another service than the one that was called".into(),
            Self::OtherBody => "the body is not the one whose digest the request declares".into(),
            Self::AwsPath => "the path is not in the form in which it is signed: without dot segments, empty segments and needless escapes".into(),
            Self::SignatureExpired => "the time at which the signature ends has passed".into(),
            Self::StandardSignature => {
                format!("the key of {caller} does not make this signature over the request as received")
            }
            Self::RepeatedOutside => "the shared replay store has seen this request before".into(),
            Self::StoreAway => "the shared replay store cannot be reached, and replay.on_outage is reject".into(),
            Self::Window { age, window } => {
                let (distance, side) =
                    if age < 0 { (age.unsigned_abs(), "in the future") } else { (age as u64, "old") };
                format!(
                    "the timestamp is {distance} s {side}, and the window is {} s back and {} s ahead; compare the clocks",
                    window.past, window.future
                )
            }
            Self::TooManyFailures { limit } => {
                format!("this client has failed {limit} times within a minute as {caller}, which limits.failures_per_minute is")
            }
            Self::BodyLimit(limit) => format!("the body is longer than limits.body_bytes, {limit}"),
            Self::UnknownService(_) => "no service of the claimed id has keys in this config".into(),
            Self::NoKeyMatches { tried } => {
                let none = none_of_keys(tried, &format!("of {caller}"));
                format!("{none} this signature over method, path, body and headers as received")
            }
            Self::Key { at, now } => {
                let key = service.map(|service| &config.services[service].keys[at]);
                let (id, why) = key.map_or(("", "is not valid"), |key| (&key.id, why_not(key, now)));
                format!("the signature is right, but key \"{id}\" of {caller} {why}")
            }
            Self::OtherTarget => format!("the request was signed for another service than {}", config.service),
            Self::TargetNotListed => format!("allowed_targets of {caller} does not list {}", config.service),
            Self::Environment => {
                format!(
                    "environments of {caller} does not list {}",
                    config.environment.as_deref().unwrap_or("this one")
                )
            }
            Self::RouteServices { route } => {
                format!("the route \"{}\" does not list {caller} among its services", config.routes[route].text)
            }
            Self::Permissions => format!("no permission of {caller} covers this method and path"),
            Self::RequiredServices => format!("the application does not take {caller} here"),
            Self::RequiredPermission => format!("{caller} lacks a permission that the application requires here"),
            Self::RequiredCaller => "the route is public in the config, and the application needs a caller here".into(),
            Self::SameNonce => format!("{caller} has sent this X-Request-ID before"),
            Self::SameSignature => "this signature was accepted before; sign each attempt with a new timestamp".into(),
            Self::TooOldForStore => "the timestamp lies in a time that the replay store has forgotten".into(),
            Self::StoreFull { capacity } => {
                format!(
                    "the replay store has no room left of its {capacity} entries; raise replay.capacity or shorten the window"
                )
            }
            Self::Handshake(fault) => fault.sentence().into(),
            Self::Context(fault) => fault.sentence().into(),
            Self::ContextSignature => "the signature is not 64 lower-case hex digits".into(),
            Self::ContextKey { at, now } => {
                let key = config.contexts.as_ref().map(|contexts| &contexts.keys[at]);
                let (id, why) = key.map_or(("", "is not valid"), |key| (&key.id, why_not(key, now)));
                format!("the signature is right, but key \"{id}\" for contexts {why}")
            }
            Self::NoContextKeyMatches { tried } => {
                format!("{} this signature over this tenant and these roles", none_of_keys(tried, "for contexts"))
            }
            Self::MigrationOver => {
                "the signature is of the older form, SHA-256(secret || payload), and contexts.migration.until has passed"
                    .into()
            }
        }
    }
}

/// The beginning of a sentence that says of so many keys that none of them makes a signature.
fn none_of_keys(tried: usize, whose: &str) -> String {
    match tried {
        1 => format!("the only key {whose} does not make"),
        _ => format!("none of the {tried} keys {whose} makes"),
    }
}

/// Why a key that made the signature is not valid at that time.
fn why_not(key: &Key, now: u64) -> &'static str {
    match key.state {
        KeyState::Revoked => "is revoked",
        _ if now < key.not_before => "is not valid yet",
        _ => "is no longer valid",
    }
}

fn claim_fault(template: &Template, fault: ClaimFault) -> String {
    let header = |at: usize| &*template.headers[at].names[0];
    let carrier = match &template.signature.place {
        SignaturePlace::Header(at) => header(*at),
        SignaturePlace::Headers { first, .. } => header(*first),
        SignaturePlace::Query(name) => name,
    };
    match fault {
        ClaimFault::Repeated(at) => format!("{} is there twice, or holds a comma where two were joined", header(at)),
        ClaimFault::BothNames(at) => format!("{} is there under both of its names", header(at)),
        ClaimFault::Absent(at) => format!("{} is not there", header(at)),
        ClaimFault::AbsentTimestamp => format!("{carrier} holds no timestamp, or the query does not"),
        ClaimFault::AbsentParameter => "a query parameter that is signed is not there".into(),
        ClaimFault::RepeatedParameter => "a query parameter that is signed is there twice".into(),
        ClaimFault::TooManyParameters => "there are more than 1000 parameters".into(),
        ClaimFault::AbsentAuthority => "the authority is signed, and the request names none".into(),
        ClaimFault::TwoAuthorities => "Host and the authority of the request differ".into(),
        ClaimFault::List => format!("{carrier} is not a list of items as {} writes it", template.title),
        ClaimFault::Timestamp => {
            let place = match template.timestamp.as_ref().map(|form| &form.place) {
                Some(TimestampPlace::Header(at)) => header(*at),
                Some(TimestampPlace::Query(name)) => name,
                Some(TimestampPlace::List) | None => carrier,
            };
            let wanted = match template.timestamp.as_ref().map(|form| form.unit) {
                Some(TimeUnit::Milliseconds) => "1 to 15 ASCII digits without a leading zero",
                Some(TimeUnit::Rfc3339) => "a time as 2026-12-01T00:00:00Z",
                Some(TimeUnit::Seconds) | None => "1 to 12 ASCII digits without a leading zero",
            };
            format!("the timestamp in {place} is not {wanted}")
        }
        ClaimFault::Signature => {
            format!("{carrier} holds no signature as {} writes it: prefix, encoding or length differ", template.title)
        }
        ClaimFault::Id(at) => format!("{} is not an id of the form that can be signed", header(at)),
    }
}
