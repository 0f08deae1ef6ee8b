/** The live connection: identify, resume, beat, give up, come back. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Problem } from "../../static/lib/api.js";
import { Gateway, retryDelay } from "../../static/lib/gateway.js";
import { OP } from "../../static/lib/ops.js";
import { settle } from "./fakes.mjs";

/** @type {FakeSocket[]} */
let sockets = [];

class FakeSocket extends EventTarget {
  readyState = 1;
  sent = [];

  constructor(url) {
    super();
    this.url = url;
    sockets.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.readyState = 3;
    this.closedWith = code;
  }

  receive(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
    return settle();
  }

  lose(code) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
    return settle();
  }
}

/** A started gateway with its clock in the test's hands. */
function setUp(context, options = {}) {
  // `setImmediate` stays real: it is what `settle` waits with.
  context.mock.timers.enable({ apis: ["setTimeout"] });
  sockets = [];
  const events = [];
  const states = [];
  const gateway = new Gateway({
    base: new URL("http://chat.test/sub/"), token: async () => "token", Socket: FakeSocket, delay: (attempt) => 1000 * (attempt + 1),
    onEvent: (op, d) => events.push([op, d]), onState: (state) => states.push(state), ...options,
  });
  gateway.start();
  return { gateway, events, states, tick: (ms) => { context.mock.timers.tick(ms); return settle(); } };
}

const hello = { op: OP.HELLO, d: { heartbeat_interval: 30_000, server_version: "1" } };
const connectedFrame = { op: OP.CONNECTED, s: 5, d: { session_id: "abc" } };

async function connect(socket = sockets.at(-1)) {
  await socket.receive(hello);
  await socket.receive(connectedFrame);
}

test("HELLO, IDENTIFY, CONNECTED", async (context) => {
  const { events, states } = setUp(context);
  assert.equal(String(sockets[0].url), "ws://chat.test/sub/api/ws");
  await sockets[0].receive(hello);
  assert.deepEqual(sockets[0].sent, [{ op: OP.IDENTIFY, d: { token: "token" } }]);
  await sockets[0].receive(connectedFrame);
  assert.deepEqual(events, [[OP.CONNECTED, { session_id: "abc" }]]);
  assert.deepEqual(states, ["connecting", "ready"]);
});

test("it beats with the last sequence number, and gives up on silence", async (context) => {
  const { tick, states } = setUp(context);
  await connect();
  await sockets[0].receive({ op: OP.TYPING_START, s: 9, d: {} });
  await tick(30_000);
  assert.deepEqual(sockets[0].sent.at(-1), { op: OP.HEARTBEAT, d: 9 });
  await sockets[0].receive({ op: OP.HEARTBEAT_ACK, d: {} });
  await tick(30_000);
  await tick(15_000);
  assert.equal(states.at(-1), "waiting", "no ack came for the second one");
  assert.equal(sockets[0].readyState, 3);
});

test("after a loss it resumes where it was", async (context) => {
  const { tick, events, states } = setUp(context);
  await connect();
  await sockets[0].receive({ op: OP.MESSAGE_CREATE, s: 7, d: { message_id: "1" } });
  await sockets[0].lose(1006);
  assert.equal(states.at(-1), "waiting");
  await tick(1000);
  await sockets[1].receive(hello);
  assert.deepEqual(sockets[1].sent, [{ op: OP.RESUME, d: { token: "token", session_id: "abc", s: 7 } }]);
  await sockets[1].receive({ op: OP.MESSAGE_CREATE, s: 8, d: { message_id: "2" } });
  await sockets[1].receive({ op: OP.RESUMED, d: { replayed: 1 } });
  assert.deepEqual(events.map(([op]) => op), [OP.CONNECTED, OP.MESSAGE_CREATE, OP.MESSAGE_CREATE]);
  assert.equal(states.at(-1), "ready");
});

test("a session that is gone is begun anew on the same connection", async (context) => {
  const { tick } = setUp(context);
  await connect();
  await sockets[0].lose(1001);
  await tick(1000);
  await sockets[1].receive(hello);
  await sockets[1].receive({ op: OP.INVALID_SESSION, d: {} });
  assert.deepEqual(sockets[1].sent.map(({ op }) => op), [OP.RESUME, OP.IDENTIFY]);
});

test("too slow may resume; misunderstood starts anew", async (context) => {
  for (const [code, op] of [[4010, OP.RESUME], [4009, OP.RESUME], [4002, OP.IDENTIFY], [4003, OP.IDENTIFY]]) {
    context.mock.timers.reset();
    const { tick } = setUp(context);
    await connect();
    await sockets[0].lose(code);
    await tick(1000);
    await sockets[1].receive(hello);
    assert.equal(sockets[1].sent[0].op, op, `after ${code}`);
  }
});

test("each failure waits longer, and success forgets them", async (context) => {
  const { tick } = setUp(context);
  await sockets[0].lose(1006);
  await tick(1000);
  await sockets[1].lose(1006);
  await tick(1999);
  assert.equal(sockets.length, 2);
  await tick(1);
  assert.equal(sockets.length, 3);
  await connect();
  await sockets[2].lose(1006);
  await tick(1000);
  assert.equal(sockets.length, 4);
});

test("the wait grows, is never the same for all, and has an end", () => {
  assert.equal(retryDelay(0, () => 0), 100);
  assert.equal(retryDelay(0, () => 1), 1100);
  assert.equal(retryDelay(3, () => 1), 8100);
  assert.equal(retryDelay(50, () => 1), 30_100);
});

test("a server that never says HELLO is left", async (context) => {
  const { tick, states } = setUp(context);
  await tick(15_000);
  assert.equal(states.at(-1), "waiting");
  await tick(1000);
  assert.equal(sockets.length, 2);
});

test("somebody who looks need not wait", async (context) => {
  const { gateway } = setUp(context);
  await sockets[0].lose(1006);
  gateway.retryNow();
  gateway.retryNow();
  assert.equal(sockets.length, 2, "once is enough");
});

test("an ended sign-in stops it", async (context) => {
  const { gateway, tick } = setUp(context);
  await connect();
  gateway.onRejected = async () => { throw new Problem(401); };
  await sockets[0].lose(4004);
  await tick(60_000);
  assert.equal(sockets.length, 1);
});

test("a token that can be renewed brings it back after 4004", async (context) => {
  const { gateway, tick } = setUp(context);
  await connect();
  const renewed = mock.fn(async () => {});
  gateway.onRejected = renewed;
  await sockets[0].lose(4004);
  await tick(2000);
  assert.equal(renewed.mock.callCount(), 1);
  await sockets[1].receive(hello);
  assert.equal(sockets[1].sent[0].op, OP.IDENTIFY);
});

test("stopped is stopped", async (context) => {
  const { gateway, tick } = setUp(context);
  await connect();
  gateway.stop();
  assert.equal(sockets[0].closedWith, 1000, "the server may forget the session");
  gateway.send(OP.TYPING_START, { channel_id: "1" });
  gateway.retryNow();
  await tick(60_000);
  assert.deepEqual([sockets.length, sockets[0].sent.length], [1, 1]);
});

test("an old connection's late words are not heard", async (context) => {
  const { events, tick } = setUp(context);
  await connect();
  await sockets[0].lose(1006);
  await tick(1000);
  await sockets[0].receive({ op: OP.MESSAGE_CREATE, s: 99, d: {} });
  assert.equal(events.length, 1);
});
