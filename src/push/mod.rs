//! Notifications by push.
#![allow(dead_code)]
mod client;
pub mod guard;
mod log;
mod queue;
mod roots;
mod seal;
mod zones;
