//! Where pushes may go: to public addresses over https, and to those that the owner has named. What a user gives as an
//! endpoint must not reach what only this machine can reach (RFC 8030 §8 says so of push services).
//!
//! Asked twice: when somebody subscribes, of what is written; and when a connection is made, of the very address that
//! is connected to, whatever the name was an answer of before.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::push::{Endpoint, Host};
use crate::net::{is_within, parse_cidr};

/// A place of the owner's that pushes may go to, though it is not public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    place: Place,
    ports: Ports,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// A host's name, wherever it leads.
    Name(String),
    /// An address or a network.
    Network(IpAddr, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ports {
    /// 80 and 443: what else listens there is nobody's business.
    Usual,
    One(u16),
    All,
}

impl Local {
    /// Reads a name, an address or a network, behind which there may be a port, or `*` for every one; an address of IPv6
    /// is then in brackets.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, ports) = match text.rsplit_once(':') {
            // Else the colon is one of the address.
            Some((place, port)) if place.ends_with(']') || !place.contains(':') => (place, Some(port)),
            _ => (text, None),
        };
        let ports = match ports {
            None => Ports::Usual,
            Some("*") => Ports::All,
            Some(port) => Ports::One(port.parse().ok().filter(|port| *port != 0)?),
        };
        let bare = place.strip_prefix('[').and_then(|place| place.strip_suffix(']')).unwrap_or(place);
        if let Some((address, length)) = parse_cidr(bare) {
            return Some(Self { place: Place::Network(address, length), ports });
        }
        match Endpoint::parse(&format!("https://{place}/")).ok()? {
            Endpoint { host: Host::Name(name), port: 443, target, .. } if target == "/" => {
                Some(Self { place: Place::Name(name), ports })
            }
            _ => None,
        }
    }

    fn has_port(&self, port: u16) -> bool {
        match self.ports {
            Ports::Usual => matches!(port, 80 | 443),
            Ports::One(one) => one == port,
            Ports::All => true,
        }
    }
}

/// What the owner allows.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    local: Vec<Local>,
}

impl Guard {
    /// Public addresses, and these.
    pub fn new(local: Vec<Local>) -> Self {
        Self { local }
    }

    /// Whether an endpoint may be subscribed, as far as it can be seen.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn check(&self, endpoint: &Endpoint) -> Result<(), &'static str> {
        let is_local = match &endpoint.host {
            Host::Name(name) => self.names(name, endpoint.port),
            Host::V4(address) => self.has(IpAddr::V4(*address), endpoint.port),
            Host::V6(address) => self.has(IpAddr::V6(*address), endpoint.port),
        };
        if is_local {
            return Ok(());
        }
        if !endpoint.https {
            return Err("must begin with https://");
        }
        if endpoint.port != 443 {
            return Err("must be at port 443");
        }
        let public = match &endpoint.host {
            // One label is a machine of the local network.
            Host::Name(name) => name.contains('.') && !RESERVED.iter().any(|zone| is_in_zone(name, zone)),
            Host::V4(address) => is_public(IpAddr::V4(*address)),
            Host::V6(address) => is_public(IpAddr::V6(*address)),
        };
        if public { Ok(()) } else { Err("must be at a public address") }
    }

    /// Whether a connection may be made to this address, to which the endpoint's host leads.
    pub(super) fn allows(&self, Endpoint { host, port, .. }: &Endpoint, address: IpAddr) -> bool {
        is_public(address) || self.has(address, *port) || matches!(host, Host::Name(name) if self.names(name, *port))
    }

    fn names(&self, host: &str, port: u16) -> bool {
        let names = |local: &Local| matches!(&local.place, Place::Name(name) if name == host) && local.has_port(port);
        self.local.iter().any(names)
    }

    fn has(&self, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        let has = |local: &Local| match &local.place {
            Place::Network(net, length) => is_within(address, *net, *length) && local.has_port(port),
            Place::Name(_) => false,
        };
        self.local.iter().any(has)
    }
}

/// Zones that no public name is in (RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476).
const RESERVED: [&str; 9] = ["localhost", "local", "internal", "home.arpa", "lan", "onion", "alt", "invalid", "test"];

fn is_in_zone(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether an address is one of the public internet (the registries of RFC 6890).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This network, loopback, private networks, link-local.
        [0 | 10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [169, 254, ..] => true,
        // Shared by a provider's customers (RFC 6598).
        [100, 64..=127, ..] => true,
        // The IETF's own, documentation, relays of 6to4, benchmarks.
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => true,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // NAT64 (RFC 6052): as public as the address within.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        // The IETF's own (Teredo, ORCHID, benchmarks), documentation, 6to4, which leads to an IPv4 address.
        [0x2001, ..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, ..=0xfff, ..] => false,
        // Of all else only this is handed out.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_that_only_this_machine_or_its_network_reaches_are_not_public() {
        let inside = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.1.2.3",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "64:ff9b:1::808:808",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "3fff:fff:ffff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ];
        for text in inside {
            assert!(!is_public(address(text)), "{text}");
        }
        let outside = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:4860:4860::8888",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ];
        for text in outside {
            assert!(is_public(address(text)), "{text}");
        }
        crate::tally::tally("addresses that pushes must not go to", inside.len());
    }

    fn check(guard: &Guard, url: &str) -> bool {
        Endpoint::parse(url).is_ok_and(|endpoint| guard.check(&endpoint).is_ok())
    }

    #[test]
    fn endpoints_are_https_at_public_hosts_and_the_usual_port() {
        let guard = Guard::default();
        for good in ["https://fcm.googleapis.com/fcm/send/x", "https://8.8.8.8/x", "https://[2606:4700::1111]/x"] {
            assert!(check(&guard, good), "{good}");
        }
        for bad in [
            "http://push.example.com/x",
            "https://push.example.com:8443/x",
            "https://push.example.com:22/x",
            "https://localhost/x",
            "https://LOCALHOST/x",
            "https://chat.localhost/x",
            "https://raspberrypi/x",
            "https://raspberrypi.local/x",
            "https://router.lan/x",
            "https://metadata.google.internal/x",
            "https://nas.home.arpa/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://[64:ff9b::a9fe:a9fe]/x",
            "https://169.254.169.254/latest/meta-data",
            "https://192.168.1.1/x",
            "https://0.0.0.0/x",
            "https://2130706433/x",
            "https://127.1/x",
            "https://0x7f.1/x",
        ] {
            assert!(!check(&guard, bad), "{bad}");
        }
    }

    #[test]
    fn what_the_owner_names_may_be_anywhere_and_plain() {
        let local = ["ntfy.lan:2586", "push.lan", "192.168.7.0/24:*", "fd00::/8", "10.0.0.9", "[fd77::1]:8080"];
        let guard = Guard::new(local.into_iter().map(|text| Local::parse(text).unwrap()).collect());
        for good in [
            "http://ntfy.lan:2586/x",
            "http://NTFY.lan:2586/x",
            "http://push.lan/x",
            "https://push.lan/x",
            "https://192.168.7.200:8443/x",
            "http://[fd12::1]:80/",
            "http://[fd77::1]:8080/",
            "http://10.0.0.9/",
        ] {
            assert!(check(&guard, good), "{good}");
        }
        for bad in [
            "http://other.lan/x",
            "http://ntfy.lan/x",
            "http://ntfy.lan:22/x",
            "http://push.lan:8080/x",
            "http://192.168.8.1/x",
            "http://10.0.0.8/",
            "http://10.0.0.9:22/",
            "https://[fd12::1]:8443/",
            "http://127.0.0.1/",
            "http://sub.ntfy.lan:2586/",
        ] {
            assert!(!check(&guard, bad), "{bad}");
        }
        let at = |url: &str| Endpoint::parse(url).unwrap();
        assert!(guard.allows(&at("http://ntfy.lan:2586/"), address("127.0.0.1")), "the owner answers for that name");
        assert!(!guard.allows(&at("http://ntfy.lan:22/"), address("127.0.0.1")));
        assert!(guard.allows(&at("https://push.example.com/"), address("::ffff:192.168.7.1")));
        assert!(guard.allows(&at("https://push.example.com/"), address("10.0.0.9")));
        assert!(!guard.allows(&at("https://push.example.com:8443/"), address("10.0.0.9")));
        assert!(!guard.allows(&at("https://push.example.com/"), address("127.0.0.1")));
        let bad = ["", "http://x", "a b", "host:", "host:0", "host:x", "host:65536", "10.0.0.0/33", "host/x", "*.lan"];
        for bad in bad.into_iter().chain(["[fd00::1", "fd00::1]:80", "[host]:80", "host:80/x"]) {
            assert!(Local::parse(bad).is_none(), "{bad}");
        }
    }
}
