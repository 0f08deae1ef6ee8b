/**
 * Writes `static/lib/emoji-data.js`. Run by hand when there are new emoji:
 *
 *   npm install --prefix /tmp/emoji-sources --ignore-scripts emojibase-data@17.0.0 gemoji@8.1.0
 *   node tests/client/emoji.mjs /tmp/emoji-sources
 *
 * emojibase-data (MIT) has Unicode's list in Unicode's order with CLDR's names, and JoyPixels' short names, which are
 * close to Discord's; gemoji (MIT) has GitHub's short names and a few well-chosen keywords.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The newest emoji that the systems of our oldest browsers can show. */
const VERSION_MAX = 15;
const GROUPS = ["smileys", "people", null, "nature", "food", "travel", "activities", "objects", "symbols", "flags"];
const TONE = "\u{1f3fd}";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node tests/client/emoji.mjs FOLDER, where both packages are installed");
const root = `${pathToFileURL(folder)}/node_modules/`;
const json = (path) => JSON.parse(readFileSync(new URL(`${root}emojibase-data/en/${path}`), "utf8"));
const { gemoji } = await import(`${root}gemoji/index.js`);

const bare = (emoji) => emoji.replaceAll("\ufe0f", "");
const fold = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "_");
const github = new Map(gemoji.map((one) => [bare(one.emoji), one]));
const joypixels = json("shortcodes/joypixels.json");

/** With a skin colour behind every part that takes one, as `withTone` in `lib/emoji.js` does it. */
const toned = (emoji) => emoji.replace(/(\p{Emoji_Modifier_Base})\ufe0f?/gu, `$1${TONE}`);
const takesTone = ({ emoji, skins = [] }) => skins.some((one) => one.emoji === toned(emoji));
/** Unicode's fully qualified form: emojibase puts a variation selector behind more than need one. */
const qualified = (emoji) => github.get(bare(emoji))?.emoji ?? emoji;

const taken = new Set();

function shortNames({ emoji, hexcode, label }) {
  const names = [...github.get(bare(emoji))?.names ?? []];
  const isFlag = /^[\u{1f1e6}-\u{1f1ff}]/u.test(emoji);
  if (!isFlag) names.push(...[joypixels[hexcode] ?? []].flat());
  const own = [...new Set(names)].filter((name) => !taken.has(name));
  if (own.length === 0) own.push(fold(label));
  for (const name of own) taken.add(name);
  return own;
}

function line(one) {
  const names = shortNames(one);
  const label = names[0] === fold(one.label) ? "" : one.label;
  const known = new Set(fold(`${one.label}_${names.join("_")}`).split("_"));
  const tags = (github.get(bare(one.emoji))?.tags ?? []).map((tag) => tag.replaceAll(" ", "_"));
  const keywords = tags.filter((tag) => !known.has(tag));
  const fields = [qualified(one.emoji) + (takesTone(one) ? "+" : ""), names.join(" "), label, keywords.join(" ")];
  return fields.join("|").replace(/\|+$/, "");
}

const groups = GROUPS.map(() => []);
for (const one of json("data.json").sort((a, b) => a.order - b.order)) {
  if (one.version <= VERSION_MAX && GROUPS[one.group]) groups[one.group].push(line(one));
}
const tables = GROUPS.map((name, at) => (name ? `  ${name}: \`${groups[at].join(";")}\`,\n` : "")).join("");
writeFileSync(new URL("../../static/lib/emoji-data.js", import.meta.url), `/**
 * Made by tests/client/emoji.mjs; do not edit. Unicode's emoji up to ${VERSION_MAX}.0 in its order, by group, with ";"
 * between them: emoji ("+": takes a skin colour) | short names | name, unless the first of them says it | keywords
 */
/** @type {Record<string, string>} */
export const GROUPS = {
${tables}};
`);
console.log(`${groups.flat().length} emoji`);
