//! The arrows between the rooms, as `ARCHITECTURE.md` draws them: a new one fails here.

use std::collections::BTreeSet;
use std::path::Path;

/// From each room to those it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("auth", &["model"]),
    ("net", &["model"]),
    ("store", &["model"]),
    ("media", &["model"]),
    ("backup", &["media", "model", "store"]),
    ("health", &["model"]),
    ("chat", &["auth", "model", "store"]),
    ("push", &["auth", "chat", "model", "net"]),
    ("rest", &["auth", "chat", "health", "media", "model", "net", "push"]),
    ("gateway", &["auth", "chat", "model", "net"]),
    ("web", &["model", "net"]),
    ("app", &["auth", "backup", "chat", "gateway", "health", "media", "model", "net", "push", "rest", "store", "web"]),
    ("bench", &["app", "auth", "media", "model"]),
    ("cli", &["app", "backup", "bench", "chat", "gateway", "health", "model", "net", "push", "rest"]),
];

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            // Unit tests, at a file's end, may set up what they need.
            let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            found.push((path.to_str().unwrap().to_owned(), source));
        }
    }
}

/// The rooms that a source names behind `crate::`.
fn named(source: &str) -> BTreeSet<String> {
    let room = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase()).collect::<String>();
    let mut rooms = BTreeSet::new();
    for (at, found) in source.match_indices("crate::") {
        let rest = &source[at + found.len()..];
        match rest.strip_prefix('{') {
            Some(group) => rooms.extend(group.split('}').next().unwrap().split(',').map(|part| room(part.trim()))),
            None => drop(rooms.insert(room(rest))),
        }
    }
    rooms
}

#[test]
fn arrows_point_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (from, may) in ARROWS {
        let mut files = Vec::new();
        sources(&root.join(from), &mut files);
        assert!(!files.is_empty(), "{from} is no room");
        for (path, source) in files {
            let unknown: Vec<_> = named(&source)
                .into_iter()
                .filter(|to| !to.is_empty() && to != from && !may.contains(&to.as_str()))
                .collect();
            assert!(unknown.is_empty(), "{path} uses {unknown:?}");
        }
    }
}

#[test]
fn sql_stands_in_the_store_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for (path, source) in files.iter().filter(|(path, _)| !path.contains("/store/")) {
        for word in ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE FROM", "rusqlite::params"] {
            assert!(!source.contains(word), "{path} has {word}");
        }
    }
}
