/** Every language says everything, and nothing that nobody asks for. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { choose, LANGUAGES, problemText, speak, t } from "../../static/lib/words.js";

const root = new URL("../../static/", import.meta.url);
const sources = readdirSync(root, { recursive: true }).map(String)
  .filter((name) => name.endsWith(".js") && !name.startsWith("strings/"))
  .map((name) => readFileSync(new URL(name, root), "utf8"));
const languages = await Promise.all(Object.keys(LANGUAGES).map(async (tag) =>
  [tag, (await import(new URL(`strings/${tag}.js`, root))).default]));
const [[, english]] = languages;

/** Keys that are put together at run time: these beginnings may have any ending. */
const FAMILIES = ["problem.", "status.", "permission.", "audit.", "theme.", "notify.", "registration.", "emoji.group."];

test("there is a file for each language, and a language for each file", () => {
  assert.deepEqual(readdirSync(new URL("strings/", root)).sort(), Object.keys(LANGUAGES).map((tag) => `${tag}.js`).sort());
});

test("every language has the same keys, placeholders and plural forms of its own", () => {
  const names = (words) => [...new Set(JSON.stringify(words).match(/\{\w+\}/g))].sort();
  for (const [tag, strings] of languages) {
    assert.deepEqual(Object.keys(strings).sort(), Object.keys(english).sort(), tag);
    for (const [key, words] of Object.entries(strings)) {
      assert.deepEqual(names(words), names(english[key]), `${tag} ${key}`);
      assert.equal(typeof words, typeof english[key], `${tag} ${key}`);
      const forms = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
      if (typeof words === "object") assert.deepEqual(Object.keys(words).sort(), [...forms].sort(), `${tag} ${key}`);
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
