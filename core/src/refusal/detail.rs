//! The operator's side of a refusal, kept as facts and put into words only when asked for.

use crate::config::{Compiled, Key, KeyState, Window};
use crate::context::ContextFault;
use crate::policy::PathFault;
use crate::request::HeadFault;
use crate::scheme::{Scheme, SchemeSet};

/// What exactly was wrong.
#[derive(Clone, Copy)]
pub(crate) enum Detail {
    Head(HeadFault),
    Path(PathFault),
    Repeated(&'static str),
    Absent(&'static str),
    NoCredential(SchemeSet),
    TwoCallers,
    OtherScheme { accepted: SchemeSet },
    Form { header: &'static str, wanted: &'static str },
    QueryNotCovered(Scheme),
    Window { age: i64, window: Window },
    BodyLimit(u64),
    UnknownService,
    NoKeyMatches { tried: usize },
    Key { at: usize, now: u64 },
    OtherTarget,
    TargetNotListed,
    Environment,
    RouteServices { route: usize },
    Permissions,
    RequiredServices,
    RequiredCaller,
    SameNonce,
    SameSignature,
    TooOldForStore,
    StoreFull { capacity: usize },
    Context(ContextFault),
    ContextSignature,
    ContextKey { at: usize, now: u64 },
    NoContextKeyMatches { tried: usize },
    MigrationOver,
}

impl Detail {
    pub(super) fn sentence(self, config: &Compiled, service: Option<usize>) -> String {
        let list = |set: SchemeSet| set.iter().map(Scheme::id).collect::<Vec<_>>().join(", ");
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
                format!("the route is strict, the target has a query, and {} does not sign it", scheme.id())
            }
            Self::Window { age, window } => {
                let (distance, side) =
                    if age < 0 { (age.unsigned_abs(), "in the future") } else { (age as u64, "old") };
                format!(
                    "the timestamp is {distance} s {side}, and the window is {} s back and {} s ahead; compare the clocks",
                    window.past, window.future
                )
            }
            Self::BodyLimit(limit) => format!("the body is longer than limits.body_bytes, {limit}"),
            Self::UnknownService => "no service of the claimed id has keys in this config".into(),
            Self::NoKeyMatches { tried } => {
                format!(
                    "none of the {tried} keys of {caller} makes this signature over method, path, body and headers as received"
                )
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
            Self::RequiredCaller => "the route is public in the config, and the application needs a caller here".into(),
            Self::SameNonce => format!("{caller} has sent this X-Request-ID before"),
            Self::SameSignature => "this signature was accepted before; sign each attempt with a new timestamp".into(),
            Self::TooOldForStore => "the timestamp lies in a time that the replay store has forgotten".into(),
            Self::StoreFull { capacity } => {
                format!(
                    "the replay store has no room left of its {capacity} entries; raise replay.capacity or shorten the window"
                )
            }
            Self::Context(fault) => fault.sentence().into(),
            Self::ContextSignature => "the signature is not 64 lower-case hex digits".into(),
            Self::ContextKey { at, now } => {
                let key = config.contexts.as_ref().map(|contexts| &contexts.keys[at]);
                let (id, why) = key.map_or(("", "is not valid"), |key| (&key.id, why_not(key, now)));
                format!("the signature is right, but key \"{id}\" for contexts {why}")
            }
            Self::NoContextKeyMatches { tried } => {
                format!("none of the {tried} keys for contexts makes this signature over this tenant and these roles")
            }
            Self::MigrationOver => {
                "the signature is of the older form, SHA-256(secret || payload), and contexts.migration.until has passed"
                    .into()
            }
        }
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
