//! Notifications by push: subscriptions, what became of what was sent, and the addresses of push services.

use std::net::{Ipv4Addr, Ipv6Addr};

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SubscriptionId, Timestamp, limits};

/// Keys of a browser's, for what only it can read (RFC 8291).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PushKeys {
    /// Its public key: an uncompressed point.
    pub p256dh: [u8; 65],
    /// The secret that it shares with us.
    pub auth: [u8; 16],
}

/// Keys are never printed.
impl std::fmt::Debug for PushKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PushKeys(…)")
    }
}

/// `POST /users/@me/push-subscriptions`: what a browser's `PushSubscription.toJSON()` says.
#[derive(Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct NewPushSubscription {
    /// Where the push service takes messages for this browser: https, a public address, port 443.
    #[cfg_attr(test, schemars(length(min = 1, max = 2048)))]
    pub endpoint: String,
    /// The browser's keys.
    pub keys: NewPushKeys,
    /// What the device is called.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = 100)))]
    pub name: Option<String>,
}

/// The keys of a [`NewPushSubscription`], in base64url.
#[derive(Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct NewPushKeys {
    /// The browser's public key: 65 bytes, an uncompressed point of P-256.
    pub p256dh: String,
    /// 16 bytes.
    pub auth: String,
}

/// Where one of a user's browsers is told of messages. It ends with the sign-in session that it was made in.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PushSubscription {
    /// Which.
    pub subscription_id: SubscriptionId,
    /// What the device is called.
    pub name: Option<String>,
    /// Scheme and host of the push service.
    pub origin: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the push service last took something, up to an hour earlier.
    pub last_success_at: Option<Timestamp>,
    /// What the last failure was, if nothing was taken since.
    pub last_failure: Option<String>,
}

/// What a push is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PushKind {
    /// There is a new message.
    Message,
    /// It was read elsewhere: the notification is to go.
    Read,
    /// The user tries whether it works.
    Test,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PushStatus {
    /// The push service has taken it.
    Sent,
    /// It is tried again.
    Retrying,
    /// It is given up.
    Failed,
    /// The subscription is no more, and was removed.
    Gone,
}

/// A line of a user's push log. It has nothing of what was written.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PushDelivery {
    /// When.
    pub at: Timestamp,
    /// To which subscription.
    pub subscription_id: SubscriptionId,
    /// What for.
    pub kind: PushKind,
    /// What became of it.
    pub status: PushStatus,
    /// What the push service answered, if it did.
    pub http_status: Option<u16>,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
}

/// The host of an [`Endpoint`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in small letters.
    Name(String),
    /// An address.
    V4(Ipv4Addr),
    /// An address.
    V6(Ipv6Addr),
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// Where a push service takes messages: a URL, taken apart strictly, so that nobody can read it otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it is https.
    pub https: bool,
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// Path and query; begins with `/`.
    pub target: String,
}

impl Endpoint {
    /// Reads a URL. Which hosts and ports are allowed is for others to say.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > limits::PUSH_ENDPOINT_BYTES {
            return Err("must be at most 2048 bytes");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte)) {
            return Err("must be a URL without fragment, of characters that need no encoding");
        }
        let (https, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("must begin with https://"),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let (host, port) = split_port(authority).ok_or("must have a host, and a port only in digits")?;
        let port = match port {
            None => {
                if https {
                    443
                } else {
                    80
                }
            }
            Some(digits) => digits.parse().ok().filter(|port| *port > 0).ok_or("must have a port from 1 to 65535")?,
        };
        Ok(Self { https, host: self::host(host).ok_or("must have a host: a name or an address")?, port, target })
    }

    /// Scheme, host and port, the latter if it is not the scheme's own (RFC 6454).
    pub fn origin(&self) -> String {
        let (scheme, usual) = if self.https { ("https", 443) } else { ("http", 80) };
        let port = if self.port == usual { String::new() } else { format!(":{}", self.port) };
        format!("{scheme}://{}{port}", self.host)
    }
}

/// Host and port of an authority; none with a user's name, or a port that is no number.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let at = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(at)?;
    if rest.is_empty() {
        return Some((host, None));
    }
    let digits = rest.strip_prefix(':')?;
    (!digits.is_empty() && digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some((host, Some(digits)))
}

fn host(text: &str) -> Option<Host> {
    if let Some(inside) = text.strip_prefix('[') {
        return inside.strip_suffix(']')?.parse().ok().map(Host::V6);
    }
    // What ends in a number is an address, or nothing: `127.1`, `0x7f.1` and `2130706433` are what others may take for
    // one.
    let last = text.rsplit('.').next()?;
    if last.bytes().next()?.is_ascii_digit() {
        return text.parse().ok().map(Host::V4);
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    (text.len() <= 253 && text.split('.').all(is_label)).then(|| Host::Name(text.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Host};

    #[test]
    fn an_endpoint_is_taken_apart() {
        let endpoint = Endpoint::parse("https://FCM.googleapis.com/fcm/send/a:b?x=/y").unwrap();
        assert_eq!(endpoint.origin(), "https://fcm.googleapis.com");
        assert_eq!((endpoint.port, endpoint.target.as_str()), (443, "/fcm/send/a:b?x=/y"));
        let endpoint = Endpoint::parse("http://[fd00::1]:2586?up=1").unwrap();
        assert_eq!((endpoint.origin().as_str(), endpoint.target.as_str()), ("http://[fd00::1]:2586", "/?up=1"));
        assert_eq!(Endpoint::parse("https://1.2.3.4").unwrap().host, Host::V4([1, 2, 3, 4].into()));
        assert_eq!(Endpoint::parse("https://a.example:443/x").unwrap().origin(), "https://a.example");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_none() {
        for bad in [
            "",
            "push.example",
            "ftp://push.example/",
            "HTTPS://push.example/",
            "https://",
            "https:///x",
            "https://user@push.example/",
            "https://user:secret@push.example/",
            "https://push.example:0/",
            "https://push.example:65536/",
            "https://push.example:/",
            "https://push.example:+1/",
            "https://push.example:80:80/",
            "https://push.example/#x",
            "https://push.example/a b",
            "https://push.example/\r\nHost: x",
            "https://push.example\\@127.0.0.1/",
            "https://püsh.example/",
            "https://push.example./",
            "https://.push.example/",
            "https://push..example/",
            "https://-push.example/",
            "https://%3127.0.0.1/",
            "https://127.1/",
            "https://0x7f.0.0.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://127.0.0.01/",
            "https://1.2.3.4.5/",
            "https://[::1/",
            "https://[::1]x/",
            "https://[fe80::1%25eth0]/",
            "https://::1/",
        ] {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
        assert!(Endpoint::parse(&format!("https://push.example/{}", "x".repeat(2_048))).is_err());
    }
}
