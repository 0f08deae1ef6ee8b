//! Rows of uploaded files. Their bytes are on disk under the same ID: there before the row, gone after it.

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::object::{Attachment, Message};
use crate::model::{AttachmentId, ChannelId, MessageId, UserId, file};

/// A file that is to be added.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Which.
    pub id: AttachmentId,
    /// Who uploaded it.
    pub owner: UserId,
    /// What it takes of the owner's quota.
    pub room: u64,
    /// In its address.
    pub secret: String,
    /// What it is called.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// Whether a page may show it.
    pub is_picture: bool,
    /// Of pictures, in pixels.
    pub dimensions: Option<(u32, u32)>,
    /// Of pictures.
    pub color: Option<String>,
    /// The media type of its thumbnail, if there is one.
    pub thumbnail_type: Option<&'static str>,
}

/// What serving a file needs.
#[derive(Clone, Debug)]
pub struct Served {
    /// In its address.
    pub secret: String,
    /// What it is called.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// Whether a page may show it.
    pub is_picture: bool,
    /// The media type of its thumbnail, if there is one.
    pub thumbnail_type: Option<String>,
}

/// Lets SQL say `file_url(place)`: where a file is fetched, under the path of the public URL; null for null. People's
/// pictures stand in many queries, and the path in none of the rows.
pub(super) fn know_addresses(db: &Connection, base: &str) -> rusqlite::Result<()> {
    let base = base.to_owned();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    db.create_scalar_function("file_url", 1, flags, move |context| {
        let place = context.get_raw(0).as_str_or_null()?;
        Ok(place.map(|place| format!("{base}/files/{place}")))
    })
}

/// Where a file is fetched that has this place.
pub fn url(db: &Connection, place: Option<&str>) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT file_url(?1)")?.query_row([place], |row| row.get(0))
}

/// What [`attachment`] reads; the empty place is where all files are fetched.
const COLUMNS: &str =
    "file_id, filename, content_type, size, width, height, color, secret, thumbnail_type IS NOT NULL, file_url('')";

fn attachment(row: &Row<'_>) -> rusqlite::Result<Attachment> {
    let (id, filename): (_, String) = (AttachmentId(row.get(0)?), row.get(1)?);
    let (secret, has_thumbnail, root): (String, bool, String) = (row.get(7)?, row.get(8)?, row.get(9)?);
    Ok(Attachment {
        attachment_id: id,
        url: root.clone() + &file::place(id, &secret, &filename),
        thumbnail_url: has_thumbnail.then(|| root + &file::thumbnail_place(id, &secret)),
        filename,
        content_type: row.get(2)?,
        size: row.get::<_, i64>(3)?.cast_unsigned(),
        width: row.get(4)?,
        height: row.get(5)?,
        color: row.get(6)?,
    })
}

/// Adds a file that nothing uses yet.
pub fn add(db: &Connection, new: &NewFile, lived_s: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO files (file_id, owner_id, secret, filename, content_type, size, room, is_picture, width, height,
                            color, thumbnail_type, uploaded_lived_s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        new.id.0,
        new.owner.0,
        new.secret,
        new.filename,
        new.content_type,
        new.size.cast_signed(),
        new.room.cast_signed(),
        new.is_picture,
        new.dimensions.map(|(width, _)| width),
        new.dimensions.map(|(_, height)| height),
        new.color,
        new.thumbnail_type,
        lived_s,
    ])
    .map(drop)
}

/// What the files of a user take, in bytes.
pub fn room_of(db: &Connection, user: UserId) -> rusqlite::Result<u64> {
    let room = db
        .prepare_cached("SELECT room FROM file_rooms WHERE user_id = ?1")?
        .query_row([user.0], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(room.unwrap_or(0).cast_unsigned())
}

/// A file.
pub fn get(db: &Connection, id: AttachmentId) -> rusqlite::Result<Option<Attachment>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM files WHERE file_id = ?1"))?
        .query_row([id.0], attachment)
        .optional()
}

/// A file of the user's that nothing uses yet and that was uploaded after `since`.
pub fn unused(db: &Connection, id: AttachmentId, owner: UserId, since: i64) -> rusqlite::Result<Option<Attachment>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM files WHERE file_id = ?1 AND owner_id = ?2 AND NOT used AND uploaded_lived_s > ?3"
    ))?
    .query_row([id.0, owner.0, since], attachment)
    .optional()
}

/// What serving a file needs.
pub fn served(db: &Connection, id: AttachmentId) -> rusqlite::Result<Option<Served>> {
    db.prepare_cached(
        "SELECT secret, filename, content_type, is_picture, thumbnail_type FROM files WHERE file_id = ?1",
    )?
    .query_row([id.0], |row| {
        Ok(Served {
            secret: row.get(0)?,
            filename: row.get(1)?,
            content_type: row.get(2)?,
            is_picture: row.get(3)?,
            thumbnail_type: row.get(4)?,
        })
    })
    .optional()
}

/// Gives a new message the files that it lists.
pub(super) fn give_to(db: &Connection, message: &Message) -> rusqlite::Result<()> {
    let (channel, id) = (message.channel_id.0, message.message_id.0);
    for (position, file) in (0_i64..).zip(&message.attachments) {
        db.prepare_cached(
            "UPDATE files SET used = 1, channel_id = ?2, message_id = ?3, position = ?4 WHERE file_id = ?1",
        )?
        .execute([file.attachment_id.0, channel, id, position])?;
    }
    Ok(())
}

/// The files of a message, in its order.
pub(super) fn of_message(db: &Connection, channel: ChannelId, id: MessageId) -> rusqlite::Result<Vec<Attachment>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM files WHERE channel_id = ?1 AND message_id = ?2 ORDER BY position"
    ))?
    .query_map([channel.0, id.0], attachment)?
    .collect()
}

/// Marks a file as used by something else than a message.
pub fn use_up(db: &Connection, id: AttachmentId) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE files SET used = 1 WHERE file_id = ?1")?.execute([id.0]).map(drop)
}

/// Removes the file at this place; the number that it begins with is the file's.
pub fn remove_at(db: &Connection, place: &str) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM files WHERE file_id = CAST(?1 AS INTEGER)")?.execute([place]).map(drop)
}

/// Removes up to `rows` files that nothing uses and that were uploaded until `until`.
pub fn expire(db: &Connection, until: i64, rows: usize) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM files WHERE file_id IN
         (SELECT file_id FROM files WHERE NOT used AND uploaded_lived_s <= ?1 LIMIT ?2)",
    )?
    .execute(params![until, rows as i64])
    .map(drop)
}

/// When the oldest file was uploaded that nothing uses.
pub fn oldest_unused(db: &Connection) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT min(uploaded_lived_s) FROM files WHERE NOT used")?.query_row([], |row| row.get(0))
}

/// Up to `rows` files whose row is gone and whose bytes may be there.
pub fn gone(db: &Connection, rows: usize) -> rusqlite::Result<Vec<AttachmentId>> {
    db.prepare_cached("SELECT file_id FROM gone_files LIMIT ?1")?
        .query_map([rows as i64], |row| Ok(AttachmentId(row.get(0)?)))?
        .collect()
}

/// Notes that the bytes of these are gone too.
pub fn forget(db: &Connection, ids: &[AttachmentId]) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached("DELETE FROM gone_files WHERE file_id = ?1")?;
    ids.iter().try_for_each(|id| statement.execute([id.0]).map(drop))
}

/// Whether there is a row of this file.
pub fn exists(db: &Connection, id: AttachmentId) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM files WHERE file_id = ?1)")?.query_row([id.0], |row| row.get(0))
}
