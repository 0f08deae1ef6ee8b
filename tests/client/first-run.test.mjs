/** The way through the first run: no step is taken twice, wherever it was left. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../../static/state/store.js";
import { OP } from "../../static/lib/ops.js";
import { after, ownServer, resumeAt, STEPS, usableInvite } from "../../static/state/first-run.js";
import { connected, connectedStore } from "./fakes.mjs";

test("each step leads to the next, and the last to the chat", () => {
  assert.deepEqual(STEPS.map(after), ["instance", "server", "invite", null]);
});

test("whoever comes back goes on where they were, as far as that was done", () => {
  const at = (kept, signedIn, server) => resumeAt(kept, { signedIn, server });
  assert.equal(at(null, false, false), "account");
  assert.equal(at("server", false, false), "account", "without an account nothing else can be done");
  assert.equal(at("instance", true, false), "instance");
  assert.equal(at("server", true, false), "server");
  assert.equal(at("invite", true, false), "server", "the server is gone");
  assert.equal(at("server", true, true), "invite", "the answer was lost, the server was made");
  assert.equal(at("something else", true, false), "instance");
});

test("the server that was made is one's own", () => {
  assert.equal(ownServer(new Store()), null);
  assert.equal(ownServer(connectedStore()), null, "somebody else's");
  const store = new Store();
  const given = connected();
  store.apply(OP.CONNECTED, { ...given, servers: [{ ...given.servers[0], owner_id: "1" }] });
  assert.equal(ownServer(store)?.server_id, "5");
});

test("a link that was made is shown again: the latest of one's own that anybody may use", () => {
  const invite = (code, inviter, created_at, max_uses = null) => ({ code, inviter: { user_id: inviter }, created_at, max_uses });
  assert.equal(usableInvite([], "1"), null);
  assert.equal(usableInvite([invite("theirs", "2", "2026-02-01"), invite("few", "1", "2026-02-01", 5)], "1"), null);
  const own = [invite("new", "1", "2026-01-02"), invite("old", "1", "2026-01-01"), invite("theirs", "2", "2026-02-01")];
  assert.equal(usableInvite(own, "1")?.code, "new");
});
