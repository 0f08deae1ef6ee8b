/** What people read, in their language: under `strings/` a file for the first screen and one for all else, the same keys in each language. */

/** @typedef {string | Record<string, string>} Words a text, or one for each of the language's plural forms */

export const LANGUAGES = { en: "English", de: "Deutsch" };

/** @type {Record<string, Words>} */
let strings = {};
let plural = new Intl.PluralRules("en");
let language = "en";

/** The first language of the reader's that there is a file for. @param {readonly string[]} wanted @returns {string} */
export function choose(wanted) {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag in LANGUAGES);
  return known ?? "en";
}

/** From now on texts are these. @param {string} tag @param {Record<string, Words>} words */
export function speak(tag, words) {
  language = tag;
  strings = { ...words };
  plural = new Intl.PluralRules(tag);
}

/** Fetches a language's texts for the first screen, and speaks it from now on. @param {string} tag */
export async function learn(tag) {
  speak(tag, (await import(`../strings/${tag}.js`)).default);
}

/** Fetches the other texts. What is fetched later must wait for it. */
export async function learnMore() {
  Object.assign(strings, (await import(`../strings/later/${language}.js`)).default);
}

/**
 * The text of a key; `{name}` in it stands for a value, and `count` chooses among plural forms.
 * @param {string} key @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const found = strings[key] ?? key;
  const text = typeof found === "string" ? found : found[plural.select(Number(values.count))] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(values[name]) : whole));
}

/** The language that is spoken now. */
export function spoken() {
  return language;
}

/** Whether there is a text of this key. @param {string} key */
export function has(key) {
  return key in strings;
}

/** @param {string | number} value */
function shown(value) {
  return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
}

/** What went wrong, in words: by the problem's code where there are some, else as the server says it. @param {unknown} error */
export function problemText(error) {
  const code = error instanceof Error && "code" in error ? `problem.${error.code}` : "";
  return has(code) ? t(code) : error instanceof Error ? error.message : String(error);
}
