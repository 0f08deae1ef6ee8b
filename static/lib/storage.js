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
