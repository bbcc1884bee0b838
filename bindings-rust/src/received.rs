//! One request as the core wants it: exactly what was received.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::header::HOST;
use http::request::Parts;
use http::{Extensions, HeaderMap, Uri, Version};
use wiresign::{Head, Headers};

/// The address that a connection comes from. A server that is built on hyper puts it into the extensions of each request;
/// that of axum does so by `into_make_service_with_connect_info::<SocketAddr>()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(
    /// The address.
    pub IpAddr,
);

/// Everything of a request but its body, by its raw parts.
pub(crate) struct Received<'a> {
    parts: &'a Parts,
    target: Cow<'a, str>,
    fields: Fields<'a>,
    client: Option<IpAddr>,
}

impl<'a> Received<'a> {
    pub(crate) fn new(parts: &'a Parts, client: Option<IpAddr>) -> Self {
        Self { parts, target: target_of(parts), fields: Fields(&parts.headers), client }
    }

    pub(crate) fn head(&self) -> Head<'_, Fields<'a>> {
        Head {
            method: self.method().as_bytes(),
            target: self.target.as_bytes(),
            authority: authority_of(self.parts),
            headers: &self.fields,
            client: self.client,
        }
    }

    pub(crate) fn method(&self) -> &'a str {
        self.parts.method.as_str()
    }

    /// What is told of the request: method, target, and the address that it came from.
    pub(crate) fn shown(&self) -> (&str, &str, Option<IpAddr>) {
        (self.method(), &self.target, self.client)
    }

    #[cfg(feature = "reqwest")]
    pub(crate) fn has(&self, name: &http::HeaderName) -> bool {
        self.parts.headers.contains_key(name)
    }
}

/// Lends the header fields. Repeats keep their order; that between different names does not matter.
pub(crate) struct Fields<'a>(pub(crate) &'a HeaderMap);

impl Headers for Fields<'_> {
    fn visit<'b>(&'b self, mut field: impl FnMut(&'b [u8], &'b [u8])) {
        for (name, value) in self.0 {
            field(name.as_str().as_bytes(), value.as_bytes());
        }
    }
}

/// The address that the server knows of.
pub(crate) fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    if let Some(Peer(address)) = extensions.get::<Peer>() {
        return Some(*address);
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(address)) = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
        return Some(address.ip());
    }
    extensions.get::<SocketAddr>().map(SocketAddr::ip)
}

/// Path and query as they were sent. A target in absolute form stays one, and is refused like in every other language.
fn target_of(parts: &Parts) -> Cow<'_, str> {
    let uri = original_uri(parts);
    let is_absolute = parts.version < Version::HTTP_2 && uri.authority().is_some();
    match uri.path_and_query() {
        Some(target) if !is_absolute => Cow::Borrowed(target.as_str()),
        _ => Cow::Owned(uri.to_string()),
    }
}

/// The target that came in. A router of axum that is nested in another one sees only the rest of the path.
fn original_uri(parts: &Parts) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = parts.extensions.get::<axum::extract::OriginalUri>() {
        return uri;
    }
    &parts.uri
}

/// `:authority`, or the one `Host`.
fn authority_of(parts: &Parts) -> Option<&[u8]> {
    if parts.version >= Version::HTTP_2
        && let Some(authority) = parts.uri.authority()
    {
        return Some(authority.as_str().as_bytes());
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = hosts.next()?;
    hosts.next().is_none().then(|| host.as_bytes())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(target: &str, version: Version) -> Parts {
        Request::builder().uri(target).version(version).body(()).expect("a request").into_parts().0
    }

    #[test]
    fn targets_keep_their_spelling() {
        for target in ["/", "/a%2Fb//c/../d?x=%20&y", "/a?", "/?a?b", "*"] {
            assert_eq!(target_of(&parts(target, Version::HTTP_11)), target);
        }
        assert_eq!(target_of(&parts("http://orders/a?b", Version::HTTP_11)), "http://orders/a?b");
        assert_eq!(target_of(&parts("http://orders/a?b", Version::HTTP_2)), "/a?b");
    }

    #[test]
    fn the_authority_is_the_one_host() {
        let mut sent = parts("/", Version::HTTP_11);
        assert_eq!(authority_of(&sent), None);
        sent.headers.append(HOST, "orders:8000".parse().expect("a value"));
        assert_eq!(authority_of(&sent), Some(&b"orders:8000"[..]));
        sent.headers.append(HOST, "other".parse().expect("a value"));
        assert_eq!(authority_of(&sent), None);
        assert_eq!(authority_of(&parts("http://orders/", Version::HTTP_2)), Some(&b"orders"[..]));
    }
}
