//! Judges the JSON Web Token of a request.

use std::sync::Arc;

use super::token_settings::{Candidate, Issuer};
use crate::config::{Compiled, KeyState};
use crate::identifier::{ReceivedId, RequestId};
use crate::judge::Entered;
use crate::jwt;
use crate::policy::{Matching, Path, Pattern, Permission, permissions_of_words};
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::replay::MARGIN_SECONDS;

/// The most permissions that are read from a token.
pub(crate) const MAX_PERMISSIONS: usize = 100;

/// A token that holds, and what follows from it.
pub(crate) struct Token {
    /// The position of the caller among the services.
    pub(crate) service: usize,
    /// Whether the token names a user of its issuer, and not a service.
    pub(crate) names_user: bool,
    /// Whether the token grants what the request asks for; without a claim for it, a token takes nothing away.
    pub(crate) grants: bool,
    pub(crate) issued_at: Option<u64>,
    /// The token's own id, where tokens are accepted once only.
    pub(crate) id: Option<RequestId>,
    pub(crate) facts: TokenFacts,
}

/// What results say of a token.
pub(crate) struct TokenFacts {
    pub(crate) key_id: Option<Box<str>>,
    pub(crate) key_is_retiring: bool,
    pub(crate) expires: u64,
    pub(crate) subject: Option<Box<str>>,
    pub(crate) tenant: Option<Box<str>>,
    /// The payload, as JSON text.
    pub(crate) claims: Box<str>,
}

impl Token {
    /// For how many seconds the token can still be used, by clocks that differ a little too.
    pub(crate) fn remaining(&self, config: &Compiled, now: u64) -> u64 {
        (self.facts.expires + config.standards.tokens.leeway + MARGIN_SECONDS).saturating_sub(now)
    }
}

/// A code with what is wrong, and the position of the service that is known to be meant.
type Fault = (RefusalCode, Detail, Option<usize>);

/// Judges the token that an `Authorization` header holds.
pub(crate) fn judge(
    config: &Arc<Compiled>,
    method: &[u8],
    entered: &Entered<'_>,
    text: &[u8],
    now: u64,
) -> Result<Token, Refusal> {
    read(config, method, &entered.path, text, now)
        .map_err(|(code, detail, service)| Refusal::new(code, detail, config, service, entered.request_id))
}

fn read(config: &Compiled, method: &[u8], path: &Path<'_>, text: &[u8], now: u64) -> Result<Token, Fault> {
    let settings = &config.standards.tokens;
    let jwt = |(code, fault)| (code, Detail::Token(fault), None);
    let token = jwt::Token::parse(text).map_err(jwt)?;
    let name = token.claims().issuer().unwrap_or_default();
    let issuer = settings.issuers.iter().find(|issuer| *issuer.name == *name);
    let own = if issuer.is_none() { config.find(name.as_bytes()) } else { None };
    let (key_id, key_is_retiring) = match (issuer, own) {
        (Some(issuer), _) => {
            let fetched = issuer.fetched.load();
            let keys = issuer.keys.iter().map(Candidate::from).chain(fetched.iter().map(Candidate::from));
            find_key(&token, keys, now, issuer.users)?
        }
        (None, Some(at)) => find_key(&token, config.services[at].bound_keys.iter().map(Candidate::from), now, own)?,
        (None, None) => return Err((RefusalCode::UnknownService, Detail::UnknownIssuer, None)),
    };

    if issuer.and_then(|issuer| issuer.kind.as_deref()).is_some_and(|kind| !token.is_of_type(kind)) {
        return Err((RefusalCode::InvalidToken, Detail::TokenType, None));
    }
    let claims = token.claims();
    claims.check(now, settings.leeway, &settings.audiences, name).map_err(jwt)?;
    let service = match (issuer, own) {
        (Some(Issuer { users: Some(at), .. }), _) => *at,
        (Some(issuer), _) => {
            let caller = claims.text_claim(&issuer.caller_claim).map_err(jwt)?;
            let known = caller.and_then(|caller| config.find(caller.as_bytes()));
            known.ok_or((RefusalCode::UnknownService, Detail::UnknownTokenCaller, None))?
        }
        (None, at) => {
            // Who issues tokens about itself must not name somebody else.
            let is_own = claims.subject().is_none_or(|subject| subject == name);
            at.filter(|_| is_own).ok_or((RefusalCode::InvalidToken, Detail::TokenOfAnother, at))?
        }
    };
    let grants = match issuer.and_then(|issuer| issuer.permissions_claim.as_deref()) {
        None => true,
        Some(name) => {
            let permissions = permissions(claims, name).map_err(jwt)?;
            patterns(&permissions).any(|pattern| pattern.matches(method, path, Matching::Exact))
        }
    };
    let tenant = match issuer.and_then(|issuer| issuer.tenant_claim.as_deref()) {
        None => None,
        Some(name) => claims.text_claim(name).map_err(jwt)?,
    };
    let id = match settings.once {
        false => None,
        true => {
            let id = claims.id().ok_or((RefusalCode::MissingNonce, Detail::NoTokenId, Some(service)))?;
            let id = ReceivedId::parse(id.as_bytes()).filter(|id| id.is_nonce());
            Some(id.ok_or((RefusalCode::InvalidNonce, Detail::TokenId, Some(service)))?.keep())
        }
    };
    Ok(Token {
        service,
        names_user: issuer.is_some_and(|issuer| issuer.users.is_some()),
        grants,
        issued_at: claims.issued_at(),
        id,
        facts: TokenFacts {
            key_id,
            key_is_retiring,
            expires: claims.expires(),
            subject: claims.subject().map(Into::into),
            tenant: tenant.map(Into::into),
            claims: claims.json().into(),
        },
    })
}

/// Whether a token with these claims holds a permission. One whose issuer names no claim for them takes nothing away.
pub(crate) fn token_holds(config: &Compiled, claims: &str, permission: &Permission) -> bool {
    let Ok(claims) = jwt::Claims::of_text(claims) else { return false };
    let issuer = config.standards.tokens.issuers.iter().find(|issuer| claims.issuer() == Some(&*issuer.name));
    let Some(name) = issuer.and_then(|issuer| issuer.permissions_claim.as_deref()) else { return true };
    permissions(&claims, name).is_ok_and(|held| {
        let held: Vec<Pattern> = patterns(&held).collect();
        permission.is_covered_by(held.iter())
    })
}

/// The patterns among what a token lists, and no more of them than are read.
fn patterns(permissions: &[String]) -> impl Iterator<Item = Pattern> {
    permissions.iter().take(MAX_PERMISSIONS).filter_map(|text| Pattern::parse(text).ok())
}

/// The permissions of a token: a list of patterns, or one text of several with spaces between them. There a word that is no
/// path is the method of the path behind it, as in `GET /a/** POST /b`.
fn permissions(claims: &jwt::Claims, name: &str) -> Result<Vec<String>, (RefusalCode, jwt::Fault)> {
    let listed = claims.list_claim(name)?.unwrap_or_default();
    if !matches!(claims.text_claim(name), Ok(Some(_))) {
        return Ok(listed.into_iter().map(Into::into).collect());
    }
    Ok(permissions_of_words(listed.iter().map(|word| &**word)).0)
}

/// Finds the key that signed the token: its id, and whether it is on its way out.
fn find_key<'k>(
    token: &jwt::Token<'_>,
    keys: impl Iterator<Item = Candidate<'k>>,
    now: u64,
    service: Option<usize>,
) -> Result<(Option<Box<str>>, bool), Fault> {
    let refuse = |code, detail| Err((code, detail, service));
    let (mut has_id, mut has_algorithm) = (false, false);
    for candidate in keys {
        if token.key_id().is_some_and(|id| candidate.id.is_some_and(|known| known != id)) {
            continue;
        }
        has_id = true;
        if candidate.bound.algorithm() != token.algorithm() {
            continue;
        }
        has_algorithm = true;
        if !token.is_signed_by(candidate.bound) {
            continue;
        }
        return match candidate.key {
            Some(key) if !key.is_valid(now) => refuse(RefusalCode::KeyNotValidNow, Detail::TokenKeyNotValid),
            key => Ok((candidate.id.map(Into::into), key.is_some_and(|key| key.state == KeyState::Retiring))),
        };
    }
    match (has_id, has_algorithm) {
        (false, _) => refuse(RefusalCode::UnknownKey, Detail::UnknownTokenKey),
        (true, false) => refuse(RefusalCode::AlgorithmNotAllowed, Detail::OtherAlgorithm),
        (true, true) => refuse(RefusalCode::InvalidSignature, Detail::TokenSignature),
    }
}
