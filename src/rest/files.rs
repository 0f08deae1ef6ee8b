//! Files: taken in as a stream, given out as a stream.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use super::call::Call;
use super::problem;
use super::range::{self, Wanted};
use super::reply::Reply;
use crate::chat::files::{self, Served, Upload};
use crate::media::Part;
use crate::model::file::{OCTETS, PICTURES, declared_type};
use crate::model::{AttachmentId, Code, Error, Result, percent};
use crate::net::Method;

/// Nothing in it runs, and nothing is fetched, but what a browser's own viewer needs to show a picture or play a film.
const POLICY: &str = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; \
    frame-ancestors 'none'";
/// What stands under an address never changes.
const FOREVER: &str = "private, max-age=31536000, immutable";

/// `POST /uploads`.
pub fn upload(call: &mut Call<'_>) -> Result<Reply> {
    let limit = call.rest.chat.settings().upload_bytes;
    let declared = call.request.content_length;
    let name = call.query().and_then(|query| query.filename());
    let wanted = match declared.filter(|length| *length > limit) {
        Some(_) => Err(Error::with_detail(Code::TooLarge, format!("the file is larger than {limit} bytes"))),
        None => name.map(|name| (name, declared.unwrap_or(0))),
    };
    let (id, name) = call.write(move |cx, me| files::admit(cx, me, wanted))?;
    let declared_as = declared_type(call.request.header("Content-Type"));
    let media = &call.rest.media;
    media.has_room(declared.unwrap_or(0))?;
    let (incoming, received) = media.receive(id, &mut call.request.body, limit)?;
    let upload = Upload {
        id,
        name,
        content_type: received.picture.map_or(declared_as, str::to_owned),
        size: received.size,
        is_picture: received.is_clean,
        dimensions: received.dimensions,
        color: received.color,
        thumbnail: received.thumbnail,
    };
    let attachment = call.write(move |cx, me| files::add(cx, me, upload))?;
    incoming.keep();
    Reply::created(&attachment)
}

/// `GET /files/{attachment_id}/{secret}/{filename}`.
pub fn fetch(call: &mut Call<'_>) -> Result<Reply> {
    let (id, file) = find(call)?;
    let is_inline = match file.content_type.split_once('/') {
        Some(("image", _)) => file.is_picture && PICTURES.contains(&file.content_type.as_str()),
        Some(("audio" | "video", _)) => true,
        _ => file.content_type == "text/plain",
    };
    // What is not shown has no type: else it could be a script or a style sheet of a page of ours.
    let content_type = match file.content_type.as_str() {
        "text/plain" => "text/plain; charset=utf-8",
        known if is_inline => known,
        // Pages may show it as a picture; what it tells beside itself is fetched only by whoever means to.
        "image/avif" => "image/avif",
        _ => OCTETS,
    };
    let disposition = if is_inline { "inline" } else { "attachment" };
    serve(call, id, Part::Whole, content_type, &disposition_of(disposition, &file.filename))
}

/// `GET /files/{attachment_id}/{secret}/thumbnail/{filename}`.
pub fn fetch_thumbnail(call: &mut Call<'_>) -> Result<Reply> {
    let (id, file) = find(call)?;
    let content_type = file.thumbnail_type.ok_or_else(Error::not_found)?;
    serve(call, id, Part::Thumbnail, &content_type, "inline")
}

fn find(call: &Call<'_>) -> Result<(AttachmentId, Served)> {
    let id = AttachmentId::parse(call.values.get("attachment_id")).ok_or_else(Error::not_found)?;
    let secret = call.values.get("secret");
    call.rest.chat.read(|cx| Ok((id, files::served(cx, id, secret)?)))
}

fn serve(call: &Call<'_>, id: AttachmentId, part: Part, content_type: &str, disposition: &str) -> Result<Reply> {
    let (file, size) = call.rest.media.read(id, part).map_err(Error::internal)?;
    let tag = if part == Part::Whole { format!("\"{id}\"") } else { format!("\"{id}-thumbnail\"") };
    let request = &*call.request;
    let has_it =
        |tags: &str| tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*");
    if request.header("If-None-Match").is_some_and(has_it) {
        return Ok(described(Reply::not_modified(), call, &tag));
    }
    let is_range = request.method == Method::Get && request.header("If-Range").is_none_or(|known| known == tag);
    let reply = match range::wanted(request.header("Range").filter(|_| is_range), size) {
        Wanted::Whole => stream(200, content_type, file, 0..size)?,
        Wanted::Part(part) => {
            let content_range = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
            stream(206, content_type, file, part)?.with("Content-Range", &content_range)
        }
        Wanted::Nothing => {
            let refused = problem::reply(&Error::new(Code::RangeNotSatisfiable));
            return Ok(refused.with("Content-Range", &format!("bytes */{size}")));
        }
    };
    Ok(described(reply.with("Content-Disposition", disposition), call, &tag))
}

fn described(reply: Reply, call: &Call<'_>, tag: &str) -> Reply {
    let config = call.rest.chat.config();
    // Pages of allowed origins show pictures like our own.
    let policy = if config.allowed_origins.is_empty() { "same-origin" } else { "cross-origin" };
    reply
        .with("Cache-Control", FOREVER)
        .with("ETag", tag)
        .with("Accept-Ranges", "bytes")
        .with("Content-Security-Policy", POLICY)
        .with("Cross-Origin-Resource-Policy", policy)
}

fn stream(status: u16, content_type: &str, mut file: File, part: Range<u64>) -> Result<Reply> {
    file.seek(SeekFrom::Start(part.start)).map_err(Error::internal)?;
    let length = part.end.saturating_sub(part.start);
    Ok(Reply::stream(status, content_type, Box::new(file.take(length)), length))
}

/// The name for old clients in ASCII, and for all others as it is (RFC 6266, RFC 8187).
fn disposition_of(kind: &str, name: &str) -> String {
    let plain = |c: char| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%') { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{}", percent::encode(name))
}

#[cfg(test)]
mod tests {
    use super::disposition_of;

    #[test]
    fn names_cannot_leave_their_field() {
        assert_eq!(
            disposition_of("inline", "a\"b\\c%\r\né.png"),
            "inline; filename=\"a_b_c____.png\"; filename*=UTF-8''a%22b%5Cc%25%0D%0A%C3%A9.png"
        );
    }
}
