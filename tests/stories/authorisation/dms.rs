//! Who may do what in direct messages: those between the peer and the equal, and nobody else.
//!
//! Cells are as in `rest.rs`. `between-two` is the peer in their own DM; `blocked` is the peer in one where the other,
//! the owner, has blocked them; `in-a-group` is the peer in a group of these three. All others are asked of all three.
//! They are no strangers: members know everybody here, and the signed-out session is the owner's.

use std::collections::BTreeMap;

use serde_json::json;

use super::grid;
use super::matrix::Matrix;
use super::people::{People, Who};
use super::stage::{Setting, Stage};
use crate::harness::{World, text};

const TABLE: &str = "
                                                               anonymous      member         between-two
                                                                    signed-out     moderator      blocked
                                                                         outsider       admin          in-a-group

GET    /channels/{channel_id}                                  401  401  404  404  404  404  200  200  200
PATCH  /channels/{channel_id}                                  401  401  404  404  404  404  403  403  200
DELETE /channels/{channel_id}                                  401  401  404  404  404  404  204  204  204
PUT    /channels/{channel_id}/read                             401  401  404  404  404  404  204  204  204
PUT    /channels/{channel_id}/overrides/{role_id} helpers      401  401  404  404  404  404  403  403  403
DELETE /channels/{channel_id}/overrides/{role_id} helpers      401  401  404  404  404  404  403  403  403
GET    /channels/{channel_id}/messages                         401  401  404  404  404  404  200  200  200
POST   /channels/{channel_id}/messages                         401  401  404  404  404  404  201 blocked 201
GET    /channels/{channel_id}/messages/{message_id} own        401  401  404  404  404  404  200  200  200
GET    /channels/{channel_id}/messages/{message_id} another's  401  401  404  404  404  404  200  200  200
GET    /channels/{channel_id}/messages/{message_id} elsewhere  401  401  404  404  404  404  404  404  404
PATCH  /channels/{channel_id}/messages/{message_id} own        401  401  404  404  404  404  200 blocked 200
PATCH  /channels/{channel_id}/messages/{message_id} another's  401  401  404  404  404  404  403  403  403
PATCH  /channels/{channel_id}/messages/{message_id} elsewhere  401  401  404  404  404  404  404  404  404
DELETE /channels/{channel_id}/messages/{message_id} own        401  401  404  404  404  404  204  204  204
DELETE /channels/{channel_id}/messages/{message_id} another's  401  401  404  404  404  404  403  403  403
DELETE /channels/{channel_id}/messages/{message_id} elsewhere  401  401  404  404  404  404  404  404  404
GET    /channels/{channel_id}/messages/{message_id}/reactions/{emoji} another's 401  401  404  404  404  404  200  200  200
PUT    /channels/{channel_id}/messages/{message_id}/reactions/{emoji} another's 401  401  404  404  404  404  204  204  204
DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji} another's 401  401  404  404  404  404  204  204  204
GET    /channels/{channel_id}/pins                             401  401  404  404  404  404  200  200  200
PUT    /channels/{channel_id}/pins/{message_id} another's      401  401  404  404  404  404  204  204  204
PUT    /channels/{channel_id}/pins/{message_id} elsewhere      401  401  404  404  404  404  404  404  404
DELETE /channels/{channel_id}/pins/{message_id} another's      401  401  404  404  404  404  204  204  204
DELETE /channels/{channel_id}/pins/{message_id} elsewhere      401  401  404  404  404  404  404  404  404
";

/// The DMs, by the column of the peer in them.
const DMS: [&str; 3] = ["between-two", "blocked", "in-a-group"];

/// A DM of the peer's, with a message of each side. It takes the place of a server's channel, so roles stay those of
/// the server.
fn dm(people: &People<'_>, server: &Stage, kind: &str) -> Stage {
    let (peer, equal, owner) = (people.get(Who::Peer), people.get(Who::Equal), people.get(Who::Owner));
    let other = if kind == "blocked" { owner } else { equal };
    let block = format!("/users/@me/blocks/{}", peer.id);
    owner.delete(&block).expect(204);
    let channel = if kind == "in-a-group" {
        let group = peer.post("/users/@me/dm-channels", json!({"recipient_ids": [equal.id, owner.id]}));
        text(&group.expect(201)["channel_id"])
    } else {
        peer.opens_dm(other)
    };
    let messages = [(Who::Peer, peer.says(&channel, "hello")), (Who::Equal, other.says(&channel, "hello"))].into();
    if kind == "blocked" {
        owner.ask("PUT", &block, None).expect(204);
    }
    Stage { server: server.server.clone(), channel, roles: server.roles.clone(), messages, invites: BTreeMap::new() }
}

#[test]
fn direct_messages_are_of_those_who_are_in_them() {
    let world = World::start();
    let matrix = Matrix::of(&world);
    let server = Stage::set(&matrix.people, Setting::default());
    let rows = grid::parse(TABLE);
    for kind in DMS {
        let mut stage = dm(&matrix.people, &server, kind);
        for row in &rows {
            for (column, cell) in &row.cells {
                let who = match *column {
                    column if column == kind => Who::Peer,
                    column if DMS.contains(&column) => continue,
                    column => Who::named(column),
                };
                let label = format!("{}, {column}, of the DM {kind}", row.name());
                if matrix.ask_one(&label, row, (who, who == Who::Peer), &stage, cell) {
                    stage = dm(&matrix.people, &server, kind);
                }
            }
        }
    }
    let mut covered: Vec<_> = rows.iter().map(|row| row.words[..2].join(" ")).collect();
    covered.dedup();
    let operations = matrix.operations.iter().filter(|operation| operation.path.starts_with("/channels/"));
    let missing: Vec<_> = operations.map(|one| one.name()).filter(|name| !covered.contains(name)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    matrix.conclude();
}
