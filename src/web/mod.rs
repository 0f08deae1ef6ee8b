//! placeholder until merge
use crate::net::*;
use std::path::PathBuf;
/// web
pub struct Web;
impl Web {
    /// new
    pub fn new(_: &str, _: bool, _: Option<PathBuf>) -> Self {
        Self
    }
    /// answer
    pub fn answer(&self, _: &Request) -> Option<ResponseBox> {
        None
    }
}
/// headers
pub fn security_headers(_: bool) -> Vec<Header> {
    vec![]
}
