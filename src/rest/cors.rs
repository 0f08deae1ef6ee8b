//! Pages of other sites, as far as the owner allows them (CORS, fetch.spec.whatwg.org §3.2). Without configured
//! origins nothing here ever shows. Cookies are never allowed: the refresh cookie is for our own pages alone.

use super::reply::Reply;
use super::route::{API, RATE_FIELDS};
use crate::net::{Method, Request};

/// For how long a browser need not ask again, in seconds: two hours, the most that browsers keep.
const MAX_AGE_S: &str = "7200";

/// Lets the page that asks read the answer, if its origin is among `allowed`.
pub fn tell(reply: Reply, request: &Request, allowed: &[String]) -> Reply {
    if allowed.is_empty() || !request.path.starts_with(API) {
        return reply;
    }
    // Caches must not give one origin's answer to another.
    let reply = reply.with("Vary", "Origin");
    let origin = request.header("Origin").filter(|origin| allowed.iter().any(|one| one.eq_ignore_ascii_case(origin)));
    let Some(origin) = origin else { return reply };
    let reply = reply.with("Access-Control-Allow-Origin", origin);
    if request.method == Method::Options {
        return reply
            .with("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
            .with("Access-Control-Allow-Headers", "Authorization, Content-Type")
            .with("Access-Control-Max-Age", MAX_AGE_S);
    }
    let [limit, remaining, reset_after] = RATE_FIELDS;
    let readable = ["Link", "Retry-After", limit, remaining, reset_after].join(", ");
    reply.with("Access-Control-Expose-Headers", &readable)
}

#[cfg(test)]
mod tests {
    use super::tell;
    use crate::rest::reply::Reply;
    use crate::rest::tests::request;

    #[test]
    fn only_pages_of_allowed_origins_are_let_in() {
        let allowed = ["https://friend.example".to_owned()];
        let answer = |method: &str, origin: &str, allowed: &[String]| {
            let request = request(method, "/api/rest/servers").with("Origin", origin).build();
            tell(Reply::no_content(), &request, allowed)
        };
        assert_eq!(answer("GET", "https://friend.example", &[]).header("Access-Control-Allow-Origin"), None);
        let stranger = answer("GET", "https://evil.example", &allowed);
        assert_eq!((stranger.header("Access-Control-Allow-Origin"), stranger.header("Vary")), (None, Some("Origin")));
        let friend = answer("GET", "https://friend.example", &allowed);
        assert_eq!(friend.header("Access-Control-Allow-Origin"), Some("https://friend.example"));
        assert!(friend.header("Access-Control-Expose-Headers").unwrap().contains("Link"));
        assert_eq!(friend.header("Access-Control-Allow-Credentials"), None);
        let preflight = answer("OPTIONS", "https://friend.example", &allowed);
        assert_eq!(preflight.header("Access-Control-Allow-Headers"), Some("Authorization, Content-Type"));
    }
}
