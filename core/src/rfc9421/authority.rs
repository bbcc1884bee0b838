//! The authority of a request in the one way that is signed (RFC 9421, section 2.2.3; RFC 9110, section 4.2.3).

use super::Fault;
use super::fields::Fields;

/// Host and port as received: from the adapter, from `Host`, or from both where they agree.
pub(super) fn find<'a>(
    given: Option<&'a [u8]>,
    fields: &Fields<'a>,
    scheme: &str,
) -> Result<(&'a [u8], Option<&'a [u8]>), Fault> {
    let mut lines = fields.lines(b"host");
    let host = lines.next();
    if lines.next().is_some() {
        return Err(Fault::RepeatedHost);
    }
    let authority = given.or(host).ok_or(Fault::AbsentAuthority)?;
    let split = split(authority, scheme)?;
    if let (Some(_), Some(host)) = (given, host)
        && host != authority
    {
        let (name, port) = self::split(host, scheme)?;
        if !name.eq_ignore_ascii_case(split.0) || port != split.1 {
            return Err(Fault::TwoAuthorities);
        }
    }
    Ok(split)
}

/// Host, and port unless it is the scheme's own.
pub(super) fn split<'a>(authority: &'a [u8], scheme: &str) -> Result<(&'a [u8], Option<&'a [u8]>), Fault> {
    const HOST_BYTES: [bool; 256] = {
        let mut is_host = [false; 256];
        let mut byte = 0;
        while byte < 0x80 {
            let is_sign = matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$' | b'&'..=b',' | b';' | b'=');
            is_host[byte as usize] = byte.is_ascii_alphanumeric() || is_sign;
            byte += 1;
        }
        is_host
    };
    let is_host = |byte: u8| HOST_BYTES[usize::from(byte)];
    let (host, port) = match authority.strip_prefix(b"[") {
        // An address of IP version 6, or of one to come.
        Some(rest) => {
            let end = rest.iter().position(|&byte| byte == b']').ok_or(Fault::Authority)?;
            if end == 0 || !rest[..end].iter().all(|&byte| is_host(byte) || byte == b':') {
                return Err(Fault::Authority);
            }
            (&authority[..end + 2], &authority[end + 2..])
        }
        None => {
            let end = authority.iter().position(|&byte| byte == b':').unwrap_or(authority.len());
            if end == 0 || !authority[..end].iter().all(|&byte| is_host(byte)) {
                return Err(Fault::Authority);
            }
            (&authority[..end], &authority[end..])
        }
    };
    let port = match port {
        b"" | b":" => return Ok((host, None)),
        [b':', digits @ ..] if digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit) => digits,
        _ => return Err(Fault::Authority),
    };
    let usual: &[u8] = match scheme {
        "http" => b"80",
        "https" => b"443",
        _ => b"",
    };
    Ok((host, (port != usual).then_some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(given: Option<&str>, hosts: &[&str], scheme: &str) -> Result<String, Fault> {
        let headers: Vec<_> = hosts.iter().map(|host| ("Host", *host)).collect();
        let fields = Fields::collect(&headers).unwrap();
        find(given.map(str::as_bytes), &fields, scheme).map(|(host, port)| {
            let port = port.map(|port| format!(":{}", str::from_utf8(port).unwrap())).unwrap_or_default();
            str::from_utf8(host).unwrap().to_ascii_lowercase() + &port
        })
    }

    #[test]
    fn the_port_of_the_scheme_is_left_out() {
        for (authority, scheme, wanted) in [
            ("www.Example.com", "https", "www.example.com"),
            ("example.com:443", "https", "example.com"),
            ("example.com:443", "http", "example.com:443"),
            ("example.com:80", "http", "example.com"),
            ("example.com:", "https", "example.com"),
            ("example.com:8443", "https", "example.com:8443"),
            ("[::1]:443", "https", "[::1]"),
            ("[2001:DB8::1]:8080", "https", "[2001:db8::1]:8080"),
        ] {
            assert_eq!(found(Some(authority), &[], scheme).as_deref(), Ok(wanted), "{authority}");
            assert_eq!(found(None, &[authority], scheme).as_deref(), Ok(wanted), "{authority}");
        }
    }

    #[test]
    fn the_authority_has_one_source_or_two_that_agree() {
        assert_eq!(found(Some("a.test"), &["A.test:443"], "https").as_deref(), Ok("a.test"));
        assert_eq!(found(Some("a.test"), &["b.test"], "https"), Err(Fault::TwoAuthorities));
        assert_eq!(found(Some("a.test:1"), &["a.test:2"], "https"), Err(Fault::TwoAuthorities));
        assert_eq!(found(None, &["a.test", "a.test"], "https"), Err(Fault::RepeatedHost));
        assert_eq!(found(None, &[], "https"), Err(Fault::AbsentAuthority));
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        for bad in [
            "",
            ":443",
            "user@host",
            "a b",
            "a/b",
            "a?b",
            "h:4a",
            "h:123456",
            "[::1",
            "[]",
            "[::1]x",
            "h:1:2",
            "\u{e9}",
        ] {
            assert_eq!(found(Some(bad), &[], "https"), Err(Fault::Authority), "{bad}");
            assert_eq!(found(Some("a.test"), &[bad], "https"), Err(Fault::Authority), "{bad}");
        }
    }
}
