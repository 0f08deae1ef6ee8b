/** Finding messages and places: the search box, the quick switcher, and keys that lead somewhere. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { nextPage } from "../../static/lib/api.js";
import { destination, meaning, neighbour } from "../../static/lib/shortcuts.js";
import { completions, parse, replaced, resolve, searchPath, span, under, written } from "../../static/state/search.js";
import { places, rank, score } from "../../static/state/switcher.js";
import { OP } from "../../static/lib/ops.js";
import { channel, connectedStore, message, person } from "./fakes.mjs";

const people = [{ ...person("2", "bob"), display_name: "Bob Smith" }, { ...person("3", "carla"), nickname: "CC" }, person("4", "bobby")];
const channels = [channel("10", { name: "general" }), channel("11", { name: "off topic" }),
  channel("12", { name: "texts", type: "category" })];
const now = new Date(2025, 4, 11, 15, 30);
const known = { people, channels, me: "1", serverId: "5", now };

test("filters are told from words", () => {
  const { words, filters } = parse('two from:bob "a phrase" In:"off topic" https://x.example has:link before:');
  assert.equal(words, 'two "a phrase" https://x.example');
  assert.deepEqual(filters.map(({ filter, value }) => [filter, value]),
    [["from", "bob"], ["in", "off topic"], ["has", "link"], ["before", ""]]);
  assert.deepEqual(parse("  "), { words: "", filters: [] });
  assert.equal(parse('open "phrase').words, 'open "phrase');
});

test("a query becomes what the server takes", () => {
  const { params, unknown } = resolve(parse("tea from:@Bob in:#General mentions:me has:IMAGE"), known);
  assert.deepEqual(params, { q: "tea", author_id: "2", channel_id: "10", mentions: "1", has: "image" });
  assert.deepEqual(unknown, []);
  assert.deepEqual(resolve(parse("tea"), known).params, { q: "tea", server_id: "5" });
  assert.deepEqual(resolve(parse("tea"), { ...known, channelId: "20" }).params, { q: "tea", channel_id: "20" });
  assert.equal(resolve(parse('x from:"bob smith"'), known).params.author_id, "2");
  assert.equal(resolve(parse("x from:cc"), known).params.author_id, "3");
  assert.equal(searchPath({ q: "a b&c" }), "search?q=a+b%26c&limit=25");
});

test("what it does not understand, it says", () => {
  const { unknown } = resolve(parse("x from:nobody in:texts has:video after:2025-02-30 before:soon mentions:"), known);
  assert.deepEqual(unknown.map(({ filter }) => filter), ["from", "in", "has", "after", "before", "mentions"]);
  const two = [person("2", "a"), person("3", "b")].map((one) => ({ ...one, display_name: "Sam" }));
  assert.equal(resolve(parse("x from:sam"), { ...known, people: two }).unknown.length, 1, "two are called so");
});

test("days and months are the reader's own, and after one is when it is over", () => {
  const { params } = resolve(parse("x before:2025-05-01 after:2025-03"), known);
  assert.equal(params.before, new Date(2025, 4, 1).toISOString());
  assert.equal(params.after, new Date(new Date(2025, 3, 1).getTime() - 1).toISOString());
  assert.deepEqual(span("today", now), { begins: new Date(2025, 4, 11), ends: new Date(2025, 4, 12) });
  assert.deepEqual(span("yesterday", now)?.begins, new Date(2025, 4, 10));
  assert.equal(span("2025-13-01", now), null);
  assert.equal(span("", now), null);
});

test("completions stand for what the caret is behind", () => {
  const at = (text, caret = text.length) => completions(under(text, caret), { people, channels });
  assert.deepEqual(at("tea fr").map(({ text }) => text), ["from:"]);
  assert.deepEqual(at("from:bob").map(({ text }) => text), ["from:bob ", "from:bobby "]);
  assert.deepEqual(at("in:o").map(({ text, label }) => [text, label]), [['in:"off topic" ', "#off topic"]]);
  assert.deepEqual(at("has:").length, 3);
  assert.equal(at("before:y")[0].text, "before:yesterday ");
  assert.deepEqual(at("nothing"), []);
  const text = "tea from:b now";
  assert.deepEqual(replaced(text, under(text, 10), written("from", "bob")), { text: "tea from:bob now", caret: 13 });
});

test("the next page stands in the Link header", () => {
  const root = new URL("https://chat.example/friends/api/rest/");
  assert.equal(nextPage('</friends/api/rest/search?q=a%20b&before=7>; rel="next"', root), "search?q=a%20b&before=7");
  assert.equal(nextPage('</elsewhere>; rel="next"', root), null);
  assert.equal(nextPage('</friends/api/rest/x>; rel="prev"', root), null);
  assert.equal(nextPage(null, root), null);
});

test("the switcher: whole beginnings over words over letters, accents aside", () => {
  const order = ["general", "general-talk", "my general", "degenerals", "great old nerds"].map((name) => score("gene", name));
  assert.deepEqual([...order].sort((a, b) => b - a), order);
  assert.ok(order.every((points) => points > 0));
  assert.equal(score("xyz", "general"), 0);
  assert.ok(score("cafe", "Café") > 0);
  assert.ok(score("rl", "reading-list") > score("rl", "role"), "beginnings of words count more");
});

test("with nothing typed, those with news come first, and not where one is", () => {
  const store = connectedStore();
  store.apply(OP.MESSAGE_CREATE, message("500", { channel_id: "11" }));
  store.apply(OP.MESSAGE_CREATE, message("400", { channel_id: "20" }));
  store.users.set("9", person("9", "zed"));
  const list = rank(places(store), "", "10");
  assert.deepEqual(list.map(({ id }) => id), ["20", "11", "5"]);
  assert.deepEqual(rank(places(store), "@z").map(({ kind, id }) => [kind, id]), [["person", "9"]]);
  assert.deepEqual(rank(places(store), "#").map(({ kind }) => kind), ["channel", "channel"]);
  assert.deepEqual(rank(places(store), "* book").map(({ kind }) => kind), ["server"]);
  assert.equal(rank(places(store), "book 11")[0].id, "11", "the server's name helps");
  assert.deepEqual(rank(places(store), "qqqq"), []);
});

const none = { over: false, field: "", filled: false, mac: false };
const key = (name, ...held) => ({
  key: name, ctrlKey: held.includes("ctrl"), metaKey: held.includes("meta"), altKey: held.includes("alt"), shiftKey: held.includes("shift"),
});

test("keys mean something, except where the browser or a dialog means something else", () => {
  assert.equal(meaning(key("k", "ctrl"), none), "switcher");
  assert.equal(meaning(key("k", "ctrl"), { ...none, mac: true }), null, "there it deletes to the end of the line");
  assert.equal(meaning(key("k", "meta"), { ...none, mac: true }), "switcher");
  assert.equal(meaning(key("k", "ctrl"), { ...none, over: true }), null);
  assert.equal(meaning(key("/", "ctrl", "shift"), none), "sheet");
  assert.equal(meaning(key("k", "ctrl", "alt"), none), null);
  assert.equal(meaning(key("ArrowDown", "alt"), { ...none, field: "text", filled: true }), "next");
  assert.equal(meaning(key("ArrowDown", "alt"), { ...none, field: "text", filled: true, mac: true }), null);
  assert.equal(meaning(key("ArrowUp", "alt"), { ...none, field: "text", mac: true }), "previous");
  assert.equal(meaning(key("ArrowUp", "alt"), { ...none, field: "choice" }), null);
  assert.equal(meaning(key("ArrowUp", "alt", "shift"), none), "previousUnread");
  assert.equal(meaning(key("Escape"), none), "read");
  assert.equal(meaning(key("k"), none), null);
});

test("channels are a ring; those with news reach beyond the server", () => {
  assert.equal(neighbour(["a", "b", "c"], "c", 1), "a");
  assert.equal(neighbour(["a", "b", "c"], "a", -1), "c");
  assert.equal(neighbour(["a", "b"], null, -1), "b");
  assert.equal(neighbour([], "a", 1), null);
  const store = connectedStore();
  assert.equal(destination(store, "next")?.channel_id, "11");
  assert.equal(destination(store, "nextUnread"), null);
  store.apply(OP.MESSAGE_CREATE, message("500", { channel_id: "20" }));
  assert.equal(destination(store, "nextUnread")?.channel_id, "20");
  assert.equal(destination(store, "previousUnread")?.channel_id, "20");
});
