-- Notifications by push.

-- Where a user's browsers are told of messages by push. A subscription ends with the sign-in session that it was made in.
CREATE TABLE push_subscriptions (
  subscription_id INTEGER PRIMARY KEY,
  user_id         INTEGER NOT NULL REFERENCES users,
  session_id      INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
  endpoint        TEXT    NOT NULL UNIQUE, -- whoever has it may send to the browser
  p256dh          BLOB    NOT NULL,       -- the browser's public key
  auth            BLOB    NOT NULL,       -- and the secret that it shares with us
  name            TEXT,
  created_at      INTEGER NOT NULL,
  last_success_at INTEGER,                -- to the hour
  last_failure    TEXT,                   -- none since the last success
  failing_since   INTEGER                 -- instance.lived_s; after a week of nothing but failures it is removed
) STRICT;
CREATE INDEX push_subscriptions_by_user ON push_subscriptions (user_id);
CREATE INDEX push_subscriptions_by_session ON push_subscriptions (session_id);
