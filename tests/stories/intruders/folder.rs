//! The data folder is its owner's alone: what is made, and what was found open.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::World;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Everything in a folder and below, the folder itself among it.
fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut at = 0;
    while let Some(path) = found.get(at).cloned() {
        if path.is_dir() {
            found.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
        at += 1;
    }
    found
}

#[track_caller]
fn are_the_owners_alone(folder: &Path) -> usize {
    let all = all(folder);
    for path in &all {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(path), expected, "{} has {:o}", path.display(), mode(path));
    }
    all.len()
}

/// Does what makes files: an account, a message, a picture with a thumbnail.
fn lives(world: &World, name: &str) {
    let alice = world.person(name);
    let (_, channel) = alice.creates_server("home");
    let mut picture = Vec::new();
    let large = image::DynamicImage::new_rgb8(1_500, 1_500);
    large.write_to(&mut std::io::Cursor::new(&mut picture), image::ImageFormat::Png).unwrap();
    let file = alice.uploads("large.png", &picture);
    let message = json!({"content": "look", "attachments": [file["attachment_id"]]});
    alice.post(&format!("/channels/{channel}/messages"), message).expect(201);
}

#[test]
fn whatever_is_made_is_the_owners_alone() {
    let mut world = World::start();
    lives(&world, "alice");
    let data = world.folder.path().join("data");
    let count = are_the_owners_alone(&data);
    // The database and its log, the key, the lock, and below `files` a folder, a file and its thumbnail at least.
    assert!(count >= 8, "{:#?}", all(&data));
    world.restart();
    are_the_owners_alone(&data);
}

#[test]
fn what_was_open_to_others_is_closed_at_the_start() {
    let mut world = World::start();
    lives(&world, "alice");
    let data = world.folder.path().join("data");
    world.stop();
    // As a careless copy leaves it.
    for path in all(&data) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    world.restart();
    assert_eq!(mode(&data), 0o700, "nobody gets through to what is below");
    for name in ["chatd.db", "key", "lock"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
    lives(&world, "bob");
}
