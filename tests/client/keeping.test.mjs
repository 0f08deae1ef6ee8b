/** What waits to be sent outlives the page: order, files, age, other pages, other people. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../static/lib/api.js";
import { Parcel } from "../../static/lib/uploads.js";
import { OP } from "../../static/lib/ops.js";
import { Outbox } from "../../static/state/outbox.js";
import { connected, connectedStore, later, message, person, settle } from "./fakes.mjs";
import { FakeBrowser } from "./fake-shelf.mjs";

const HOUR_MS = 3_600_000;
const START = Date.parse("2025-05-11T12:00:00.000Z");

/** A server that takes messages while it can be reached, and knows each nonce. */
class FakeServer {
  reachable = true;
  posts = [];
  uploads = [];
  /** What it answers instead of taking a message. @type {(body: any) => Problem | null} */ refuse = () => null;
  #nonces = new Map();

  async request(method, path, body) {
    await settle();
    if (!this.reachable) throw new Problem(0);
    this.posts.push(body);
    const problem = this.refuse(body);
    if (problem) throw problem;
    const [, id] = path.split("/");
    const fresh = message(String(100 + this.#nonces.size), { channel_id: id, content: body.content, author: person("1", "alice") });
    if (!this.#nonces.has(body.nonce)) this.#nonces.set(body.nonce, fresh);
    return this.#nonces.get(body.nonce);
  }

  async upload(file, progress) {
    await settle();
    if (!this.reachable) throw new Problem(0);
    progress(1);
    this.uploads.push(`${file.name}: ${await file.text()}`);
    const { name: filename, type: content_type, size } = file;
    return { attachment_id: `${this.uploads.length}`, filename, content_type, size, url: `/files/${filename}` };
  }

  get contents() {
    return [...this.#nonces.values()].map(({ content }) => content);
  }
}

/** A page with the chat in it. */
function open({ server, browser, user = "1", clock = { now: START } }) {
  const store = connectedStore();
  if (user !== "1") store.apply(OP.CONNECTED, connected({ user: person(user, "carol") }));
  const tabs = browser.tabs();
  const told = [];
  const asks = [];
  const page = { store, tabs, told, asks };
  page.outbox = new Outbox({
    api: { request: (...call) => server.request(...call) }, store, upload: (...call) => server.upload(...call),
    keep: async () => browser.keeper(tabs, () => clock.now), sleep: async () => { await settle(); }, now: () => clock.now,
  });
  page.outbox.onTold = (toast) => told.push(toast);
  page.outbox.onAsks = (...ask) => asks.push(ask);
  page.ready = async () => {
    await page.outbox.retryAll();
    await quiet();
  };
  page.rows = (id = "10") => store.timeline(id).pending.map((row) => `${row.content}: ${row.pending}`);
  page.nonce = (content) => [...store.timelines.values()].flatMap(({ pending }) => pending).find((row) => row.content === content)?.nonce;
  return page;
}

/** All that was begun has come to its end. */
async function quiet() {
  for (let turns = 0; turns < 40; turns += 1) await settle();
}

function world() {
  return { server: new FakeServer(), browser: new FakeBrowser(), clock: { now: START } };
}

const file = (name, text = name) => new Parcel(new File([text], name, { type: "text/plain" }));

test("what was written offline is sent by the next page, in order, with the nonces it had", async () => {
  const here = world();
  const before = open(here);
  here.server.reachable = false;
  for (const text of ["first", "second", "third"]) before.outbox.send("10", text);
  before.outbox.send("11", "elsewhere", { replyTo: message("50", { channel_id: "11", content: "why?" }) });
  await quiet();
  assert.deepEqual(before.rows(), ["first: offline", "second: offline", "third: offline"]);
  const nonces = before.store.timeline("10").pending.map((row) => row.nonce);
  before.tabs.crash();

  here.server.reachable = true;
  const after = open(here);
  await after.ready();
  assert.deepEqual(here.server.posts.filter((post) => post.content !== "elsewhere").map((post) => post.nonce), nonces);
  assert.deepEqual(here.server.contents.filter((text) => text !== "elsewhere"), ["first", "second", "third"]);
  assert.equal(here.server.posts.find((post) => post.content === "elsewhere").reply_to, "50");
  assert.deepEqual([after.rows(), after.rows("11"), here.browser.shelf.list], [[], [], []]);
});

test("the row is on the shelf before it says that it waits", async () => {
  const here = world();
  here.server.reachable = false;
  const put = later();
  const real = here.browser.shelf.put.bind(here.browser.shelf);
  here.browser.shelf.put = async (...entry) => { await put.promise; return real(...entry); };
  const page = open(here);
  page.outbox.send("10", "hello");
  await quiet();
  assert.deepEqual(page.rows(), ["hello: sending"]);
  put.resolve();
  await quiet();
  assert.deepEqual(page.rows(), ["hello: offline"]);
});

test("writing it down does not hold up sending", async () => {
  const here = world();
  here.browser.shelf.put = () => new Promise(() => {});
  const page = open(here);
  page.outbox.send("10", "hello");
  assert.deepEqual(page.rows(), ["hello: sending"], "at once");
  await quiet();
  assert.deepEqual([page.rows(), here.server.contents], [[], ["hello"]]);
});

test("files lie there with their message, and go out before it", async () => {
  const here = world();
  here.server.reachable = false;
  const before = open(here);
  before.outbox.send("10", "see these", { parcels: [file("one.txt"), file("two.txt")] });
  before.outbox.send("10", "and this");
  await quiet();
  assert.deepEqual(before.rows(), ["see these: offline", "and this: offline"]);
  before.tabs.crash();

  here.server.reachable = true;
  const after = open(here);
  await after.ready();
  assert.deepEqual(here.server.uploads, ["one.txt: one.txt", "two.txt: two.txt"]);
  assert.deepEqual(here.server.posts.map((post) => [post.content, post.attachments]), [["see these", ["1", "2"]], ["and this", undefined]]);
  assert.deepEqual([here.browser.shelf.list, here.browser.shelf.files], [[], 0]);
});

test("what is uploaded need not go out twice, unless the server has swept it away", async () => {
  const here = world();
  const before = open(here);
  here.server.refuse = () => { here.server.reachable = false; return new Problem(0); };
  before.outbox.send("10", "see this", { parcels: [file("one.txt")] });
  await quiet();
  before.tabs.crash();
  here.server.refuse = () => null;
  here.server.reachable = true;
  const after = open(here);
  await after.ready();
  assert.deepEqual([here.server.uploads.length, here.server.posts.at(-1).attachments], [1, ["1"]]);

  const old = file("old.txt");
  Object.assign(old, { attachment: { attachment_id: "old" }, at: Date.now() - HOUR_MS });
  after.outbox.send("10", "from the tray", { parcels: [old] });
  await quiet();
  assert.deepEqual(here.server.posts.at(-1).attachments, ["2"], "an hour later it is uploaded anew");

  const swept = file("swept.txt");
  Object.assign(swept, { attachment: { attachment_id: "swept" }, at: Date.now() });
  here.clock.now = Date.now() + 1000;
  const gone = new Problem(400, { errors: { attachments: "must be unused files" } });
  here.server.refuse = ({ attachments }) => (attachments.includes("swept") ? gone : null);
  after.outbox.send("10", "swept too early", { parcels: [swept] });
  await quiet();
  assert.deepEqual([after.rows(), here.server.posts.at(-1).attachments], [[], ["3"]]);
});

test("a row taken back while its file goes out is gone for good", async () => {
  const here = world();
  const page = open(here);
  const going = later();
  here.server.upload = (_file, _progress, signal) => {
    signal.addEventListener("abort", () => going.reject(new Problem(0, { code: "aborted" })));
    return going.promise;
  };
  page.outbox.send("10", "oh no", { parcels: [file("wrong.txt")] });
  page.outbox.send("10", "good");
  await quiet();
  page.outbox.discard(page.nonce("oh no"));
  await quiet();
  assert.deepEqual([page.rows(), here.server.contents, here.browser.shelf.list], [[], ["good"], []]);
});

test("older than a nonce lives: it asks, and only then sends, as a new message", async () => {
  const here = world();
  here.server.reachable = false;
  const before = open(here);
  for (const text of ["keep", "drop"]) before.outbox.send("10", text, { parcels: [file(`${text}.txt`)] });
  await quiet();
  const old = before.nonce("keep");
  before.tabs.crash();

  here.server.reachable = true;
  here.clock.now += 24 * HOUR_MS;
  const after = open(here);
  await after.ready();
  assert.deepEqual(after.rows(), ["keep: expired", "drop: expired"]);
  assert.deepEqual([here.server.posts, after.asks], [[], [["10", 2]]]);
  after.outbox.send("10", "something new");
  await quiet();
  assert.deepEqual(here.server.contents, ["something new"], "it holds nothing up");
  after.outbox.discard(after.nonce("drop"));
  after.outbox.retry("10", old);
  await quiet();
  assert.deepEqual([after.rows(), here.server.contents, here.server.uploads], [[], ["something new", "keep"], ["keep.txt: keep.txt"]]);
  assert.notEqual(here.server.posts.at(-1).nonce, old);
  assert.deepEqual([here.browser.shelf.list, here.browser.shelf.files], [[], 0]);
});

test("a page that is left open for a day asks too, and a renewed row that fails again is kept under its new nonce", async () => {
  const here = world();
  here.server.reachable = false;
  const page = open(here);
  page.outbox.send("10", "old");
  await quiet();
  here.clock.now += 23.5 * HOUR_MS;
  await page.ready();
  assert.deepEqual(page.rows(), ["old: expired"]);
  page.outbox.retry("10", page.nonce("old"));
  await quiet();
  assert.deepEqual(page.rows(), ["old: offline"]);
  assert.deepEqual(here.browser.shelf.list.map((entry) => entry.nonce), [page.nonce("old")]);
  page.tabs.crash();
  here.server.reachable = true;
  await open(here).ready();
  assert.deepEqual([here.server.contents, here.browser.shelf.list], [["old"], []]);
});

test("who presses 'try again' after a day is asked once more: it might come twice", async () => {
  const here = world();
  here.server.reachable = false;
  const page = open(here);
  page.outbox.send("10", "old");
  await quiet();
  here.clock.now += 25 * HOUR_MS;
  here.server.reachable = true;
  page.outbox.retry("10", page.nonce("old"));
  await quiet();
  assert.deepEqual([page.rows(), here.server.posts], [["old: expired"], []]);
  page.outbox.retry("10", page.nonce("old"));
  await quiet();
  assert.deepEqual([page.rows(), here.server.contents, here.browser.shelf.list], [[], ["old"], []]);
});

test("a refusal comes back with its reason", async () => {
  const here = world();
  here.server.refuse = () => new Problem(403, { detail: "not here" });
  const before = open(here);
  before.outbox.send("10", "hello");
  await quiet();
  assert.deepEqual(before.rows(), ["hello: refused"]);
  before.tabs.crash();

  const after = open(here);
  await after.ready();
  assert.deepEqual(after.rows(), ["hello: refused"]);
  assert.equal(after.store.timeline("10").pending[0].refusal, "not here");
  assert.equal(here.server.posts.length, 1, "only a person can change that");
  here.server.refuse = () => null;
  after.outbox.retry("10", after.nonce("hello"));
  await quiet();
  assert.deepEqual([after.rows(), here.server.contents, here.browser.shelf.list], [[], ["hello"], []]);
});

test("sent and deleted elsewhere since: the row goes", async () => {
  const here = world();
  here.server.refuse = () => new Problem(409, { code: "nonce_used" });
  const page = open(here);
  page.outbox.send("10", "hello");
  await quiet();
  assert.deepEqual([page.rows(), here.browser.shelf.list], [[], []]);
});

test("an answer that was lost: the event says that it arrived", async () => {
  const here = world();
  const page = open(here);
  here.server.refuse = () => new Problem(0);
  page.outbox.send("10", "hello");
  await quiet();
  page.store.apply(OP.MESSAGE_CREATE, message("100", { nonce: page.nonce("hello"), content: "hello", author: person("1", "alice") }));
  await quiet();
  assert.deepEqual([page.rows(), here.browser.shelf.list], [[], []]);
});

test("two pages: each sends its own, and nothing twice", async () => {
  const here = world();
  const [one, two] = [open(here), open(here)];
  here.server.reachable = false;
  one.outbox.send("10", "from one", { parcels: [file("one.txt")] });
  two.outbox.send("10", "from two");
  await quiet();
  here.server.reachable = true;
  await Promise.all([one.ready(), two.ready()]);
  assert.deepEqual([one.rows(), two.rows(), here.browser.shelf.list], [[], [], []]);
  assert.deepEqual([here.server.posts.length, here.server.uploads.length], [2, 1]);
});

test("of several pages that come back at once, one takes what a closed page left", async () => {
  const here = world();
  here.server.reachable = false;
  const gone = open(here);
  gone.outbox.send("10", "left behind", { parcels: [file("one.txt")] });
  await quiet();
  gone.tabs.crash();
  here.server.reachable = true;
  const pages = [open(here), open(here), open(here)];
  await Promise.all(pages.map((page) => page.ready()));
  assert.deepEqual([here.server.posts.length, here.server.uploads.length, here.browser.shelf.list], [1, 1, []]);
});

test("a page that slept, and whose rows another has sent, lets go of them", async () => {
  const here = world();
  here.server.reachable = false;
  const [sleeper, other] = [open(here), open(here)];
  sleeper.outbox.send("10", "hello");
  await quiet();
  sleeper.tabs.crash();
  here.server.reachable = true;
  await other.ready();
  assert.deepEqual([sleeper.rows(), here.server.posts.length], [["hello: offline"], 1]);
  await sleeper.ready();
  assert.deepEqual([sleeper.rows(), here.server.posts.length], [[], 1]);
});

test("what asks does so in every page, until one is answered", async () => {
  const here = world();
  here.server.reachable = false;
  const gone = open(here);
  for (const text of ["keep", "drop"]) gone.outbox.send("10", text);
  await quiet();
  gone.tabs.crash();
  here.server.reachable = true;
  here.clock.now += 30 * HOUR_MS;
  const [one, two] = [open(here), open(here)];
  await one.ready();
  await two.ready();
  assert.deepEqual([one.rows(), two.rows()], [["keep: expired", "drop: expired"], ["keep: expired", "drop: expired"]]);
  one.outbox.discard(one.nonce("drop"));
  await quiet();
  two.outbox.retry("10", two.nonce("keep"));
  await quiet();
  assert.deepEqual([one.rows(), two.rows(), here.server.contents, here.browser.shelf.list], [[], [], ["keep"], []]);
});

test("whichever page answers goes on with the row", async () => {
  const here = world();
  here.server.reachable = false;
  const [one, two] = [open(here), open(here)];
  one.outbox.send("10", "old");
  await quiet();
  here.clock.now += 30 * HOUR_MS;
  await one.ready();
  await two.ready();
  two.outbox.retry("10", two.nonce("old"));
  await quiet();
  assert.deepEqual([one.rows(), two.rows()], [[], ["old: offline"]]);
  here.server.reachable = true;
  await one.ready();
  assert.deepEqual([one.rows(), here.server.posts], [[], []]);
  await two.ready();
  assert.deepEqual([two.rows(), here.server.contents], [[], ["old"]]);
});

test("a page that is closed leaves its rows to one that is there", async () => {
  const here = world();
  const [one, two] = [open(here), open(here)];
  await two.ready();
  two.store.setConnection("ready");
  here.server.reachable = false;
  one.outbox.send("10", "bye");
  await quiet();
  here.server.reachable = true;
  await one.outbox.closed();
  one.tabs.crash();
  await quiet();
  assert.deepEqual([here.server.contents, here.browser.shelf.list], [["bye"], []]);
});

test("somebody else on the same device neither sees nor sends it; its owner does, later", async () => {
  const here = world();
  here.server.reachable = false;
  const alice = open(here);
  alice.outbox.send("10", "mine");
  await quiet();
  // The session ended and another began without the page being loaded anew: it would be sent in the wrong name.
  here.server.reachable = true;
  alice.store.apply(OP.CONNECTED, connected({ user: person("3", "carol") }));
  await alice.ready();
  assert.deepEqual([alice.rows(), here.server.posts, here.browser.shelf.list.length], [[], [], 1]);
  alice.tabs.crash();

  const carol = open({ ...here, user: "3" });
  await carol.ready();
  assert.deepEqual([carol.rows(), await carol.outbox.unsent(), here.server.posts], [[], 0, []]);
  carol.tabs.crash();

  const again = open(here);
  await again.ready();
  assert.deepEqual(here.server.contents, ["mine"]);
});

test("what was about to be sent when another person took over is not sent", async () => {
  const here = world();
  const page = open(here);
  page.outbox.send("10", "mine");
  page.store.apply(OP.CONNECTED, connected({ user: person("3", "carol") }));
  await quiet();
  assert.deepEqual([page.rows(), here.server.posts, here.browser.shelf.list.map((entry) => entry.user)], [[], [], ["1"]]);
});

test("a session that is over is no refusal: it waits for the next one", async () => {
  const here = world();
  here.server.refuse = () => new Problem(401, {});
  const page = open(here);
  page.outbox.send("10", "hello");
  await quiet();
  assert.deepEqual([page.rows(), here.browser.shelf.list.map((entry) => entry.refusal)], [["hello: offline"], [undefined]]);
});

test("signing out says how much waits, in all pages, and takes it away", async () => {
  const here = world();
  here.server.reachable = false;
  const [one, two] = [open(here), open(here)];
  one.outbox.send("10", "one", { parcels: [file("one.txt")] });
  two.outbox.send("11", "two");
  await quiet();
  assert.equal(await one.outbox.unsent(), 2);
  await one.outbox.clear();
  assert.deepEqual([here.browser.shelf.list, here.browser.shelf.files], [[], 0]);
  assert.equal(await open(here).outbox.unsent(), 0);
});

test("what cannot be kept is sent all the same; the row and one notice say so", async () => {
  const here = world();
  here.browser.shelf.full = true;
  const page = open(here);
  page.outbox.send("10", "as always");
  await quiet();
  assert.deepEqual([here.server.contents, page.told, page.outbox.atRisk], [["as always"], [], false]);
  here.server.reachable = false;
  for (const text of ["first", "second"]) page.outbox.send("10", text);
  await quiet();
  const kept = page.store.timeline("10").pending.map((row) => row.kept);
  assert.deepEqual([kept, page.told.length, page.outbox.atRisk], [[false, false], 1, true]);
  here.server.reachable = true;
  await page.ready();
  assert.deepEqual(here.server.contents, ["as always", "first", "second"]);
  assert.equal(page.outbox.atRisk, false);
});

test("a channel that is gone keeps what was written to it for a while, and takes it back if it returns", async () => {
  const here = world();
  here.server.reachable = false;
  const before = open(here);
  before.outbox.send("20", "psst");
  await quiet();
  before.tabs.crash();
  const without = open(here);
  without.store.apply(OP.CONNECTED, connected({ dm_channels: [] }));
  await without.ready();
  assert.deepEqual([without.rows("20"), await without.outbox.unsent(), here.browser.shelf.list.length], [[], 0, 1]);
  here.clock.now += 8 * 24 * HOUR_MS;
  await without.ready();
  assert.deepEqual(here.browser.shelf.list, []);
});

test("the connection stands, and yet it fails: it tries again by itself", async () => {
  const here = world();
  const page = open(here);
  page.store.setConnection("ready");
  await page.ready();
  let failures = 2;
  here.server.refuse = () => { failures -= 1; return failures >= 0 ? new Problem(503) : null; };
  page.outbox.send("10", "hello");
  await quiet();
  assert.deepEqual([page.rows(), here.server.contents], [[], ["hello"]]);
});
