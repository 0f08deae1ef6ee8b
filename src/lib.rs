//! chatd: a chat server for you and your friends. One binary, one port, one folder of data.
//!
//! `ARCHITECTURE.md` has the bird's eye view; the rooms are the modules below, and arrows between them point one way.

// Tests may be blunt: a failed unwrap is a failed test.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod app;
pub mod auth;
pub mod backup;
pub mod bench;
pub mod chat;
pub mod cli;
pub mod gateway;
pub mod health;
pub mod media;
pub mod model;
pub mod net;
pub mod push;
pub mod rest;
pub mod store;
pub mod web;

#[cfg(test)]
#[path = "../tests/stories/tally.rs"]
mod tally;
