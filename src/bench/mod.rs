//! The load generator that `cargo bench` drives the server with, and `chatd bench`, which tells an owner what a board
//! can carry.

pub mod board;
pub mod capacity;
pub mod client;
mod connection;
pub mod deliveries;
pub mod effort;
pub mod figures;
pub mod flight;
pub mod instance;
pub mod pace;
pub mod people;
pub mod posting;
pub mod process;
mod scratch;
pub mod wire;

/// A result whose error is a text for the terminal.
pub type Outcome<T> = Result<T, String>;
