/** One's own settings: shared ones, what notifies, and what this browser keeps for itself. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { appearance, applyAppearance, setAppearance } from "../../static/lib/appearance.js";
import { deviceText, isPhone } from "../../static/lib/devices.js";
import { OP } from "../../static/lib/ops.js";
import { speak } from "../../static/lib/words.js";
import { isMuted, level, levelChange, muteChange, wants } from "../../static/state/notify.js";
import { merged, Settings } from "../../static/state/settings.js";
import { english } from "./words.mjs";
import { connected, connectedStore, later, message, person, settle } from "./fakes.mjs";

speak("en", english);

/** A reader whose requests are answered by hand. */
function scene(settings = {}) {
  const store = connectedStore();
  const sent = [];
  const api = {
    request: (method, path, body) => {
      const answer = later();
      sent.push({ method, path, body, ...answer });
      return answer.promise;
    },
  };
  const shared = new Settings({ api, store });
  store.apply(OP.CONNECTED, connected({ settings }));
  return { store, sent, shared };
}

test("a change is merged: objects by their keys, null takes away, all else replaces", () => {
  const before = { a: { x: 1, y: 2 }, b: [1], c: "old" };
  assert.deepEqual(merged(before, { a: { y: null, z: 3 }, b: [2], d: { new: true } }), {
    a: { x: 1, z: 3 },
    b: [2],
    c: "old",
    d: { new: true },
  });
  assert.deepEqual(before, { a: { x: 1, y: 2 }, b: [1], c: "old" }, "the old one stays as it is");
  assert.deepEqual(merged({ a: "text" }, { a: { b: { c: null } } }), { a: { b: {} } }, "what was no object makes way");
});

test("a change holds at once and goes out whole", async () => {
  const { store, sent, shared } = scene({ theirs: 1 });
  const topics = [];
  store.watch((topic) => topics.push(topic));
  const done = shared.change({ muted: { 10: true } });
  assert.deepEqual(store.settings, { theirs: 1, muted: { 10: true } });
  assert.deepEqual(topics, ["settings"]);
  await settle();
  assert.deepEqual(
    sent.map(({ method, path, body }) => [method, path, body]),
    [["PUT", "users/@me/settings", { theirs: 1, muted: { 10: true } }]],
  );
  sent[0].resolve(null);
  await done;
  assert.deepEqual(store.settings, { theirs: 1, muted: { 10: true } });
});

test("a refused change is taken back, and only that one", async () => {
  const { store, sent, shared } = scene({ levels: { 5: "all" } });
  const first = shared.change({ levels: { 5: "none" } });
  const second = shared.change({ muted: { 11: true } });
  await settle();
  assert.equal(sent.length, 1, "one after the other");
  sent[0].reject(new Error("full"));
  await assert.rejects(first, /full/);
  assert.deepEqual(store.settings, { levels: { 5: "all" }, muted: { 11: true } });
  await settle();
  assert.deepEqual(sent[1].body, { levels: { 5: "all" }, muted: { 11: true } });
  sent[1].resolve(null);
  await second;
  assert.deepEqual(store.settings, { levels: { 5: "all" }, muted: { 11: true } });
});

test("what another device changes meanwhile stays", async () => {
  const { store, sent, shared } = scene();
  const first = shared.change({ muted: { 10: true } });
  await settle();
  store.apply(OP.SETTINGS_UPDATE, { levels: { 5: "none" } });
  assert.deepEqual(store.settings, { levels: { 5: "none" }, muted: { 10: true } });
  sent[0].resolve(null);
  await first;
  const second = shared.change({ muted: { 11: true } });
  await settle();
  assert.deepEqual(sent[1].body, { levels: { 5: "none" }, muted: { 10: true, 11: true } });
  sent[1].resolve(null);
  await second;
});

test("levels and mutes are read from whatever is there", () => {
  const { store } = scene({ levels: { 5: "all", 6: "loud" }, muted: "yes" });
  assert.deepEqual(
    [level("5", store), level("6", store), level("7", store), level("constructor", store)],
    ["all", "mentions", "mentions", "mentions"],
  );
  assert.equal(isMuted("10", store), false);
  store.settings = { levels: null, muted: { 10: true, 11: 1 } };
  assert.deepEqual([level("5", store), isMuted("10", store), isMuted("11", store)], ["mentions", true, false]);
});

test("the usual is not stored", () => {
  const { store } = scene();
  const all = merged({}, levelChange("5", "all"));
  assert.deepEqual(all, { levels: { 5: "all" } });
  assert.deepEqual(merged(all, levelChange("5", "mentions")), { levels: {} });
  assert.deepEqual(merged(merged({}, muteChange("10", true, store)), muteChange("10", false, store)), { muted: {} });
});

test("which messages are worth a notice", () => {
  const { store } = scene();
  const plain = message("100");
  const forMe = message("101", { mentions: ["1"] });
  const direct = message("102", { channel_id: "20" });
  const own = message("103", { author: person("1", "alice"), channel_id: "20" });
  const told = () => [plain, forMe, direct, own].map((one) => wants(one, store));
  assert.deepEqual(told(), [false, true, true, false], "usually those that name the reader");
  store.settings = levelChange("5", "all");
  assert.deepEqual(told(), [true, true, true, false]);
  store.settings = levelChange("5", "none");
  assert.deepEqual(told(), [false, false, true, false], "direct messages belong to no server");
  store.settings = { ...levelChange("5", "all"), muted: { 10: true, 20: true } };
  assert.deepEqual(told(), [false, false, false, false], "muted is muted");
  assert.equal(wants(message("104", { channel_id: "99", mentions: ["1"] }), store), false, "of a channel that is not there");
});

test("one's own status follows one's other devices; who reads offline and hears it is invisible", () => {
  const { store } = scene();
  store.apply(OP.PRESENCE_UPDATE, { user_id: "1", status: "dnd" });
  assert.equal(store.user.status, "dnd");
  store.apply(OP.PRESENCE_UPDATE, { user_id: "1", status: "offline" });
  assert.deepEqual([store.user.status, store.presences.get("1")], ["invisible", "offline"]);
  store.apply(OP.PRESENCE_UPDATE, { user_id: "2", status: "offline" });
  assert.equal(store.presences.get("2"), "offline");
});

/** What this browser keeps. */
const shelf = new Map();
beforeEach(() => {
  shelf.clear();
  globalThis.localStorage = {
    getItem: (key) => shelf.get(key) ?? null,
    setItem: (key, value) => shelf.set(key, value),
    removeItem: (key) => shelf.delete(key),
  };
});

test("the page looks as is remembered, and as usual where that makes no sense", () => {
  const set = {};
  const root = {
    dataset: {},
    style: {
      setProperty: (name, value) => {
        set[name] = value;
      },
    },
  };
  globalThis.document = { documentElement: root };
  applyAppearance();
  assert.deepEqual([{ ...root.dataset }, set["--scale"]], [{ theme: "system", density: "cosy" }, "1"]);
  setAppearance("theme", "dark");
  setAppearance("scale", "112.5");
  assert.deepEqual([root.dataset.theme, set["--scale"], shelf.get("chatd.theme")], ["dark", "1.125", "dark"]);
  setAppearance("theme", "system");
  assert.deepEqual([root.dataset.theme, shelf.has("chatd.theme")], ["system", false]);
  shelf.set("chatd.scale", "9000");
  assert.equal(appearance("scale"), "100");
  delete globalThis.document;
});

test("a device has a name", () => {
  const names = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0": ["Firefox on Linux", false],
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0": [
      "Edge on Windows",
      false,
    ],
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36": [
      "Chrome on Android",
      true,
    ],
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1":
      ["Safari on iPhone", true],
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15": [
      "Safari on macOS",
      false,
    ],
    "curl/8.5.0": ["curl", false],
    "chat-bot/1.2 (+https://example.org)": ["chat-bot", false],
    "": ["Unknown device", false],
  };
  for (const [agent, [name, phone]] of Object.entries(names)) assert.deepEqual([deviceText(agent), isPhone(agent)], [name, phone], agent);
});
