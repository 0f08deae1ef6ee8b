//! Where plain HTTP is sent when there is TLS.

use tiny_http::{Header, Method, Response, ResponseBox};

use super::head::Head;
use crate::model::{Code, Error};

/// How this server is reached by https.
#[derive(Clone, Debug, Default)]
pub(super) struct Https {
    /// As in `https://chat.example`; empty if nobody has said.
    pub(super) origin: String,
    /// The port that the server listens on.
    pub(super) port: u16,
}

impl Https {
    /// Sends a reader on. Who writes is refused: what it wrote has crossed the network in the open already, and it should
    /// notice.
    pub(super) fn answer(&self, head: &Head, came_to: u16) -> Result<ResponseBox, Error> {
        let refused = || Error::with_detail(Code::BadRequest, "this server is reached by https:// alone");
        if !matches!(head.method, Method::Get | Method::Head) {
            return Err(refused());
        }
        let host = head.headers.iter().find(|header| header.field.equiv("Host")).map(|header| header.value.as_str());
        let origin = match host {
            _ if !self.origin.is_empty() => self.origin.clone(),
            Some(host) => self.beside(host, came_to),
            // HTTP/1.0: without a name nobody can be sent anywhere.
            None => return Err(refused()),
        };
        let query = head.query.as_deref().map_or(String::new(), |query| format!("?{query}"));
        let location =
            Header::from_bytes("Location", format!("{origin}{}{query}", head.path)).map_err(|()| refused())?;
        // For now, not for good: an owner may turn TLS off again, and browsers keep a permanent redirect.
        Ok(Response::empty(307).with_header(location).boxed())
    }

    /// Whoever came to the port that has TLS is to come to the same; a router may have given it another number, which
    /// `host` has.
    fn beside(&self, host: &str, came_to: u16) -> String {
        if came_to == self.port {
            return format!("https://{host}");
        }
        let end = host.rfind(':').filter(|at| !host.get(*at..).unwrap_or_default().contains(']'));
        let name = end.and_then(|at| host.get(..at)).unwrap_or(host);
        match self.port {
            443 => format!("https://{name}"),
            port => format!("https://{name}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Https;
    use crate::net::head;

    fn sent(https: &Https, request: &str, came_to: u16) -> String {
        let head = head::parse(request.replace('\n', "\r\n").as_bytes()).unwrap();
        match https.answer(&head, came_to) {
            Ok(answer) => {
                assert_eq!(answer.status_code().0, 307);
                answer.headers().iter().find(|h| h.field.equiv("Location")).unwrap().value.to_string()
            }
            Err(error) => error.code.as_str().to_owned(),
        }
    }

    #[test]
    fn a_reader_goes_where_https_is() {
        let https = Https { origin: String::new(), port: 8443 };
        let get = "GET /a/b?c=d HTTP/1.1\nHost: pi:8443\n\n";
        assert_eq!(sent(&https, get, 8443), "https://pi:8443/a/b?c=d");
        // A router gave the port another number.
        assert_eq!(sent(&https, "HEAD / HTTP/1.1\nHost: pi:9000\n\n", 8443), "https://pi:9000/");
        // The port beside.
        assert_eq!(sent(&https, "GET / HTTP/1.1\nHost: pi\n\n", 80), "https://pi:8443/");
        assert_eq!(sent(&https, "GET / HTTP/1.1\nHost: [::1]:80\n\n", 80), "https://[::1]:8443/");
        assert_eq!(sent(&https, "GET / HTTP/1.1\nHost: [::1]\n\n", 80), "https://[::1]:8443/");
        let https = Https { origin: String::new(), port: 443 };
        assert_eq!(sent(&https, "GET / HTTP/1.1\nHost: pi:8080\n\n", 8080), "https://pi/");
        let https = Https { origin: "https://chat.example".to_owned(), port: 443 };
        assert_eq!(sent(&https, "GET /x HTTP/1.1\nHost: elsewhere\n\n", 80), "https://chat.example/x");
    }

    #[test]
    fn whoever_names_no_host_is_told() {
        assert_eq!(sent(&Https { origin: String::new(), port: 443 }, "GET /x HTTP/1.0\n\n", 80), "bad_request");
    }

    #[test]
    fn a_writer_is_told() {
        let post = "POST /api/rest/auth/login HTTP/1.1\nHost: pi\nContent-Length: 0\n\n";
        assert_eq!(sent(&Https::default(), post, 80), "bad_request");
    }
}
