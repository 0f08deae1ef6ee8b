//! How the instance does: what is known of it, and what follows from that for its owner.
//!
//! [`Facts`] are gathered elsewhere: by the server that runs, and by `chatd doctor` with or without one. [`findings`] are
//! pure functions over them, so that both say the same. To add one: a fact, and a rule in [`rules`].

pub mod device;
pub mod facts;
pub mod process;
pub mod report;
pub mod rules;

pub use device::Device;
pub use facts::{Backups, Clock, Exposure, Facts, Room};
pub use report::{Finding, Report, Severity};
pub use rules::findings;
