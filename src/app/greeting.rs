//! What the first start says: where people reach the instance, and how its administrator gets in.

use std::io::{IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use qrcodegen::{QrCode, QrCodeEcc};

use super::log::PICTURE;
use super::machine_name;
use crate::model::percent;

/// Around the code, in modules (ISO/IEC 18004, section 9.1).
const QUIET_ZONE: i32 = 4;

/// Black on white, whatever the terminal's colours are, and back to those.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
const AS_BEFORE: &str = "\u{1b}[0m";

/// What the machine is called on its network.
#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
    /// Its name, as other machines may find it by multicast (RFC 6762).
    name: Option<String>,
}

impl Machine {
    /// This one. Connecting a UDP socket sends nothing: it only looks up which own address the way would begin at. The
    /// addresses are of documentation (RFC 5737, RFC 3849), so that nobody is at their end.
    pub(super) fn this() -> Self {
        let name = Some(machine_name()).filter(|name| !name.is_empty() && name != "localhost");
        let v4 = match own((Ipv4Addr::UNSPECIFIED, 0).into(), (Ipv4Addr::new(192, 0, 2, 1), 9).into()) {
            Some(IpAddr::V4(v4)) => Some(v4),
            _ => None,
        };
        let v6 =
            match own((Ipv6Addr::UNSPECIFIED, 0).into(), (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into()) {
                Some(IpAddr::V6(v6)) => Some(v6),
                _ => None,
            };
        Self { v4, v6, name: name.map(|name| format!("{name}.local")) }
    }

    /// Where people reach what listens there, the best first.
    fn urls(&self, scheme: &str, listens: SocketAddr) -> Vec<String> {
        let url = |host: &str| match (scheme, listens.port()) {
            ("http", 80) | ("https", 443) => format!("{scheme}://{host}"),
            (_, port) => format!("{scheme}://{host}:{port}"),
        };
        let at = |ip: IpAddr| match ip {
            IpAddr::V4(v4) => url(&v4.to_string()),
            IpAddr::V6(v6) => url(&format!("[{v6}]")),
        };
        if !listens.ip().is_unspecified() {
            return vec![at(listens.ip())];
        }
        let v4 = self.v4.map(IpAddr::V4).map(at);
        let v6 = self.v6.filter(|_| listens.is_ipv6()).map(IpAddr::V6).map(at);
        let name = self.name.as_deref().map(url);
        let urls: Vec<_> = v4.into_iter().chain(name).chain(v6).collect();
        // Without a network there is still this machine.
        if urls.is_empty() { vec![at(Ipv4Addr::LOCALHOST.into())] } else { urls }
    }
}

/// The own address at which the way to `there` begins.
fn own(from: SocketAddr, there: SocketAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind(from).ok()?;
    socket.connect(there).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
}

/// Where people reach the instance, the best first: what its owner says, else what the machine knows.
pub(super) fn urls(public_url: &str, machine: &Machine, scheme: &str, listens: SocketAddr) -> Vec<String> {
    if public_url.is_empty() { machine.urls(scheme, listens) } else { vec![public_url.to_owned()] }
}

/// Where the first account is made. What is behind `#` no browser sends, and no log has.
pub(super) fn setup_url(url: &str, code: &str) -> String {
    format!("{url}/#setup={}", percent::encode(code))
}

/// Whether a camera of another machine has a use for this address.
pub(super) fn is_for_others(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    !["127.", "[::1]", "localhost"].iter().any(|own| host.starts_with(own))
}

/// Shows a text as a QR code: on a terminal in black on white, else as lines of the log.
pub(super) fn show(text: &str) {
    // Larger than any code, an address is only said.
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Low) else { return };
    let to_terminal = std::io::stderr().is_terminal() && std::env::var_os("JOURNAL_STREAM").is_none();
    if to_terminal && log::max_level() >= log::LevelFilter::Info {
        let rows =
            rows(&code, true).iter().map(|row| format!("{BLACK_ON_WHITE}{row}{AS_BEFORE}\n")).collect::<String>();
        // Who is left without it has the address.
        let _ = std::io::stderr().write_all(rows.as_bytes());
    } else {
        // Without colours, what is light is drawn: most terminals are dark, and cameras read the negative too.
        rows(&code, false).iter().for_each(|row| log::info!(target: PICTURE, "{row}"));
    }
}

/// The code in half blocks, two modules above each other in one character; the dark ones are drawn, or the light ones.
fn rows(code: &QrCode, draws_dark: bool) -> Vec<String> {
    let range = -QUIET_ZONE..code.size() + QUIET_ZONE;
    // Outside the code there is no module, which counts as light.
    let is_drawn = |x, y| code.get_module(x, y) == draws_dark;
    let half = |x, y| match (is_drawn(x, y), is_drawn(x, y + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    range.clone().step_by(2).map(|y| range.clone().map(|x| half(x, y)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            v4: Some(Ipv4Addr::new(192, 168, 1, 5)),
            v6: Some("fd00::5".parse().unwrap()),
            name: Some("pi.local".to_owned()),
        }
    }

    #[test]
    fn people_are_told_an_address_that_they_can_use() {
        let urls = |public: &str, scheme: &str, listens: &str| {
            urls(public, &machine(), scheme, listens.parse().unwrap()).join(" ")
        };
        assert_eq!(urls("", "http", "[::]:8080"), "http://192.168.1.5:8080 http://pi.local:8080 http://[fd00::5]:8080");
        assert_eq!(urls("", "https", "0.0.0.0:443"), "https://192.168.1.5 https://pi.local");
        assert_eq!(urls("", "http", "127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(urls("", "http", "[fd00::9]:80"), "http://[fd00::9]");
        assert_eq!(urls("https://chat.example/x", "http", "127.0.0.1:8080"), "https://chat.example/x");
        let alone = Machine::default().urls("http", "[::]:8080".parse().unwrap());
        assert_eq!(alone, ["http://127.0.0.1:8080"]);
    }

    #[test]
    fn a_code_of_the_owners_own_survives_the_address() {
        assert_eq!(setup_url("http://pi", "a b/ü#"), "http://pi/#setup=a%20b%2F%C3%BC%23");
    }

    #[test]
    fn a_camera_gets_no_address_of_this_machine_alone() {
        for own in ["http://127.0.0.1:8080", "https://localhost", "http://[::1]:1"] {
            assert!(!is_for_others(own), "{own}");
        }
        assert!(is_for_others("http://192.168.1.5:8080") && is_for_others("https://chat.example"));
    }

    #[test]
    fn the_rows_are_the_code_with_its_quiet_zone() {
        let code = QrCode::encode_text("http://192.168.1.5:8080/#setup=ABCDEFGHJKLMNPQR", QrCodeEcc::Low).unwrap();
        for draws_dark in [true, false] {
            let rows = rows(&code, draws_dark);
            let side = code.size() + 2 * QUIET_ZONE;
            assert_eq!(rows.len() as i32, (side + 1) / 2);
            for (y, row) in rows.iter().enumerate() {
                assert_eq!(row.chars().count() as i32, side);
                for (x, half) in row.chars().enumerate() {
                    let (x, y) = (x as i32 - QUIET_ZONE, 2 * y as i32 - QUIET_ZONE);
                    let (upper, lower) = (matches!(half, '█' | '▀'), matches!(half, '█' | '▄'));
                    assert_eq!(
                        (upper, lower),
                        (code.get_module(x, y) == draws_dark, code.get_module(x, y + 1) == draws_dark)
                    );
                }
            }
            // In the log nothing may be at an end that somebody could take for a blank.
            assert!(draws_dark || rows.iter().all(|row| !row.starts_with(' ') && !row.ends_with(' ')));
        }
    }
}
