-- chatd's database. Identifiers are the API's IDs: time-ordered 63-bit integers. Times are Unix milliseconds.
-- This file is the schema as it is now; src/store/migrations/ says how older files become it, and a test proves it.

-- One row about this instance.
CREATE TABLE instance (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  created_at INTEGER NOT NULL,
  id_reserve INTEGER NOT NULL,            -- every ID handed out so far is at most this; the next start goes on above
  seen_at    INTEGER NOT NULL,            -- the wall clock when lived_s was last written
  lived_s    INTEGER NOT NULL,            -- seconds this instance has lived; jumps of the clock by over a day count 0
  setup_code TEXT                         -- lets the first account in; void once there is one
) STRICT;

CREATE TABLE users (
  user_id       INTEGER PRIMARY KEY,
  username      TEXT    NOT NULL UNIQUE,  -- folded
  password_hash TEXT    NOT NULL,         -- argon2id, PHC string
  display_name  TEXT,
  bio           TEXT    NOT NULL DEFAULT '',
  status        TEXT    NOT NULL DEFAULT 'online' CHECK (status IN ('online', 'idle', 'dnd', 'invisible')),
  is_admin      INTEGER NOT NULL DEFAULT 0,
  disabled      INTEGER NOT NULL DEFAULT 0,
  created_at    INTEGER NOT NULL,
  avatar        TEXT,                     -- where the picture is, below /files/
  closed        INTEGER NOT NULL DEFAULT 0 -- by its owner: disabled for ever, and reads "deleted user"; the name stays taken
) STRICT;
CREATE INDEX users_administrators ON users (user_id) WHERE is_admin;

-- What administrators have set while it served; over what options say. Keys and values are model::setting's.
CREATE TABLE instance_settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Links that set a new password, once: the newest of each user. Of the token only a hash is kept.
CREATE TABLE password_resets (
  user_id      INTEGER PRIMARY KEY REFERENCES users,
  token_hash   BLOB    NOT NULL UNIQUE,
  made_lived_s INTEGER NOT NULL           -- instance.lived_s: it is good for a day from there
) STRICT;

-- Sign-in sessions. Of the refresh token only a hash is kept; an older generation in use again ends the session.
CREATE TABLE sessions (
  session_id   INTEGER PRIMARY KEY,
  user_id      INTEGER NOT NULL REFERENCES users,
  generation   INTEGER NOT NULL,
  token_hash   BLOB    NOT NULL,
  rotated_at   INTEGER NOT NULL,
  used_lived_s INTEGER NOT NULL,          -- instance.lived_s at the last use: expiry counts from here
  user_agent   TEXT    NOT NULL,
  ip           TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, used_lived_s);

CREATE TABLE servers (
  server_id    INTEGER PRIMARY KEY,
  name         TEXT    NOT NULL,
  description  TEXT    NOT NULL,
  owner_id     INTEGER NOT NULL REFERENCES users,
  member_count INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  deleted      INTEGER NOT NULL DEFAULT 0, -- invisible; its rows are swept in small steps
  icon         TEXT                       -- where the picture is, below /files/
) STRICT;
CREATE INDEX servers_deleted ON servers (server_id) WHERE deleted;

CREATE TABLE members (
  server_id INTEGER NOT NULL REFERENCES servers,
  user_id   INTEGER NOT NULL REFERENCES users,
  nickname  TEXT,
  joined_at INTEGER NOT NULL,
  PRIMARY KEY (server_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user_id, joined_at);

-- The role with the server's own ID is `everyone`.
CREATE TABLE roles (
  role_id     INTEGER PRIMARY KEY,
  server_id   INTEGER NOT NULL REFERENCES servers,
  name        TEXT    NOT NULL,
  color       INTEGER NOT NULL,
  position    INTEGER NOT NULL,
  permissions INTEGER NOT NULL            -- a set of bits, see model::Permission
) STRICT;
CREATE INDEX roles_by_server ON roles (server_id, position);

CREATE TABLE channels (
  channel_id  INTEGER PRIMARY KEY,
  server_id   INTEGER REFERENCES servers, -- none: a DM
  type        TEXT    NOT NULL CHECK (type IN ('text', 'category', 'dm', 'group_dm')),
  parent_id   INTEGER REFERENCES channels,
  name        TEXT    NOT NULL,
  topic       TEXT    NOT NULL,
  position    INTEGER NOT NULL,
  last_gone   INTEGER,                    -- the latest message that was deleted while it was the last one
  created_at  INTEGER NOT NULL,
  deleted     INTEGER NOT NULL DEFAULT 0  -- invisible; its rows are swept in small steps
) STRICT;
CREATE INDEX channels_by_server ON channels (server_id, position) WHERE server_id IS NOT NULL;
CREATE INDEX channels_by_parent ON channels (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX channels_deleted ON channels (channel_id) WHERE deleted;

-- Who is in a DM. Hidden: not listed for that user until the next message.
CREATE TABLE dm_members (
  channel_id INTEGER NOT NULL REFERENCES channels,
  user_id    INTEGER NOT NULL REFERENCES users,
  hidden     INTEGER NOT NULL,
  PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dm_members_by_user ON dm_members (user_id, channel_id, hidden);

-- The one DM between two people.
CREATE TABLE dm_pairs (
  lower_id   INTEGER NOT NULL REFERENCES users,
  higher_id  INTEGER NOT NULL REFERENCES users,
  channel_id INTEGER NOT NULL REFERENCES channels,
  PRIMARY KEY (lower_id, higher_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dm_pairs_by_channel ON dm_pairs (channel_id);

-- Clustered by channel, so that a page of history is a few neighbouring pages and a new message dirties one.
CREATE TABLE messages (
  channel_id INTEGER NOT NULL REFERENCES channels,
  message_id INTEGER NOT NULL,
  author_id  INTEGER NOT NULL REFERENCES users,
  content    TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  edited_at  INTEGER,
  reply_to   INTEGER,                     -- the message that this one answers, in the same channel
  extras     INTEGER NOT NULL DEFAULT 0,  -- what other tables have of it: bits, see store::messages::Extras
  PRIMARY KEY (channel_id, message_id)
) STRICT, WITHOUT ROWID;

-- Senders' marks, so that a retry never doubles. `day` (of the message ID's clock) leads the key: old days are swept
-- as one range, and a look-up asks for two of them.
CREATE TABLE nonces (
  day        INTEGER NOT NULL,
  author_id  INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  nonce      TEXT    NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (day, author_id, channel_id, nonce)
) STRICT, WITHOUT ROWID;

-- How far people have read. Written up to five seconds late.
CREATE TABLE read_states (
  user_id    INTEGER NOT NULL REFERENCES users,
  channel_id INTEGER NOT NULL REFERENCES channels,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (user_id, channel_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX read_states_by_channel ON read_states (channel_id);

CREATE TABLE invites (
  code       TEXT    PRIMARY KEY,
  server_id  INTEGER NOT NULL REFERENCES servers,
  inviter_id INTEGER NOT NULL REFERENCES users,
  uses       INTEGER NOT NULL,
  max_uses   INTEGER,
  expires_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invites_by_server ON invites (server_id);

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

-- Who is mentioned by name; the key serves counting what one has not read.
CREATE TABLE mentions (
  user_id    INTEGER NOT NULL REFERENCES users,
  channel_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (user_id, channel_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_by_message ON mentions (channel_id, message_id);

-- Which roles are mentioned; `everyone` has the server's ID.
CREATE TABLE role_mentions (
  channel_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  role_id    INTEGER NOT NULL,
  PRIMARY KEY (channel_id, message_id, role_id)
) STRICT, WITHOUT ROWID;

-- The kinds of reaction to a message, in order of first use, and how many there are of each.
CREATE TABLE reaction_kinds (
  channel_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  kind_id    INTEGER NOT NULL,
  emoji      TEXT    NOT NULL,
  count      INTEGER NOT NULL,
  PRIMARY KEY (channel_id, message_id, kind_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactions (
  channel_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  kind_id    INTEGER NOT NULL,
  user_id    INTEGER NOT NULL REFERENCES users,
  PRIMARY KEY (channel_id, message_id, kind_id, user_id)
) STRICT, WITHOUT ROWID;

-- `pin_id` gives their order.
CREATE TABLE pins (
  channel_id INTEGER NOT NULL,
  pin_id     INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (channel_id, pin_id)
) STRICT, WITHOUT ROWID;

-- One JSON object that a user's clients share.
CREATE TABLE settings (
  user_id  INTEGER PRIMARY KEY REFERENCES users,
  settings TEXT    NOT NULL
) STRICT;

CREATE TABLE files (
  file_id          INTEGER PRIMARY KEY,
  owner_id         INTEGER NOT NULL REFERENCES users,
  secret           TEXT    NOT NULL,      -- in its address: whoever has it may fetch the file
  filename         TEXT    NOT NULL,
  content_type     TEXT    NOT NULL,
  size             INTEGER NOT NULL,
  room             INTEGER NOT NULL,      -- bytes that it takes of its owner's quota, with its thumbnail
  is_picture       INTEGER NOT NULL,      -- a raster image that a page may show
  width            INTEGER,
  height           INTEGER,
  color            TEXT,
  thumbnail_type   TEXT,                  -- none: there is no thumbnail
  uploaded_lived_s INTEGER NOT NULL,      -- instance.lived_s: what nothing uses within the hour is swept
  used             INTEGER NOT NULL DEFAULT 0,
  channel_id       INTEGER,               -- of the message that it belongs to
  message_id       INTEGER,
  position         INTEGER                -- its place among the message's files
) STRICT;
CREATE INDEX files_by_message ON files (channel_id, message_id, position) WHERE message_id IS NOT NULL;
CREATE INDEX files_unused ON files (uploaded_lived_s) WHERE NOT used;

-- What the files of a user take, kept by the triggers below.
CREATE TABLE file_rooms (
  user_id INTEGER PRIMARY KEY REFERENCES users,
  room    INTEGER NOT NULL
) STRICT;

-- Files whose row is gone and whose bytes may still be on disk.
CREATE TABLE gone_files (
  file_id INTEGER PRIMARY KEY
) STRICT;

CREATE TRIGGER file_added AFTER INSERT ON files BEGIN
  INSERT INTO file_rooms (user_id, room) VALUES (new.owner_id, new.room)
  ON CONFLICT (user_id) DO UPDATE SET room = room + new.room;
END;

-- However a file's row goes, its bytes follow.
CREATE TRIGGER file_removed AFTER DELETE ON files BEGIN
  UPDATE file_rooms SET room = room - old.room WHERE user_id = old.owner_id;
  INSERT INTO gone_files (file_id) VALUES (old.file_id);
END;

-- Finds messages by their words: only proposes, the messages themselves decide. The row's ID is the message's. `tokens` is
-- made by store::search: words, and behind `_` where a message stands, by whom it is and the like.
CREATE VIRTUAL TABLE search USING fts5 (
  tokens, channel_id UNINDEXED, content = '', contentless_delete = 1, contentless_unindexed = 1, detail = none,
  prefix = '1 2 3', tokenize = "ascii tokenchars '_'"
);
-- Fewer, larger merges: a third less to write.
INSERT INTO search (search, rank) VALUES ('automerge', 8);

-- Every message up to this ID is in the search index, but for those that the next two tables name.
CREATE TABLE search_mark (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  mark INTEGER NOT NULL
) STRICT;

-- Messages that were edited or deleted since they came into the search index.
CREATE TABLE search_stale (
  message_id INTEGER PRIMARY KEY,
  channel_id INTEGER NOT NULL
) STRICT;

-- Channels from before there was a search index: messages below `next` are still to come into it.
CREATE TABLE search_backlog (
  channel_id INTEGER PRIMARY KEY REFERENCES channels,
  next       INTEGER NOT NULL
) STRICT;
INSERT INTO search_mark VALUES (1, 0);
