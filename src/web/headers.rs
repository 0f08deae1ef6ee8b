//! What every answer of the client's carries.

use crate::net::{Header, Request};

/// The page loads what this server serves, and nothing else. No string becomes code or markup (trusted types), no other
/// site frames the page, and no form is sent but by script. `'self'` covers the WebSocket of the same host. The one policy
/// makes the address of our service worker and nothing else (`static/lib/worker.js`); nobody can make a second one.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' blob:; media-src 'self' blob:; manifest-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types chatd-worker";

/// The service worker talks to this server and does nothing else.
const WORKER_POLICY: (&str, &str) = (
    "Content-Security-Policy",
    "default-src 'none'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
);

/// A chat of text needs no devices.
const PERMISSIONS_POLICY: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), \
    usb=(), xr-spatial-tracking=()";

/// For whatever is fetched.
const ALWAYS: [(&str, &str); 2] =
    [("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin")];

/// For what a browser may show as a document.
const DOCUMENT: [(&str, &str); 3] = [
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", PERMISSIONS_POLICY),
];

/// For a year, browsers then go to https by themselves.
const STRICT_TRANSPORT_SECURITY: (&str, &str) = ("Strict-Transport-Security", "max-age=31536000");

/// Browsers heed it over https only; over plain http they answer it with an error on the console of each page.
const OPENER: (&str, &str) = ("Cross-Origin-Opener-Policy", "same-origin");

/// How people reach the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By plain http.
    Plain,
    /// By https, as long as the owner leaves our TLS on.
    Https,
    /// By https for good, as the public URL or a trusted proxy says.
    AlwaysHttps,
}

impl Way {
    /// `is_public`: whether the public URL is https.
    pub fn of(request: &Request, is_public: bool) -> Self {
        match (request.front.https, request.front.proxied) {
            _ if is_public => Self::AlwaysHttps,
            (true, true) => Self::AlwaysHttps,
            (true, false) => Self::Https,
            (false, _) => Self::Plain,
        }
    }
}

/// The security fields of a page.
pub fn security_headers(way: Way) -> Vec<Header> {
    let mut headers = asset_headers(way);
    headers.extend(DOCUMENT.into_iter().chain((way != Way::Plain).then_some(OPENER)).filter_map(header));
    headers
}

/// Those of a script or style sheet. The others would say nothing there, and are longer than a small module.
pub(super) fn asset_headers(way: Way) -> Vec<Header> {
    let for_good = (way == Way::AlwaysHttps).then_some(STRICT_TRANSPORT_SECURITY);
    ALWAYS.into_iter().chain(for_good).filter_map(header).collect()
}

/// Those of the service worker, which has a policy of its own: that of the page does not hold there.
pub(super) fn worker_headers(way: Way) -> Vec<Header> {
    let mut headers = asset_headers(way);
    headers.extend(header(WORKER_POLICY));
    headers
}

fn header((name, value): (&'static str, &'static str)) -> Option<Header> {
    Header::from_bytes(name, value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(headers: &[Header], name: &'static str) -> Option<String> {
        headers.iter().find(|header| header.field.equiv(name)).map(|header| header.value.to_string())
    }

    #[test]
    fn the_policy_allows_nothing_but_ourselves() {
        let policy = value(&security_headers(Way::Plain), "Content-Security-Policy").unwrap();
        for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "trusted-types chatd-worker"] {
            assert!(policy.split("; ").any(|directive| directive == rule), "{rule}");
        }
        for open in ["unsafe", "http:", "https:", "data:", "*", "  "] {
            assert!(!policy.contains(open), "{open}");
        }
    }

    #[test]
    fn what_only_https_heeds_is_said_over_https_only() {
        for name in ["Strict-Transport-Security", "Cross-Origin-Opener-Policy"] {
            assert_eq!(value(&security_headers(Way::Plain), name), None);
            assert!(value(&security_headers(Way::AlwaysHttps), name).is_some());
        }
        let all = ALWAYS.len() + DOCUMENT.len() + 2;
        assert_eq!(security_headers(Way::AlwaysHttps).len(), all, "every field is well-formed");
        // An owner may turn our TLS off again; browsers would go on asking for it for a year.
        assert_eq!(value(&security_headers(Way::Https), "Strict-Transport-Security"), None);
        assert!(value(&security_headers(Way::Https), "Cross-Origin-Opener-Policy").is_some());
    }
}
