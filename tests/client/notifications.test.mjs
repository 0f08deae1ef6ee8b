/** Being told of messages: of which, and how. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { OP } from "../../static/lib/ops.js";
import { noticeOf, Notifier } from "../../static/lib/notifications.js";
import { names } from "../../static/state/notify.js";
import { speak } from "../../static/lib/words.js";
import { english } from "./words.mjs";
import { connectedStore, message, person } from "./fakes.mjs";

speak("en", english);

/** A reader who looks or not, and what reached them. */
function scene({ looking = false, permission = "granted", breaks = false, pushed = false } = {}) {
  const store = connectedStore();
  const told = [];
  const went = [];
  class Notification {
    static permission = permission;
    constructor(title, options) {
      if (breaks) throw new TypeError("only service workers");
      told.push(this);
      Object.assign(this, { title, ...options });
    }
    close() { this.closed = true; }
  }
  let sounds = 0;
  new Notifier({ store, go: (route) => went.push(route), looking: () => looking, Notification, sound: () => { sounds += 1; }, pushed: () => pushed });
  return { store, told, went, sounds: () => sounds, get: (fields) => store.apply(OP.MESSAGE_CREATE, message("100", fields)) };
}

test("direct messages and mentions are told, others are not", () => {
  const { told, get } = scene();
  get({ channel_id: "11" });
  get({ channel_id: "11", author: person("1", "alice"), mentions: ["1"] });
  assert.equal(told.length, 0);
  get({ channel_id: "11", mentions: ["1"], content: "hi <@1> in <#10>" });
  get({ channel_id: "20", content: "psst" });
  assert.deepEqual(told.map(({ title, body }) => [title, body]),
    [["bob (#channel-11, Book Club)", "hi @alice in #channel-10"], ["bob", "psst"]]);
});

test("nobody is told of what they look at, nor who does not want to be disturbed", () => {
  const here = scene({ looking: true });
  here.get({ channel_id: "10", mentions: ["1"] });
  assert.deepEqual([here.told.length, here.sounds()], [0, 0]);
  here.get({ channel_id: "11", mentions: ["1"] });
  assert.deepEqual([here.told.length, here.sounds()], [0, 1], "another channel is open: a sound is enough");
  const busy = scene();
  busy.store.user = { ...busy.store.user, status: "dnd" };
  busy.get({ channel_id: "20" });
  assert.equal(busy.told.length + busy.sounds(), 0);
});

test("who is told by push is not told once more by the page, but hears it while looking at another channel", () => {
  const away = scene({ pushed: true });
  away.get({ channel_id: "20" });
  assert.deepEqual([away.told.length, away.sounds()], [0, 0]);
  const here = scene({ pushed: true, looking: true });
  here.get({ channel_id: "20" });
  assert.deepEqual([here.told.length, here.sounds()], [0, 1]);
});

test("without permission, or where the system refuses, it sounds: once in a burst", () => {
  for (const options of [{ permission: "default" }, { breaks: true }]) {
    const { get, sounds, told } = scene(options);
    get({ channel_id: "20" });
    get({ channel_id: "20" });
    assert.deepEqual([told.length, sounds()], [0, 1]);
  }
});

test("what this browser is told not to do, it does not", (t) => {
  const kept = { "chatd.notices": "off" };
  t.after(() => { delete globalThis.localStorage; });
  globalThis.localStorage = { getItem: (name) => kept[name] ?? null };
  const quiet = scene();
  quiet.get({ channel_id: "20" });
  assert.deepEqual([quiet.told.length, quiet.sounds()], [0, 1], "no notice, so it sounds");
  kept["chatd.sound"] = "off";
  const silent = scene();
  silent.get({ channel_id: "20" });
  assert.deepEqual([silent.told.length, silent.sounds()], [0, 0]);
});

test("a notice leads to its message", () => {
  const { told, went, get } = scene();
  get({ channel_id: "20" });
  told[0].onclick();
  assert.deepEqual(went, [{ page: "channel", server: null, channel: "20", message: "100" }]);
  assert.equal(told[0].closed, true);
});

test("what a notice says is short, and a file has a name", () => {
  const store = connectedStore();
  assert.equal([...noticeOf(message("1", { content: "🎉".repeat(200) }), store).body].length, 141);
  assert.equal(noticeOf(message("1", { content: "", attachments: [{ filename: "a.png" }] }), store).body, "a.png");
  assert.equal(names(message("1", { channel_id: "gone", mentions: ["2"] }), store), false);
});
