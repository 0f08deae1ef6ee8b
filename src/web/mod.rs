//! The web client: embedded, compressed at build time, served under names that change with its content.
//!
//! With `--static DIR` the same is read from disk at each request, for whoever works on the client.

mod bundle;
mod embedded;
mod headers;
#[cfg(test)]
mod joined;
mod negotiate;
mod nowhere;
mod path;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::Cursor;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::model::{Code, Error, Result};
use crate::net::{Header, Method, Request, Response, ResponseBox, StatusCode};

pub use headers::{Way, security_headers};

/// Stands for the version in the addresses of what is read from disk.
const UNVERSIONED: &str = "dev";
/// Stands for it in what is not below such an address.
const VERSION_MARK: &str = "{{version}}";
const ALLOW: &str = "GET, HEAD, OPTIONS";
const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";
const NEVER: &str = "no-store";

/// Serves the client.
#[derive(Debug)]
pub struct Web {
    /// The path of the public URL, without a slash at its end.
    base: String,
    https: bool,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Embedded { page: Vec<u8>, tag: String },
    Folder(PathBuf),
}

/// What stands at a path.
struct Found {
    kind: &'static str,
    cache: &'static str,
    /// Its entity tag, without quotes.
    tag: Option<Cow<'static, str>>,
    body: Body,
}

enum Body {
    Plain(Cow<'static, [u8]>),
    /// Compressed.
    Gzip(&'static [u8]),
}

impl Web {
    /// The client under `base`, the path of the public URL (`""`, `/chat`); `https`: whether that URL is https;
    /// `static_dir`: the folder to read it from instead of the binary.
    pub fn new(base: &str, https: bool, static_dir: Option<PathBuf>) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let source = static_dir.map_or_else(
            || {
                let page = fill(embedded::page(), &base, embedded::version());
                let tag = hmac_sha256::Hash::hash(&page).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                Source::Embedded { page, tag }
            },
            Source::Folder,
        );
        Self { base, https, source }
    }

    /// Answers if the path, with the base stripped, is the client's; otherwise `None`.
    ///
    /// # Errors
    /// 405.
    pub fn answer(&self, request: &Request) -> Option<Result<ResponseBox>> {
        let found = match &self.source {
            Source::Embedded { page, tag } => {
                let here = self.find_manual(&request.path).or_else(|| find_worker(&request.path));
                here.or_else(|| find_embedded(&request.path, page, tag))
            }
            Source::Folder(folder) => self.find_in(folder, &request.path),
        }?;
        let is_code = found.kind.starts_with("text/javascript") || found.kind.starts_with("text/css");
        let way = Way::of(request, self.https);
        let mut headers = match (path::worker(&request.path), is_code) {
            (Some(_), _) => headers::worker_headers(way),
            (None, true) => headers::asset_headers(way),
            (None, false) => security_headers(way),
        };
        Some(match request.method {
            Method::Get | Method::Head => Ok(respond(found, &request.headers, headers)),
            Method::Options => {
                put(&mut headers, "Allow", ALLOW);
                Ok(response(204, headers, Cow::Borrowed(&[])))
            }
            _ => Err(Error { allow: Some(ALLOW.to_owned()), ..Error::new(Code::MethodNotAllowed) }),
        })
    }

    /// Says to a person that nothing is where they have come to; `None` if a program asks.
    pub fn nowhere(&self, request: &Request) -> Option<ResponseBox> {
        let page = nowhere::page(request, &self.base)?;
        let mut headers = security_headers(Way::of(request, self.https));
        put(&mut headers, "Content-Type", PAGE_KIND);
        put(&mut headers, "Vary", "Accept, Accept-Language");
        Some(response(404, headers, Cow::Owned(page.into_bytes())))
    }

    /// A page of the manual. Its tag changes with all that the client is, as its links do.
    fn find_manual(&self, path: &str) -> Option<Found> {
        let asset = embedded::asset(path::manual(path)?)?;
        let body = Body::Plain(Cow::Owned(self.fill_bytes(&unpack(asset.gzip), embedded::version())));
        let tag = Some(Cow::Owned(format!("{}-{}", asset.tag, embedded::version())));
        Some(Found { kind: PAGE_KIND, cache: ASK_AGAIN, tag, body })
    }

    fn fill_bytes(&self, page: &[u8], version: &str) -> Vec<u8> {
        fill(&String::from_utf8_lossy(page), &self.base, version)
    }

    /// The folder is listed and the key compared: no path that a client sends is ever opened.
    fn find_in(&self, folder: &Path, path: &str) -> Option<Found> {
        let (manual, worker) = (path::manual(path), path::worker(path));
        let key = asset_key(path, UNVERSIONED).or(manual).or(worker);
        if key.is_none() && !path::is_page(path) {
            return None;
        }
        let bundle =
            bundle::read(folder).inspect_err(|error| log::error!("cannot read {}: {error}", folder.display())).ok()?;
        let (kind, bytes) = match key {
            Some(key) => {
                let file = bundle.files.into_iter().find(|file| file.key == key)?;
                let bytes = match (manual, worker) {
                    (Some(_), _) => self.fill_bytes(&file.bytes, UNVERSIONED),
                    (_, Some(_)) => fill_worker(&file.bytes, UNVERSIONED),
                    _ => file.bytes,
                };
                (file.kind, bytes)
            }
            None => (PAGE_KIND, fill(&bundle.page, &self.base, UNVERSIONED)),
        };
        Some(Found { kind, cache: NEVER, tag: None, body: Body::Plain(Cow::Owned(bytes)) })
    }
}

const PAGE_KIND: &str = "text/html; charset=utf-8";

fn find_embedded(path: &str, page: &[u8], tag: &str) -> Option<Found> {
    if path::is_page(path) {
        let (tag, body) = (Some(Cow::Owned(tag.to_owned())), Body::Plain(Cow::Owned(page.to_owned())));
        return Some(Found { kind: PAGE_KIND, cache: ASK_AGAIN, tag, body });
    }
    let asset = embedded::asset(asset_key(path, embedded::version())?)?;
    let tag = Some(Cow::Borrowed(asset.tag));
    Some(Found { kind: asset.kind, cache: FOREVER, tag, body: Body::Gzip(asset.gzip) })
}

/// The service worker. Its tag changes with all that the client is, as the addresses in it do.
fn find_worker(path: &str) -> Option<Found> {
    let asset = embedded::asset(path::worker(path)?)?;
    let body = Body::Plain(Cow::Owned(fill_worker(&unpack(asset.gzip), embedded::version())));
    let tag = Some(Cow::Owned(format!("{}-{}", asset.tag, embedded::version())));
    Some(Found { kind: asset.kind, cache: ASK_AGAIN, tag, body })
}

/// The service worker, which knows from its own address where the client is, but not which version it is.
fn fill_worker(worker: &[u8], version: &str) -> Vec<u8> {
    String::from_utf8_lossy(worker).replace(VERSION_MARK, version).into_bytes()
}

/// `/assets/{version}/{key}` → the key.
fn asset_key<'a>(path: &'a str, version: &str) -> Option<&'a str> {
    // The manual's pages and the worker have marks to be filled, and stand at addresses of their own.
    let is_asset = |key: &&str| !key.ends_with(".html") && path::worker(&format!("/{key}")).is_none();
    path.strip_prefix("/assets/")?.strip_prefix(version)?.strip_prefix('/').filter(is_asset)
}

/// The page with the assets' address in its marks.
fn fill(page: &str, base: &str, version: &str) -> Vec<u8> {
    page.replace(bundle::ASSETS_MARK, &format!("{}/assets/{version}", escape(base))).into_bytes()
}

/// The path of the public URL as an attribute has it.
fn escape(base: &str) -> String {
    base.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

fn respond(found: Found, asked: &[Header], mut headers: Vec<Header>) -> ResponseBox {
    let is_packed = matches!(found.body, Body::Gzip(_));
    let is_sent_packed = is_packed && negotiate::accepts_gzip(asked);
    put(&mut headers, "Cache-Control", found.cache);
    if is_packed {
        put(&mut headers, "Vary", "Accept-Encoding");
    }
    if let Some(tag) = found.tag {
        // Two forms of one content are two representations: strong tags must differ (RFC 9110 §8.8.3.3).
        let tag = if is_sent_packed { format!("\"{tag}-gzip\"") } else { format!("\"{tag}\"") };
        put(&mut headers, "ETag", &tag);
        if negotiate::has_already(asked, &tag) {
            return response(304, headers, Cow::Borrowed(&[]));
        }
    }
    put(&mut headers, "Content-Type", found.kind);
    match found.body {
        Body::Gzip(packed) if is_sent_packed => {
            put(&mut headers, "Content-Encoding", "gzip");
            response(200, headers, Cow::Borrowed(packed))
        }
        Body::Gzip(packed) => response(200, headers, Cow::Owned(unpack(packed))),
        Body::Plain(bytes) => response(200, headers, bytes),
    }
}

fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(error) = GzDecoder::new(packed).read_to_end(&mut bytes) {
        log::error!("a part of the client cannot be unpacked: {error}");
    }
    bytes
}

fn put(headers: &mut Vec<Header>, name: &'static str, value: &str) {
    headers.extend(Header::from_bytes(name, value));
}

/// Always with its length: chunks would only make it longer.
fn response(status: u16, headers: Vec<Header>, body: Cow<'static, [u8]>) -> ResponseBox {
    let length = body.len();
    Response::new(StatusCode(status), headers, Cursor::new(body), Some(length), None)
        .with_chunked_threshold(usize::MAX)
        .boxed()
}
