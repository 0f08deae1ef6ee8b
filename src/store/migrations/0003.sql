-- Rich messages: replies, mentions, reactions, pins, files, pictures, shared settings, and the search index.

-- The message that this one answers, in the same channel.
ALTER TABLE messages ADD COLUMN reply_to INTEGER;
-- What other tables have of it, so that nobody looks for what is not there: a set of bits, see store::messages::Extras.
ALTER TABLE messages ADD COLUMN extras INTEGER NOT NULL DEFAULT 0;

-- Where the pictures are, below /files/.
ALTER TABLE users ADD COLUMN avatar TEXT;
ALTER TABLE servers ADD COLUMN icon TEXT;

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
