/** Emoji by name, and what a composer completes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { applyChoice, findTrigger, fold, inCode, rank } from "../../static/lib/completion.js";
import { loadEmojis, Recents, withTone } from "../../static/lib/emoji.js";

const emojis = await loadEmojis();

/** The trigger at the place of `|` in a text. */
const at = (marked) => findTrigger(marked.replace("|", ""), marked.indexOf("|"));

test("the list is whole, small, and every short name means one emoji", () => {
  assert.equal(emojis.all.length, 1870);
  assert.deepEqual(emojis.groups.map(({ group }) => group), ["smileys", "people", "nature", "food", "travel", "activities", "objects", "symbols", "flags"]);
  const shorts = emojis.all.flatMap((one) => one.shorts);
  assert.equal(new Set(shorts).size, shorts.length);
  for (const one of emojis.all) {
    assert.match(one.emoji, /^[\p{Emoji}\p{Emoji_Component}\u200d\ufe0f]+$/u, one.name);
    assert.ok(one.name && one.shorts.every((short) => /^[\p{L}\d_+-]+$/u.test(short)), one.shorts.join());
  }
  const file = readFileSync(new URL("../../static/lib/emoji-data.js", import.meta.url));
  assert.ok(gzipSync(file, { level: 9 }).length <= 25_000);
});

test("it loads at first use, and once", async () => {
  assert.equal(await loadEmojis(), emojis);
  assert.doesNotMatch(readFileSync(new URL("../../static/lib/emoji.js", import.meta.url), "utf8"), /from "\.\/emoji-data/);
});

test("short names of GitHub and of Discord", () => {
  for (const [short, emoji] of [["smile", "😄"], ["joy", "😂"], ["+1", "👍"], ["thumbsup", "👍"], ["thumbsdown", "👎"], ["heart", "❤️"],
    ["tada", "🎉"], ["slight_smile", "🙂"], ["rolling_eyes", "🙄"], ["100", "💯"], ["de", "🇩🇪"], ["eyes", "👀"], ["THINKING", "🤔"], ["hash", "#️⃣"]]) {
    assert.equal(emojis.get(short)?.emoji, emoji, short);
  }
  assert.equal(emojis.get("constructor"), null);
});

test("search: whole names before beginnings before parts", () => {
  const found = (query, limit) => emojis.search(query, limit).map((one) => one.emoji);
  assert.equal(found("smile")[0], "😄");
  assert.equal(found("heart")[0], "❤️");
  assert.deepEqual(found(":joy:", 1), ["😂"]);
  assert.ok(found("party").includes("🎉"), "by keyword");
  assert.ok(found("face with tears").includes("😂"), "by name");
  assert.ok(found("germany").includes("🇩🇪") && found("Ger").length > 0);
  assert.deepEqual([found(""), found("  "), found("zzzzzz")], [[], [], []]);
  assert.equal(found("a", 5).length, 5);
  const orders = emojis.search("cat").map((one) => Math.min(...one.terms.flat().map((term) => (term === "cat" ? 0 : term.startsWith("cat") ? 1 : 2))));
  assert.deepEqual(orders, [...orders].sort());
});

test("short names are replaced on sending, but not in code, escapes, mentions and addresses", () => {
  for (const [text, sent] of [
    [":smile:", "😄"], ["a:smile::joy:b", "a😄😂b"], ["`:smile:` :smile:", "`:smile:` 😄"], ["```\n:joy:\n```", "```\n:joy:\n```"],
    ["\\:smile:", "\\:smile:"], ["12:30:45 :nothing: :", "12:30:45 :nothing: :"], ["https://a.b/:smile:/ :smile:", "https://a.b/:smile:/ 😄"],
    ["::smile::", ":😄:"], [":nope:smile:", ":nope😄"], ["<@1>:joy:<#2>", "<@1>😂<#2>"], ["`:smile:", "`😄"], ["", ""], [":SMILE:", "😄"],
    ["https://a.b/`x`:joy:", "https://a.b/`x`😂"], ["(https://a.b):joy:", "(https://a.b):joy:"],
  ]) assert.equal(emojis.replaceShorts(text), sent, text);
  const started = performance.now();
  for (const text of [":".repeat(1e5), ":a".repeat(5e4), "https://".repeat(1e4), "`:a:` ".repeat(1e4), "\\:".repeat(5e4)]) emojis.replaceShorts(text);
  assert.ok(performance.now() - started < 2_000);
});

test("a skin colour goes where one can go", () => {
  assert.equal(withTone(emojis.get("+1"), 3), "👍🏽");
  assert.equal(withTone(emojis.get("+1"), 0), "👍");
  assert.equal(withTone(emojis.get("point_up"), 5), "☝🏿");
  assert.equal(withTone(emojis.get("woman_technologist"), 1), "👩🏻‍💻");
  assert.equal(withTone(emojis.get("joy"), 3), "😂");
  assert.ok(emojis.all.filter((one) => one.tones).length > 250);
});

test("the emoji used of late come first, whatever the storage does", () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => { kept.set(key, value); } };
  const recents = new Recents(storage);
  for (const one of ["👍", "😂", "👍"]) recents.use(one);
  assert.deepEqual(new Recents(storage).list(), ["👍", "😂"]);
  for (let n = 0; n < 50; n += 1) recents.use(String(n));
  assert.deepEqual([recents.list().length, recents.list()[0]], [32, "49"]);
  for (const garbage of ["{", "3", "null", "[1,{}]"]) {
    kept.set("chatd.emoji", garbage);
    assert.deepEqual(new Recents(storage).list(), []);
  }
  const refuse = () => { throw new Error("forbidden"); };
  for (const none of [null, { getItem: refuse, setItem: refuse }]) {
    const visit = new Recents(none);
    visit.use("👍");
    assert.deepEqual(visit.list(), ["👍"]);
  }
});

test("a trigger is found at the caret, with the word it stands in", () => {
  assert.deepEqual(at("hi @al|ice!"), { kind: "@", query: "al", start: 3, end: 9 });
  assert.deepEqual(at("@|"), { kind: "@", query: "", start: 0, end: 1 });
  assert.deepEqual(at("(#gen|"), { kind: "#", query: "gen", start: 1, end: 5 });
  assert.deepEqual(at(":smi|le: x"), { kind: ":", query: "smi", start: 0, end: 7 });
  assert.deepEqual(at("**@Jürgen|"), { kind: "@", query: "Jürgen", start: 2, end: 9 });
  assert.deepEqual(at("x\n@éa|"), { kind: "@", query: "éa", start: 2, end: 5 });
  for (const none of ["me@exa|mple.org", "12:30|", "http://a|", ":s|", ":|", "<@12|>", "<#12|>", "\\@al|", "a|", "@al x|", "|@al", "a#b|", ":)|", "::sm|"]) {
    assert.equal(at(none), null, none);
  }
  assert.equal(findTrigger(`@${"a".repeat(80)}`, 81), null);
  assert.equal(findTrigger(`${"x".repeat(100)}@al`, 103), null);
  assert.equal(findTrigger(`${"x ".repeat(100)}@al`, 203).start, 200);
});

test("nothing is offered in code, closed or about to be", () => {
  for (const code of ["`@al|`", "```\n@al|\n```", "`@al|", "```js\nx\n@al|", "``a` @al|``", "a `b` `@al|"]) assert.equal(at(code), null, code);
  for (const text of ["`a` @al|", "`\n@al|", "\\`@al|", "`a`\n```b``` @al|"]) assert.equal(at(text)?.query, "al", text);
  assert.deepEqual([inCode("`a`", 0), inCode("`a`", 1), inCode("`a`", 3)], [false, true, false]);
});

test("a choice takes the word's place and leaves a space", () => {
  const apply = (marked, choice) => {
    const { text, caret } = applyChoice(marked.replace("|", ""), at(marked), choice);
    return `${text.slice(0, caret)}|${text.slice(caret)}`;
  };
  assert.equal(apply("hi @al|", "<@1>"), "hi <@1> |");
  assert.equal(apply("hi @al|ice there", "<@1>"), "hi <@1> |there");
  assert.equal(apply("hi @al|!", "<@1>"), "hi <@1> |!");
  assert.equal(apply(":smi|le:", "😄"), "😄 |");
  assert.equal(applyChoice("@a\nb", at("@a|\nb"), "<@1>").text, "<@1>\nb");
});

test("short names complete", () => {
  const found = emojis.completeShort("so :smil", 8, 3);
  assert.deepEqual([found.trigger.start, found.matches.length], [3, 3]);
  assert.equal(emojis.completeShort("so @smil", 8), null);
  assert.equal(emojis.completeShort(":zzzzzz", 7), null);
  assert.equal(emojis.completeShort("`:smil", 6), null);
});

test("people are ranked: whole name, beginning, word, part", () => {
  const people = ["Anna Maria", "maria", "Marianne", "Amari", "José"];
  const ranked = (query) => rank(people, query, (name) => [[fold(name)]], 9);
  assert.deepEqual(ranked("maria"), ["maria", "Marianne", "Anna Maria"]);
  assert.deepEqual(ranked("mari"), ["maria", "Marianne", "Anna Maria", "Amari"]);
  assert.deepEqual(ranked("JOSE"), ["José"]);
  assert.deepEqual(ranked("").length, 5);
});
