//! The network edge: bytes.
pub mod json;
mod message;
mod stream;
pub use message::{Answer, Request, Service, Upgraded};
pub use stream::Stream;
pub use tiny_http::{Header, Method, Response, ResponseBox, StatusCode};
