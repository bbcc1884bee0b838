//! What a verifier asks of a signature. The signer never chooses what has to be covered.

use sfv::KeyRef;

use super::authority;
use super::component::{Component, Derived, FieldForm, Subject};
use super::input::{Input, Inputs, is_plain_text};
use super::message::Request;
use super::usual_form::UsualForm;

/// The tag of signatures by our own profile.
pub(crate) const PROFILE_TAG: &str = "wiresign";
/// What our own profile covers; `content-digest` where there is a body.
pub(crate) const PROFILE_COVERAGE: [&str; 5] = ["@method", "@authority", "@path", "@query", "content-digest"];
/// What a response covers by our own profile. The signature of the request makes it the answer to that one alone.
pub(crate) const RESPONSE_COVERAGE: [&str; 7] = [
    "@status",
    "content-digest",
    "\"@method\";req",
    "\"@authority\";req",
    "\"@path\";req",
    "\"@query\";req",
    "\"signature\";req;key=\"wiresign\"",
];

/// Which signatures are looked at, what they must cover, and what is signed.
pub(crate) struct Policy {
    /// What is covered, in order and as identifiers: what is needed, and what is signed.
    covered: Box<[Box<str>]>,
    derived: DerivedNeeds,
    others: Box<[Need]>,
    needs_digest: bool,
    tag: Option<Box<str>>,
    label: Option<Box<str>>,
    url_scheme: Box<str>,
    /// The hosts and ports under which this service is called; `None` where the config does not say.
    authorities: Option<Box<[OwnAuthority]>>,
    needs_created: bool,
    needs_nonce: bool,
    /// What signers write that do what is asked: with a body, and without one.
    usual: Vec<UsualForm>,
}

/// A host and a port, without the port that the scheme has anyway.
type OwnAuthority = (Box<[u8]>, Option<Box<[u8]>>);

/// What a config says of message signatures. All is optional, and nothing at all is our profile.
#[derive(Clone, Copy, Default)]
pub(crate) struct PolicySettings<'s> {
    /// Component identifiers: names, or items with parameters as `Signature-Input` has them.
    pub(crate) covered: Option<&'s [&'s str]>,
    pub(crate) tag: Option<&'s str>,
    pub(crate) label: Option<&'s str>,
    pub(crate) url_scheme: Option<&'s str>,
    /// The authorities under which the service is called.
    pub(crate) authorities: Option<&'s [&'s str]>,
    /// Whether the signature must say when it was made; it must by default.
    pub(crate) needs_created: Option<bool>,
}

/// Which parts of a request are covered for sure. A digest covers the body where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coverage {
    pub(crate) method: bool,
    pub(crate) authority: bool,
    pub(crate) path: bool,
    pub(crate) query: bool,
    pub(crate) body: bool,
    pub(crate) created: bool,
    pub(crate) nonce: bool,
}

/// The derived components that must be covered, as bits, of the message and of the request that it answers.
#[derive(Clone, Copy, Default)]
struct DerivedNeeds {
    own: u16,
    of_request: u16,
}

/// Another component that must be covered.
struct Need {
    what: NeededSubject,
    of_request: bool,
}

enum NeededSubject {
    QueryParam(Box<str>),
    Field(Box<str>),
    Structured(Box<str>),
    Wrapped(Box<str>),
    Member(Box<str>, Box<str>),
}

/// The message that a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

impl Policy {
    /// A policy, or a sentence that says what is wrong with the settings.
    pub(crate) fn new(settings: PolicySettings<'_>, side: Side) -> Result<Self, &'static str> {
        let usual: &[&str] = match side {
            Side::Request => &PROFILE_COVERAGE,
            Side::Response => &RESPONSE_COVERAGE,
        };
        let tag = match (settings.tag, settings.covered) {
            (None, None) => Some(PROFILE_TAG),
            (tag, _) => tag,
        };
        if tag.is_some_and(|tag| !is_plain_text(tag)) {
            return Err("a tag has 1 to 512 visible ASCII characters without quotes and backslashes");
        }
        if settings.label.is_some_and(|label| KeyRef::from_str(label).is_err()) {
            return Err("a label begins with a lower-case letter, then come lower-case letters, digits and \"_-.*\"");
        }
        let url_scheme = settings.url_scheme.unwrap_or("https");
        if !matches!(url_scheme, "http" | "https") {
            return Err("the scheme of a URL is \"https\" or \"http\"");
        }
        let authorities =
            settings.authorities.map(|authorities| own_authorities(authorities, url_scheme)).transpose()?;
        let covered = settings.covered.unwrap_or(usual);
        let identifiers: Box<[Box<str>]> = covered.iter().map(|text| identifier(text)).collect();
        let listed = format!("a=({})", identifiers.join(" "));
        let inputs = Inputs::parse(listed.as_bytes()).map_err(|fault| fault.sentence())?;
        let [input] = &*inputs.inputs else {
            return Err("a covered component holds what separates components");
        };
        if let Some(fault) = input.fault {
            return Err(fault.sentence());
        }
        // Written again, so that what is signed and compared has one form.
        let covered = inputs.components.iter().map(|component| inputs.written[component.identifier.clone()].into());
        let mut policy = Self {
            covered: covered.collect(),
            derived: DerivedNeeds::default(),
            others: Box::default(),
            needs_digest: false,
            // A response needs none: it covers the signature of its request.
            needs_nonce: tag == Some(PROFILE_TAG) && side == Side::Request,
            tag: tag.map(Into::into),
            label: settings.label.map(Into::into),
            url_scheme: url_scheme.into(),
            authorities,
            needs_created: settings.needs_created.unwrap_or(true),
            usual: Vec::new(),
        };
        if policy.covered.len() != identifiers.len() || policy.covered.is_empty() {
            return Err("a signature must cover something; list the components that it covers");
        }
        let mut others = Vec::new();
        for component in &inputs.components {
            policy.add(component, side, &mut others)?;
        }
        policy.others = others.into();
        if policy.authorities.is_some() && !policy.coverage().authority {
            return Err("signatures need not cover @authority, so authorities would say nothing; list it in covered");
        }
        let whole = UsualForm::new(policy.label(), &inputs, |_| true);
        let without_body = UsualForm::new(policy.label(), &inputs, |component| {
            inputs.written[component.identifier.clone()] != *DIGEST_IDENTIFIER
        });
        policy.usual = whole.into_iter().chain(without_body.filter(|_| policy.needs_digest)).collect();
        Ok(policy)
    }

    fn add(&mut self, component: &Component<'_>, side: Side, others: &mut Vec<Need>) -> Result<(), &'static str> {
        let of_request = component.of_request;
        match (side, component.subject) {
            (Side::Request, _) if of_request => return Err("req is for the signatures of responses"),
            (Side::Request, Subject::Derived(Derived::Status)) => return Err("a request has no @status"),
            (Side::Response, Subject::Derived(derived)) if of_request == (derived == Derived::Status) => {
                return Err(
                    "the signature of a response covers @status without req, and parts of the request with req",
                );
            }
            (Side::Response, Subject::QueryParam(_)) if !of_request => return Err("a response has no query"),
            (_, Subject::Derived(derived)) if of_request => self.derived.of_request |= derived.bit(),
            (_, Subject::Derived(derived)) => self.derived.own |= derived.bit(),
            (_, Subject::Field("content-digest", FieldForm::Plain)) if !of_request => self.needs_digest = true,
            (_, Subject::QueryParam(name)) => {
                others.push(Need { what: NeededSubject::QueryParam(name.into()), of_request });
            }
            (_, Subject::Field(name, form)) => {
                others.push(Need { what: NeededSubject::of_field(name, form), of_request });
            }
        }
        Ok(())
    }

    /// Whether signatures of our own profile are looked at, and made.
    pub(crate) fn is_profile(&self) -> bool {
        self.tag.as_deref() == Some(PROFILE_TAG)
    }

    /// Reads `Signature-Input` where it has one of the usual forms.
    #[inline]
    pub(super) fn read_usual<'a>(&'a self, text: &'a [u8]) -> Option<Inputs<'a>> {
        self.usual.iter().find_map(|form| form.read(text))
    }

    /// Whether a signature is one of those that are looked at.
    #[inline]
    pub(super) fn chooses(&self, inputs: &Inputs<'_>, input: &Input<'_>) -> bool {
        let tag = input.texts.tag.clone().map(|tag| &inputs.written[tag]);
        self.label.as_deref().is_none_or(|label| label == input.label)
            && self.tag.as_deref().is_none_or(|wanted| tag == Some(wanted))
    }

    /// Whether all that must be covered is, but the body, which may yet turn out to be empty.
    pub(super) fn is_met_by(&self, components: &[Component<'_>]) -> bool {
        let mut covered = DerivedNeeds::default();
        for component in components {
            if let Subject::Derived(derived) = component.subject {
                let bits = if component.of_request { &mut covered.of_request } else { &mut covered.own };
                *bits |= derived.covered_bits();
            }
        }
        self.derived.own & !covered.own == 0
            && self.derived.of_request & !covered.of_request == 0
            && self.others.iter().all(|need| components.iter().any(|component| need.is_met_by(component)))
    }

    /// Whether a body must be covered.
    pub(super) fn needs_digest(&self) -> bool {
        self.needs_digest
    }

    pub(super) fn needs_created(&self) -> bool {
        self.needs_created
    }

    /// Whether there must be a nonce in the form of our own. Else a nonce is optional, and any text.
    pub(super) fn needs_nonce(&self) -> bool {
        self.needs_nonce
    }

    pub(crate) fn url_scheme(&self) -> &str {
        &self.url_scheme
    }

    /// Whether the config says under which authorities this service is called, so that a signature is worth nothing elsewhere.
    pub(crate) fn names_authorities(&self) -> bool {
        self.authorities.is_some()
    }

    /// Whether a request went to this service, as far as the config says where that is.
    pub(crate) fn is_for_us(&self, request: &Request<'_>) -> bool {
        let Some(known) = &self.authorities else { return true };
        let Ok((host, port)) = authority::find(request.authority, &request.fields, &self.url_scheme) else {
            return false;
        };
        known.iter().any(|(own, own_port)| own.eq_ignore_ascii_case(host) && own_port.as_deref() == port)
    }

    pub(crate) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The label that a signature must have, where the config says one.
    pub(crate) fn asked_label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The label of the first signature that is made.
    pub(super) fn label(&self) -> &str {
        match (&self.label, &self.tag) {
            (Some(label), _) => label,
            (None, Some(tag)) if &**tag == PROFILE_TAG => PROFILE_TAG,
            (None, _) => "sig1",
        }
    }

    /// The identifiers of what is signed, in order.
    pub(crate) fn identifiers(&self, has_body: bool) -> impl Iterator<Item = &str> {
        self.covered.iter().map(|identifier| &**identifier).filter(move |&known| has_body || known != DIGEST_IDENTIFIER)
    }

    /// What is covered by each signature that is accepted.
    pub(crate) fn coverage(&self) -> Coverage {
        let has = |derived: Derived| {
            let parents = [derived, Derived::TargetUri, Derived::RequestTarget];
            parents
                .iter()
                .any(|parent| self.derived.own & parent.bit() != 0 && parent.covered_bits() & derived.bit() != 0)
        };
        Coverage {
            method: has(Derived::Method),
            authority: has(Derived::Authority),
            path: has(Derived::Path),
            query: has(Derived::Query),
            body: self.needs_digest,
            created: self.needs_created,
            nonce: self.needs_nonce,
        }
    }
}

const DIGEST_IDENTIFIER: &str = "\"content-digest\"";

impl NeededSubject {
    fn of_field(name: &str, form: FieldForm<'_>) -> Self {
        match form {
            FieldForm::Plain => Self::Field(name.into()),
            FieldForm::Structured => Self::Structured(name.into()),
            FieldForm::Wrapped => Self::Wrapped(name.into()),
            FieldForm::Member(key) => Self::Member(name.into(), key.into()),
        }
    }
}

impl Need {
    /// Whether a component covers at least as much.
    fn is_met_by(&self, component: &Component<'_>) -> bool {
        use NeededSubject as Needed;
        let is_met = match (&self.what, component.subject) {
            (Needed::QueryParam(name), Subject::QueryParam(known)) => **name == *known,
            (Needed::QueryParam(_), Subject::Derived(derived)) => derived.covered_bits() & Derived::Query.bit() != 0,
            (Needed::Wrapped(name), Subject::Field(known, FieldForm::Wrapped)) => **name == *known,
            (Needed::Field(name) | Needed::Structured(name), Subject::Field(known, form)) => {
                **name == *known && !matches!(form, FieldForm::Member(_))
            }
            (Needed::Member(name, _), Subject::Field(known, form)) if !matches!(form, FieldForm::Member(_)) => {
                **name == *known
            }
            (Needed::Member(name, key), Subject::Field(known, FieldForm::Member(known_key))) => {
                **name == *known && **key == *known_key
            }
            _ => false,
        };
        is_met && self.of_request == component.of_request
    }
}

fn own_authorities(texts: &[&str], url_scheme: &str) -> Result<Box<[OwnAuthority]>, &'static str> {
    const FORM: &str = "an authority is a host with an optional port and no wildcard, as in \"orders.internal:8443\"";
    let read = |text: &&str| match authority::split(text.as_bytes(), url_scheme) {
        Ok((host, port)) if !host.contains(&b'*') => Ok((host.into(), port.map(Into::into))),
        _ => Err(FORM),
    };
    texts.iter().map(read).collect()
}

/// A component's identifier, where a config names it without quotes.
fn identifier(text: &str) -> Box<str> {
    if text.starts_with('"') { text.into() } else { format!("\"{text}\"").into() }
}
