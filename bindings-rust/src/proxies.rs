//! Which proxies may say who the client is.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::BoxError;

/// What proxies name their clients in unless they are told otherwise.
const CLIENT_HEADER: HeaderName = HeaderName::from_static("x-forwarded-for");
/// So many entries are looked at. A list without end is no list of proxies.
const MOST_HOPS: usize = 32;

/// The proxies in front of a service, and the header in which they name its clients. The header counts only where one of them
/// has opened the connection: everybody else can write one too. The client is the last entry of the header that is no trusted
/// proxy itself. Without trusted proxies it is whoever opened the connection.
///
/// ```
/// # fn layer(verifier: wiresign_tower::Verifier) -> Result<wiresign_tower::VerifyLayer, wiresign_tower::BoxError> {
/// # use wiresign_tower::{TrustedProxies, VerifyLayer};
/// let layer = VerifyLayer::new(verifier).trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?);
/// # Ok(layer)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    client_header: HeaderName,
}

impl TrustedProxies {
    /// Trusts the proxies in some networks, such as `10.0.0.0/8`, `fd00::/8`, or the address of a single one.
    ///
    /// # Errors
    /// Where none is named, or one is no network: it has bits behind its prefix, as `10.0.0.1/8`, or cannot be read.
    pub fn new(networks: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, BoxError> {
        let networks = networks.into_iter().map(|text| network(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if networks.is_empty() {
            return Err("name at least one network of trusted proxies, or leave the proxies out".into());
        }
        Ok(Self { networks, client_header: CLIENT_HEADER })
    }

    /// The header that the proxies write, such as `CF-Connecting-IP`; `X-Forwarded-For` unless said.
    pub fn client_header(self, name: HeaderName) -> Self {
        Self { client_header: name, ..self }
    }

    /// The address that a request comes from, by that of its connection and its headers. `None` where what a trusted proxy wrote
    /// does not tell.
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        if !peer.is_some_and(|peer| self.trusts(peer)) || !headers.contains_key(&self.client_header) {
            return peer;
        }
        let lines = headers.get_all(&self.client_header).iter().rev();
        let hops = lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b',')).take(MOST_HOPS);
        // A proxy in the place of a client would be all of its clients at once: the failures of one would be those of all.
        hops.map(address).find(|hop| !hop.is_some_and(|hop| self.trusts(hop))).flatten()
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// One entry of a header. An IPv4 client of a socket that speaks both is the same client.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let address: IpAddr = str::from_utf8(hop.trim_ascii()).ok()?.parse().ok()?;
    Some(address.to_canonical())
}

/// Reads a network, or an address as the network that holds nothing else.
fn network(text: &str) -> Result<IpNet, BoxError> {
    let read = || {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().ok()?;
        let Some(length) = length else { return Some(IpNet::from(address)) };
        let bits = length.parse().ok().filter(|bits: &u8| bits.to_string() == length)?;
        IpNet::new(address, bits).ok()
    };
    let network = read().ok_or_else(|| format!("{text:?} is neither a network nor an address"))?;
    if network != network.trunc() {
        return Err(format!("{text:?} has host bits set: write \"{}\" for the network", network.trunc()).into());
    }
    Ok(without_mapping(network).unwrap_or(network))
}

/// The network of IPv4 addresses that are written as addresses of IPv6.
fn without_mapping(network: IpNet) -> Option<IpNet> {
    const IN_FRONT: u8 = 96;
    let IpNet::V6(network) = network else { return None };
    let address = network.addr().to_ipv4_mapped()?;
    IpNet::new(address.into(), network.prefix_len().checked_sub(IN_FRONT)?).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const INSIDE: &str = "10.1.2.3";
    const OUTSIDE: &str = "203.0.113.9";

    fn forwarded(lines: &[&str]) -> HeaderMap {
        let value = |line: &&str| HeaderValue::from_str(line).expect("a value");
        lines.iter().map(|line| (CLIENT_HEADER, value(line))).collect()
    }

    fn parsed(text: &str) -> Option<IpAddr> {
        (!text.is_empty()).then(|| text.parse().expect("an address"))
    }

    #[test]
    fn only_trusted_proxies_name_the_client() {
        let networks = ["10.0.0.0/8", "fd00::/8", "192.0.2.1", "::ffff:198.18.0.0/111"];
        let proxies = TrustedProxies::new(networks).expect("networks");
        let cases: [(&str, &[&str], &str); 30] = [
            (INSIDE, &["198.51.100.7"], "198.51.100.7"),
            (INSIDE, &["198.51.100.7, 10.9.9.9"], "198.51.100.7"),
            (INSIDE, &["198.51.100.7", "10.9.9.9"], "198.51.100.7"),
            (INSIDE, &["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
            (INSIDE, &["1.1.1.1", "198.51.100.7,10.9.9.9", "10.9.9.9"], "198.51.100.7"),
            (INSIDE, &[" 198.51.100.7\t,\t10.9.9.9 "], "198.51.100.7"),
            (INSIDE, &["2001:db8::7"], "2001:db8::7"),
            (INSIDE, &["::ffff:198.51.100.7"], "198.51.100.7"),
            (INSIDE, &["198.51.100.7, ::ffff:10.9.9.9"], "198.51.100.7"),
            (INSIDE, &["198.51.100.7, fd00::1"], "198.51.100.7"),
            (INSIDE, &["198.51.100.7, 192.0.2.1"], "198.51.100.7"),
            (INSIDE, &["198.51.100.7, 192.0.2.2"], "192.0.2.2"),
            (INSIDE, &[], INSIDE),
            (INSIDE, &["10.9.9.9"], ""),
            (INSIDE, &["unknown"], ""),
            (INSIDE, &["198.51.100.7, unknown, 10.9.9.9"], ""),
            (INSIDE, &["unbekännt, 198.51.100.7"], "198.51.100.7"),
            (INSIDE, &["198.51.100.7", ""], ""),
            (INSIDE, &["198.51.100.7,"], ""),
            (INSIDE, &["198.51.100.7:1234"], ""),
            (INSIDE, &["[2001:db8::7]"], ""),
            (INSIDE, &["198.51.100.07"], ""),
            (INSIDE, &["unbekännt"], ""),
            (INSIDE, &[""], ""),
            ("::ffff:10.1.2.3", &["198.51.100.7"], "198.51.100.7"),
            ("198.19.255.255", &["198.51.100.7"], "198.51.100.7"),
            ("198.20.0.0", &["198.51.100.7"], "198.20.0.0"),
            (OUTSIDE, &["198.51.100.7"], OUTSIDE),
            (OUTSIDE, &["unknown"], OUTSIDE),
            ("", &["198.51.100.7"], ""),
        ];
        for (peer, lines, client) in cases {
            let found = proxies.client(parsed(peer), &forwarded(lines));
            assert_eq!(found, parsed(client), "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_list_without_end_names_nobody() {
        let proxies = TrustedProxies::new(["10.0.0.0/8"]).expect("a network");
        for (hops, client) in [(MOST_HOPS - 1, "198.51.100.7"), (MOST_HOPS, "")] {
            let lines = [&["198.51.100.7"], &*vec!["10.9.9.9"; hops]].concat();
            for lines in [&*lines, &[&*lines.join(", ")]] {
                assert_eq!(proxies.client(parsed(INSIDE), &forwarded(lines)), parsed(client), "{lines:?}");
            }
        }
    }

    #[test]
    fn the_header_is_the_one_that_the_proxies_write() {
        let mut headers = forwarded(&["1.1.1.1"]);
        headers.insert("CF-Connecting-IP", HeaderValue::from_static("198.51.100.7"));
        let proxies = TrustedProxies::new(["10.0.0.0/8"]).expect("a network");
        assert_eq!(proxies.client(parsed(INSIDE), &headers), parsed("1.1.1.1"));
        let proxies = proxies.client_header(HeaderName::from_static("cf-connecting-ip"));
        assert_eq!(proxies.client(parsed(INSIDE), &headers), parsed("198.51.100.7"));
    }

    #[test]
    fn proxies_have_networks() {
        let refused = |networks: &[&str]| TrustedProxies::new(networks).expect_err("no networks").to_string();
        assert!(refused(&[]).contains("at least one"));
        for (text, says) in [
            ("10.0.0.1/8", "write \"10.0.0.0/8\""),
            ("fd00::1/8", "write \"fd00::/8\""),
            ("::ffff:10.0.0.1/104", "host bits"),
            ("10.0.0.0/33", "neither"),
            ("10.0.0.0/", "neither"),
            ("10.0.0.0/+8", "neither"),
            ("10.0.0.0/8/8", "neither"),
            ("10.0.0.0/255.0.0.0", "neither"),
            ("010.0.0.0/8", "neither"),
            ("10.0.0", "neither"),
            ("localhost", "neither"),
            ("", "neither"),
            ("10.0.0.0/8, 172.16.0.0", "neither"),
        ] {
            let sentence = refused(&["fd00::/8", text]);
            assert!(sentence.contains(says), "{text}: {sentence}");
        }
    }
}
