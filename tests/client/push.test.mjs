/** Being told by push: whether it can be, what mends it, and who looks at what. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Focus } from "../../static/lib/focus.js";
import { OP } from "../../static/lib/ops.js";
import { markText, mend, parseMark, pushState, quietChange, quietOf, saysContent } from "../../static/state/push.js";
import { merged } from "../../static/state/settings.js";
import { connectedStore } from "./fakes.mjs";

const FACTS = { offered: true, secure: true, able: true, apple: false, installed: false, permission: "default", subscribed: false };

test("what stands in the way is told, the nearest to be done first", () => {
  const state = (more) => pushState({ ...FACTS, ...more });
  assert.equal(state({}), "off");
  assert.equal(state({ permission: "granted" }), "off");
  assert.equal(state({ permission: "granted", subscribed: true }), "on");
  assert.equal(state({ permission: "default", subscribed: true }), "off", "the permission was taken back");
  assert.equal(state({ permission: "denied", subscribed: true }), "blocked");
  assert.equal(state({ able: false }), "unable");
  assert.equal(state({ able: false, apple: true }), "install");
  assert.equal(state({ able: false, apple: true, installed: true }), "unable");
  assert.equal(state({ secure: false, able: false, apple: true }), "insecure", "on the home screen it would not help");
  assert.equal(state({ offered: false, secure: false }), "unoffered");
});

test("what a browser remembers of its subscription is read back, and nothing else is", () => {
  const mark = { user: "7", id: "8", endpoint: "https://push.example/a?b=c" };
  assert.deepEqual(parseMark(markText(mark)), mark);
  for (const text of [null, "", "7", "7 8", "off"]) assert.equal(parseMark(text), null);
});

test("a page mends what has come apart, and ends what another device or another person ended", () => {
  const mark = { user: "7", id: "8", endpoint: "https://push.example/a" };
  const now = { user: "7", endpoint: mark.endpoint, ids: ["5", "8"], gone: [] };
  assert.equal(mend(mark, now), "nothing");
  assert.equal(mend(mark, { ...now, endpoint: null }), "renew");
  assert.equal(mend(mark, { ...now, endpoint: "https://push.example/b" }), "renew");
  assert.equal(mend(mark, { ...now, ids: ["5"] }), "end");
  assert.equal(mend(mark, { ...now, ids: ["5"], gone: ["6", mark.id] }), "replace");
  assert.equal(mend(mark, { ...now, gone: [mark.id] }), "nothing");
  assert.equal(mend(mark, { ...now, user: "9", endpoint: null }), "end");
});

test("quiet hours are what the server reads, or none", () => {
  const set = quietChange({ from: "22:00", to: "07:30" }, "Europe/Berlin", 60);
  assert.deepEqual(set, { quiet: { from: "22:00", to: "07:30", zone: "Europe/Berlin", offset_minutes: 60 } });
  assert.deepEqual(quietOf(set), { from: "22:00", to: "07:30", zone: "Europe/Berlin" });
  assert.deepEqual(merged(set, quietChange(null, "Europe/Berlin", 60)), {});
  const strange = [undefined, null, "always", [], { from: 22, to: 7 }, { from: "24:00", to: "07:00" }, { from: "9:00", to: "10:00" }, { from: "09:00", to: "09:00" }];
  for (const quiet of strange) assert.equal(quietOf({ quiet }), null);
  assert.equal(quietOf({ quiet: { from: "22:00", to: "07:00", zone: 7 } }).zone, "");
});

test("pushes say what was written unless that was turned off", () => {
  for (const settings of [{}, { push: null }, { push: true }, { push: { content: "no" } }, { push: { content: true } }]) assert.equal(saysContent(settings), true);
  assert.equal(saysContent({ push: { content: false } }), false);
});

test("the server is told which channel is looked at, once, and anew on a new connection", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const store = connectedStore();
    store.setConnection("ready");
    const sent = [];
    let looking = true;
    const focus = new Focus({ store, gateway: { send: (op, d) => sent.push([op, d.channel_id]) }, looking: () => looking });
    const settle = () => { mock.timers.tick(1_000); return sent.splice(0); };
    store.setRoute({ page: "channel", server: null, channel: "10" });
    assert.deepEqual(settle(), [[OP.FOCUS, "10"]]);
    store.changed("channels");
    assert.deepEqual(settle(), [], "it is known");
    // From one window to the next and back.
    looking = false;
    focus.soon();
    looking = true;
    focus.soon();
    assert.deepEqual(settle(), []);
    looking = false;
    focus.soon();
    assert.deepEqual(settle(), [[OP.FOCUS, null]]);
    looking = true;
    focus.soon();
    settle();
    store.setConnection("waiting");
    assert.deepEqual(settle(), [], "nobody is there to hear it");
    store.setConnection("ready");
    assert.deepEqual(settle(), [[OP.FOCUS, "10"]]);
    store.setRoute({ page: "settings" });
    assert.deepEqual(settle(), [[OP.FOCUS, null]]);
  } finally {
    mock.timers.reset();
  }
});
