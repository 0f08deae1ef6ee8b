use std::fs::File;
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
use tempfile::TempDir;

use super::{Media, Part, Received};
use crate::model::{AttachmentId, Code, Error, Pressure, Work, limits};

struct Folder {
    folder: TempDir,
    media: Media,
    next: AtomicI64,
}

impl Folder {
    fn new() -> Self {
        Self::with(Some(0), Arc::default())
    }

    fn with_reserve(reserve: Option<u64>) -> Self {
        Self::with(reserve, Arc::default())
    }

    fn with(reserve: Option<u64>, pressure: Arc<Pressure>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let media = Media::open(&folder.path().join("files"), reserve, pressure).unwrap();
        Self { folder, media, next: AtomicI64::new(1) }
    }

    fn next(&self) -> AttachmentId {
        AttachmentId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn receive(&self, bytes: &[u8]) -> (AttachmentId, Received) {
        let id = self.next();
        let (incoming, received) = self.media.receive(id, &mut Cursor::new(bytes), u64::MAX).unwrap();
        incoming.keep();
        (id, received)
    }

    fn refuse(&self, body: &mut impl Read, limit: u64) -> Error {
        self.media.receive(self.next(), body, limit).map(drop).unwrap_err()
    }

    fn bytes(&self, id: AttachmentId, part: Part) -> Vec<u8> {
        let (mut file, length): (File, u64) = self.media.read(id, part).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, length);
        bytes
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("files")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.into().write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// So noisy that nothing compresses it.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut seed = 1_u32;
    RgbImage::from_fn(width, height, |_, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, red, green, blue] = seed.to_be_bytes();
        [red, green, blue].into()
    })
}

/// Gives some bytes, then an error.
struct Breaks(Cursor<Vec<u8>>);

impl Read for Breaks {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::ErrorKind::TimedOut.into()),
            count => Ok(count),
        }
    }
}

#[test]
fn what_is_no_picture_is_kept_as_it_came() {
    let folder = Folder::new();
    for bytes in [&b""[..], b"hello", b"\x89PNG\r\n\x1a\n but no more", b"<script>alert(1)</script>"] {
        let (id, received) = folder.receive(bytes);
        let size = bytes.len() as u64;
        let plain = Received { size, picture: None, is_clean: false, dimensions: None, color: None, thumbnail: None };
        assert_eq!(received, plain);
        assert_eq!(folder.bytes(id, Part::Whole), bytes);
    }
    assert_eq!(folder.names(), ["1", "2", "3", "4"]);
}

#[test]
fn a_small_picture_has_a_colour_and_no_thumbnail() {
    let folder = Folder::new();
    let red = RgbImage::from_pixel(20, 10, [200, 20, 30].into());
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let (_, received) = folder.receive(&encoded(red.clone(), format));
        assert_eq!(received.color.as_deref(), Some("#c8141e"), "{format:?}");
        assert_eq!(received.picture, Some(format.to_mime_type()));
        assert_eq!((received.dimensions, received.thumbnail), (Some((20, 10)), None));
        assert!(received.is_clean);
    }
    let clear = RgbaImage::from_fn(20, 10, |x, _| if x < 5 { [9, 8, 7, 255] } else { [255, 255, 255, 0] }.into());
    let (_, received) = folder.receive(&encoded(clear, ImageFormat::Png));
    assert_eq!(received.color.as_deref(), Some("#090807"), "what cannot be seen has no colour");
}

#[test]
fn a_large_picture_has_a_thumbnail() {
    let folder = Folder::new();
    let (id, received) = folder.receive(&encoded(noise(1600, 400), ImageFormat::Png));
    let (media_type, size) = received.thumbnail.unwrap();
    let bytes = folder.bytes(id, Part::Thumbnail);
    assert_eq!((media_type, size), ("image/jpeg", bytes.len() as u64));
    let shown = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).unwrap();
    assert_eq!((shown.width(), shown.height()), (800, 200));
    assert_eq!(received.dimensions, Some((1600, 400)));

    // What can be seen through stays so.
    let mut clear = DynamicImage::from(noise(1200, 1200)).to_rgba8();
    clear.put_pixel(0, 0, [0, 0, 0, 0].into());
    clear.enumerate_pixels_mut().filter(|(x, _, _)| x % 2 == 0).for_each(|(_, _, pixel)| pixel.0[3] = 0);
    let (_, received) = folder.receive(&encoded(clear, ImageFormat::Png));
    assert_eq!(received.thumbnail.map(|(media_type, _)| media_type), Some("image/png"));
    assert_eq!(folder.names(), ["1", "1.thumbnail", "2", "2.thumbnail"]);
}

/// A PNG that says it is so large, and has nothing to show for it.
fn boastful(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(noise(1, 1), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    bytes
}

#[test]
fn while_writing_is_late_a_picture_waits_for_its_colour() {
    let falls_at = Instant::now() + Duration::from_millis(50);
    let pressure = Arc::new(Pressure::falling(Work::Thumbnails.at(), falls_at));
    let folder = Folder::with(Some(0), Arc::clone(&pressure));
    let red = RgbImage::from_pixel(20, 10, [200, 20, 30].into());
    // The decoder waits by itself, whatever else happens.
    let decoded = super::decoder::has_time(&pressure, Instant::now());
    assert!(decoded && Instant::now() >= falls_at);
    let (_, received) = folder.receive(&encoded(red, ImageFormat::Png));
    assert_eq!(received.color.as_deref(), Some("#c8141e"));
}

#[test]
fn a_picture_that_has_waited_for_long_does_without() {
    let now = Instant::now();
    let pressure = Pressure::falling(Work::Thumbnails.at(), now + Duration::from_secs(3_600));
    let asked = now.checked_sub(limits::PREVIEW_TIME).unwrap();
    assert!(!super::decoder::has_time(&pressure, asked));
    assert_eq!(pressure.counted(Work::Thumbnails), 1);
}

#[test]
fn a_picture_too_large_to_decode_has_neither() {
    let folder = Folder::new();
    for (width, height) in [(0x7fff_ffff, 0x7fff_ffff), (60_000, 60_000), (24_000_001, 1)] {
        let (_, received) = folder.receive(&boastful(width, height));
        assert_eq!((received.color, received.thumbnail), (None, None));
        assert_eq!(received.dimensions, Some((width, height)));
    }
    assert_eq!(folder.names(), ["1", "2", "3"]);
}

#[test]
fn what_fails_leaves_nothing() {
    let folder = Folder::new();
    assert_eq!(folder.refuse(&mut Cursor::new(vec![0; 1001]), 1000).code, Code::TooLarge);
    assert_eq!(folder.refuse(&mut Breaks(Cursor::new(vec![0; 100])), 1000).code, Code::RequestTimeout);
    let picture = encoded(noise(1600, 400), ImageFormat::Png);
    assert_eq!(folder.refuse(&mut Breaks(Cursor::new(picture.clone())), u64::MAX).code, Code::RequestTimeout);
    // Nobody keeps it: there is no row.
    drop(folder.media.receive(folder.next(), &mut Cursor::new(picture), u64::MAX).unwrap());
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn uploads_leave_the_reserve() {
    let folder = Folder::with_reserve(Some(u64::MAX / 2));
    let error = folder.media.has_room(0).unwrap_err();
    assert_eq!((error.code, error.retry_after_s), (Code::Unavailable, Some(60)));
    // One that does not say how long it is stops where it finds out.
    let endless = folder.refuse(&mut std::io::repeat(0), u64::MAX);
    assert_eq!(endless.code, Code::Unavailable);
    assert_eq!(folder.names(), [""; 0]);
    Folder::new().media.has_room(1).unwrap();
    assert_eq!(Folder::new().media.has_room(u64::MAX).unwrap_err().code, Code::Unavailable);
}

#[test]
fn leftovers_are_found_and_what_was_on_its_way_is_removed() {
    let folder = Folder::new();
    let put = |name: &&str| std::fs::write(folder.folder.path().join("files").join(name), "x").unwrap();
    ["1", "2", "2.thumbnail", "3.part", "3.clean", "4.part", "9", "9.part", "notes.txt", ".part"].iter().for_each(put);
    let mut found: Vec<_> = folder.media.leftovers(AttachmentId(9)).unwrap().map(|id| id.0).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, [1, 2, 3, 4]);
    assert_eq!(folder.names(), [".part", "1", "2", "2.thumbnail", "9", "9.part", "notes.txt"]);
    folder.media.remove(AttachmentId(2)).unwrap();
    folder.media.remove(AttachmentId(2)).unwrap();
    assert_eq!(folder.names(), [".part", "1", "9", "9.part", "notes.txt"]);
}

#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let (id, _) = folder.receive(&encoded(noise(1600, 400), ImageFormat::Png));
    let files = folder.folder.path().join("files");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&files), 0o700);
    assert_eq!([id.to_string(), format!("{id}.thumbnail")].map(|name| mode(&files.join(name))), [0o600; 2]);
}
