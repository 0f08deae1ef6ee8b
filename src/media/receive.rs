//! A file on its way in: streamed to disk, looked into, cleaned, synced, and given its name.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};

use super::clean::{self, Found};
use super::decoder::Picture;
use super::kind::{Kind, SNIFFED_BYTES};
use super::{CLEAN, Media, PART, THUMBNAIL, no_room};
use crate::model::{AttachmentId, Code, Error, Result, limits};

/// Read and written at once: what an upload takes of memory, whatever its size.
const BUFFER_BYTES: usize = 64 * 1024;
/// So often it is asked whether the disk still has room, in bytes.
const ROOM_EVERY: u64 = 8 * 1024 * 1024;

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// In bytes, as it is fetched.
    pub size: u64,
    /// The type of a picture, as its bytes say; none for all else.
    pub picture: Option<&'static str>,
    /// Whether it is a picture that shows nothing but itself: a page may show it.
    pub is_clean: bool,
    /// Of pictures, in pixels.
    pub dimensions: Option<(u32, u32)>,
    /// Of pictures that could be decoded: `#rrggbb`.
    pub color: Option<String>,
    /// Type and bytes of the thumbnail, if there is one.
    pub thumbnail: Option<(&'static str, u64)>,
}

/// A file that is on disk and has no row yet: dropping it removes it.
#[must_use]
pub struct Incoming<'a> {
    media: &'a Media,
    id: AttachmentId,
    kept: bool,
}

impl Incoming<'_> {
    /// There is a row of it, committed: it stays.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Incoming<'_> {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = self.media.remove(self.id)
        {
            log::warn!("an upload that failed cannot be removed before the next start: {error}");
        }
    }
}

impl Media {
    /// Takes an upload in, under a new ID. It is on disk, folder and all, when this returns.
    ///
    /// # Errors
    /// 413 above `limit` bytes, 408 and 400 if the body does not come, 503 if the disk does not take it.
    pub fn receive(&self, id: AttachmentId, body: &mut impl Read, limit: u64) -> Result<(Incoming<'_>, Received)> {
        let incoming = Incoming { media: self, id, kept: false };
        let mut part = self.create(id, PART).map_err(unwritten)?;
        let start = self.stream(body, &mut part, limit)?;
        let received = match Kind::of(&start) {
            Some(kind) => self.picture(id, kind, &mut part)?,
            None => None,
        };
        let received = match received {
            Some(received) => received,
            None => self.plain(id, &part)?,
        };
        self.sync_folder().map_err(unwritten)?;
        Ok((incoming, received))
    }

    /// Writes the body to disk; its first bytes.
    fn stream(&self, body: &mut impl Read, part: &mut File, limit: u64) -> Result<Vec<u8>> {
        let mut buffer = vec![0; BUFFER_BYTES];
        let (mut size, mut asked_at, mut start) = (0_u64, 0_u64, Vec::new());
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => return Ok(start),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::TimedOut => return Err(Error::new(Code::RequestTimeout)),
                Err(error) => {
                    return Err(Error::with_detail(Code::BadRequest, format!("the body cannot be read: {error}")));
                }
            };
            let bytes = buffer.get(..count).unwrap_or_default();
            size = size.saturating_add(count as u64);
            if size > limit {
                return Err(too_large(limit));
            }
            if size - asked_at >= ROOM_EVERY {
                self.has_room(0)?;
                asked_at = size;
            }
            if start.len() < SNIFFED_BYTES {
                start.extend(bytes.iter().take(SNIFFED_BYTES - start.len()));
            }
            part.write_all(bytes).map_err(unwritten)?;
        }
    }

    /// What is no picture is kept as it came.
    fn plain(&self, id: AttachmentId, part: &File) -> Result<Received> {
        part.sync_all().map_err(unwritten)?;
        let size = part.metadata().map_err(unwritten)?.len();
        std::fs::rename(self.path(id, PART), self.path(id, "")).map_err(unwritten)?;
        Ok(Received { size, picture: None, is_clean: false, dimensions: None, color: None, thumbnail: None })
    }

    /// A picture is kept without what it tells beside itself; none if it is none after all.
    fn picture(&self, id: AttachmentId, kind: Kind, part: &mut File) -> Result<Option<Received>> {
        part.rewind().map_err(unwritten)?;
        let output = if kind == Kind::Avif { None } else { Some(self.create(id, CLEAN).map_err(unwritten)?) };
        let found = match clean::clean(kind, part, output.as_ref()) {
            Ok(found) => found,
            Err(error) if clean::is_damaged(&error) => {
                if output.is_some() {
                    std::fs::remove_file(self.path(id, CLEAN)).map_err(unwritten)?;
                }
                return Ok(None);
            }
            Err(error) => return Err(unwritten(error)),
        };
        let Some(output) = output else {
            let picture = Some(kind.media_type());
            let dimensions = Some((found.width, found.height));
            return Ok(Some(Received { picture, is_clean: !found.metadata, dimensions, ..self.plain(id, part)? }));
        };
        output.sync_all().map_err(unwritten)?;
        let size = output.metadata().map_err(unwritten)?.len();
        let (color, thumbnail) = self.preview(id, kind, found, size)?;
        std::fs::rename(self.path(id, CLEAN), self.path(id, "")).map_err(unwritten)?;
        std::fs::remove_file(self.path(id, PART)).map_err(unwritten)?;
        Ok(Some(Received {
            size,
            picture: Some(kind.media_type()),
            is_clean: true,
            dimensions: Some((found.width, found.height)),
            color,
            thumbnail,
        }))
    }

    /// The picture's colour, and its thumbnail if it needs one.
    #[expect(clippy::type_complexity, reason = "two parts of a received picture")]
    fn preview(
        &self,
        id: AttachmentId,
        kind: Kind,
        found: Found,
        size: u64,
    ) -> Result<(Option<String>, Option<(&'static str, u64)>)> {
        let is_large =
            found.width.max(found.height) > limits::THUMBNAIL_ABOVE_SIDE || size > limits::THUMBNAIL_ABOVE_BYTES;
        let picture = Picture { path: self.path(id, CLEAN), kind, orientation: found.orientation, is_large };
        let Some(preview) = self.decoder.preview(picture) else { return Ok((None, None)) };
        // A drawing may be smaller than its thumbnail.
        let thumbnail = preview.thumbnail.filter(|(_, bytes)| (bytes.len() as u64) < size);
        let Some((media_type, bytes)) = thumbnail else { return Ok((Some(preview.color), None)) };
        let mut file = self.create(id, THUMBNAIL).map_err(unwritten)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(unwritten)?;
        Ok((Some(preview.color), Some((media_type, bytes.len() as u64))))
    }
}

/// 413.
pub(super) fn too_large(limit: u64) -> Error {
    Error::with_detail(Code::TooLarge, format!("the file is larger than {limit} bytes"))
}

/// The disk does not take it.
fn unwritten(error: std::io::Error) -> Error {
    let is_full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let shown = if is_full { no_room() } else { Error::new(Code::Unavailable) };
    Error { source: Some(error.into()), ..shown }
}
