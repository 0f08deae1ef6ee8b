//! Requests without a socket, against a real store in a temporary folder. Every answer must be one of those that the
//! OpenAPI document names.

mod accounts;
mod checks;
mod instance;
mod messages;
mod pressure;
mod rates;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::route::Verb;
use super::{Rest, openapi, path};
use crate::auth::{Keys, Passwords, Throttles};
use crate::chat::{Chat, Config, Shared};
use crate::media::Media;
use crate::model::{Event, Outlet, Settings, limits};
use crate::net::{Body, Front, Header, Request, ResponseBox};
use crate::store::Store;

/// A request under construction.
pub(super) struct Draft {
    request: Request,
    body: Vec<u8>,
}

/// Begins a request.
pub(super) fn request(method: &str, target: &str) -> Draft {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let request = Request {
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query: query.map(str::to_owned),
        headers: Vec::new(),
        client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        local: false,
        front: Front::default(),
        content_length: Some(0),
        body: Body::from_bytes(Vec::new()),
    };
    Draft { request, body: Vec::new() }
}

impl Draft {
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push(Header::from_bytes(name, value).unwrap());
        self
    }

    pub(super) fn with_body(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self
    }

    pub(super) fn with_json(self, body: &str) -> Self {
        self.with("Content-Type", "application/json").with_body(body)
    }

    fn by(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    pub(super) fn build(self) -> Request {
        let Self { mut request, body } = self;
        request.content_length = Some(body.len() as u64);
        request.body = Body::from_bytes(body);
        request
    }
}

/// An instance at this public URL.
pub(super) fn config(public_url: &str) -> Config {
    Config {
        otherwise: Settings::default(),
        given: Vec::new(),
        is_local: true,
        public_url: public_url.to_owned(),
        allowed_origins: Vec::new(),
        heartbeat_interval: Duration::from_secs(30),
    }
}

/// Commits, and tells nobody.
struct Nobody;

impl Outlet for Nobody {
    fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>) {
        commit();
    }
}

struct Instance {
    rest: Rest,
    document: Value,
    _folder: tempfile::TempDir,
}

/// What came back.
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn is(&self, status: u16, code: &str) {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!((self.status, self.code().as_str()), (status, code), "{body}");
    }
}

impl Instance {
    fn new(public_url: &str, throttles: Throttles) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("chatd.db"), "", Arc::new(Nobody)).unwrap();
        let shared = Shared::new(config(public_url), Keys::from_bytes(&[7; 32]));
        let chat = Arc::new(Chat::new(store, Arc::new(shared)));
        let media = Arc::new(Media::open(&folder.path().join("files"), Some(0), Arc::clone(chat.pressure())).unwrap());
        let rest = Rest::new(chat, media, Passwords::new(), throttles);
        Self { rest, document: openapi::document_with("", limits::PASSWORD_MIN).unwrap(), _folder: folder }
    }

    fn free() -> Self {
        Self::new("", Throttles::off())
    }

    #[track_caller]
    fn ask(&self, draft: Draft) -> Got {
        let mut request = draft.build();
        let response: ResponseBox = self.rest.answer(&mut request).unwrap();
        let status = response.status_code().0;
        self.is_documented(&request, status);
        let pair = |h: &Header| (h.field.as_str().as_str().to_owned(), h.value.as_str().to_owned());
        let headers = response.headers().iter().map(pair).collect();
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut response.into_reader(), &mut body).unwrap();
        Got { status, headers, body }
    }

    #[track_caller]
    fn is_documented(&self, request: &Request, status: u16) {
        let found = path::find(&request.path);
        let route = Verb::of(&request.method).and_then(|verb| found.as_ref()?.by_verb(verb));
        let Some(route) = route else { return };
        let verb = format!("{:?}", route.verb).to_lowercase();
        let answers = &self.document["paths"][route.full_path()][verb]["responses"];
        assert!(answers[status.to_string()].is_object(), "{} does not document {status}", route.name);
    }

    fn register(&self, name: &str) -> Value {
        let body = json!({"username": name, "password": format!("{name}s own secret")}).to_string();
        let got = self.ask(request("POST", "/api/rest/auth/register").with_json(&body));
        assert_eq!(got.status, 201, "{}", String::from_utf8_lossy(&got.body));
        got.json()
    }

    fn token(&self, name: &str) -> String {
        self.register(name)["access_token"].as_str().unwrap().to_owned()
    }

    /// A server of hers, and its channel.
    fn server(&self, token: &str) -> (String, String) {
        let server = self.ask(request("POST", "/api/rest/servers").by(token).with_json(r#"{"name":"Home"}"#));
        let id = server.json()["server_id"].as_str().unwrap().to_owned();
        let channels = self.ask(request("GET", &format!("/api/rest/servers/{id}/channels")).by(token)).json();
        (id, channels[0]["channel_id"].as_str().unwrap().to_owned())
    }
}
