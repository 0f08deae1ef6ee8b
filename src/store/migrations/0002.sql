-- Membership: who holds which role, what roles may in single channels, bans, blocks, and the log of who did what.

-- A role that was deleted may still be held until it is swept: whoever asks joins `roles`.
CREATE TABLE member_roles (
  user_id   INTEGER NOT NULL REFERENCES users,
  server_id INTEGER NOT NULL REFERENCES servers,
  role_id   INTEGER NOT NULL,
  PRIMARY KEY (user_id, server_id, role_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_roles_by_role ON member_roles (role_id);
CREATE INDEX member_roles_by_server ON member_roles (server_id);

-- Roles that were deleted and may still be held.
CREATE TABLE gone_roles (
  role_id INTEGER PRIMARY KEY
) STRICT;

-- What a role may do in one channel beyond, or short of, what it may do in the server: sets of bits.
CREATE TABLE overrides (
  channel_id INTEGER NOT NULL REFERENCES channels,
  role_id    INTEGER NOT NULL REFERENCES roles,
  server_id  INTEGER NOT NULL REFERENCES servers,
  allow      INTEGER NOT NULL,
  deny       INTEGER NOT NULL,
  PRIMARY KEY (channel_id, role_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX overrides_by_role ON overrides (role_id);
CREATE INDEX overrides_by_server ON overrides (server_id);
-- Those that decide who sees a channel: bit 0 is view_channel.
CREATE INDEX overrides_of_sight ON overrides (server_id) WHERE (allow | deny) & 1;

CREATE TABLE bans (
  server_id  INTEGER NOT NULL REFERENCES servers,
  user_id    INTEGER NOT NULL REFERENCES users,
  reason     TEXT,
  banned_by  INTEGER NOT NULL REFERENCES users,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (server_id, user_id)
) STRICT, WITHOUT ROWID;

-- Who wants no DM from whom. `block_id` gives their order.
CREATE TABLE blocks (
  user_id    INTEGER NOT NULL REFERENCES users,
  blocked_id INTEGER NOT NULL REFERENCES users,
  block_id   INTEGER NOT NULL,
  PRIMARY KEY (user_id, blocked_id)
) STRICT, WITHOUT ROWID;

-- Who did what to whom, and why; written in the same transaction as the act.
CREATE TABLE audit_log (
  server_id  INTEGER NOT NULL REFERENCES servers,
  entry_id   INTEGER NOT NULL,
  actor_id   INTEGER NOT NULL REFERENCES users,
  action     TEXT    NOT NULL,
  target_id  INTEGER,
  reason     TEXT,
  changes    TEXT    NOT NULL,            -- JSON: [{field, before, after}]
  created_at INTEGER NOT NULL,
  PRIMARY KEY (server_id, entry_id)
) STRICT, WITHOUT ROWID;

-- Messages of banned people that are to go: those that `author_id` wrote in the server, with IDs from `first_id` to
-- `purge_id`, one channel after the other. (channel_id, message_id) is how far the sweep has come.
CREATE TABLE purges (
  purge_id   INTEGER PRIMARY KEY,
  server_id  INTEGER NOT NULL REFERENCES servers,
  author_id  INTEGER NOT NULL REFERENCES users,
  first_id   INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL
) STRICT;

-- A change let many members see more channels: what was written there until then (up to `reveal_id`) counts as read.
-- `before` is what decided who saw what until then, as JSON; `user_id` is how far the sweep has come.
CREATE TABLE reveals (
  reveal_id INTEGER PRIMARY KEY,
  server_id INTEGER NOT NULL REFERENCES servers,
  before    TEXT    NOT NULL,
  user_id   INTEGER NOT NULL
) STRICT;
