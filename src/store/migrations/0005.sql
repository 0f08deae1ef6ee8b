-- The search index. What was written before comes into it in small steps, behind the work.

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

INSERT INTO search_mark SELECT 1, ifnull(max(id_reserve), 0) FROM instance;
INSERT INTO search_backlog SELECT channel_id, (SELECT mark + 1 FROM search_mark) FROM channels
  WHERE NOT deleted AND type <> 'category';
