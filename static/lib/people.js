/** Reaching people. */

/**
 * Opens the conversation with somebody, an old one or a new one.
 * @param {import("../types.js").Client} client @param {string} userId
 */
export async function writeTo(client, userId) {
  const channel = await client.api.request("POST", "users/@me/dm-channels", { recipient_id: userId });
  await client.store.until(() => client.store.channels.has(channel.channel_id));
  client.go({ page: "channel", server: null, channel: channel.channel_id });
}
