/** What the store makes of CONNECTED and the events after it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { OP } from "../../static/lib/ops.js";
import { Store } from "../../static/state/store.js";
import { channel, connected, connectedStore, message, person } from "./fakes.mjs";

const ids = (store, id = "10") => store.timeline(id).messages.map((one) => one.message_id);

test("CONNECTED draws the first screen", () => {
  const store = connectedStore();
  assert.equal(store.ready, true);
  assert.deepEqual([...store.servers.keys()], ["5"]);
  assert.deepEqual(store.channelsOf("5").map((one) => one.channel_id), ["10", "11"]);
  assert.deepEqual(store.directChannels().map((one) => store.channelName(one)), ["bob"]);
  assert.equal(store.presences.get("2"), "idle");
  assert.equal(store.section, "5");
});

test("a second CONNECTED forgets what is gone and keeps what is on the screen", () => {
  const store = connectedStore();
  store.apply(OP.MESSAGE_CREATE, message("100"));
  store.setTimeline("11", { loaded: true });
  store.apply(OP.CONNECTED, connected({ dm_channels: [] }));
  assert.equal(store.channels.has("20"), false);
  assert.deepEqual(ids(store), ["100"], "the open channel does not flicker");
  assert.deepEqual([store.timeline("10").loaded, store.timeline("10").staleUpTo], [false, "100"], "but it is to be caught up");
  assert.equal(store.timelines.has("11"), false, "others load anew");
});

test("messages stand in the order of their IDs, each once, whatever order they come in", () => {
  const store = connectedStore();
  for (const id of ["99", "101", "100", "101", "1000"]) store.apply(OP.MESSAGE_CREATE, message(id));
  assert.deepEqual(ids(store), ["99", "100", "101", "1000"], "as numbers, not as text");
});

test("an edit changes content and leaves reactions", () => {
  const store = connectedStore();
  store.apply(OP.MESSAGE_CREATE, message("100"));
  store.apply(OP.REACTION_ADD, { channel_id: "10", message_id: "100", user_id: "1", emoji: "👍" });
  const { reactions, ...update } = message("100", { content: "better", edited_at: "2025-05-11T12:01:00.000Z" });
  store.apply(OP.MESSAGE_UPDATE, update);
  const [edited] = store.timeline("10").messages;
  assert.equal(edited.content, "better");
  assert.deepEqual(edited.reactions, [{ emoji: "👍", count: 1, me: true }]);
  store.apply(OP.REACTION_REMOVE, { channel_id: "10", message_id: "100", user_id: "1", emoji: "👍" });
  assert.deepEqual(store.timeline("10").messages[0].reactions, []);
});

test("a deleted message is gone, and stays gone if it comes once more", () => {
  const store = connectedStore();
  store.apply(OP.MESSAGE_CREATE, message("100"));
  store.apply(OP.MESSAGE_DELETE, { channel_id: "10", message_id: "100", server_id: "5" });
  store.confirm(message("100"));
  assert.deepEqual(ids(store), []);
});

test("others' messages are unread, one's own are not, and mentions count", () => {
  const store = connectedStore();
  store.apply(OP.MESSAGE_CREATE, message("100"));
  assert.deepEqual([store.unread("10"), store.mentions("10")], [true, 0]);
  store.apply(OP.MESSAGE_CREATE, message("101", { mentions: ["1"] }));
  assert.equal(store.mentions("10"), 1);
  store.apply(OP.READ_UPDATE, { channel_id: "10", message_id: "101", mentions: 0 });
  assert.deepEqual([store.unread("10"), store.mentions("10")], [false, 0]);
  store.apply(OP.MESSAGE_CREATE, message("102", { author: person("1", "alice") }));
  assert.equal(store.unread("10"), false);
});

test("each direct message is for the reader", () => {
  const store = connectedStore();
  store.apply(OP.MESSAGE_CREATE, message("100", { channel_id: "20" }));
  assert.equal(store.mentions("20"), 1);
});

test("a device that comes later counts as those that were there, also when what is unread is edited or deleted", () => {
  const there = connectedStore();
  for (const id of ["100", "101"]) there.apply(OP.MESSAGE_CREATE, message(id, { channel_id: "20" }));
  for (const id of ["102", "103"]) there.apply(OP.MESSAGE_CREATE, message(id, { channel_id: "11", mentions: ["1"] }));
  const later = new Store();
  const reads = [
    { channel_id: "20", message_id: "0", mentions: 0, direct_ids: ["100", "101"] },
    { channel_id: "11", message_id: "0", mentions: 2, mention_ids: ["102", "103"] },
  ];
  later.apply(OP.CONNECTED, connected({ read_states: reads }));
  const count = () => [there, later].map((store) => [store.mentions("20"), store.mentions("11")]);
  const tell = (/** @type {number} */ op, /** @type {object} */ d) => [there, later].forEach((store) => store.apply(op, d));
  assert.deepEqual(count(), [[2, 2], [2, 2]]);
  tell(OP.MESSAGE_DELETE, { channel_id: "20", message_id: "101" });
  tell(OP.MESSAGE_UPDATE, message("102", { channel_id: "11" }));
  assert.deepEqual(count(), [[1, 1], [1, 1]]);
  tell(OP.MESSAGE_UPDATE, message("102", { channel_id: "11", mentions: ["1"] }));
  tell(OP.MESSAGE_UPDATE, message("103", { channel_id: "11", mentions: ["1"], content: "again" }));
  tell(OP.MESSAGE_CREATE, message("104", { channel_id: "11", mentions: ["1"] }));
  assert.deepEqual(count(), [[1, 3], [1, 3]]);
  tell(OP.READ_UPDATE, { channel_id: "11", message_id: "103", mentions: 1, mention_ids: ["104"] });
  tell(OP.MESSAGE_UPDATE, message("102", { channel_id: "11", mentions: ["1"] }));
  assert.deepEqual(count(), [[1, 1], [1, 1]], "what is read no longer counts, whatever becomes of it");
  tell(OP.MESSAGE_UPDATE, message("60", { channel_id: "10", mentions: ["1"] }));
  assert.deepEqual([there, later].map((store) => store.mentions("10")), [1, 1], "also where nothing was read yet");
  for (let id = 200; id < 350; id += 1) tell(OP.MESSAGE_CREATE, message(String(id), { channel_id: "20" }));
  assert.deepEqual(count(), [[100, 1], [100, 1]]);
});

test("somebody else's nonce does not take away what waits to be sent", () => {
  const store = connectedStore();
  store.setTimeline("10", { pending: [message("pending", { nonce: "n", pending: "sending" })] });
  store.apply(OP.MESSAGE_CREATE, message("100", { nonce: "n" }));
  assert.equal(store.timeline("10").pending.length, 1);
  store.apply(OP.MESSAGE_CREATE, message("101", { nonce: "n", author: person("1", "alice") }));
  assert.equal(store.timeline("10").pending.length, 0);
});

test("typing shows others for ten seconds, and ends with their message", () => {
  const store = connectedStore();
  for (const user of ["1", "2", "3"]) store.apply(OP.TYPING_START, { channel_id: "10", user_id: user });
  assert.deepEqual(store.typists("10"), ["2", "3"]);
  assert.deepEqual(store.typists("10", Date.now() + 11_000), []);
  store.apply(OP.MESSAGE_CREATE, message("100"));
  assert.deepEqual(store.typists("10"), ["3"]);
});

test("a channel comes, changes and goes", () => {
  const store = connectedStore();
  store.apply(OP.CHANNEL_CREATE, channel("12", { overrides: [{ role_id: "5", allow: [], deny: ["send_messages"] }] }));
  assert.equal(store.can(store.channels.get("12"), "send_messages"), false);
  store.apply(OP.CHANNEL_UPDATE, channel("12", { name: "renamed" }));
  assert.equal(store.channelName(store.channels.get("12")), "renamed");
  store.apply(OP.CHANNEL_DELETE, { channel_id: "12", server_id: "5" });
  assert.equal(store.channels.has("12"), false);
});

test("joining brings the server, and being removed takes all of it", () => {
  const store = connectedStore();
  const server = { ...connected().servers[0], server_id: "6", channels: [channel("30", { server_id: "6" })] };
  store.apply(OP.SERVER_MEMBER_ADD, { user: person("1", "alice"), server_id: "6", server });
  assert.ok(store.servers.has("6") && store.channels.has("30"));
  store.apply(OP.SERVER_MEMBER_ADD, { user: person("3", "carol"), server_id: "6" });
  assert.equal(store.servers.get("6").member_count, 3);
  store.apply(OP.SERVER_MEMBER_REMOVE, { user_id: "1", server_id: "6", reason: "kicked" });
  assert.equal(store.servers.has("6") || store.channels.has("30"), false);
});

test("a role gives what it allows, and takes it again", () => {
  const store = connectedStore();
  const roles = [...store.servers.get("5").roles, { role_id: "7", name: "mods", color: 0, position: 1, permissions: ["manage_channels"] }];
  store.apply(OP.ROLES_UPDATE, { server_id: "5", roles });
  assert.equal(store.can(store.servers.get("5"), "manage_channels"), false);
  const { member } = store.servers.get("5");
  store.apply(OP.SERVER_MEMBER_UPDATE, { ...member, roles: ["7"] });
  assert.equal(store.can(store.servers.get("5"), "manage_channels"), true);
  store.apply(OP.SERVER_MEMBER_UPDATE, { ...member, roles: [] });
  assert.equal(store.can(store.servers.get("5"), "manage_channels"), false);
});

test("in a channel everyone's override counts first, then those of all roles together, and the owner may all", () => {
  const store = connectedStore();
  const role = (role_id, position) => ({ role_id, name: role_id, color: 0, position, permissions: [] });
  store.apply(OP.ROLES_UPDATE, { server_id: "5", roles: [...store.servers.get("5").roles, role("7", 1), role("8", 2)] });
  const { member } = store.servers.get("5");
  const can = (roles, ...overrides) => {
    store.apply(OP.SERVER_MEMBER_UPDATE, { ...member, roles });
    store.apply(OP.CHANNEL_UPDATE, channel("10", { overrides: overrides.map(([role_id, allow, deny]) => ({ role_id, allow, deny })) }));
    return store.can(store.channels.get("10"), "send_messages");
  };
  const [send, none] = [["send_messages"], []];
  assert.equal(can([]), true);
  assert.equal(can([], ["5", none, send]), false);
  assert.equal(can([], ["5", none, send], ["7", send, none]), false);
  assert.equal(can(["7"], ["5", none, send], ["7", send, none]), true);
  assert.equal(can(["7", "8"], ["8", none, send], ["7", send, none]), true);
  assert.equal(can(["8"], ["8", none, send], ["7", send, none]), false);
  store.apply(OP.SERVER_UPDATE, { server_id: "5", owner_id: "1" });
  assert.equal(can(["8"], ["8", none, send]), true);
});

test("what was written before one saw it is read, and a channel of a hidden category stands free", () => {
  const store = connectedStore();
  store.apply(OP.CHANNEL_CREATE, channel("12", { last_message_id: "90", parent_id: "13" }));
  assert.equal(store.unread("12"), false);
  assert.ok(store.channelsOf("5").some((one) => one.channel_id === "12"));
  store.apply(OP.MESSAGE_CREATE, message("91", { channel_id: "12", author: person("2", "bob") }));
  assert.equal(store.unread("12"), true);
});

test("unknown events are passed over", () => {
  const store = connectedStore();
  store.apply(999, { anything: true });
  assert.equal(store.ready, true);
});
