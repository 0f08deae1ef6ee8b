/** Having it quiet: mutes of channels and servers, with and without an end, and levels of single channels. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { destination } from "../../static/lib/shortcuts.js";
import { OP } from "../../static/lib/ops.js";
import { channelLevel, channelLevelChange, isMuted, isQuiet, isSilent, mutedUntil, muteChange, nextEnd, wants } from "../../static/state/notify.js";
import { merged, Settings } from "../../static/state/settings.js";
import { places, rank } from "../../static/state/switcher.js";
import { connected, connectedStore, message } from "./fakes.mjs";

const HOUR = 3_600_000;

/** A reader with something new in channel 11 and in the conversation. */
function scene(settings = {}) {
  const store = connectedStore();
  const shared = new Settings({ api: { request: async () => null }, store });
  store.apply(OP.CONNECTED, connected({ settings }));
  store.apply(OP.MESSAGE_CREATE, message("100", { channel_id: "11" }));
  store.apply(OP.MESSAGE_CREATE, message("101", { channel_id: "20" }));
  store.apply(OP.MESSAGE_CREATE, message("102", { channel_id: "20" }));
  return { store, shared };
}

test("what is muted has no news, and no notice; what names the reader still counts", () => {
  const { store } = scene();
  assert.deepEqual([store.news("11"), store.mentions("11"), store.mentions("20")], [true, 0, 2]);
  for (const muted of [{ 11: true }, { 5: true }]) {
    store.settings = { muted };
    assert.deepEqual([store.unread("11"), store.news("11")], [true, false]);
    assert.equal(wants(message("103", { channel_id: "11", mentions: ["1"] }), store), false);
  }
  store.apply(OP.MESSAGE_CREATE, message("103", { channel_id: "11", mentions: ["1"] }));
  assert.deepEqual([store.news("11"), store.mentions("11")], [false, 1]);
});

test("in a muted conversation only what names the reader counts", () => {
  const { store } = scene({ muted: { 20: true } });
  assert.deepEqual([store.unread("20"), store.news("20"), store.mentions("20")], [true, false, 0]);
  store.apply(OP.MESSAGE_CREATE, message("103", { channel_id: "20", mentions: ["1"] }));
  assert.equal(store.mentions("20"), 1);
  store.settings = {};
  assert.equal(store.mentions("20"), 3, "no longer muted, they all do");
  store.apply(OP.READ_UPDATE, { channel_id: "20", message_id: "103", mentions: 0 });
  assert.equal(store.mentions("20"), 0);
});

test("unread keys and the switcher pass over what is muted", () => {
  const { store } = scene({ muted: { 20: true, 11: true } });
  assert.equal(destination(store, "nextUnread"), null);
  assert.deepEqual(rank(places(store), "", "10").filter(({ unread, mentions }) => unread || mentions), []);
  store.apply(OP.MESSAGE_CREATE, message("103", { channel_id: "11", mentions: ["1"] }));
  assert.equal(destination(store, "nextUnread")?.channel_id, "11", "not over what names the reader");
  assert.equal(rank(places(store), "", "10")[0].id, "11");
});

test("a mute may have an end", () => {
  const store = connectedStore();
  const now = 1_800_000_000_000;
  store.settings = muteChange("11", now + HOUR, store, now);
  assert.equal(mutedUntil("11", store, now), now + HOUR);
  assert.deepEqual([HOUR - 1, HOUR].map((passed) => isMuted("11", store, now + passed)), [true, false]);
  store.settings = merged(store.settings, muteChange("5", true, store, now));
  assert.equal(mutedUntil("5", store, now), Infinity);
  assert.equal(isQuiet(store.channels.get("10"), store, now), true);
  assert.equal(nextEnd(store, now), now + HOUR);
  assert.equal(nextEnd(store, now + HOUR), null, "what is over has no end, and no more has what never ends");
  for (const muted of [null, [1], "x", { 11: "soon", 12: -1, 13: NaN }]) {
    store.settings = { muted };
    assert.equal(nextEnd(store, now), null);
  }
});

test("mutes that are over leave the settings with the next change", () => {
  const store = connectedStore();
  store.settings = { muted: { 10: 1, 11: true, 12: "later" } };
  assert.deepEqual(merged(store.settings, muteChange("20", true, store)), { muted: { 11: true, 20: true } });
  assert.deepEqual(merged(store.settings, muteChange("11", false, store)), { muted: {} });
  assert.deepEqual(merged(store.settings, muteChange("10", true, store)), { muted: { 10: true, 11: true } });
});

test("one timer waits for the nearest end, and none where nothing ends", (context) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
  context.after(() => mock.timers.reset());
  const { store, shared } = scene({ muted: { 11: Date.now() + HOUR, 20: Date.now() + 2 * HOUR } });
  let told = 0;
  store.watch((topic) => { if (topic === "settings") told += 1; });
  mock.timers.tick(HOUR - 1);
  assert.deepEqual([told, store.news("11")], [0, false]);
  mock.timers.tick(1);
  assert.deepEqual([told, store.news("11"), store.news("20")], [1, true, false]);
  mock.timers.tick(HOUR);
  assert.deepEqual([told, store.news("20")], [2, true]);
  shared.change({ muted: { 11: true } });
  assert.equal(told, 3);
  mock.timers.tick(1000 * HOUR);
  assert.equal(told, 3);
});

test("an end that is further away than timers reach comes all the same", (context) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
  context.after(() => mock.timers.reset());
  const { store } = scene({ muted: { 11: Date.now() + 1000 * HOUR } });
  mock.timers.tick(999 * HOUR);
  assert.equal(store.news("11"), false);
  mock.timers.tick(HOUR);
  assert.equal(store.news("11"), true);
});

test("a channel is as its server, unless it has a level of its own", () => {
  const { store } = scene({ levels: { 5: "none" } });
  const [general, direct] = ["10", "20"].map((id) => store.channels.get(id));
  const named = message("103", { mentions: ["1"] });
  assert.deepEqual([channelLevel(general, store), channelLevel(direct, store), wants(named, store)], ["none", "all", false]);
  store.settings = merged(store.settings, channelLevelChange("10", "all"));
  assert.deepEqual([channelLevel(general, store), wants(message("104"), store)], ["all", true]);
  store.settings = merged(store.settings, channelLevelChange("10", null));
  assert.deepEqual(store.settings, { levels: { 5: "none" } });
  store.settings = channelLevelChange("20", "mentions");
  assert.equal(wants(message("105", { channel_id: "20" }), store), false);
  assert.equal(wants(message("106", { channel_id: "20", mentions: ["1"] }), store), true);
});

test("in the hours of silence nothing is worth a notice, by the clock of the zone that was set", () => {
  const store = connectedStore();
  const at = (/** @type {string} */ clock) => Date.parse(`2026-07-01T${clock}:00Z`);
  const silent = (/** @type {object | null} */ quiet, /** @type {string[]} */ ...clocks) => {
    store.settings = merged(store.settings, { quiet });
    return clocks.map((clock) => isSilent(store, at(clock)));
  };
  const night = { from: "22:00", to: "07:30", zone: "Europe/Berlin" };
  assert.deepEqual(silent(night, "19:59", "20:00", "23:30", "05:29", "05:30"), [false, true, true, true, false]);
  assert.deepEqual(silent({ ...night, zone: "Asia/Kolkata" }, "16:29", "16:30", "02:00"), [false, true, false]);
  assert.deepEqual(silent({ from: "12:00", to: "13:00", zone: "UTC" }, "11:59", "12:00", "12:59", "13:00"), [false, true, true, false]);
  assert.equal(silent({ ...night, zone: "Nowhere/Land" }, "12:00").length, 1);
  assert.deepEqual(silent(null, "23:30"), [false]);
  store.settings = merged(store.settings, { quiet: { from: "12:00", to: "13:00", zone: "UTC" } });
  const named = message("110", { channel_id: "20", mentions: ["1"] });
  assert.deepEqual([at("12:30"), at("13:30")].map((now) => wants(named, store, now)), [false, true]);
});

test("what is set for all conversations holds where a conversation says nothing itself", () => {
  const store = connectedStore();
  const direct = /** @type {any} */ ([...store.channels.values()].find((channel) => channel.server_id === null));
  store.settings = merged(store.settings, { levels: { "@me": "none" } });
  assert.equal(channelLevel(direct, store), "none");
  store.settings = merged(store.settings, { levels: { [direct.channel_id]: "all" } });
  assert.equal(channelLevel(direct, store), "all");
  assert.equal(isQuiet(direct, store), false);
  store.settings = merged(store.settings, { muted: { "@me": true } });
  assert.equal(isQuiet(direct, store), true);
});
