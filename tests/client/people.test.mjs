/** Members of a server: fetching them, keeping them true, grouping them, and what one may do to them. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { OP } from "../../static/lib/ops.js";
import { Members, membersOf } from "../../static/state/members.js";
import { groupsOf, memberName, named, roleColor, sees } from "../../static/state/people.js";
import { connectedStore, later, person, settle } from "./fakes.mjs";

const member = (id, name, fields = {}) => (
  { user: person(id, name), server_id: "5", nickname: null, roles: [], joined_at: "2025-05-11T12:00:00.000Z", ...fields });
const role = (id, position, permissions = []) => ({ role_id: id, name: `role-${id}`, color: 0, position, permissions });

/** A server with roles 6 (weak) and 7 (strong), and whoever is asked for. */
function scene(pages = [], fields = {}) {
  const store = connectedStore();
  store.apply(OP.ROLES_UPDATE, { server_id: "5", roles: [role("7", 2), role("6", 1), role("5", 0, ["view_channel"])] });
  store.servers.set("5", { ...store.servers.get("5"), ...fields });
  const asked = [];
  const answer = (path) => { asked.push(path); return Promise.resolve(pages.shift() ?? { items: [], next: null }); };
  const api = { page: answer, request: async (_, path) => (await answer(path)).items };
  return { store, asked, members: new Members({ api, store, askAfterMs: 0 }) };
}

const ids = (members) => [...members].map(({ user }) => user.user_id);

test("members are fetched page by page, once", async () => {
  const { members, asked } = scene([
    { items: [member("1", "alice")], next: "servers/5/members?limit=100&after=1" }, { items: [member("2", "bob")], next: null }]);
  await Promise.all([members.load("5"), members.load("5")]);
  await members.load("5");
  assert.deepEqual(asked, ["servers/5/members?limit=100", "servers/5/members?limit=100&after=1"]);
  assert.deepEqual(ids(members.of("5").people.values()), ["1", "2"]);
  assert.equal(members.of("5").whole, true);
});

test("events change what is known, and are newer than a page under way", async () => {
  const page = later();
  const { members, store } = scene([page.promise]);
  const loading = members.load("5");
  store.apply(OP.SERVER_MEMBER_REMOVE, { server_id: "5", user_id: "3", reason: "left" });
  store.apply(OP.SERVER_MEMBER_ADD, member("4", "dora"));
  store.apply(OP.SERVER_MEMBER_UPDATE, member("2", "bob", { nickname: "Bobby" }));
  page.resolve({ items: [member("2", "bob"), member("3", "carl")], next: null });
  await loading;
  assert.deepEqual(ids(members.of("5").people.values()).sort(), ["2", "4"]);
  assert.equal(members.of("5").people.get("2").nickname, "Bobby");
  store.apply(OP.USER_UPDATE, { ...person("4", "dora"), display_name: "Dora" });
  assert.equal(memberName(members.of("5").people.get("4")), "Dora");
  store.apply(OP.SERVER_MEMBER_REMOVE, { server_id: "5", user_id: "4", reason: "kicked" });
  assert.deepEqual(ids(members.of("5").people.values()), ["2"]);
  store.apply(OP.SERVER_DELETE, { server_id: "5" });
  assert.equal(members.of("5").people.size, 0);
});

test("a new connection keeps what is shown and fetches it anew", async () => {
  const old = later();
  const { members, store, asked } = scene([old.promise, { items: [member("3", "carl")], next: null }]);
  const first = members.load("5");
  const { connected } = await import("./fakes.mjs");
  store.apply(OP.CONNECTED, connected());
  old.resolve({ items: [member("2", "bob")], next: null });
  await first;
  assert.equal(members.of("5").loaded, false, "the old answer is not for this connection");
  await members.load("5");
  assert.deepEqual(ids(members.of("5").people.values()), ["3"]);
  store.apply(OP.CONNECTED, connected());
  assert.deepEqual(ids(members.of("5").people.values()), ["3"]);
  assert.equal(members.of("5").loaded, false);
  assert.equal(asked.length, 2);
});

test("of a large server those online are fetched, and who comes is asked for", async () => {
  const { members, store, asked } = scene([{ items: [member("2", "bob")], next: null }, { items: [member("9", "ines")], next: null }],
    { member_count: 5000 });
  await members.load("5");
  assert.match(asked[0], /online=true/);
  store.apply(OP.PRESENCE_UPDATE, { user_id: "9", status: "online" });
  store.apply(OP.PRESENCE_UPDATE, { user_id: "8", status: "online" });
  store.apply(OP.PRESENCE_UPDATE, { user_id: "8", status: "offline" });
  await new Promise((done) => { setTimeout(done, 5); });
  await settle();
  assert.equal(asked[1], "servers/5/members?limit=100&user_ids=9");
  assert.deepEqual(ids(members.of("5").people.values()), ["2", "9"]);
  await members.find("5", "ä b");
  assert.match(asked[2], /query=%C3%A4%20b$/);
  assert.equal((await members.one("5", "2")).user.username, "bob");
  assert.equal(await members.one("5", "7"), null);
});

test("a client has one of them", () => {
  const client = { api: {}, store: connectedStore() };
  assert.equal(membersOf(client), membersOf(client));
});

test("groups: roles by strength, then those online, then the rest, by name", () => {
  const { store } = scene();
  for (const [id, status] of [["2", "online"], ["3", "idle"], ["4", "dnd"], ["6", "online"]]) store.presences.set(id, status);
  const groups = groupsOf(store, store.servers.get("5"), [
    member("2", "zoe"), member("3", "max", { roles: ["6", "7"] }), member("4", "ada", { roles: ["6", "gone"] }),
    member("7", "off", { roles: ["7"] }),
    member("6", "x", { nickname: "Älva" })]);
  assert.deepEqual(groups.map(({ key, kind, members }) => [key, kind, ...ids(members)]),
    [["7", "role", "3"], ["6", "role", "4"], ["online", "online", "6", "2"], ["offline", "offline", "7"]]);
  assert.ok(named(member("6", "x", { nickname: "Älva" }), " äL"));
  assert.deepEqual([roleColor(0), roleColor(0x00ff0a)], [null, "#00ff0a"]);
});

test("who sees a private channel follows from its overrides", async () => {
  const { store, members } = scene([{ items: [member("2", "bob"), member("3", "max"), member("4", "ada", { roles: ["6"] })], next: null }]);
  const hidden = { ...store.channels.get("11"), overrides: [
    { role_id: "5", allow: [], deny: ["view_channel"] }, { role_id: "6", allow: ["view_channel"], deny: [] }] };
  await members.load("5");
  assert.deepEqual(ids(members.seeing("5", hidden)), ["2", "4"], "2 is the owner");
  assert.equal(members.seeing("5", null).length, 3);
  assert.deepEqual(members.seeing("nowhere", null), []);
  assert.equal(sees(store.servers.get("5"), null, member("3", "max")), true);
});
