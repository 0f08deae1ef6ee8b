/** What this browser remembers, as far as it is allowed to: private windows and full disks make it forget. */

/** @param {string} name @returns {string | null} */
export function remembered(name) {
  try {
    return localStorage.getItem(`chatd.${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string | null} value null forgets it */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(`chatd.${name}`);
    else localStorage.setItem(`chatd.${name}`, value);
  } catch {
    // It holds for this visit.
  }
}

/** Forgets everything whose name begins so. @param {string} beginning */
export function forget(beginning) {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(`chatd.${beginning}`)) localStorage.removeItem(key);
  } catch {
    // There is nothing to forget.
  }
}

/** What keeps messages and their files; fetched when it is first needed. @param {string} name */
export async function openKeeper(name) {
  const [{ Shelf }, { Tabs }, { Keeper }] = await Promise.all([import("./shelf.js"), import("./tabs.js"), import("../state/keeper.js")]);
  return new Keeper({ shelf: new Shelf(name), tabs: new Tabs(name) });
}
