//! Files: who may upload, who may use what, who fetches it, and what becomes of it when nothing uses it any more.

use super::access::Caller;
use super::{Reading, Writing};
use crate::auth::random;
use crate::model::object::Attachment;
use crate::model::{AttachmentId, Code, Error, FileName, Result, file, limits};
use crate::store;
use crate::store::files::NewFile;
pub use crate::store::files::Served;

/// A file that is on disk, as its uploader described it and as its bytes say.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Under which it is on disk.
    pub id: AttachmentId,
    /// What its uploader calls it.
    pub name: FileName,
    /// Its media type.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// Whether it is a picture that a page may show.
    pub is_picture: bool,
    /// Of pictures, in pixels.
    pub dimensions: Option<(u32, u32)>,
    /// Of pictures: `#rrggbb`.
    pub color: Option<String>,
    /// Media type and bytes of its thumbnail.
    pub thumbnail: Option<(&'static str, u64)>,
}

/// Lets an upload of a name and so many bytes begin; its ID. What it really takes is counted when it is there.
///
/// # Errors
/// What `wanted` is, 409 `quota_exceeded`.
pub fn admit(
    cx: &mut Writing<'_, '_>,
    caller: &Caller,
    wanted: Result<(FileName, u64)>,
) -> Result<(AttachmentId, FileName)> {
    let (name, size) = wanted?;
    has_quota(cx, caller, room(size))?;
    Ok((AttachmentId(cx.next_id()), name))
}

/// Adds an upload, whose bytes are synced to disk.
///
/// # Errors
/// 409 `quota_exceeded`.
pub fn add(cx: &mut Writing<'_, '_>, caller: &Caller, upload: Upload) -> Result<Attachment> {
    let of_thumbnail = upload.thumbnail.map_or(0, |(_, size)| room(size));
    let room = room(upload.size).saturating_add(of_thumbnail);
    has_quota(cx, caller, room)?;
    let new = NewFile {
        id: upload.id,
        owner: caller.user_id,
        room,
        secret: random::random_bytes::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect(),
        filename: upload.name.as_str().to_owned(),
        content_type: upload.content_type,
        size: upload.size,
        is_picture: upload.is_picture,
        dimensions: upload.dimensions,
        color: upload.color,
        thumbnail_type: upload.thumbnail.map(|(media_type, _)| media_type),
    };
    store::files::add(cx.db, &new, cx.tx.lived_s)?;
    // Whoever keeps the files must know when this one is too old.
    cx.tx.sweep_later();
    store::files::get(cx.db, upload.id)?.ok_or_else(Error::not_found)
}

/// What so many bytes take on disk.
fn room(size: u64) -> u64 {
    let block = limits::FILE_BLOCK_BYTES;
    size.max(1).div_ceil(block).saturating_mul(block)
}

fn has_quota(cx: &Reading<'_>, caller: &Caller, room: u64) -> Result<()> {
    let taken = store::files::room_of(cx.db, caller.user_id)?;
    if taken.saturating_add(room) > cx.shared.settings.get().user_files_bytes {
        return Err(Error::new(Code::QuotaExceeded));
    }
    Ok(())
}

/// The point of the instance's life after which an unused file must have come.
fn since(cx: &Writing<'_, '_>) -> i64 {
    cx.tx.lived_s.saturating_sub(limits::UNUSED_FILE_S)
}

/// The files that a message of the caller's is to have. They are used up when it is stored.
///
/// # Errors
/// 400 for what is not the caller's, used, too old or unknown.
pub(super) fn of_new_message(cx: &Writing<'_, '_>, caller: &Caller, ids: &[AttachmentId]) -> Result<Vec<Attachment>> {
    if ids.len() > limits::ATTACHMENTS {
        return Err(Error::field("attachments", format_args!("must be at most {}", limits::ATTACHMENTS)));
    }
    let mut files: Vec<Attachment> = Vec::new();
    for id in ids {
        let found = store::files::unused(cx.db, *id, caller.user_id, since(cx))?;
        let is_new = |file: &Attachment| files.iter().all(|other| other.attachment_id != file.attachment_id);
        let unknown = || Error::field("attachments", "must be unused files that you uploaded within the hour");
        let found = found.filter(is_new).ok_or_else(unknown)?;
        files.push(found);
    }
    Ok(files)
}

/// Uses a picture of the caller's up for `field`; its place, which is the thumbnail's if it has one.
///
/// # Errors
/// 400 for what is not the caller's, used, too old, unknown or no picture.
pub(super) fn use_picture(
    cx: &Writing<'_, '_>,
    caller: &Caller,
    field: &str,
    id: Option<AttachmentId>,
) -> Result<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    let unknown = || Error::field(field, "must name an unused image of yours, or be null");
    store::files::unused(cx.db, id, caller.user_id, since(cx))?.ok_or_else(unknown)?;
    let picture = store::files::served(cx.db, id)?.filter(|file| file.is_picture).ok_or_else(unknown)?;
    store::files::use_up(cx.db, id)?;
    Ok(Some(match picture.thumbnail_type {
        Some(_) => file::thumbnail_place(id, &picture.secret),
        None => file::place(id, &picture.secret, &picture.filename),
    }))
}

/// Removes the picture that another took the place of.
pub(super) fn remove_picture(cx: &mut Writing<'_, '_>, place: Option<&str>) -> Result<()> {
    if let Some(place) = place {
        store::files::remove_at(cx.db, place)?;
        cx.tx.sweep_later();
    }
    Ok(())
}

/// What is needed to serve a file to somebody who knows its secret.
///
/// # Errors
/// 404.
pub fn served(cx: &Reading<'_>, id: AttachmentId, secret: &str) -> Result<Served> {
    let file = store::files::served(cx.db, id)?.filter(|file| is_same(file.secret.as_bytes(), secret.as_bytes()));
    file.ok_or_else(Error::not_found)
}

/// Takes as long wherever the two differ: a secret cannot be guessed byte by byte.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

/// An ID above those of all files that were uploaded before.
///
/// # Errors
/// None of its own.
pub fn end_of_earlier(cx: &mut Writing<'_, '_>) -> Result<AttachmentId> {
    Ok(AttachmentId(cx.next_id()))
}

/// Those of `ids` that no row names.
///
/// # Errors
/// Database errors.
pub fn orphans(cx: &Reading<'_>, ids: &[AttachmentId]) -> Result<Vec<AttachmentId>> {
    let mut orphans = Vec::new();
    for id in ids {
        if !store::files::exists(cx.db, *id)? {
            orphans.push(*id);
        }
    }
    Ok(orphans)
}

/// Some of the files whose rows are gone, and the seconds until the oldest unused one is too old, if there is one.
///
/// # Errors
/// Database errors.
pub fn to_clear(cx: &Reading<'_>, lived_s: i64) -> Result<(Vec<AttachmentId>, Option<i64>)> {
    let oldest = store::files::oldest_unused(cx.db)?;
    let due_in_s = oldest.map(|at| at.saturating_add(limits::UNUSED_FILE_S).saturating_sub(lived_s));
    Ok((store::files::gone(cx.db, limits::SWEEP_ROWS)?, due_in_s))
}

/// Forgets those of which nothing is left, and removes some of the unused that are too old.
///
/// # Errors
/// Database errors.
pub fn clear(cx: &mut Writing<'_, '_>, cleared: &[AttachmentId]) -> Result<()> {
    store::files::forget(cx.db, cleared)?;
    Ok(store::files::expire(cx.db, since(cx), limits::SWEEP_ROWS)?)
}

#[cfg(test)]
mod tests {
    use super::{is_same, room};

    #[test]
    fn many_tiny_files_are_not_free() {
        assert_eq!([0, 1, 4096, 4097].map(room), [4096, 4096, 4096, 8192]);
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(is_same(b"abc", b"abc") && is_same(b"", b""));
        assert!(!is_same(b"abc", b"abd") && !is_same(b"abc", b"ab") && !is_same(b"", b"a"));
    }
}
