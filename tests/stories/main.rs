//! Stories: named people use the real program, through its `run`, over real sockets. Each file mirrors a resource.
//! No sleeps: a story waits for what must come, and proves absence by what comes next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod chance;
mod harness;

mod accounts;
mod acts;
mod architecture;
mod channels;
mod crash;
mod dms;
mod gateway;
mod instance;
mod members;
mod messages;
mod network;
mod openapi;
mod order;
mod resume;
mod servers;
mod sessions;
mod users;
