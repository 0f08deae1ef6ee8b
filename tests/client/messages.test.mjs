/** Pages of history and live events in one list, and what is drawn of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../static/state/history.js";
import { emptyTimeline, mergeLatest, mergeOlder, rows } from "../../static/state/messages.js";
import { OP } from "../../static/lib/ops.js";
import { connectedStore, later, message, settle } from "./fakes.mjs";

const ids = (timeline) => timeline.messages.map((one) => one.message_id);
const page = (...list) => list.map((id) => message(id));

test("the latest page and what came meanwhile make one list", () => {
  const timeline = { ...emptyTimeline(), messages: page("105") };
  const merged = mergeLatest(timeline, page("104", "103", "102"), 3);
  assert.deepEqual([ids(merged), merged.hasOlder, merged.loaded], [["102", "103", "104", "105"], true, true]);
  assert.equal(mergeLatest(timeline, page("104", "103"), 3).hasOlder, false, "a short page is the first one");
});

test("after a lost connection, what the page does not hold was deleted", () => {
  const timeline = { ...emptyTimeline(), messages: page("100", "101", "102"), staleUpTo: "102", hasOlder: true };
  const merged = mergeLatest(timeline, page("103", "102", "100"), 3);
  assert.deepEqual(ids(merged), ["100", "102", "103"]);
});

test("a gap between list and page is never shown as if it were none", () => {
  const timeline = { ...emptyTimeline(), messages: page("100", "101"), staleUpTo: "101" };
  const merged = mergeLatest(timeline, page("203", "202", "201"), 3);
  assert.deepEqual([ids(merged), merged.hasOlder], [["201", "202", "203"], true]);
});

test("a page read before a deletion does not bring the message back", () => {
  const timeline = { ...emptyTimeline(), deleted: new Set(["101"]) };
  assert.deepEqual(ids(mergeLatest(timeline, page("102", "101", "100"), 50)), ["100", "102"]);
  assert.deepEqual(ids(mergeOlder(timeline, page("102", "101", "100"), 50)), ["100", "102"]);
});

test("a page confirms what waited", () => {
  const timeline = { ...emptyTimeline(), pending: [message("pending n", { nonce: "n", pending: "offline" })] };
  assert.deepEqual(mergeLatest(timeline, [message("100", { nonce: "n" })], 50).pending, []);
});

test("messages of one author within five minutes are one group; a day begins with its divider", () => {
  const at = (id, timestamp, fields) => message(id, { timestamp, ...fields });
  const list = rows([
    at("1", "2025-05-11T12:00:00.000Z"), at("2", "2025-05-11T12:04:00.000Z"), at("3", "2025-05-11T12:10:00.000Z"),
    at("4", "2025-05-11T12:11:00.000Z", { reply_to: { message_id: "1", deleted: true } }), at("5", "2025-05-13T12:11:30.000Z"),
  ]);
  assert.deepEqual(list.map((row) => (row.day ? "day" : `${row.message.message_id}${row.grouped ? " grouped" : ""}`)),
    ["day", "1", "2 grouped", "3", "4", "day", "5"]);
});

test("what was written on another day and waits still stands at the end, without a day of its own", () => {
  const waiting = (nonce, timestamp) => message(`pending ${nonce}`, { nonce, timestamp, pending: "expired" });
  const list = rows([message("1", { timestamp: "2025-05-11T12:00:00.000Z" }), message("2", { timestamp: "2025-05-13T12:00:00.000Z" }),
    waiting("a", "2025-05-11T13:00:00.000Z"), waiting("b", "2025-05-13T12:01:00.000Z"), waiting("c", "2025-05-14T12:00:00.000Z")]);
  assert.deepEqual(list.map((row) => (row.day ? "day" : `${row.message.message_id}${row.grouped ? " grouped" : ""}`)),
    ["day", "1", "day", "2", "pending a", "pending b", "day", "pending c"]);
  assert.equal(new Set(list.map(({ key }) => key)).size, list.length);
});

test("a row keeps its key when it is confirmed, and equal nonces make no equal keys", () => {
  const [, waiting] = rows([message("pending n", { nonce: "n" })]);
  const [, confirmed, twin] = rows([message("100", { nonce: "n" }), message("101", { nonce: "n" })]);
  assert.equal(waiting.key, confirmed.key);
  assert.notEqual(confirmed.key, twin.key);
});

function withHistory() {
  const store = connectedStore();
  const requests = [];
  const request = (method, path, body) => {
    const answer = later();
    requests.push({ method, path, body, ...answer });
    return answer.promise;
  };
  return { store, requests, history: new History({ api: { request }, store }) };
}

test("scrolling asks once, and for what lies before", async () => {
  const { store, requests, history } = withHistory();
  store.setTimeline("10", { messages: page("100"), hasOlder: true });
  history.older("10");
  history.older("10");
  assert.deepEqual(requests.map(({ path }) => path), ["channels/10/messages?limit=50&before=100"]);
  requests[0].resolve(page("99", "98"));
  await settle();
  assert.deepEqual([ids(store.timeline("10")), store.timeline("10").hasOlder], [["98", "99", "100"], false]);
});

test("what is loaded is not loaded again, and a failure may be tried again", async () => {
  const { store, requests, history } = withHistory();
  await history.latest("10");
  assert.equal(requests.length, 0);
  const first = history.latest("11");
  requests[0].reject(new Error("no network"));
  await assert.rejects(first);
  history.latest("11");
  assert.equal(requests.length, 2);
  assert.equal(store.timeline("11").loaded, false);
});

test("old messages are let go at a distance, and can be had again", () => {
  const { store, history } = withHistory();
  store.setTimeline("10", { messages: page(...Array.from({ length: 7 }, (_, at) => String(100 + at))), hasOlder: false });
  history.trim("10", 4);
  assert.equal(store.timeline("10").messages.length, 7, "not for a few");
  history.trim("10", 3);
  assert.deepEqual([ids(store.timeline("10")), store.timeline("10").hasOlder], [["104", "105", "106"], true]);
});

test("a window in the middle of a channel grows at both ends and never beyond what is kept", async () => {
  const { store, history, requests } = withHistory();
  const all = Array.from({ length: 600 }, (_, at) => message(String(1000 + at)));
  const answer = () => {
    const { path, resolve: give } = requests.shift();
    const query = new URLSearchParams(path.split("?")[1]);
    const limit = Number(query.get("limit"));
    const [before, after, around] = ["before", "after", "around"].map((name) => query.get(name));
    const at = all.findIndex((one) => one.message_id === (before ?? after ?? around));
    const from = before ? Math.max(0, at - limit) : after ? at + 1 : around ? at - limit / 2 : all.length - limit;
    give(all.slice(from, before ? at : from + limit).reverse());
  };
  const step = async (work) => { const done = work(); await settle(); answer(); await done; };
  store.channels.set("10", { ...store.channels.get("10"), last_message_id: "1599" });
  const seen = () => { const { messages, hasOlder, hasNewer } = store.timeline("10"); return [messages[0].message_id, messages.at(-1).message_id, hasOlder, hasNewer]; };
  await step(() => history.around("10", "1300"));
  assert.deepEqual(seen(), ["1275", "1324", true, true]);
  store.apply(OP.MESSAGE_CREATE, message("1600"));
  assert.deepEqual(seen(), ["1275", "1324", true, true], "what is new does not make a hole");
  await history.around("10", "1300");
  assert.equal(requests.length, 0, "it is there already");
  for (let page = 0; page < 4; page += 1) await step(() => history.older("10"));
  assert.deepEqual(seen(), ["1075", "1274", true, true]);
  await step(() => history.newer("10"));
  assert.deepEqual(seen(), ["1125", "1324", true, true]);
  all.push(message("1600"));
  await step(() => history.latest("10"));
  assert.deepEqual(seen(), ["1551", "1600", true, false]);
  store.apply(OP.MESSAGE_CREATE, message("1601"));
  assert.equal(seen()[1], "1601");
});

test("a bar stands before the first unread message of somebody else", () => {
  const list = rows([message("1"), message("2", { author: { user_id: "me" } }), message("3")], { since: "1", me: "me" });
  assert.deepEqual(list.map((row) => row.message?.message_id ?? row.key.split(" ")[0]), ["day", "1", "2", "unread", "3"]);
  assert.equal(list.at(-1).grouped, false);
  assert.ok(!rows([message("1")], { since: "1" }).some((row) => row.unread));
  assert.ok(!rows([message("1")]).some((row) => row.unread));
});
