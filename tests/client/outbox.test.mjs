/** Sending: in order, never twice, and never lost without a word. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../static/lib/api.js";
import { Outbox } from "../../static/state/outbox.js";
import { connectedStore, later, message, person, settle } from "./fakes.mjs";

/** An outbox whose server answers when the test says so. */
function setUp() {
  const store = connectedStore();
  const posts = [];
  const sleeps = [];
  const request = (method, path, body) => {
    const answer = later();
    posts.push({ method, path, body, answer });
    return answer.promise;
  };
  const outbox = new Outbox({ api: { request }, store, sleep: async (ms) => { sleeps.push(ms); } });
  const accept = async (at, id) => {
    posts[at].answer.resolve(message(id, { content: posts[at].body.content, author: person("1", "alice") }));
    await settle();
  };
  const refuse = async (at, problem) => {
    posts[at].answer.reject(problem);
    await settle();
  };
  const states = () => store.timeline("10").pending.map((row) => `${row.content}: ${row.pending}`);
  const sent = () => posts.map((post) => post.body.content);
  return { store, outbox, posts, sleeps, accept, refuse, states, sent };
}

test("a row stands at once and becomes the server's message", async () => {
  const { store, outbox, posts, accept, states } = setUp();
  outbox.send("10", "hello");
  assert.deepEqual(states(), ["hello: sending"]);
  await settle();
  assert.equal(posts[0].path, "channels/10/messages");
  assert.match(posts[0].body.nonce, /^[0-9a-f]{32}$/);
  await accept(0, "100");
  assert.deepEqual([states(), store.timeline("10").messages.map((one) => one.content)], [[], ["hello"]]);
});

test("one waits for the other, in one channel", async () => {
  const { outbox, sent, accept } = setUp();
  outbox.send("10", "first");
  outbox.send("10", "second");
  outbox.send("11", "elsewhere");
  await settle();
  assert.deepEqual(sent(), ["first", "elsewhere"]);
  await accept(0, "100");
  assert.deepEqual(sent(), ["first", "elsewhere", "second"]);
});

test("without a connection the order is kept, and each nonce", async () => {
  const { outbox, posts, sent, accept, refuse, states } = setUp();
  outbox.send("10", "first");
  outbox.send("10", "second");
  await settle();
  await refuse(0, new Problem(0));
  assert.deepEqual(states(), ["first: offline", "second: offline"]);
  assert.deepEqual(sent(), ["first"], "what comes behind does not overtake");
  outbox.retryAll();
  await settle();
  assert.deepEqual(sent(), ["first", "first"]);
  assert.equal(posts[1].body.nonce, posts[0].body.nonce, "or it would stand there twice");
  await accept(1, "100");
  await accept(2, "101");
  assert.deepEqual([sent(), states()], [["first", "first", "second"], []]);
});

test("a new message takes along what waited before it", async () => {
  const { outbox, sent, accept, refuse } = setUp();
  outbox.send("10", "first");
  await settle();
  await refuse(0, new Problem(503));
  outbox.send("10", "second");
  await settle();
  assert.deepEqual(sent(), ["first", "first"]);
  await accept(1, "100");
  assert.deepEqual(sent(), ["first", "first", "second"]);
});

test("what the server turns down is told, and does not hold up the rest", async () => {
  const { store, outbox, sent, refuse, states } = setUp();
  outbox.send("10", "too long");
  outbox.send("10", "short");
  await settle();
  await refuse(0, new Problem(400, { detail: "content must be 1 to 4000 characters" }));
  assert.deepEqual(states(), ["too long: refused", "short: sending"]);
  assert.equal(store.timeline("10").pending[0].refusal, "content must be 1 to 4000 characters");
  assert.deepEqual(sent(), ["too long", "short"]);
  outbox.retryAll();
  assert.deepEqual(states()[0], "too long: refused", "only a person can change that");
  outbox.discard(store.timeline("10").pending[0].nonce);
  assert.deepEqual(states(), ["short: sending"]);
});

test("too fast: it waits as long as the server says", async () => {
  const { outbox, sleeps, sent, refuse, states } = setUp();
  outbox.send("10", "hello");
  await settle();
  await refuse(0, new Problem(429, {}, 3));
  assert.deepEqual([sleeps, sent(), states()], [[3000], ["hello", "hello"], ["hello: sending"]]);
});

test("the event may come before the answer", async () => {
  const { store, outbox, posts, accept, states } = setUp();
  outbox.send("10", "hello");
  await settle();
  store.confirm(message("100", { nonce: posts[0].body.nonce, author: person("1", "alice") }));
  assert.deepEqual(states(), []);
  await accept(0, "100");
  assert.equal(store.timeline("10").messages.length, 1);
});
