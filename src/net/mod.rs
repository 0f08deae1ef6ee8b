//! The network edge: bytes. Accepts, bounds, reads heads and bodies under deadlines, prints responses, hands upgraded
//! connections over. Knows no chat and no SQL.
//!
//! `tiny_http` is the message layer (methods, fields, responses and their printing); its server must not face a
//! network, so sockets, limits and time are ours.

mod body;
mod connection;
mod connections;
pub mod head;
pub mod json;
mod message;
mod print;
mod proxy;
mod redirect;
mod server;
mod stream;
mod tls;
pub mod websocket;

pub use body::Body;
pub use message::{Answer, Request, Service, Upgraded};
pub use proxy::{Front, is_within, parse_cidr};
pub use server::{Config, Server};
pub use stream::Stream;
pub use tiny_http::{Header, Method, Response, ResponseBox, StatusCode};
pub use tls::{CertificateFiles, Tls};
