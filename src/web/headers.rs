//! What every answer of the client's carries.

use crate::net::Header;

/// The page loads what this server serves, and nothing else. No string becomes code or markup (trusted types), no other
/// site frames the page, and no form is sent but by script. `'self'` covers the WebSocket of the same host.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' blob:; media-src 'self' blob:; manifest-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A chat of text needs no devices.
const PERMISSIONS_POLICY: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), \
    usb=(), xr-spatial-tracking=()";

const FIELDS: [(&str, &str); 6] = [
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS_POLICY),
];

/// A year: browsers then go to https by themselves.
const STRICT_TRANSPORT_SECURITY: (&str, &str) = ("Strict-Transport-Security", "max-age=31536000");

/// The security fields of a page; `https`: whether people reach the instance that way.
pub fn security_headers(https: bool) -> Vec<Header> {
    let fields = FIELDS.into_iter().chain(https.then_some(STRICT_TRANSPORT_SECURITY));
    fields.filter_map(|(name, value)| Header::from_bytes(name, value).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(headers: &[Header], name: &'static str) -> Option<String> {
        headers.iter().find(|header| header.field.equiv(name)).map(|header| header.value.to_string())
    }

    #[test]
    fn the_policy_allows_nothing_but_ourselves() {
        let policy = value(&security_headers(false), "Content-Security-Policy").unwrap();
        for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "trusted-types 'none'"] {
            assert!(policy.split("; ").any(|directive| directive == rule), "{rule}");
        }
        for open in ["unsafe", "http:", "https:", "data:", "*", "  "] {
            assert!(!policy.contains(open), "{open}");
        }
    }

    #[test]
    fn transport_security_is_promised_over_https_only() {
        assert_eq!(value(&security_headers(false), "Strict-Transport-Security"), None);
        assert!(value(&security_headers(true), "Strict-Transport-Security").is_some());
        assert_eq!(security_headers(true).len(), FIELDS.len() + 1, "every field is well-formed");
    }
}
