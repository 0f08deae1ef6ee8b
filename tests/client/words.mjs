/** Every text of each language: what the first screen says, and the rest. */
import { readdirSync } from "node:fs";

const folder = new URL("../../static/strings/", import.meta.url);

export const FILES = Object.freeze({ first: "", later: "later/" });

/** @param {string} tag @param {string} part */
export async function words(tag, part) {
  return (await import(new URL(`${part}${tag}.js`, folder).href)).default;
}

/** @param {string} part */
export function tags(part) {
  return readdirSync(new URL(part || ".", folder)).filter((name) => name.endsWith(".js")).map((name) => name.slice(0, -3)).sort();
}

/** @param {string} tag */
async function all(tag) {
  return { ...await words(tag, FILES.first), ...await words(tag, FILES.later) };
}

export const english = await all("en");
export const german = await all("de");
