//! What belongs to a message beside its own row: mentions, reactions, whether it is pinned, what it answers. The row
//! says which of these there are, so that a plain message costs no look-up.

use rusqlite::{Connection, OptionalExtension, params};

use super::{accounts, files};
use crate::model::object::{Message, Reaction, Reply};
use crate::model::{ChannelId, MessageId, RoleId, UserId, limits};

/// What other tables have of a message. The bits are stored: append only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras(pub(super) u8);

impl Extras {
    /// `mentions`.
    pub const PEOPLE: Self = Self(1);
    /// `role_mentions` of roles.
    pub const ROLES: Self = Self(2);
    /// `role_mentions` of `everyone`.
    pub const EVERYONE: Self = Self(4);
    /// `files`.
    pub const FILES: Self = Self(8);
    /// `reaction_kinds` and `reactions`.
    pub const REACTIONS: Self = Self(16);
    /// `pins`.
    pub const PINNED: Self = Self(32);

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn with(self, other: Self, is_there: bool) -> Self {
        Self(if is_there { self.0 | other.0 } else { self.0 })
    }

    /// What a new message, or a new text of one, brings of mentions.
    fn of_mentions(message: &Message) -> Self {
        Self::default()
            .with(Self::PEOPLE, !message.mentions.is_empty())
            .with(Self::ROLES, !message.mention_roles.is_empty())
            .with(Self::EVERYONE, message.mention_everyone)
    }
}

/// All that has to do with mentions.
const MENTIONS: Extras = Extras(Extras::PEOPLE.0 | Extras::ROLES.0 | Extras::EVERYONE.0);

/// Puts into `message` what `extras` says there is; `me` of its reactions is as `viewer` sees it.
pub(super) fn fill(
    db: &Connection,
    viewer: UserId,
    message: &mut Message,
    extras: Extras,
    reply_to: Option<MessageId>,
) -> rusqlite::Result<()> {
    let (channel, id) = (message.channel_id, message.message_id);
    if extras.has(Extras::PEOPLE) {
        message.mentioned_users = db
            .prepare_cached(&format!(
                "SELECT {} FROM mentions JOIN users USING (user_id) WHERE channel_id = ?1 AND message_id = ?2
                 ORDER BY user_id",
                accounts::AUTHOR
            ))?
            .query_map([channel.0, id.0], |row| accounts::author_at(row, 0))?
            .collect::<rusqlite::Result<_>>()?;
        message.mentions = message.mentioned_users.iter().map(|user| user.user_id).collect();
    }
    message.mention_everyone = extras.has(Extras::EVERYONE);
    if extras.has(Extras::ROLES) {
        // `everyone` is no role that somebody names.
        message.mention_roles = db
            .prepare_cached(
                "SELECT role_id FROM role_mentions JOIN channels USING (channel_id)
                 WHERE role_mentions.channel_id = ?1 AND message_id = ?2 AND role_id <> server_id ORDER BY role_id",
            )?
            .query_map([channel.0, id.0], |row| Ok(RoleId(row.get(0)?)))?
            .collect::<rusqlite::Result<_>>()?;
    }
    if extras.has(Extras::REACTIONS) {
        message.reactions = Some(reactions(db, viewer, channel, id)?);
    }
    if extras.has(Extras::FILES) {
        message.attachments = files::of_message(db, channel, id)?;
    }
    message.pinned = extras.has(Extras::PINNED);
    if let Some(reply_to) = reply_to {
        message.reply_to = Some(preview(db, channel, reply_to)?);
    }
    Ok(())
}

fn reactions(db: &Connection, viewer: UserId, channel: ChannelId, id: MessageId) -> rusqlite::Result<Vec<Reaction>> {
    db.prepare_cached(
        "SELECT emoji, count, EXISTS (SELECT 1 FROM reactions AS own
             WHERE own.channel_id = ?1 AND own.message_id = ?2 AND own.kind_id = kinds.kind_id AND own.user_id = ?3)
         FROM reaction_kinds AS kinds WHERE channel_id = ?1 AND message_id = ?2 ORDER BY kind_id",
    )?
    .query_map(params![channel.0, id.0, viewer.0], |row| {
        Ok(Reaction { emoji: row.get(0)?, count: row.get(1)?, me: row.get(2)? })
    })?
    .collect()
}

/// What a reply shows of the message that it answers.
pub fn preview(db: &Connection, channel: ChannelId, id: MessageId) -> rusqlite::Result<Reply> {
    let found = db
        .prepare_cached(&format!(
            "SELECT substr(content, 1, ?3), {} FROM messages JOIN users ON user_id = author_id
             WHERE channel_id = ?1 AND message_id = ?2",
            accounts::AUTHOR
        ))?
        .query_row(params![channel.0, id.0, limits::REPLY_PREVIEW as i64], |row| {
            Ok((row.get(0)?, accounts::author_at(row, 1)?))
        })
        .optional()?;
    Ok(match found {
        Some((content, author)) => {
            Reply { message_id: id, author: Some(author), content: Some(content), deleted: false }
        }
        None => Reply { message_id: id, author: None, content: None, deleted: true },
    })
}

/// Writes the mentions of a message; its row has none yet. `everyone` is the server's role of that name.
pub(super) fn add_mentions(db: &Connection, message: &Message, everyone: Option<RoleId>) -> rusqlite::Result<Extras> {
    let (channel, id) = (message.channel_id.0, message.message_id.0);
    for user in &message.mentions {
        db.prepare_cached("INSERT INTO mentions (user_id, channel_id, message_id) VALUES (?1, ?2, ?3)")?
            .execute([user.0, channel, id])?;
    }
    let everyone = everyone.filter(|_| message.mention_everyone);
    for role in message.mention_roles.iter().chain(&everyone) {
        db.prepare_cached("INSERT INTO role_mentions (channel_id, message_id, role_id) VALUES (?1, ?2, ?3)")?
            .execute([channel, id, role.0])?;
    }
    Ok(Extras::of_mentions(message))
}

/// Writes the mentions of a text that took the place of another.
pub(super) fn set_mentions(db: &Connection, message: &Message, everyone: Option<RoleId>) -> rusqlite::Result<()> {
    let (channel, id) = (message.channel_id, message.message_id);
    remove(db, channel, id, MENTIONS)?;
    let of_mentions = add_mentions(db, message, everyone)?;
    note(db, channel, id, MENTIONS, of_mentions)
}

/// Notes in a message's row which of `about` are there.
pub(super) fn note(
    db: &Connection,
    channel: ChannelId,
    id: MessageId,
    about: Extras,
    there: Extras,
) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE messages SET extras = extras & ~?3 | ?4 WHERE channel_id = ?1 AND message_id = ?2")?
        .execute([channel.0, id.0, i64::from(about.0), i64::from(there.0)])
        .map(drop)
}

/// Removes what a message that goes had in other tables.
pub(super) fn remove(db: &Connection, channel: ChannelId, id: MessageId, extras: Extras) -> rusqlite::Result<()> {
    let parts: [(Extras, &[&str]); 5] = [
        (Extras::PEOPLE, &["DELETE FROM mentions WHERE channel_id = ?1 AND message_id = ?2"]),
        (
            Extras(Extras::ROLES.0 | Extras::EVERYONE.0),
            &["DELETE FROM role_mentions WHERE channel_id = ?1 AND message_id = ?2"],
        ),
        (
            Extras::REACTIONS,
            &[
                "DELETE FROM reactions WHERE channel_id = ?1 AND message_id = ?2",
                "DELETE FROM reaction_kinds WHERE channel_id = ?1 AND message_id = ?2",
            ],
        ),
        (Extras::FILES, &["DELETE FROM files WHERE channel_id = ?1 AND message_id = ?2"]),
        (Extras::PINNED, &["DELETE FROM pins WHERE channel_id = ?1 AND message_id = ?2"]),
    ];
    for sql in parts.iter().filter(|(extra, _)| extras.has(*extra)).flat_map(|(_, statements)| *statements) {
        db.prepare_cached(sql)?.execute([channel.0, id.0])?;
    }
    Ok(())
}
