/** Every language says everything, and nothing that nobody asks for. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { FILES, tags, words } from "./words.mjs";
import { choose, LANGUAGES, problemText, speak, t } from "../../static/lib/words.js";

const root = new URL("../../static/", import.meta.url);
const read = (name) => readFileSync(new URL(name, root), "utf8");
const names = readdirSync(root, { recursive: true }).map(String).filter((name) => name.endsWith(".js") && !name.startsWith("strings/"));
const sources = names.map(read);
const languages = await Promise.all(Object.keys(LANGUAGES).map(async (tag) => [tag, { ...await words(tag, FILES.first), ...await words(tag, FILES.later) }]));
const [[, english]] = languages;

/** Keys that are put together at run time: these beginnings may have any ending. */
const FAMILIES = ["problem.", "status.", "permission.", "audit.", "theme.", "notify.", "registration.", "emoji.group.", "admin.setting.", "admin.source.", "who.", "severity.", "finding.", "given_up."];

/** Of these the first screen needs all. */
const FIRST_FAMILIES = ["status."];

test("there is a file for each language, and a language for each file", () => {
  for (const part of Object.values(FILES)) assert.deepEqual(tags(part), Object.keys(LANGUAGES).sort(), part);
});

test("what the first screen says is there with it, and nothing else", async () => {
  const atOnce = new Set(["app.js"]);
  for (const name of atOnce) {
    for (const [, from] of read(name).matchAll(/^(?:import |\} from ).*?"([^"]+)";$/gm)) atOnce.add(new URL(from, new URL(name, root)).href.slice(root.href.length));
  }
  const said = new Set([...atOnce].flatMap((name) => [...read(name).matchAll(/"([a-z_]+\.[\w.]+)"/g)].map(([, key]) => key)));
  for (const tag of Object.keys(LANGUAGES)) {
    const [first, later] = [Object.keys(await words(tag, FILES.first)), Object.keys(await words(tag, FILES.later))];
    assert.deepEqual(later.filter((key) => said.has(key)), [], `${tag}: the first screen says it, and it comes later`);
    assert.deepEqual(first.filter((key) => !said.has(key) && !FIRST_FAMILIES.some((family) => key.startsWith(family))), [], `${tag}: it need not come first`);
    assert.deepEqual(first.filter((key) => later.includes(key)), [], `${tag}: it is there twice`);
  }
});

test("every language has the same keys, placeholders and plural forms of its own", () => {
  const marks = (text) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g))].sort();
  for (const [tag, strings] of languages) {
    assert.deepEqual(Object.keys(strings).sort(), Object.keys(english).sort(), tag);
    for (const [key, text] of Object.entries(strings)) {
      assert.deepEqual(marks(text), marks(english[key]), `${tag} ${key}`);
      assert.equal(typeof text, typeof english[key], `${tag} ${key}`);
      const forms = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
      if (typeof text === "object") assert.deepEqual(Object.keys(text).sort(), [...forms].sort(), `${tag} ${key}`);
    }
  }
});

test("every key that is asked for is there, and every key is asked for", () => {
  const asked = new Set();
  for (const source of sources) {
    for (const [, key] of source.matchAll(/\bt\(\s*"([\w.]+)"/g)) asked.add(key);
    // Keys in tables and conditions: any string that looks like one and is one.
    for (const [, key] of source.matchAll(/"([a-z_]+\.[\w.]+)"/g)) if (key in english) asked.add(key);
  }
  assert.deepEqual([...asked].filter((key) => !(key in english)), [], "asked for, and not there");
  const unused = Object.keys(english).filter((key) => !asked.has(key) && !FAMILIES.some((family) => key.startsWith(family)));
  assert.deepEqual(unused, [], "there, and not asked for");
});

test("texts take values, plural forms and a fallback", () => {
  speak("en", { hello: "Hello, {name}", count: { one: "{count} member", other: "{count} members" }, "problem.x": "X" });
  assert.equal(t("hello", { name: "<b>" }), "Hello, <b>");
  assert.equal(t("hello"), "Hello, {name}");
  assert.deepEqual([t("count", { count: 1 }), t("count", { count: 1200 })], ["1 member", "1,200 members"]);
  assert.equal(t("missing"), "missing");
  assert.equal(problemText(Object.assign(new Error("as is"), { code: "x" })), "X");
  assert.equal(problemText(Object.assign(new Error("as is"), { code: "y" })), "as is");
});

test("the reader's first known language is spoken", () => {
  assert.equal(choose(["fr-CH", "de-CH", "en"]), "de");
  assert.equal(choose(["EN-us"]), "en");
  assert.equal(choose(["fr"]), "en");
  assert.equal(choose([]), "en");
});
