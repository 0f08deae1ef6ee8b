//! Decodes pictures, for their colour and their thumbnail: one thread, a short queue, bounds on pixels and memory. What
//! is too large, or makes the decoder panic, has neither, and that is all that comes of it.

use std::fs::File;
use std::io::{self, BufReader, Cursor};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::kind::Kind;
use crate::model::{Pressure, Work, limits};

/// What to decode.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// As EXIF counts.
    pub(super) orientation: u8,
    /// Whether it is large enough to need a smaller one.
    pub(super) is_large: bool,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Preview {
    /// `#rrggbb`.
    pub(super) color: String,
    /// A media type, and the bytes of a picture of it.
    pub(super) thumbnail: Option<(&'static str, Vec<u8>)>,
}

struct Job {
    picture: Picture,
    asked: Instant,
    answer: SyncSender<Option<Preview>>,
}

/// The thread that decodes; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Decoder {
    queue: SyncSender<Job>,
}

/// JPEG's quality of thumbnails.
const QUALITY: u8 = 80;

impl Decoder {
    pub(super) fn start(pressure: Arc<Pressure>) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(limits::DECODER_QUEUE);
        let thread = std::thread::Builder::new().name("decoder".into()).stack_size(limits::DECODER_STACK);
        thread.spawn(move || run(&jobs, &pressure))?;
        Ok(Self { queue })
    }

    /// Waits until the picture is decoded; none if it cannot be, too many wait, or writing is late for too long.
    pub(super) fn preview(&self, picture: Picture) -> Option<Preview> {
        let (answer, answered) = sync_channel(1);
        self.queue.try_send(Job { picture, asked: Instant::now(), answer }).ok()?;
        answered.recv().ok().flatten()
    }
}

fn run(jobs: &Receiver<Job>, pressure: &Pressure) {
    while let Ok(Job { picture, asked, answer }) = jobs.recv() {
        // The panic hook logs it.
        let decode = || catch_unwind(AssertUnwindSafe(|| decode(&picture))).ok().flatten();
        let preview = if has_time(pressure, asked) { decode() } else { None };
        // Whoever asked may have gone.
        let _ = answer.send(preview);
    }
}

/// Waits until writing is in time; whether that came in time for what was asked then.
pub(super) fn has_time(pressure: &Pressure, asked: Instant) -> bool {
    let until = asked + limits::PREVIEW_TIME;
    let mut now = Instant::now();
    if pressure.gives_up(Work::Thumbnails, now) {
        while let Some(falls_at) = pressure.falls_at(Work::Thumbnails, now) {
            if now >= until {
                return false;
            }
            std::thread::sleep(falls_at.min(until).saturating_duration_since(now));
            now = Instant::now();
        }
    }
    true
}

fn decode(picture: &Picture) -> Option<Preview> {
    let format = match picture.kind {
        Kind::Png => ImageFormat::Png,
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Gif => ImageFormat::Gif,
        Kind::WebP => ImageFormat::WebP,
        Kind::Avif => return None,
    };
    let mut reader = ImageReader::with_format(BufReader::new(File::open(&picture.path).ok()?), format);
    let mut bounds = Limits::no_limits();
    bounds.max_alloc = Some(limits::DECODED_BYTES);
    reader.limits(bounds);
    let decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > limits::DECODED_PIXELS || decoder.total_bytes() > limits::DECODED_BYTES {
        return None;
    }
    let whole = DynamicImage::from_decoder(decoder).ok()?;
    let side = limits::THUMBNAIL_SIDE;
    let mut small = if width > side || height > side { whole.thumbnail(side, side) } else { whole };
    small.apply_orientation(Orientation::from_exif(picture.orientation).unwrap_or(Orientation::NoTransforms));
    let color = color(&small);
    let thumbnail = if picture.is_large { encode(&small) } else { None };
    Some(Preview { color, thumbnail })
}

/// The average of what can be seen.
fn color(picture: &DynamicImage) -> String {
    let (mut sums, mut weight) = ([0_u64; 3], 0_u64);
    for pixel in picture.to_rgba8().pixels() {
        let [red, green, blue, alpha] = pixel.0;
        let alpha = u64::from(alpha);
        weight += alpha;
        for (sum, part) in sums.iter_mut().zip([red, green, blue]) {
            *sum += u64::from(part) * alpha;
        }
    }
    let [red, green, blue] = sums.map(|sum| sum / weight.max(1));
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// JPEG is smallest, but has no transparency.
fn encode(picture: &DynamicImage) -> Option<(&'static str, Vec<u8>)> {
    let mut bytes = Vec::new();
    let is_opaque = !picture.color().has_alpha() || picture.to_rgba8().pixels().all(|pixel| pixel.0[3] == u8::MAX);
    if is_opaque {
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&picture.to_rgb8()).ok()?;
        return Some(("image/jpeg", bytes));
    }
    picture.to_rgba8().write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).ok()?;
    Some(("image/png", bytes))
}
