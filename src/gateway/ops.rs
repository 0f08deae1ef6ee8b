//! The op table: every op and close code of the gateway, as documented and as spoken.

use crate::model::Payload;

/// Who sends an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Server,
    Client,
    Both,
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Op {
    pub(super) op: u8,
    pub(super) name: &'static str,
    pub(super) from: From,
    pub(super) d: &'static str,
    pub(super) about: &'static str,
}

macro_rules! ops {
    ($($constant:ident = $op:literal $from:ident $d:literal: $about:literal;)*) => {
        $(#[doc = $about] pub(super) const $constant: u8 = $op;)*

        /// All ops, by number.
        pub(super) const OPS: &[Op] = &[
            $(Op { op: $op, name: stringify!($constant), from: From::$from, d: $d, about: $about },)*
        ];
    };
}

ops! {
    HELLO = 0 Server "{heartbeat_interval, server_version}": "The first frame on every connection; the interval is in milliseconds.";
    HEARTBEAT = 1 Client "the last s seen, or null, {} or nothing": "To be sent once an interval. What it acknowledges is not kept for RESUME any more.";
    HEARTBEAT_ACK = 2 Server "{}": "The answer to HEARTBEAT.";
    IDENTIFY = 3 Client "{token, status?}": "Starts a session, within 10 s of HELLO. Not needed if the handshake carried Authorization: Bearer.";
    RESUME = 4 Client "{token, session_id, s}": "Goes on with a session whose connection was lost, behind event s.";
    RESUMED = 5 Server "{replayed}": "After the missed events: how many they were.";
    INVALID_SESSION = 6 Server "{}": "The session cannot be resumed: IDENTIFY on the same connection.";
    CONNECTED = 10 Server "{session_id, user, servers, dm_channels, read_states, presences, settings}": "Everything for the first screen. The frame's s is the position of this snapshot: all later events have a larger one.";
    MESSAGE_CREATE = 11 Server "Message": "A new message.";
    MESSAGE_UPDATE = 12 Server "Message, without reactions": "A message was edited.";
    MESSAGE_DELETE = 13 Server "{message_id, channel_id, server_id}": "A message was deleted.";
    REACTION_ADD = 14 Server "{channel_id, message_id, user_id, emoji}": "Somebody has reacted to a message.";
    REACTION_REMOVE = 15 Server "{channel_id, message_id, user_id, emoji}": "Somebody has taken a reaction back.";
    PINS_UPDATE = 16 Server "{channel_id, message_id, pinned}": "A message was pinned or unpinned.";
    CHANNEL_CREATE = 20 Server "Channel": "A channel or DM is there, or can be seen from now on.";
    CHANNEL_UPDATE = 21 Server "Channel": "A channel or group has changed.";
    CHANNEL_DELETE = 22 Server "{channel_id, server_id}": "A channel or DM is gone, or cannot be seen any more.";
    SERVER_MEMBER_ADD = 30 Server "Member; to the joiner's own connections with server, as in CONNECTED": "Somebody has joined a server.";
    SERVER_MEMBER_REMOVE = 31 Server "{server_id, user_id, reason}": "Somebody has left a server: left, kicked or banned. Also told to the one removed.";
    SERVER_MEMBER_UPDATE = 32 Server "Member": "A member's nickname or roles have changed.";
    SERVER_UPDATE = 33 Server "Server": "A server has changed.";
    SERVER_DELETE = 34 Server "{server_id}": "A server is gone.";
    ROLES_UPDATE = 35 Server "{server_id, roles}": "A server's roles, strongest first.";
    PRESENCE_UPDATE = 40 Both "from the client {status?, away?}, from the server {user_id, status}": "Sets one's own presence: status is kept, away is this connection's. Tells the presence of those one shares a server or DM with.";
    USER_UPDATE = 41 Server "User": "A profile has changed.";
    TYPING_START = 50 Both "from the client {channel_id}, from the server {channel_id, user_id, timestamp}": "Somebody types; lapses after 10 s, and is passed on once in 3 s.";
    READ_UPDATE = 60 Server "{channel_id, message_id, mentions, mention_ids?, direct_ids?}": "How far one has read, to one's own connections; which unread messages mention one, and in a DM which are by others, up to 100 of each.";
    SETTINGS_UPDATE = 61 Server "the settings object": "The settings that one's clients share have changed, to one's own connections.";
    FOCUS = 62 Client "{channel_id: an ID or null}": "The channel that the user has before their eyes on this connection, or that they look elsewhere: of what is written there they are not told by push. To be said anew after RESUME.";
    BLOCK_UPDATE = 63 Server "{user_id, blocked}": "One has blocked somebody, or does no longer, to one's own connections. READ_UPDATE follows for channels where other unread messages count now.";
}

/// The op under which an event is dispatched.
pub(super) const fn of(payload: &Payload) -> u8 {
    match payload {
        Payload::MessageCreate(_) => MESSAGE_CREATE,
        Payload::MessageUpdate(_) => MESSAGE_UPDATE,
        Payload::MessageDelete { .. } => MESSAGE_DELETE,
        Payload::ReactionAdd { .. } => REACTION_ADD,
        Payload::ReactionRemove { .. } => REACTION_REMOVE,
        Payload::PinsUpdate { .. } => PINS_UPDATE,
        Payload::ChannelCreate(_) => CHANNEL_CREATE,
        Payload::ChannelUpdate(_) => CHANNEL_UPDATE,
        Payload::ChannelDelete { .. } => CHANNEL_DELETE,
        Payload::ServerMemberAdd(_) => SERVER_MEMBER_ADD,
        Payload::ServerMemberRemove { .. } => SERVER_MEMBER_REMOVE,
        Payload::ServerMemberUpdate(_) => SERVER_MEMBER_UPDATE,
        Payload::ServerUpdate(_) => SERVER_UPDATE,
        Payload::ServerDelete { .. } => SERVER_DELETE,
        Payload::RolesUpdate { .. } => ROLES_UPDATE,
        Payload::PresenceUpdate { .. } => PRESENCE_UPDATE,
        Payload::UserUpdate(_) => USER_UPDATE,
        Payload::TypingStart { .. } => TYPING_START,
        Payload::ReadUpdate(_) => READ_UPDATE,
        Payload::SettingsUpdate(_) => SETTINGS_UPDATE,
        Payload::BlockUpdate { .. } => BLOCK_UPDATE,
    }
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

macro_rules! closes {
    ($($constant:ident = $code:literal $reason:literal;)*) => {
        $(#[doc = $reason] pub(super) const $constant: Close = Close { code: $code, reason: $reason };)*

        /// All close codes that the server sends.
        pub(super) const CLOSES: &[Close] = &[$($constant,)*];
    };
}

closes! {
    RESUMED_ELSEWHERE = 1000 "the session was resumed on another connection";
    GOING_AWAY = 1001 "the server is shutting down or restarting";
    PROTOCOL = 1002 "not WebSocket as RFC 6455 has it";
    NOT_UTF8 = 1007 "not UTF-8";
    TOO_BIG = 1009 "a message is over 16 KiB";
    INTERNAL = 4000 "something went wrong here";
    UNKNOWN_OP = 4001 "unknown op, or one that only the server sends";
    BAD_PAYLOAD = 4002 "bad payload";
    NOT_IDENTIFIED = 4003 "IDENTIFY first, within 10 seconds";
    UNAUTHENTICATED = 4004 "authentication failed or has ended";
    ALREADY_IDENTIFIED = 4005 "already identified";
    TOO_MUCH = 4008 "too many frames or connections";
    HEARTBEAT_LOST = 4009 "no heartbeat came in time";
    TOO_SLOW = 4010 "too slow: the backlog is full; RESUME";
}

#[cfg(test)]
mod tests {
    use super::{CLOSES, OPS};

    #[test]
    fn numbers_and_names_are_unique_and_ascending() {
        assert!(OPS.windows(2).all(|pair| pair[0].op < pair[1].op && pair[0].name != pair[1].name));
        assert!(CLOSES.windows(2).all(|pair| pair[0].code < pair[1].code));
    }
}
