/** Invite links: where they lead, how long they last, and how they are copied. */
import { base } from "./route.js";
import { t } from "./words.js";

const HOUR = 3600;
const DAY = 24 * HOUR;
export const DEFAULT_EXPIRY = String(7 * DAY);

/** How long a link works, in seconds; empty is for ever. @returns {[string, string][]} */
export function expiries() {
  const hours = (/** @type {number} */ count) => /** @type {[string, string]} */ ([String(count * HOUR), t("invite.hours", { count })]);
  const days = (/** @type {number} */ count) => /** @type {[string, string]} */ ([String(count * DAY), t("invite.days", { count })]);
  return [hours(1), hours(12), days(1), days(7), days(30), ["", t("invite.forever")]];
}

/** How many may join by it; empty is everybody. @returns {[string, string][]} */
export function uses() {
  return [
    ["", t("invite.unlimited")],
    ...[1, 5, 10, 25, 100].map((count) => /** @type {[string, string]} */ ([String(count), t("invite.people", { count })])),
  ];
}

/** @param {{url: string}} invite whose URL may be a path of the server's */
export function linkOf({ url }) {
  return new URL(url, base).href;
}

/** Copies the text of a field; on plain http, where there is no clipboard API, as old pages do. @param {HTMLInputElement} input */
export async function copyFrom(input) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    document.execCommand("copy");
  }
}
