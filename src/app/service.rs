//! Hands each request to the room it belongs to.

use std::sync::Arc;

use crate::gateway::{self, Gateway};
use crate::model::Error;
use crate::net::{Answer, Header, Method, Request, Response, ResponseBox, Service};
use crate::rest::Rest;
use crate::web::{self, Web};

pub(super) struct App {
    pub(super) rest: Rest,
    pub(super) gateway: Arc<Gateway>,
    pub(super) web: Web,
    /// Whether the public URL is https; not told without one.
    pub(super) https: Option<bool>,
    /// The path of the public URL: empty, or like `/chat`.
    pub(super) base: String,
}

impl App {
    /// A proxy may leave the public URL's path in front or strip it: both are understood.
    fn strip_base(&self, request: &mut Request) {
        let stripped = request.path.strip_prefix(&self.base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        if !self.base.is_empty()
            && let Some(rest) = stripped
        {
            request.path = if rest.is_empty() { "/".to_owned() } else { rest.to_owned() };
        }
    }

    fn reference(&self, request: &Request) -> Option<ResponseBox> {
        let asked = matches!(request.method, Method::Get | Method::Head) && request.path == "/help/gateway";
        asked.then(|| {
            let page = Response::from_string(gateway::reference_page());
            let mut headers = web::security_headers(web::Way::of(request, self.https == Some(true)));
            headers.extend(Header::from_bytes("Content-Type", "text/html; charset=utf-8"));
            headers.into_iter().fold(page, Response::with_header).boxed()
        })
    }
}

impl Service for App {
    fn call(&self, request: &mut Request) -> Answer {
        self.strip_base(request);
        // Told by the owner, it needs no telling by a proxy.
        request.front.https = self.https.unwrap_or(request.front.https);
        if request.path == "/api/ws" {
            return match self.gateway.answer(request) {
                Ok(answer) => answer,
                Err(error) => Answer::Response(self.problem(&error)),
            };
        }
        let answer = self
            .rest
            .answer(request)
            .or_else(|| self.reference(request))
            .or_else(|| self.web.answer(request).map(|answer| answer.unwrap_or_else(|error| self.problem(&error))))
            .or_else(|| self.web.nowhere(request))
            .unwrap_or_else(|| self.problem(&Error::not_found()));
        Answer::Response(answer)
    }

    fn problem(&self, error: &Error) -> ResponseBox {
        self.rest.problem(error)
    }
}
