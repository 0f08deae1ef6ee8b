//! The refresh token of browsers: a cookie that no script reads, sent to `/api/rest/auth` alone.

use super::reply::Reply;
use super::route::API;
use crate::chat::Config;
use crate::model::{Code, Error, Result, limits};
use crate::net::Request;

/// The cookie's name.
pub const NAME: &str = "chatd_refresh";

/// Puts a new refresh token into the cookie.
pub fn set(reply: Reply, request: &Request, config: &Config, token: &str) -> Reply {
    reply.with("Set-Cookie", &field(request, config, token, limits::REFRESH_TOKEN_S))
}

/// Takes the cookie away.
pub fn clear(reply: Reply, request: &Request, config: &Config) -> Reply {
    reply.with("Set-Cookie", &field(request, config, "", 0))
}

fn field(request: &Request, config: &Config, value: &str, max_age_s: i64) -> String {
    let base = config.base_path();
    let secure = if config.is_https() || request.front.https { "; Secure" } else { "" };
    format!("{NAME}={value}; HttpOnly; SameSite=Strict; Path={base}{API}/auth; Max-Age={max_age_s}{secure}")
}

/// The token in the request's cookie. Cookies come by themselves, so the page that asks must be ours (RFC 6265 §8.2).
///
/// # Errors
/// 403 `bad_origin` if there is a cookie, but the request does not say that it comes from our own origin.
pub fn get(request: &Request, config: &Config) -> Result<Option<String>> {
    let Some(token) = find(request) else { return Ok(None) };
    if is_same_origin(request, config) { Ok(Some(token)) } else { Err(Error::new(Code::BadOrigin)) }
}

/// Whether the request has the cookie.
pub fn is_there(request: &Request) -> bool {
    find(request).is_some()
}

fn find(request: &Request) -> Option<String> {
    let fields = request.headers.iter().filter(|field| field.field.equiv("Cookie"));
    let mut cookies = fields.flat_map(|field| field.value.as_str().split(';'));
    let (_, token) = cookies.find_map(|cookie| cookie.trim().split_once('=').filter(|(name, _)| *name == NAME))?;
    (!token.is_empty()).then(|| token.to_owned())
}

/// What browsers say of the page that sends a request; no page can change it. `Sec-Fetch-Site` decides where it is
/// sent; it is not over plain http, where `Origin` must name the host that the request went to.
fn is_same_origin(request: &Request, config: &Config) -> bool {
    if let Some(site) = request.header("Sec-Fetch-Site") {
        return site.eq_ignore_ascii_case("same-origin");
    }
    let origin = request.header("Origin");
    let front = &request.front;
    origin.is_some_and(|origin| config.is_own_origin(origin, request.host(), front.proxied, front.secure))
}

#[cfg(test)]
mod tests {
    use super::{clear, get, set};
    use crate::model::Code;
    use crate::rest::reply::Reply;
    use crate::rest::tests::{config, request};

    #[test]
    fn the_cookie_is_for_the_auth_paths_of_this_base_alone() {
        let asked = request("POST", "/api/rest/auth/login").build();
        let plain = set(Reply::no_content(), &asked, &config(""), "abc");
        assert_eq!(
            plain.header("Set-Cookie"),
            Some("chatd_refresh=abc; HttpOnly; SameSite=Strict; Path=/api/rest/auth; Max-Age=5184000")
        );
        let secure = clear(Reply::no_content(), &asked, &config("https://home.example/chat"));
        assert_eq!(
            secure.header("Set-Cookie"),
            Some("chatd_refresh=; HttpOnly; SameSite=Strict; Path=/chat/api/rest/auth; Max-Age=0; Secure")
        );
    }

    #[test]
    fn a_cookie_counts_only_from_a_page_of_our_own() {
        let of = |url: &str, fields: &[(&str, &str)]| {
            let start = request("POST", "/api/rest/auth/refresh").with("Cookie", "a=b; chatd_refresh=abc");
            let request = fields.iter().fold(start, |request, (name, value)| request.with(name, value)).build();
            get(&request, &config(url)).map_err(|error| error.code)
        };
        let token = || Ok(Some("abc".to_owned()));
        assert_eq!(of("", &[("Sec-Fetch-Site", "same-origin")]), token());
        assert_eq!(of("", &[("Origin", "http://pi.local:8080"), ("Host", "pi.local:8080")]), token());
        assert_eq!(of("https://a.example/chat", &[("Origin", "https://a.example"), ("Host", "inner")]), token());
        for (url, fields) in [
            ("", &[][..]),
            ("", &[("Sec-Fetch-Site", "same-site")]),
            ("", &[("Sec-Fetch-Site", "cross-site"), ("Origin", "http://pi"), ("Host", "pi")]),
            ("", &[("Origin", "null"), ("Host", "pi")]),
            ("", &[("Origin", "http://pi.evil.example"), ("Host", "pi")]),
            ("", &[("Origin", "http://pi:81"), ("Host", "pi")]),
            ("", &[("Origin", "ftp://pi"), ("Host", "pi")]),
            ("https://a.example", &[("Origin", "http://a.example"), ("Host", "inner")]),
        ] {
            assert_eq!(of(url, fields), Err(Code::BadOrigin), "{fields:?}");
        }
        let bare = request("POST", "/").with("Cookie", "chatd_refresh=; x_chatd_refresh=abc").build();
        assert!(get(&bare, &config("")).unwrap().is_none());
    }
}
