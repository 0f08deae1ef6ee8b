/** Addresses, tokens, and the pieces of a text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, Problem } from "../../static/lib/api.js";
import { inviteCode, parseRoute, routePath } from "../../static/lib/route.js";
import { dayText, length, plain, sizeText, typingText } from "../../static/lib/text.js";
import { speak } from "../../static/lib/words.js";
import { english } from "./words.mjs";
import { connectedStore, later, settle } from "./fakes.mjs";

test("every address of ours leads to its page and back", () => {
  for (const root of ["/", "/chat/"]) {
    for (const path of ["", "settings", "admin", "invite/abC-_9", "channels/@me/7", "channels/6/7", "channels/6/7/8", "channels/@me/7/8"]) {
      assert.equal(routePath(parseRoute(root + path, root), root), root + path);
    }
  }
  assert.deepEqual(parseRoute("/channels/6/7/8", "/"), { page: "channel", server: "6", channel: "7", message: "8" });
  assert.deepEqual(parseRoute("/channels/@me/7", "/"), { page: "channel", server: null, channel: "7" });
});

test("other addresses lead home", () => {
  for (const path of ["/nowhere", "/channels/6", "/channels/x/7", "/invite/a/b", "/settings/", "/help", "/chat/settings"]) {
    assert.deepEqual(parseRoute(path, "/"), { page: "home" }, path);
  }
});

test("an invite code is found in whatever is pasted", () => {
  for (const text of ["abc123", " https://chat.example/invite/abc123 ", "/sub/invite/abc123/", "http://10.0.0.7:8080/invite/abc123?x=1#y"]) {
    assert.equal(inviteCode(text), "abc123", text);
  }
});

/** A fetch whose answers the test gives. */
function fakeFetch() {
  const calls = [];
  const fetch = (url, init) => {
    const { promise, resolve, reject } = later();
    const answer = (status, body, headers = {}) => {
      resolve(new Response(body === null ? null : JSON.stringify(body), { status, headers }));
      return settle();
    };
    calls.push({ path: url.pathname, method: init.method, token: init.headers.Authorization, body: init.body, answer, fail: () => { reject(new TypeError("network")); return settle(); } });
    return promise;
  };
  return { calls, fetch };
}

const tokens = (name) => ({ access_token: name, token_type: "Bearer", expires_in: 900 });

test("one refresh serves all who wait, and its token is used until it is nearly over", async () => {
  const { calls, fetch } = fakeFetch();
  let now = 0;
  const api = new Api({ base: new URL("http://chat.test/sub/"), fetch, locks: null, now: () => now });
  const both = Promise.all([api.request("GET", "servers"), api.request("GET", "auth/me")]);
  await settle();
  assert.deepEqual(calls.map((call) => call.path), ["/sub/api/rest/auth/refresh"]);
  await calls[0].answer(200, tokens("one"));
  assert.deepEqual(calls.slice(1).map((call) => call.token), ["Bearer one", "Bearer one"]);
  await calls[1].answer(200, []);
  await calls[2].answer(200, {});
  await both;
  now = 880_000;
  api.token();
  await settle();
  assert.equal(calls.at(-1).path, "/sub/api/rest/auth/refresh");
});

test("a token that the server turns down is renewed once", async () => {
  const { calls, fetch } = fakeFetch();
  const api = new Api({ base: new URL("http://chat.test/"), fetch, locks: null, now: () => 0 });
  const asked = api.request("GET", "servers");
  await settle();
  await calls[0].answer(200, tokens("one"));
  await calls[1].answer(401, { code: "token_expired" });
  await calls[2].answer(200, tokens("two"));
  assert.equal(calls[3].token, "Bearer two");
  await calls[3].answer(200, ["server"]);
  assert.deepEqual(await asked, ["server"]);
});

test("a refused refresh signs out; a lost network does not", async () => {
  const { calls, fetch } = fakeFetch();
  const api = new Api({ base: new URL("http://chat.test/"), fetch, locks: null });
  let out = 0;
  api.onSignedOut = () => { out += 1; };
  const lost = assert.rejects(api.token(), { status: 0, code: "offline" });
  await settle();
  await calls[0].fail();
  await lost;
  assert.equal(out, 0);
  const refused = assert.rejects(api.token(), { status: 401 });
  await settle();
  await calls[1].answer(401, {});
  await refused;
  assert.equal(out, 1);
});

test("whoever signs in in another tab does not take over what this page does", async () => {
  const { calls, fetch } = fakeFetch();
  let now = 0;
  const api = new Api({ base: new URL("http://chat.test/"), fetch, locks: null, now: () => now });
  const token = (user, number) => `e30.${btoa(JSON.stringify({ sub: user, number })).replaceAll("=", "")}.x`;
  let out = 0;
  api.onSignedOut = () => { out += 1; };
  const first = api.token();
  await settle();
  await calls[0].answer(200, tokens(token("1", 1)));
  assert.equal(await first, token("1", 1));
  now = 880_000;
  const renewed = api.token();
  await settle();
  await calls[1].answer(200, tokens(token("1", 2)));
  assert.deepEqual([await renewed, out], [token("1", 2), 0]);
  const posted = assert.rejects(api.request("POST", "channels/10/messages", { content: "mine" }), { status: 401 });
  await settle();
  await calls[2].answer(401, {});
  await calls[3].answer(200, tokens(token("2", 1)));
  await posted;
  assert.deepEqual([calls.length, out], [4, 1], "nothing goes out in the other's name");
});

test("a problem carries the server's words", async () => {
  const { calls, fetch } = fakeFetch();
  const api = new Api({ base: new URL("http://chat.test/"), fetch, locks: null });
  const entering = api.enter("register", { username: "a" });
  await settle();
  assert.deepEqual(JSON.parse(calls[0].body), { username: "a", cookie: true });
  const told = assert.rejects(entering, (error) => error instanceof Problem && error.message === "too short" && error.errors.username === "too short" && error.retryAfterS === 7);
  await calls[0].answer(400, { code: "invalid_field", detail: "too short", errors: { username: "too short" } }, { "Retry-After": "7" });
  await told;
});

speak("en", english);

test("a message in one line has names instead of numbers, and no marks", () => {
  const store = connectedStore();
  const content = "**Hi** <@2>, see\n<#10> and ||that||";
  assert.equal(plain(store, { content, channel_id: "10", attachments: [{ filename: "a.png" }] }), "Hi @bob, see #channel-10 and (Spoiler) a.png");
});

test("sizes are short", () => {
  assert.deepEqual([0, 1, 999, 1000, 1_250_000, 5e12].map(sizeText), ["0 bytes", "1 byte", "999 bytes", "1 kB", "1.3 MB", "5,000 GB"]);
});

test("length counts what the server counts", () => {
  assert.equal(length("a👍é"), 3);
});

test("days near today have names", () => {
  const now = new Date(2025, 4, 11, 0, 30);
  assert.equal(dayText(new Date(2025, 4, 11, 0, 5), now), "Today");
  assert.equal(dayText(new Date(2025, 4, 10, 23, 55), now), "Yesterday");
  assert.match(dayText(new Date(2025, 3, 11), now), /2025/);
});

test("up to three typists have names", () => {
  assert.equal(typingText([]), "");
  assert.equal(typingText(["ann"]), "ann is typing…");
  assert.equal(typingText(["ann", "bob", "cy"]), "ann, bob, and cy are typing…");
  assert.equal(typingText(["a", "b", "c", "d"]), "Several people are typing…");
});
