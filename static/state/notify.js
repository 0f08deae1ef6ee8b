/** Which messages are worth a notice: by what they are, and by what the reader set for server and channel. No DOM. */

/**
 * In the shared settings `levels` has a level per server, `muted` the muted channels, each as a key with `true`.
 * @typedef {"all" | "mentions" | "none"} Level
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("./store.js").Store} Store
 */

/** @type {Level[]} */
export const LEVELS = ["all", "mentions", "none"];

/** What another client wrote there may be anything. @param {Store} store @param {string} name @param {string} key @returns {unknown} */
function setting(store, name, key) {
  const group = /** @type {any} */ (store.settings[name]);
  return typeof group === "object" && group !== null && Object.hasOwn(group, key) ? group[key] : undefined;
}

/** Of which messages in a server one is told. @param {string} serverId @param {Store} store @returns {Level} */
export function level(serverId, store) {
  const set = /** @type {Level} */ (setting(store, "levels", serverId));
  return LEVELS.includes(set) ? set : "mentions";
}

/** @param {string} channelId @param {Store} store */
export function isMuted(channelId, store) {
  return setting(store, "muted", channelId) === true;
}

/** The change of the shared settings that sets a server's level. @param {string} serverId @param {Level} level */
export function levelChange(serverId, level) {
  return { levels: { [serverId]: level === "mentions" ? null : level } };
}

/** The change of the shared settings that mutes a channel, or no longer does. @param {string} channelId @param {boolean} muted */
export function muteChange(channelId, muted) {
  return { muted: { [channelId]: muted || null } };
}

/** Direct messages, and what names the reader. @param {Message} message @param {Store} store */
export function forMe(message, store) {
  const channel = store.channels.get(message.channel_id);
  if (!channel) return false;
  const roles = store.servers.get(channel.server_id ?? "")?.member.roles ?? [];
  return channel.server_id === null || message.mention_everyone || message.mentions.includes(store.user?.user_id ?? "")
    || message.mention_roles.some((role) => roles.includes(role));
}

/** Whether a message is worth a notice, wherever its reader looks. @param {Message} message @param {Store} store */
export function wants(message, store) {
  const channel = store.channels.get(message.channel_id);
  if (!channel || message.author.user_id === store.user?.user_id || isMuted(channel.channel_id, store)) return false;
  const set = channel.server_id === null ? "mentions" : level(channel.server_id, store);
  return set === "all" || (set === "mentions" && forMe(message, store));
}
