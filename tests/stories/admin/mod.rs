//! Administration: what alice, who has the first account, may do; and the owner at the machine, by the command line.

mod accounts;
mod closing;
mod command_line;
mod resets;
mod settings;

use serde_json::{Value, json};

use crate::harness::{Answer, Person, World};

/// Signs in by a password; what comes of it.
fn signs_in(world: &World, name: &str, password: &str) -> Answer {
    world.request("POST", "/auth/login", Some(&json!({"username": name, "password": password})))
}

/// Changes somebody's account, as an administrator.
#[track_caller]
fn changes(admin: &Person<'_>, id: &str, patch: Value) -> Value {
    admin.patch(&format!("/admin/users/{id}"), patch).expect(200)
}
