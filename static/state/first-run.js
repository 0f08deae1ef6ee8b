/** The way through the first run: which step comes, and what an interrupted one goes on with. No DOM. */

/** @typedef {"account" | "instance" | "server" | "invite"} Step */

/** In their order. @type {readonly Step[]} */
export const STEPS = ["account", "instance", "server", "invite"];

/** The step behind this one; null behind the last. @param {Step} step @returns {Step | null} */
export function after(step) {
  return STEPS[STEPS.indexOf(step) + 1] ?? null;
}

/**
 * Where to go on: nobody is asked twice for what is done.
 * @param {string | null} kept the step that this browser remembers
 * @param {{signedIn: boolean, server: boolean}} done whether there is an account, and a server of one's own
 * @returns {Step}
 */
export function resumeAt(kept, { signedIn, server }) {
  if (!signedIn) return "account";
  if (server) return "invite";
  return kept === "server" || kept === "invite" ? "server" : "instance";
}

/** The server that was made: the first one of one's own. @param {import("./store.js").Store} store */
export function ownServer({ servers, user }) {
  return [...servers.values()].find(({ owner_id: owner }) => owner === user?.user_id) ?? null;
}

/**
 * A link of one's own that may still be sent to everybody: the latest, so that looking at this step again uses up none.
 * @param {import("../types.js").OwnInvite[]} invites @param {string | undefined} userId
 */
export function usableInvite(invites, userId) {
  const own = invites.filter(({ inviter, max_uses: most }) => inviter.user_id === userId && most === null);
  return own.reduce((latest, one) => (!latest || one.created_at > latest.created_at ? one : latest), /** @type {typeof own[number] | null} */ (null));
}
