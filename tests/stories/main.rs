//! Stories: named people use the real program, through its `run`, over real sockets. Each file mirrors a resource.
//! No sleeps: a story waits for what must come, and proves absence by what comes next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod chance;
mod company;
mod harness;
mod nobody;
mod process;
mod tally;

mod accounts;
mod acts;
mod admin;
mod agreement;
mod architecture;
mod audit;
mod audit_reasons;
mod authorisation;
mod bans;
mod bench;
mod blocks;
mod categories;
mod channels;
mod crash;
mod data;
mod dms;
mod doctor;
mod files;
mod gateway;
mod greeting;
mod health;
mod instance;
mod intruders;
mod manual;
mod members;
mod mentions;
mod messages;
mod network;
mod nicknames;
mod openapi;
mod order;
mod ownership;
mod private_channels;
mod push;
mod reactions;
mod replies;
mod resume;
mod roles;
mod search;
mod servers;
mod sessions;
mod settings;
mod sight;
mod smoke;
mod users;
