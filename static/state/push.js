/** Being told by push: whether it can be here, and what of it the shared settings hold. No DOM. */

/**
 * `on`, or why it is not: not yet; forbidden to the page; the address is no https; only for what stands on the home
 * screen; the browser cannot; the server does not offer it.
 * @typedef {"on" | "off" | "blocked" | "insecure" | "install" | "unable" | "unoffered"} PushState
 * @typedef {{from: string, to: string, zone: string}} Quiet
 */

/**
 * @param {object} facts
 * @param {boolean} facts.offered by the server
 * @param {boolean} facts.secure whether the page is
 * @param {boolean} facts.able whether the browser knows push
 * @param {boolean} facts.apple whether it is an iPhone or iPad
 * @param {boolean} facts.installed whether the page was opened from the home screen
 * @param {string} facts.permission
 * @param {boolean} facts.subscribed
 * @returns {PushState}
 */
export function pushState({ offered, secure, able, apple, installed, permission, subscribed }) {
  if (!offered) return "unoffered";
  if (!secure) return "insecure";
  if (!able) return apple && !installed ? "install" : "unable";
  if (permission === "denied") return "blocked";
  return subscribed && permission === "granted" ? "on" : "off";
}

/** What this browser remembers of its subscription: whose, which, and where. @param {string | null} text */
export function parseMark(text) {
  const [user, id, endpoint] = (text ?? "").split(" ");
  return user && id && endpoint ? { user, id, endpoint } : null;
}

/** @param {{user: string, id: string, endpoint: string}} mark */
export function markText({ user, id, endpoint }) {
  return `${user} ${id} ${endpoint}`;
}

/**
 * What is to be done when a page opens where push was on.
 * @param {{user: string, id: string, endpoint: string}} mark what is remembered
 * @param {object} now
 * @param {string} now.user
 * @param {string | null} now.endpoint where the browser is subscribed, if it is
 * @param {string[]} now.ids that the server has
 * @param {string[]} now.gone that push services did not know any more
 * @returns {"nothing" | "renew" | "replace" | "end"}
 */
export function mend(mark, { user, endpoint, ids, gone }) {
  if (mark.user !== user) return "end";
  // The browser has another subscription, or lost it: the worker could not tell the server.
  if (endpoint !== mark.endpoint) return "renew";
  if (ids.includes(mark.id)) return "nothing";
  // By its push service, which will not take it again; or on another device, where somebody did not want it any more.
  return gone.includes(mark.id) ? "replace" : "end";
}

const HOUR = /^([01]\d|2[0-3]):[0-5]\d$/;

/** The hours in which one is told of nothing. What another client wrote there may be anything. @param {Record<string, any>} settings @returns {Quiet | null} */
export function quietOf({ quiet }) {
  const { from, to, zone } = typeof quiet === "object" && quiet !== null ? quiet : {};
  if (!HOUR.test(from) || !HOUR.test(to) || from === to) return null;
  return { from, to, zone: typeof zone === "string" ? zone : "" };
}

/**
 * The change that sets them, as hours of this device's clock.
 * @param {{from: string, to: string} | null} hours @param {string} zone @param {number} offset minutes before UTC
 */
export function quietChange(hours, zone, offset) {
  return { quiet: hours && { from: hours.from, to: hours.to, zone, offset_minutes: offset } };
}

/** Whether pushes say what was written. @param {Record<string, any>} settings */
export function saysContent({ push }) {
  return push?.content !== false;
}
