/** The tree of a message as elements: their names, their attributes, and what a click does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { around } from "./fake-dom.mjs";
import { parse } from "../../static/lib/markdown.js";
import { plainText } from "../../static/lib/plain-text.js";
import { markRanges, render } from "../../static/lib/render.js";
import { resultCard } from "../../static/lib/results.js";
import { speak } from "../../static/lib/words.js";
import english from "../../static/strings/en.js";
import { connectedStore, message, person } from "./fakes.mjs";

const resolve = {
  user: (id) => (id === "1" ? "alice" : null),
  role: (id) => (id === "2" ? { label: "mods", act: () => {} } : null),
  channel: (id) => (id === "3" ? { label: "general", href: "/channels/5/3" } : null),
};
const draw = (text, options = {}) => around(render(parse(text), { resolve, ...options }));
const inner = (text, options) => draw(text, options).children.join("");

test("each kind of node has its element", () => {
  for (const [text, html] of [
    ["**a** *b* __c__ ~~d~~", "<strong>a</strong> <em>b</em> <u>c</u> <s>d</s>"], ["`a`", "<code>a</code>"],
    ["> a", "<blockquote>a</blockquote>"], ["- a\n  1. b", "<ul><li>a<ol><li>b</li></ol></li></ul>"],
    ["```js\na\n```", "<div><span>js</span><pre><code>a</code></pre></div>"], ["<b>&amp;", "<b>&amp;"],
  ]) assert.equal(inner(text), html);
  assert.equal(draw("7. a").all("ol")[0].start, 7);
});

test("a link opens elsewhere and tells nothing; one that misleads shows its host", () => {
  const [link] = draw("https://a.example/b").all("a");
  assert.deepEqual(link.attributes, { href: "https://a.example/b" });
  assert.deepEqual([link.target, link.rel, link.textContent], ["_blank", "noopener noreferrer", "https://a.example/b"]);
  const warned = [];
  const warn = (url, event) => { warned.push(url); event.preventDefault(); };
  const [bad] = draw("[bank.example](https://evil.example/x)", { warn }).all("a");
  assert.equal(bad.textContent, "bank.example (evil.example)");
  assert.equal(bad.className, "misleading");
  assert.ok(bad.fire("click").prevented && bad.fire("auxclick").prevented);
  assert.deepEqual(warned, ["https://evil.example/x", "https://evil.example/x"]);
});

test("code is copied as it was written", () => {
  const copied = [];
  const block = draw("> ```\n> a\n>  b\n> ```", { copy: (text) => copied.push(text) });
  const [button] = block.all("button");
  assert.equal(button.getAttribute("aria-label"), "Copy code");
  button.fire("click");
  assert.deepEqual(copied, ["a\n b"]);
  assert.equal(draw("```a```").all("button").length, 0);
});

test("a spoiler is covered for eyes, ears and Tab until it is opened, and stays open when drawn again", () => {
  const revealed = new Set();
  const text = "see ||the [end](https://a.example)||";
  const draw2 = () => draw(text, { revealed }).all("span");
  const [cover, words] = draw2();
  const [button] = cover.all("button");
  assert.deepEqual([words.inert, button.getAttribute("aria-expanded"), button.getAttribute("aria-label")], [true, "false", "Spoiler"]);
  button.fire("click");
  assert.deepEqual([words.inert, button.getAttribute("aria-expanded"), cover.className], [false, "true", "spoiler open"]);
  assert.equal(draw2()[1].inert, false);
  cover.all("a")[0].fire("click");
  assert.equal(words.inert, false, "a click on what it covered does not close it");
  button.fire("click");
  assert.deepEqual([words.inert, revealed.size], [true, 0]);
  cover.fire("click");
  assert.equal(words.inert, false, "the whole cover opens it");
});

test("an inner spoiler stays covered when the outer one opens", () => {
  const [outer] = draw("||a **b ||c|| d**||").all("span").filter((one) => one.className === "spoiler");
  assert.ok(outer);
});

test("mentions have names, and the unknown stay unknown", () => {
  const line = draw("<@1> <@9> <@&2> <@&9> <#3> <#9> @everyone");
  assert.equal(line.textContent, "@alice @unknown @mods @unknown #general #unknown @everyone");
  assert.equal(line.all("a")[0].getAttribute("href"), "/channels/5/3");
  assert.equal(line.all("button")[0].textContent, "@mods");
  assert.equal(line.all("span")[1].className, "mention unknown");
  const everyone = (options) => draw("@everyone", options).all("span")[0].className;
  assert.deepEqual([everyone({ everyone: true }), everyone({})], ["mention", undefined]);
});

test("what was searched for is set off, across styles and behind emoji", () => {
  const text = "👍 **find** me in `find`, \\*find";
  const points = [...text].join("|").split("|"); // by code points, as the server counts
  const places = points.flatMap((_, at) => (points.slice(at, at + 4).join("") === "find" ? [[at, 4]] : []));
  assert.equal(places.length, 3);
  const drawn = inner(text, { marks: markRanges(text, places) });
  assert.equal(drawn, "👍 <strong><mark>find</mark></strong> me in <code><mark>find</mark></code>, *<mark>find</mark>");
  assert.equal(inner("a **b** c", { marks: markRanges("a **b** c", [[0, 9]]) }), "<mark>a </mark><strong><mark>b</mark></strong><mark> c</mark>");
  assert.equal(inner("abcdef", { marks: markRanges("abcdef", [[4, 9], [0, 2], [1, 2], [9, 1]]) }), "<mark>ab</mark><mark>c</mark>d<mark>ef</mark>");
});

test("in one line spoilers stay covered", () => {
  const text = "**Hi** <@1>,\n> see ||the end||\n- `a`\n- [b](https://c.d)";
  assert.equal(plainText(parse(text), { resolve }), "Hi @alice, see (Spoiler) a b");
});

test("much text is drawn soon", () => {
  const text = "**a** ".repeat(2e4);
  const started = performance.now();
  draw(text, { marks: markRanges(text, Array.from({ length: 1e4 }, (_, at) => [at * 6, 5])) });
  assert.ok(performance.now() - started < 2_000);
});

test("a found message is drawn as in the timeline: what was found is set off, and spoilers are closed", () => {
  speak("en", english);
  const store = connectedStore();
  const author = { ...person("2", "bob"), avatar_url: "/bob.png" };
  store.users.set("2", author);
  const found = message("100", { author, content: "**tea** <#11> ||green tea||", highlight: [[2, 3], [22, 3]] });
  const card = resultCard(store, found, true);
  const [link] = card.all("a");
  assert.match(link.attributes.href, /\/channels\/5\/10\/100$/);
  assert.equal(card.all("a").length, 1, "a channel's name leads nowhere here");
  assert.deepEqual(card.all("strong").map(String), ["<strong><mark>tea</mark></strong>"]);
  const [spoiler] = card.all("span").filter((one) => one.className === "spoiler-text");
  assert.deepEqual([spoiler.inert, spoiler.textContent, spoiler.all("mark").length], [true, "green tea", 1]);
  const [told] = card.all("span").filter((one) => one.id === link.attributes["aria-describedby"]);
  assert.deepEqual([told.hidden, told.textContent], [true, "tea #channel-11 (Spoiler)"]);

  store.blocked = new Set(["2"]);
  const folded = resultCard(store, { ...found, attachments: [{}] }, true);
  assert.equal(folded.all("mark").length, 0);
  assert.doesNotMatch(folded.textContent, /tea|file/);
  assert.match(folded.textContent, /Blocked message/);
});
