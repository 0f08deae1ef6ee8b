/** What stands in the address bar, and back. */

/** Modules are served from `{base}/assets/{hash}/lib/`: so the base path needs neither configuration nor `<base>`. */
export const base = new URL("../../../", import.meta.url);

/**
 * @param {string} pathname
 * @param {string} [root] the base's path, with its trailing slash
 * @returns {import("../types.js").Route}
 */
export function parseRoute(pathname, root = base.pathname) {
  const rest = pathname.startsWith(root) ? pathname.slice(root.length) : "";
  const invite = /^invite\/([\w-]+)$/.exec(rest);
  if (invite) return { page: "invite", code: invite[1] };
  if (rest === "settings" || rest === "admin") return { page: rest };
  const channel = /^channels\/(@me|\d+)\/(\d+)(?:\/(\d+))?$/.exec(rest);
  if (!channel) return { page: "home" };
  const [, server, id, message] = channel;
  return { page: "channel", server: server === "@me" ? null : server, channel: id, ...(message && { message }) };
}

/**
 * @param {import("../types.js").Route} route
 * @param {string} [root]
 */
export function routePath(route, root = base.pathname) {
  if (route.page === "invite") return `${root}invite/${route.code}`;
  if (route.page === "home") return root;
  if (route.page !== "channel") return root + route.page;
  return `${root}channels/${route.server ?? "@me"}/${route.channel}${route.message ? `/${route.message}` : ""}`;
}

/**
 * The code in whatever somebody pastes: a link of any server, a path, or the bare code.
 * @param {string} text
 */
export function inviteCode(text) {
  return /([\w-]+)\/?$/.exec(text.trim().replace(/[?#].*$/, ""))?.[1] ?? "";
}
