-- Administration: accounts that were closed, what was set while it served, and links that set a new password.

ALTER TABLE users ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;

CREATE INDEX users_administrators ON users (user_id) WHERE is_admin;

CREATE TABLE instance_settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE password_resets (
  user_id      INTEGER PRIMARY KEY REFERENCES users,
  token_hash   BLOB    NOT NULL UNIQUE,
  made_lived_s INTEGER NOT NULL
) STRICT;
