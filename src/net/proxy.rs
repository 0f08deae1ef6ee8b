//! What a request was before proxies passed it on: `X-Forwarded-For`, `-Proto` and `-Host`, believed only from those we
//! were told to trust.

use std::net::IpAddr;

use tiny_http::Header;

/// Addresses and networks, as address and prefix length.
#[derive(Clone, Debug, Default)]
pub(super) struct Trusted(pub(super) Vec<(IpAddr, u8)>);

impl Trusted {
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, length)| is_within(address, *network, *length))
    }

    /// The nearest address that is not a trusted proxy: each of them has appended whom it heard from, so the list is
    /// read from its end. What cannot be read ends the search at the proxy that passed it on.
    pub(super) fn client(&self, peer: IpAddr, headers: &[Header]) -> IpAddr {
        let mut client = peer;
        let lines = headers.iter().rev().filter(|header| header.field.equiv("X-Forwarded-For"));
        for hop in lines.flat_map(|line| line.value.as_str().rsplit(',')) {
            if !self.contains(client) {
                break;
            }
            match address(hop.trim()) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }

    /// What the peer says of whom it passed on, if it is trusted. Of several values the last is its own.
    pub(super) fn front(&self, peer: IpAddr, headers: &[Header]) -> Front {
        if !self.contains(peer) {
            return Front::default();
        }
        let last = |name: &'static str| {
            let line = headers.iter().rev().find(|header| header.field.equiv(name))?;
            line.value.as_str().rsplit(',').next().map(str::trim).filter(|value| !value.is_empty())
        };
        let https = last("X-Forwarded-Proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        Front { proxied: true, https, secure: https, host: last("X-Forwarded-Host").map(str::to_owned) }
    }
}

/// What a browser saw of a request's way to us, if a trusted proxy stands at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// Whether there is such a proxy.
    pub proxied: bool,
    /// Whether the proxy says that it was asked by https.
    pub https: bool,
    /// Whether the request is known to have come by https, whatever the public URL says.
    pub secure: bool,
    /// The host that it says it was asked for.
    pub host: Option<String>,
}

/// Whether any proxy says that it passed this request on.
pub(super) fn is_forwarded(headers: &[Header]) -> bool {
    const NAMES: [&str; 5] = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"];
    headers.iter().any(|header| NAMES.iter().any(|name| header.field.as_str().as_str().eq_ignore_ascii_case(name)))
}

/// An address; some proxies put it in brackets, or a port behind it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None if text.matches(':').count() == 1 => text.split_once(':')?.0,
        None => text,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Whether an address is in a network: the first `length` bits are the same.
pub fn is_within(address: IpAddr, network: IpAddr, length: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => {
            (a.to_bits() ^ n.to_bits()).checked_shr(32 - u32::from(length.min(32))).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(n)) => {
            (a.to_bits() ^ n.to_bits()).checked_shr(128 - u32::from(length.min(128))).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// Reads an address (`192.0.2.1`) or a network (`10.0.0.0/8`, `fd00::/8`).
pub fn parse_cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
        None => longest,
    };
    (length <= longest).then_some((address, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let trusted = Trusted(trusted.iter().map(|text| parse_cidr(text).unwrap()).collect());
        let headers: Vec<_> =
            forwarded.iter().map(|value| Header::from_bytes("X-Forwarded-For", *value).unwrap()).collect();
        trusted.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client(&[], "127.0.0.1", &["192.0.2.9"]), "127.0.0.1");
        assert_eq!(client(&["127.0.0.1"], "127.0.0.1", &["192.0.2.9"]), "192.0.2.9");
        assert_eq!(client(&["127.0.0.1"], "198.51.100.1", &["192.0.2.9"]), "198.51.100.1");
        assert_eq!(client(&["127.0.0.1"], "127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn what_the_client_wrote_itself_does_not_count() {
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["1.1.1.1, 192.0.2.9"]), "192.0.2.9");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["1.1.1.1, 192.0.2.9, 10.2.3.4"]), "192.0.2.9");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["1.1.1.1", "192.0.2.9"]), "192.0.2.9");
        assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &["1.1.1.1, rubbish"]), "10.0.0.1");
    }

    #[test]
    fn addresses_come_in_many_forms() {
        let from = |text| client(&["::1"], "::1", &[text]);
        assert_eq!(from("192.0.2.9:4711"), "192.0.2.9");
        assert_eq!(from("[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(from("2001:db8::1"), "2001:db8::1");
        assert_eq!(from("::ffff:192.0.2.9"), "192.0.2.9");
    }

    #[test]
    fn what_the_browser_saw_is_told_by_trusted_proxies_alone() {
        let fields = [
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Proto", "http, HTTPS"),
            ("X-Forwarded-Host", "spoofed.example, chat.example"),
        ];
        let headers: Vec<_> = fields.iter().map(|(name, value)| Header::from_bytes(*name, *value).unwrap()).collect();
        let trusted = Trusted(vec![parse_cidr("10.0.0.1").unwrap()]);
        let told = Front { proxied: true, https: true, secure: true, host: Some("chat.example".to_owned()) };
        assert_eq!(trusted.front("10.0.0.1".parse().unwrap(), &headers), told);
        assert_eq!(trusted.front("10.0.0.2".parse().unwrap(), &headers), Front::default());
        let silent = Front { proxied: true, ..Front::default() };
        assert_eq!(trusted.front("10.0.0.1".parse().unwrap(), &[]), silent);
    }

    #[test]
    fn networks() {
        assert_eq!(parse_cidr("10.0.0.0/8"), Some(("10.0.0.0".parse().unwrap(), 8)));
        assert_eq!(parse_cidr("::1"), Some(("::1".parse().unwrap(), 128)));
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/", "::/129", "host"] {
            assert_eq!(parse_cidr(wrong), None, "{wrong}");
        }
        let everybody = Trusted(vec![parse_cidr("0.0.0.0/0").unwrap()]);
        assert!(everybody.contains("203.0.113.7".parse().unwrap()));
        assert!(!everybody.contains("::1".parse().unwrap()));
    }
}
