/** What the client's modules meet in the tests instead of a browser and a server. */
import { Store } from "../../static/state/store.js";
import { OP } from "../../static/lib/ops.js";

/** A message of bob's, unless said otherwise. */
export function message(id, fields = {}) {
  return {
    message_id: id, channel_id: "10", author: person("2", "bob"), content: `message ${id}`, timestamp: "2025-05-11T12:00:00.000Z",
    edited_at: null, reply_to: null, mentions: [], mentioned_users: [], mention_roles: [], mention_everyone: false,
    attachments: [], reactions: [], pinned: false, ...fields,
  };
}

export function person(id, username) {
  return { user_id: id, username, display_name: null, avatar_url: null, bio: "", status: "online", created_at: "2025-05-11T12:00:00.000Z" };
}

export function channel(id, fields = {}) {
  return {
    channel_id: id, server_id: "5", type: "text", parent_id: null, name: `channel-${id}`, topic: "", position: 0,
    overrides: [], last_message_id: null, created_at: "2025-05-11T12:00:00.000Z", ...fields,
  };
}

/** CONNECTED for alice, with one server of two channels and one conversation with bob. */
export function connected(fields = {}) {
  const alice = person("1", "alice");
  return {
    session_id: "session", user: alice, settings: {}, presences: [{ user_id: "2", status: "idle" }],
    read_states: [{ channel_id: "10", message_id: "0", mentions: 0 }],
    dm_channels: [channel("20", { server_id: null, type: "dm", name: "", recipients: [alice, person("2", "bob")] })],
    servers: [{
      server_id: "5", name: "Book Club", description: "", icon_url: null, owner_id: "2", member_count: 2, created_at: "2025-05-11T12:00:00.000Z",
      roles: [{ role_id: "5", name: "everyone", color: 0, position: 0, permissions: ["view_channel", "send_messages"] }],
      permissions: ["view_channel", "send_messages"], member: { user: alice, server_id: "5", nickname: null, roles: [], joined_at: "2025-05-11T12:00:00.000Z" },
      channels: [channel("10"), channel("11", { position: 1 })],
    }],
    ...fields,
  };
}

/** A store after CONNECTED, with channel 10 on the screen. */
export function connectedStore() {
  const store = new Store();
  store.setRoute({ page: "channel", server: "5", channel: "10" });
  store.apply(OP.CONNECTED, connected());
  store.setTimeline("10", { loaded: true });
  return store;
}

/** A promise to be settled from outside. */
export function later() {
  const handle = {};
  handle.promise = new Promise((resolve, reject) => Object.assign(handle, { resolve, reject }));
  return handle;
}

/** Lets everything run that only waits for promises. */
export const settle = () => new Promise((done) => { setImmediate(done); });
