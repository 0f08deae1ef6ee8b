/** What administrators see and may do: people, the instance's settings, its findings. The server decides. No DOM. */

/**
 * @typedef {import("../types.js").AdminUser} AdminUser
 * @typedef {import("../types.js").Finding} Finding
 * @typedef {import("../types.js").InstanceSettings} InstanceSettings
 */

// ---- people

/** A list with one more page; who is in both is there once, as the page has them. @param {AdminUser[]} known @param {AdminUser[]} page */
export function withPage(known, page) {
  const news = new Map(page.map((user) => [user.user_id, user]));
  const kept = known.map((user) => news.get(user.user_id) ?? user);
  return [...kept, ...page.filter(({ user_id: id }) => !known.some((user) => user.user_id === id))];
}

/** A list with one of its people as they are now. @param {AdminUser[]} known @param {AdminUser} changed */
export function withUser(known, changed) {
  return known.map((user) => (user.user_id === changed.user_id ? changed : user));
}

/**
 * What may be done about somebody. One's own account has its settings for the rest; a closed one is gone.
 * @param {AdminUser} user @param {string | undefined} ownId
 */
export function actsOn(user, ownId) {
  const self = user.user_id === ownId;
  const other = !self && !user.closed;
  return {
    enable: other && user.disabled,
    disable: other && !user.disabled,
    makeAdmin: other && !user.is_admin && !user.disabled,
    unmakeAdmin: !user.closed && user.is_admin,
    resetLink: other && !user.disabled,
    signOut: other && user.sessions > 0,
  };
}

// ---- the instance's settings

const UNITS = /** @type {const} */ ([["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]);
/** Their names, the largest first. */
export const BYTE_UNITS = UNITS.map(([name]) => name);
/** Settings that are counted in bytes. */
export const SIZES = ["upload_bytes", "user_files_bytes"];
const DECIMALS = 2;

/** Bytes as an amount of the largest unit that says them in few digits. @param {number} bytes */
export function splitBytes(bytes) {
  const round = (/** @type {number} */ amount) => Number(amount.toFixed(DECIMALS));
  const [unit, size] = UNITS.find(([, size]) => bytes >= size && round(bytes / size) * size === bytes) ?? UNITS.find(([, size]) => bytes >= size) ?? UNITS[2];
  return { amount: round(bytes / size), unit: /** @type {string} */ (unit) };
}

/** @param {number} amount @param {string} unit */
export function joinBytes(amount, unit) {
  return Math.round(amount * (UNITS.find(([name]) => name === unit)?.[1] ?? 1));
}

/** What of a form is another value than what counts now. @param {InstanceSettings} known @param {Record<string, string | number>} wanted */
export function changes(known, wanted) {
  const same = (/** @type {string} */ key, /** @type {string | number} */ value) => {
    const now = known[key]?.value;
    if (!SIZES.includes(key) || typeof now !== "number") return now === value;
    // Whoever did not touch it did not mean to round it.
    const { amount, unit } = splitBytes(now);
    return joinBytes(amount, unit) === value;
  };
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => !same(key, value)));
}

// ---- health

const SEVERITIES = ["error", "warning", "notice"];

/** Worst first, else as the server has them. @param {Finding[]} findings */
export function worstFirst(findings) {
  return [...findings].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/** How much of a whole is used, from 0 to 1. @param {{free_bytes: number, total_bytes: number}} disk */
export function used({ free_bytes: free, total_bytes: total }) {
  return total > 0 ? Math.min(1, Math.max(0, 1 - free / total)) : 0;
}
