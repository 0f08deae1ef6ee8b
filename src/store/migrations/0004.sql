-- Files that people upload.

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
