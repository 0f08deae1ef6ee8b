//! Sends while backups are made, one after the other, of a database that takes a while to copy.

use std::process::Command;
use std::sync::atomic::Ordering;

use chatd::bench::Outcome;

use super::People;
use crate::crowd::{Crowd, Plan};
use crate::lines::Scene;
use crate::messages;
use crate::server::{BINARY, Server};
use crate::table::Row;

const MEMBERS: usize = 100;
const MESSAGES: u64 = 200_000;
const STORED_LENGTH: usize = 200;
const PER_SECOND: f64 = 200.0;
const LENGTH: usize = 128;

pub fn measure(scene: &Scene) -> Outcome<Vec<Row>> {
    let (data, backups) = (scene.folder().join("full"), scene.folder().join("backups"));
    Server::start(&data)?.stop()?;
    let crowd = Crowd::gather(&data, Plan { members: MEMBERS, channels: 2, roles: 0 })?;
    let whose = |number: u64| (crowd.channels[1], crowd.members[number as usize % MEMBERS]);
    messages::write(&data, 0..MESSAGES, STORED_LENGTH, whose)?;
    let (server, place) = (Server::start(&data)?, crowd.place()?);
    let mut people = People::gather(&server, &place, 1, PER_SECOND, LENGTH)?;
    let (compared, made) = people.compare(|is_over| {
        let mut made = 0_u32;
        while made == 0 || !is_over.load(Ordering::Relaxed) {
            let mut command = Command::new(BINARY);
            command.arg("backup").arg(&backups).arg("--data").arg(&data).env_clear();
            let output = command.output().map_err(|error| format!("chatd backup: {error}"))?;
            if !output.status.success() {
                return Err(format!("chatd backup failed: {}", String::from_utf8_lossy(&output.stderr)));
            }
            made += 1;
        }
        Ok(made)
    })?;
    let made: u32 = made.iter().sum();
    let row = compared.row(scene, "during a backup").note(format!(
        "{made} backups of {MESSAGES} messages were made and proven in {} rounds; {MEMBERS} members, {PER_SECOND} \
         messages/s",
        super::ROUNDS
    ));
    let row = people.row(row);
    drop(people);
    server.stop()?;
    Ok(vec![row])
}
