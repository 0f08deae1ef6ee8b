//! An address as the unit that limits count by.

use std::net::{IpAddr, Ipv4Addr};

/// An address as far as it stands for one household: IPv4 whole, of IPv6 the first 64 bits, as everybody has 2^64 of
/// the others to choose from (RFC 6177). IPv4 written as IPv6 (`::ffff:1.2.3.4`) is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressKey {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// The first 64 bits of an IPv6 address.
    V6(u64),
}

impl From<IpAddr> for AddressKey {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AddressKey;

    fn address(text: &str) -> AddressKey {
        AddressKey::from(text.parse::<std::net::IpAddr>().unwrap())
    }

    #[test]
    fn an_address_is_a_household() {
        assert_eq!(address("192.0.2.1"), address("::ffff:192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_ne!(address("::1"), address("127.0.0.1"));
        assert_ne!(address("::192.0.2.1"), address("192.0.2.1"));
    }
}
