/** Whom the reader has blocked: how the list is kept, and what becomes of what they write. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { OP } from "../../static/lib/ops.js";
import { Blocks } from "../../static/state/blocks.js";
import { rows } from "../../static/state/messages.js";
import { wants } from "../../static/state/notify.js";
import { connected, connectedStore, later, message, person, settle } from "./fakes.mjs";

const bob = person("2", "bob");
const cem = person("3", "cem");

/** What this browser keeps. */
const shelf = new Map();
beforeEach(() => {
  shelf.clear();
  globalThis.localStorage = {
    getItem: (key) => shelf.get(key) ?? null, setItem: (key, value) => shelf.set(key, value), removeItem: (key) => shelf.delete(key),
  };
});

/** A reader whose requests are answered by hand. */
function scene() {
  const store = connectedStore();
  const asked = [];
  const api = {
    request: (method, path) => {
      const answer = later();
      asked.push({ method, path, ...answer });
      return answer.promise;
    },
  };
  const blocks = new Blocks({ api, store });
  return { store, blocks, asked, connect: () => store.apply(OP.CONNECTED, connected()) };
}

test("the list comes with each connection, and is kept for the next visit", async () => {
  const { store, blocks, asked, connect } = scene();
  connect();
  assert.deepEqual([asked[0].method, asked[0].path, blocks.people], ["GET", "users/@me/blocks", null]);
  asked[0].resolve([bob]);
  await settle();
  assert.deepEqual([[...store.blocked], blocks.people], [["2"], [bob]]);

  const next = scene();
  next.connect();
  assert.deepEqual([...next.store.blocked], ["2"], "before the answer");
  next.connect();
  next.asked[1].resolve([]);
  await settle();
  next.asked[0].resolve([bob]);
  await settle();
  assert.deepEqual([[...next.store.blocked], next.blocks.people, shelf.size], [[], [], 0], "an earlier answer does not count");
});

test("what another device changes counts at once, and the list follows", async () => {
  const { store, blocks, asked, connect } = scene();
  connect();
  asked[0].resolve([cem]);
  await settle();
  store.apply(OP.BLOCK_UPDATE, { user_id: "2", blocked: true });
  assert.deepEqual([[...store.blocked], asked.length], [["2", "3"], 2]);
  store.apply(OP.MESSAGE_CREATE, message("200", { channel_id: "20", author: bob }));
  assert.deepEqual([store.unread("20"), store.mentions("20")], [false, 0]);
  asked[1].resolve([bob, cem]);
  await settle();
  assert.deepEqual(blocks.people, [bob, cem]);
  // One's own change comes back as an event.
  const done = blocks.set(cem, false);
  asked[2].resolve(null);
  await done;
  store.apply(OP.BLOCK_UPDATE, { user_id: "3", blocked: false });
  assert.deepEqual([[...store.blocked], asked.length], [["2"], 3]);
});

test("what is kept is one person's", () => {
  shelf.set("chatd.blocked", "9 2 3");
  const { store, connect } = scene();
  connect();
  assert.equal(store.blocked.size, 0);
});

test("blocking holds once the server has it, and outlives an older answer", async () => {
  const { store, blocks, asked, connect } = scene();
  connect();
  asked[0].resolve([cem]);
  await settle();
  connect();
  const done = blocks.set(bob, true);
  assert.deepEqual([asked[2].method, asked[2].path], ["PUT", "users/@me/blocks/2"]);
  assert.equal(store.blocked.has("2"), false);
  asked[2].resolve(null);
  await done;
  asked[1].resolve([cem]);
  await settle();
  assert.deepEqual([blocks.people, [...store.blocked]], [[bob, cem], ["2", "3"]]);
  const undone = blocks.set(bob, false);
  asked[3].resolve(null);
  await undone;
  assert.deepEqual([...store.blocked], ["3"]);
  const refused = blocks.set(bob, true);
  asked[4].reject(new Error("too many"));
  await assert.rejects(refused);
  assert.deepEqual([...store.blocked], ["3"]);
});

test("a change before the list has come asks for it", async () => {
  const { store, blocks, asked } = scene();
  const done = blocks.set(bob, true);
  asked[0].resolve(null);
  await settle();
  assert.equal(asked[1].method, "GET");
  asked[1].resolve([bob, cem]);
  await done;
  assert.deepEqual([...store.blocked], ["2", "3"]);
});

test("what they write is no news, no notice and no mention, and nobody sees them type", () => {
  const { store, connect } = scene();
  connect();
  store.blocked = new Set(["2"]);
  const named = message("100", { channel_id: "11", mentions: ["1"] });
  assert.equal(wants(named, store), false);
  store.apply(OP.MESSAGE_CREATE, named);
  store.apply(OP.MESSAGE_CREATE, message("101", { channel_id: "20" }));
  assert.deepEqual([store.unread("11"), store.mentions("11"), store.unread("20"), store.mentions("20")], [false, 0, false, 0]);
  store.apply(OP.MESSAGE_CREATE, message("102", { channel_id: "11", author: cem, mentions: ["1"] }));
  store.apply(OP.MESSAGE_CREATE, message("103", { channel_id: "11", mentions: ["1"] }));
  assert.deepEqual([store.unread("11"), store.mentions("11")], [true, 1], "what others write stays unread under theirs");
  for (const user of ["2", "3"]) store.apply(OP.TYPING_START, { channel_id: "10", user_id: user });
  assert.deepEqual(store.typists("10"), ["3"]);
});

/** A timeline in short: `f` and the number of messages folded, open or not. */
function drawn(messages, options) {
  return rows(messages, options).filter(({ day }) => !day).map(({ unread, folded, open, message: one, grouped }) => (
    unread ? "new" : folded ? `f${folded.length}${open ? " open" : ""}` : `${one.message_id}${grouped ? " grouped" : ""}`));
}

test("their messages are folded where they follow each other, day by day", () => {
  const from = (author, id, timestamp = "2025-05-11T12:00:00.000Z") => message(id, { author, timestamp });
  const list = [
    from(cem, "1"), from(bob, "2"), from(bob, "3"), from(cem, "4"), from(cem, "5"), from(bob, "6"),
    from(bob, "7", "2025-05-13T12:00:00.000Z"),
  ];
  const blocked = new Set(["2"]);
  assert.deepEqual(drawn(list, { blocked }), ["1", "f2", "4", "5 grouped", "f1", "f1"]);
  assert.deepEqual(drawn(list, { blocked, shown: new Set(["3"]) }), ["1", "f2 open", "2", "3 grouped", "4", "5 grouped", "f1", "f1"],
    "any message of a fold opens it");
  assert.deepEqual(drawn(list.slice(0, 4)), ["1", "2", "3 grouped", "4"]);
});

test("the bar of what is new stands before the first message that one hears", () => {
  const list = [message("1", { author: cem }), message("2"), message("3"), message("4", { author: cem })];
  assert.deepEqual(drawn(list, { blocked: new Set(["2"]), since: "1" }), ["1", "f2", "new", "4"]);
  assert.deepEqual(drawn(list.slice(0, 3), { blocked: new Set(["2"]), since: "1" }), ["1", "f2"]);
});
