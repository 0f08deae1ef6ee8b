//! The load generator that `cargo bench` drives the server with.

pub mod client;
mod connection;
pub mod deliveries;
pub mod effort;
pub mod flight;
pub mod pace;
pub mod people;
pub mod posting;
pub mod wire;

/// A result whose error is a text for the terminal.
pub type Outcome<T> = Result<T, String>;
