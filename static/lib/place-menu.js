/** What one may do with a channel, a conversation or a server, in a menu. */
import { channelLevel, channelLevelChange, level, levelChange, LEVELS, mutedUntil, muteChange, ownLevel } from "../state/notify.js";
import { createChannel, invitePeople } from "./dialogs.js";
import { openMenu } from "./menu.js";
import { timeText } from "./text.js";
import { problemText, t } from "./words.js";

/**
 * @typedef {import("../types.js").Channel} Channel
 * @typedef {import("../types.js").Client} Client
 * @typedef {import("../types.js").FullServer} FullServer
 * @typedef {import("./menu.js").Entry} Entry
 * @typedef {import("./menu.js").Item} Item
 * @typedef {{at?: {x: number, y: number} | null, pressed?: boolean}} Way where it was asked for, and whether a finger is still there
 * @typedef {{channel: string} | {server: string}} Place
 */

const MINUTE = 60_000;
/** For how long one may mute. @type {[string, number][]} */
const TIMES = [
  ["mute.minutes", 15 * MINUTE], ["mute.hour", 60 * MINUTE], ["mute.hours", 8 * 60 * MINUTE], ["mute.day", 24 * 60 * MINUTE],
];

/**
 * Opens the menu of a channel or a server.
 * @param {Client} client @param {Element} anchor @param {Place} place @param {Way} [way]
 */
export function placeMenu(client, anchor, place, way = {}) {
  const channel = "channel" in place ? client.store.channels.get(place.channel) : null;
  const server = "server" in place ? client.store.servers.get(place.server) : null;
  if (channel) new PlaceMenu(client, anchor, way).channel(channel);
  else if (server) new PlaceMenu(client, anchor, way).server(server);
}

/** @param {string} type @param {unknown} detail */
function tell(type, detail) {
  document.dispatchEvent(new CustomEvent(type, { detail }));
}

/** What went wrong is said where it stops nobody. @param {unknown} error */
function complain(error) {
  tell("toast", { text: problemText(error), kind: "failed" });
}

class PlaceMenu {
  /** @param {Client} client @param {Element} anchor @param {Way} way */
  constructor(client, anchor, { at = null, pressed = false }) {
    this.client = client;
    this.anchor = anchor;
    this.at = at;
    this.pressed = pressed;
  }

  /** @param {string} heading @param {Entry[]} entries @param {() => void} [back] */
  open(heading, entries, back) {
    openMenu(this.anchor, heading, entries, { at: this.at, heading, back, pressed: this.pressed });
    this.pressed = false; // What this one leads to is chosen by a tap.
  }

  /** @param {Channel} channel */
  channel(channel) {
    const { api, history, store } = this.client;
    const { channel_id: id, server_id: server } = channel;
    const name = server === null ? store.channelName(channel) : `#${channel.name}`;
    const own = () => this.channel(channel);
    this.open(name, [
      store.unread(id) && { label: t("channels.mark_read"), icon: "check", act: () => history.read(id) },
      "line",
      this.mute(id, name, own),
      channel.type !== "dm" && this.levels(channelLevel(channel, store), () => this.channelLevels(channel, own)),
      "line",
      ...(server === null ? this.conversation(channel, `channels/${id}`, api) : []),
    ]);
  }

  /** @param {FullServer} server */
  server(server) {
    const { api, store } = this.client;
    const { server_id: id, name } = server;
    const may = (/** @type {string} */ permission) => store.can(server, permission);
    const manages = ["manage_server", "manage_roles", "manage_channels", "kick_members", "ban_members"].some(may);
    const own = () => this.server(server);
    this.open(name, [
      may("create_invite") && { label: t("servers.invite"), icon: "invite", act: () => tell("overlay", invitePeople(id)) },
      may("manage_channels") && { label: t("channels.create"), icon: "plus", act: () => tell("dialog", createChannel(this.client, id)) },
      { label: manages ? t("servers.settings") : t("servers.about"), icon: "settings",
        act: () => tell("overlay", { tag: "server-settings", serverId: id }) },
      "line",
      { label: t("servers.mark_read"), icon: "check", act: () => api.request("PUT", `servers/${id}/read`).catch(complain) },
      this.mute(id, name, own),
      this.levels(level(id, store), () => this.serverLevels(id, own)),
    ]);
  }

  /** What one may do with a conversation. @param {Channel} channel @param {string} path @param {Client["api"]} api @returns {Entry[]} */
  conversation(channel, path, api) {
    const leave = async () => { await api.request("DELETE", path); };
    if (channel.type === "dm") return [{ label: t("conversation.hide"), icon: "close", act: () => leave().catch(complain) }];
    return [
      { label: t("conversation.rename"), icon: "edit", act: () => tell("dialog", {
        title: t("conversation.rename"), action: t("dialog.save"),
        fields: [{ name: "name", label: t("conversation.name"), value: channel.name, maxLength: 100 }],
        run: async (/** @type {Record<string, string>} */ { name }) => { await api.request("PATCH", path, { name }); },
      }) },
      { label: t("conversation.leave"), icon: "trash", danger: true, act: () => tell("dialog", {
        title: t("conversation.leave_title"), text: t("conversation.leave_text"), action: t("conversation.leave"), danger: true, run: leave,
      }) },
    ];
  }

  // ---- having it quiet

  /** @param {string} id @param {string} name @param {() => void} back @returns {Item} */
  mute(id, name, back) {
    const { store } = this.client;
    const until = mutedUntil(id, store);
    if (!until) return { label: t("mute.start"), icon: "bellOff", more: true, act: () => this.times(id, name, back) };
    const label = until === Infinity ? t("mute.end") : t("mute.end_before", { time: timeText(new Date(until)) });
    return { label, icon: "bell", act: () => this.set(muteChange(id, false, store)) };
  }

  /** @param {string} id @param {string} name @param {() => void} back */
  times(id, name, back) {
    const choose = (/** @type {number | true} */ length) => {
      const until = length === true ? length : Date.now() + length;
      const text = until === true ? t("mute.muted", { name }) : t("mute.muted_until", { name, time: timeText(new Date(until)) });
      this.set(muteChange(id, until, this.client.store), text);
    };
    this.open(t("mute.title", { name }), [
      ...TIMES.map(([key, length]) => ({ label: t(key), act: () => choose(length) })),
      { label: t("mute.forever"), act: () => choose(true) },
    ], back);
  }

  /** @param {import("../state/notify.js").Level} now @param {() => void} act @returns {Item} */
  levels(now, act) {
    return { label: t("notify.level", { level: t(`notify.${now}`) }), icon: "list", more: true, act };
  }

  /** @param {string} id @param {() => void} back */
  serverLevels(id, back) {
    const now = level(id, this.client.store);
    this.open(t("notify.title"), LEVELS.map((one) => (
      { label: t(`notify.${one}`), chosen: one === now, act: () => this.set(levelChange(id, one)) })), back);
  }

  /** A channel is as its server unless something else is chosen. @param {Channel} channel @param {() => void} back */
  channelLevels({ channel_id: id, server_id: server }, back) {
    const { store } = this.client;
    const now = ownLevel(id, store);
    const usual = server === null ? "all" : level(server, store);
    const as = t("notify.as_server", { level: t(`notify.${usual}`) });
    const item = (/** @type {string} */ label, /** @type {boolean} */ chosen, /** @type {import("../state/notify.js").Level | null} */ set) => (
      { label, chosen, act: () => this.set(channelLevelChange(id, set)) });
    // A conversation has no server to be like: what is usual stands for itself.
    const items = server === null ? LEVELS.map((one) => item(t(`notify.${one}`), one === (now ?? usual), one === usual ? null : one))
      : [item(as, now === null, null), ...LEVELS.map((one) => item(t(`notify.${one}`), one === now, one))];
    this.open(t("notify.title"), items, back);
  }

  /** @param {Record<string, unknown>} change @param {string} [done] what is said then */
  set(change, done) {
    this.client.settings.change(change).then(() => { if (done) tell("toast", { text: done }); }, complain);
  }
}
