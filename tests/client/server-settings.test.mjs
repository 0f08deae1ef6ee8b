/** Managing a server: who may do what, rules of channels, the order of channels, the list of members, the audit log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { details, namesIn, peopleIn, sentence } from "../../static/lib/audit.js";
import { OP } from "../../static/lib/ops.js";
import { sendBecause, sendFile } from "../../static/lib/send.js";
import { speak } from "../../static/lib/words.js";
import * as authority from "../../static/state/authority.js";
import { into, isThere, moveChannel, positionFor, step } from "../../static/state/channel-order.js";
import * as overrides from "../../static/state/overrides.js";
import { withEvent } from "../../static/state/roster.js";
import { english } from "./words.mjs";
import { channel, person } from "./fakes.mjs";

const member = (id, ...roles) => ({ user: person(id, `user${id}`), server_id: "5", nickname: null, roles, joined_at: "" });
const role = (id, position, ...permissions) => ({ role_id: id, name: `role${id}`, color: 0, position, permissions });
const ROLES = [
  role("7", 2, "manage_roles", "kick_members", "manage_channels"),
  role("6", 1, "attach_files"),
  role("5", 0, "view_channel", "send_messages"),
];

/** Alice, with these roles, in a server of somebody's. */
const server = (roles = ["7"], fields = {}) => ({
  server_id: "5",
  owner_id: "9",
  name: "Book Club",
  roles: ROLES,
  member: member("1", ...roles),
  channels: [],
  permissions: [],
  ...fields,
});

test("equal is not below, and the owner stands above all", () => {
  const all = server(["7"], { roles: [...ROLES, role("8", 3)] });
  assert.deepEqual(
    ["", "6", "7", "8"].map((id) => authority.outranks(all, member("2", id))),
    [true, true, false, false],
  );
  assert.equal(authority.outranks(all, member("9")), false, "the owner");
  assert.equal(authority.outranks(server([], { owner_id: "1" }), member("2", "7")), true);
  assert.equal(authority.outranks(server([], { owner_id: "1" }), member("1")), false, "oneself");
});

test("one changes roles below one's own highest, and grants what one has", () => {
  const own = server();
  assert.deepEqual(
    ROLES.map((one) => authority.mayChangeRole(own, one)),
    [false, true, true],
  );
  assert.equal(authority.whyNot(own, ROLES[1], "kick_members"), null);
  assert.equal(authority.whyNot(own, ROLES[1], "ban_members"), "lacking");
  assert.equal(authority.whyNot(own, ROLES[1], "attach_files"), null, "what the role has already may be taken");
  assert.equal(authority.whyNot(own, ROLES[0], "kick_members"), "role");
  assert.equal(authority.mayCreateRole(own), true);
  assert.equal(authority.mayCreateRole(server(["6"])), false);
  assert.equal(authority.mayChangeRole(server(["6"]), ROLES[2]), false, "without the permission rank is nothing");
});

test("roles are given to those below, and to oneself", () => {
  const own = server();
  const strong = role("4", 1, "ban_members");
  assert.equal(authority.mayAssign(own, member("2"), role("3", 1, "kick_members")), true);
  assert.equal(authority.mayAssign(own, member("2"), strong), false, "it grants what one lacks");
  assert.equal(authority.mayAssign(own, member("2", "4"), strong), true, "but may be taken");
  assert.equal(authority.mayAssign(own, member("2", "7"), ROLES[1]), false, "an equal");
  assert.equal(authority.mayAssign(own, own.member, role("3", 1)), true);
  assert.equal(authority.mayAssign(own, member("2"), ROLES[2]), false, "everyone is everybody's");
});

test("roles move one step, not past one's own and not below everyone", () => {
  const own = server(["8"], { roles: [role("8", 3, "manage_roles"), ...ROLES] });
  assert.equal(authority.rolePlace(own, ROLES[1], 1), 2);
  assert.equal(authority.rolePlace(own, ROLES[1], -1), null);
  assert.equal(authority.rolePlace(own, ROLES[0], 1), null);
  assert.equal(authority.rolePlace(own, ROLES[0], -1), 1);
  assert.equal(authority.rolePlace(own, ROLES[2], 1), null);
  assert.deepEqual(
    authority.byStrength([...ROLES].reverse()).map((one) => one.role_id),
    ["7", "6", "5"],
  );
});

test("what may be done to a member, and which pages there are", () => {
  assert.deepEqual(authority.actionsOn(server(["7", "6"]), member("2")), {
    roles: true,
    nickname: false,
    kick: true,
    ban: false,
    handOver: false,
  });
  assert.deepEqual(authority.actionsOn(server([]), member("1")), {
    roles: false,
    nickname: true,
    kick: false,
    ban: false,
    handOver: false,
  });
  assert.equal(authority.actionsOn(server([], { owner_id: "1" }), member("2", "7")).handOver, true);
  const keys = (of) => authority.pagesOf(of).map(({ key }) => key);
  assert.deepEqual(keys(server([])), ["overview"]);
  assert.deepEqual(keys(server()), ["overview", "channels", "roles", "members"]);
  assert.equal(keys(server([], { owner_id: "1" })).length, authority.PAGES.length);
});

test("every permission has words, and stands in one group", () => {
  const all = Object.values(authority.PERMISSION_GROUPS).flat();
  assert.equal(new Set(all).size, 12);
  for (const permission of all) assert.ok(english[`permission.${permission}`] && english[`permission.${permission}.hint`], permission);
});

test("a role inherits, is allowed or denied", () => {
  const room = channel("10", { overrides: [{ role_id: "6", allow: ["view_channel"], deny: ["send_messages"] }] });
  assert.deepEqual(
    ["view_channel", "send_messages", "attach_files"].map((one) => overrides.stateOf(room, "6", one)),
    ["allow", "deny", "inherit"],
  );
  assert.deepEqual(overrides.withState(room, "6", "send_messages", "allow"), {
    role: "6",
    allow: ["view_channel", "send_messages"],
    deny: [],
  });
  assert.deepEqual(overrides.withState(room, "6", "view_channel", "inherit"), { role: "6", allow: [], deny: ["send_messages"] });
  assert.equal(overrides.roleMay(server(), room, "6", "send_messages"), false);
  assert.equal(overrides.roleMay(server(), room, "7", "send_messages"), true, "from everyone");
});

test("a channel is made private without shutting oneself out, and opened again", () => {
  const room = channel("10");
  assert.deepEqual(overrides.everyoneSteps(server([], { owner_id: "1" }), room, "view_channel", true), [
    { role: "5", allow: [], deny: ["view_channel"] },
  ]);
  assert.deepEqual(overrides.everyoneSteps(server(["6", "7"]), room, "view_channel", true), [
    { role: "7", allow: ["view_channel"], deny: [] },
    { role: "5", allow: [], deny: ["view_channel"] },
  ]);
  const lone = server([], { roles: [role("5", 0, "view_channel", "manage_channels")] });
  assert.equal(overrides.everyoneSteps(lone, room, "view_channel", true), null, "no role to keep it by");
  assert.equal(overrides.privateFromStart(lone), null);
  const closed = channel("10", {
    overrides: [
      { role_id: "5", allow: [], deny: ["view_channel"] },
      { role_id: "7", allow: ["view_channel"], deny: [] },
    ],
  });
  assert.equal(overrides.isPrivate(server(), closed), true);
  assert.equal(overrides.isPrivate(server(), room), false);
  assert.deepEqual(overrides.everyoneSteps(server(), closed, "view_channel", false), [{ role: "5", allow: [], deny: [] }]);
  const silent = server([], { owner_id: "1", roles: [role("5", 0)] });
  assert.equal(overrides.isReadOnly(silent, room), true, "by the role alone");
  assert.deepEqual(overrides.everyoneSteps(silent, room, "send_messages", false), [{ role: "5", allow: ["send_messages"], deny: [] }]);
  assert.deepEqual(overrides.privateFromStart(server()), [
    { role_id: "5", allow: [], deny: ["view_channel"] },
    { role_id: "7", allow: ["view_channel"], deny: [] },
  ]);
});

/** a, b | One: c, d | Two: (empty) | Three: e, in the order of their positions. */
const list = () =>
  [
    ["a"],
    ["One", "category"],
    ["c", "text", "One"],
    ["b"],
    ["Two", "category"],
    ["d", "text", "One"],
    ["Three", "category"],
    ["e", "text", "Three"],
  ].map(([id, type = "text", parent = null], position) => channel(id, { type, parent_id: parent, position }));

test("a step leads past the neighbour, or over the edge of a category", () => {
  assert.deepEqual(step(list(), "a", 1), { parent: null, near: "b", after: true });
  assert.equal(step(list(), "a", -1), null);
  assert.deepEqual(step(list(), "b", 1), { parent: "One", near: "c", after: false });
  assert.deepEqual(step(list(), "c", -1), { parent: null, near: "b", after: true });
  assert.deepEqual(step(list(), "d", 1), { parent: "Two", near: null, after: false });
  assert.equal(step(list(), "e", 1), null);
  assert.deepEqual(step(list(), "Two", -1), { parent: null, near: "One", after: false });
  assert.equal(step(list(), "One", -1), null);
  assert.equal(step(list(), "Three", 1), null);
  assert.deepEqual(into(list(), "a", "One"), { parent: "One", near: "d", after: true });
});

/** What the server does with a position: takes the channel out, puts it in at that place, numbers all. */
function fakeServer(channels, hidden = []) {
  let all = [...channels].sort((a, b) => a.position - b.position);
  return {
    writes: 0,
    async request(method, path, body) {
      if (method === "GET") return all.filter((one) => !hidden.includes(one.channel_id));
      this.writes += 1;
      const id = path.split("/")[1];
      const at = all.findIndex((one) => one.channel_id === id);
      const moved = { ...all[at], ...("parent_id" in body && { parent_id: body.parent_id }) };
      if (!("position" in body)) return void all.splice(at, 1, moved);
      all.splice(at, 1);
      all.splice(Math.min(body.position, all.length), 0, moved);
      all = all.map((one, position) => ({ ...one, position }));
    },
  };
}

test("every step ends where it leads, also with gaps and with channels that one does not see", async () => {
  for (const hidden of [[], ["a"], ["c", "Two"]]) {
    for (const spread of [1, 3]) {
      const all = list().map((one) => ({ ...one, position: one.position * spread }));
      const seen = all.filter((one) => !hidden.includes(one.channel_id));
      for (const { channel_id: id } of seen) {
        for (const by of [1, -1]) {
          const move = step(seen, id, by);
          if (!move) continue;
          const api = fakeServer(all, hidden);
          await moveChannel(api, "5", seen, id, move);
          assert.ok(isThere(await api.request("GET", ""), id, move), `${id} ${by} ${hidden} ${spread}`);
          if (spread === 1) assert.equal(api.writes, 1, `${id} ${by} ${hidden}`);
        }
      }
    }
  }
  assert.equal(positionFor(list(), "a", { parent: "Two", near: null, after: false }), null);
});

test("a list of members follows events", () => {
  const people = [member("1"), member("2")];
  const ids = (op, d, whole = true) => withEvent(people, "5", op, d, whole).map((one) => one.user.user_id + one.roles.join(""));
  assert.deepEqual(ids(OP.SERVER_MEMBER_REMOVE, { server_id: "5", user_id: "1" }), ["2"]);
  assert.deepEqual(ids(OP.SERVER_MEMBER_UPDATE, member("2", "7")), ["1", "27"]);
  assert.deepEqual(ids(OP.SERVER_MEMBER_ADD, member("3")), ["1", "2", "3"]);
  assert.deepEqual(ids(OP.SERVER_MEMBER_ADD, member("3"), false), ["1", "2"]);
  assert.deepEqual(ids(OP.SERVER_MEMBER_REMOVE, { server_id: "6", user_id: "1" }), ["1", "2"]);
  assert.equal(withEvent(people, "5", OP.USER_UPDATE, { user_id: "2", username: "new" }, true)[1].user.username, "new");
  assert.equal(withEvent(people, "5", OP.TYPING_START, { user_id: "2" }, true), people);
});

test("the audit log reads as sentences", () => {
  speak("en", english);
  const entry = (action, target, ...changes) => ({
    entry_id: "1",
    actor: person("1", "alice"),
    action,
    target_id: target,
    reason: null,
    created_at: "",
    changes: changes.map(([field, before, after]) => ({ field, before, after })),
  });
  const names = { user: (id) => `U${id}`, role: (id) => `R${id}`, channel: (id) => `C${id}` };
  const told = (one) => [sentence(one, names), ...details(one, names)];
  assert.deepEqual(told(entry("role_update", "7", ["permissions", ["view_channel"], ["kick_members", "ban_members"]], ["color", 0, 255])), [
    "changed the role R7",
    "Granted: Remove members and Ban members",
    "Taken: See channels",
    "Colour: none → #0000ff",
  ]);
  assert.deepEqual(told(entry("member_update", "3", ["roles", ["7"], ["6"]], ["nickname", "old", null])), [
    "changed U3",
    "Role given: R6",
    "Role taken: R7",
    "Nickname: old → none",
  ]);
  assert.deepEqual(told(entry("channel_create", "4", ["name", null, "x"], ["type", null, "category"], ["overrides", null, []])), [
    "created the category C4",
  ]);
  assert.deepEqual(told(entry("channel_update", "4", ["position", 2, 1], ["topic", "a", ""])), [
    "changed the channel C4",
    "Topic removed",
    "Moved",
  ]);
  assert.deepEqual(told(entry("override_set", "4", ["role_id", null, "7"], ["deny", null, ["send_messages"]])), [
    "set what R7 may do in C4",
    "Denied: Write messages",
  ]);
  assert.deepEqual(told(entry("ban_add", "3", ["delete_message_seconds", null, 3600])), [
    "banned U3",
    "With the messages of the last hour",
  ]);
  assert.deepEqual(told(entry("message_delete", "8", ["channel_id", "4", null], ["author_id", "3", null])), [
    "deleted a message of U3 in C4",
  ]);
  assert.deepEqual(told(entry("server_update", "5", ["name", "A", "B"], ["icon_url", null, "/x"])), [
    "changed the server",
    "Name: A → B",
    "New picture",
  ]);
  assert.deepEqual(told(entry("something_new", "5")), ["did something: something_new"]);
  assert.deepEqual(
    [...namesIn([entry("role_delete", "7", ["name", "Last", null]), entry("role_update", "7", ["name", "First", "Last"])])],
    [["7", "Last"]],
  );
  assert.deepEqual(peopleIn([entry("ban_add", "3"), entry("role_create", "7"), entry("message_delete", "8", ["author_id", "4", null])]), [
    "3",
    "4",
  ]);
});

test("files go as they are, and reasons in a header that takes any letter", async () => {
  const calls = [];
  const answer = (status, body) => ({ ok: status < 300, status, headers: new Headers(), json: async () => body });
  const api = { root: new URL("http://pi/api/rest/"), token: async () => "token", fetch: async (url, init) => {
    calls.push({ url: url.href, ...init });
    return calls.length > 2 ? answer(403, { code: "forbidden", detail: "no" }) : answer(200, { attachment_id: "3" });
  } };
  assert.deepEqual(await sendFile(api, new File(["x"], "ä b.png", { type: "image/png" })), { attachment_id: "3" });
  await sendBecause(api, "DELETE", "servers/5/members/2", "Über Gebühr");
  await assert.rejects(sendBecause(api, "DELETE", "servers/5/members/2", ""), { code: "forbidden", status: 403 });
  assert.deepEqual(calls.map(({ method, url }) => `${method} ${url}`), [
    "POST http://pi/api/rest/uploads?filename=%C3%A4%20b.png",
    "DELETE http://pi/api/rest/servers/5/members/2",
    "DELETE http://pi/api/rest/servers/5/members/2",
  ]);
  assert.equal(calls[0].headers["Content-Type"], "image/png");
  assert.deepEqual(calls.slice(1).map(({ headers, body }) => [headers["X-Audit-Log-Reason"], headers["Content-Type"], body]), [
    ["%C3%9Cber%20Geb%C3%BChr", undefined, undefined],
    [undefined, undefined, undefined],
  ]);
});
