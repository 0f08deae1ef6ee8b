//! What becomes of the data: backups, restores, checks, and the faults that disks, clocks and power supplies have.

mod backup;
mod clock;
mod disk;
mod faults;
mod folder;
mod power;
mod pressure;
mod replay;
mod restore;
mod schedule;
mod steps;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Person, World};
use crate::process::{chatd, run};

/// The data folder of a world.
fn data(world: &World) -> PathBuf {
    world.folder.path().join("data")
}

/// A command on a data folder.
fn command(data: &Path, words: &[&str]) -> std::process::Command {
    let mut command = chatd(words);
    command.arg("--data").arg(data);
    command
}

/// Makes a backup into `into`; where it is.
#[track_caller]
fn backup(data: &Path, into: &Path) -> PathBuf {
    let said = run(command(data, &["backup"]).arg(into)).well();
    PathBuf::from(said.lines().next().unwrap())
}

/// Every message of a channel, oldest first, as it is now.
#[track_caller]
fn history(who: &Person<'_>, channel: &str) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    loop {
        let before = messages.last().map(|last| format!("&before={}", last["message_id"].as_str().unwrap()));
        let path = format!("/channels/{channel}/messages?limit=100{}", before.unwrap_or_default());
        let page = who.get(&path).expect(200);
        if page.as_array().unwrap().is_empty() {
            messages.reverse();
            return messages;
        }
        messages.extend(page.as_array().unwrap().iter().cloned());
    }
}

/// Everything in a folder, with its bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
