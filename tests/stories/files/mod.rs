//! Files: in messages, as avatars and as icons; who may use and fetch them; and what becomes of them.

mod hostile;
mod memory;
mod pictures;
mod serving;
mod sweeps;
mod uploads;

use std::io::Cursor;
use std::time::Instant;

use image::{ImageFormat, RgbImage};
use serde_json::Value;

use crate::harness::{Answer, PATIENCE, World, text};

/// A picture of one colour.
pub fn picture(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let red = RgbImage::from_pixel(width, height, [200, 20, 30].into());
    red.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

pub fn png() -> Vec<u8> {
    picture(ImageFormat::Png, 20, 10)
}

/// Fetches a file, as somebody who knows nothing but its address.
#[track_caller]
fn fetch(world: &World, url: &Value) -> Answer {
    world.request("GET", &text(url), None)
}

/// What a refusal says of the field that it must be about.
#[track_caller]
fn wrong(answer: Answer, field: &str) -> String {
    text(&answer.refused(400, "invalid_field")["errors"][field])
}

/// The names of what is on disk.
fn on_disk(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.folder.path().join("data/files")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits until there are so many: files go when nobody waits for anything else.
#[track_caller]
fn until_on_disk(world: &World, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    while on_disk(world).len() != count {
        assert!(Instant::now() < deadline, "{count} are to be left of {:?}", on_disk(world));
        std::thread::yield_now();
    }
}
