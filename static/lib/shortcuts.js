/** What keys mean anywhere in the client. The one handler knows the page; what it decides by does not. */

/**
 * @typedef {"switcher" | "sheet" | "previous" | "next" | "previousUnread" | "nextUnread" | "read"} Act
 * @typedef {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean}} Stroke
 * @typedef {{over: boolean, field: "" | "text" | "choice", filled: boolean, mac: boolean}} State
 * `over`: a dialog or menu is open; `field`: what has the focus; `filled`: whether there is text in it
 */

/** What a key does now, if it is one of ours. @param {Stroke} stroke @param {State} state @returns {Act | null} */
export function meaning({ key, ctrlKey, metaKey, altKey, shiftKey }, { over, field, filled, mac }) {
  if (over) return null;
  const command = mac ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  if (command && !altKey) {
    if (key.toLowerCase() === "k" && !shiftKey) return "switcher";
    return key === "/" ? "sheet" : null; // On some keyboards the slash needs Shift.
  }
  if (ctrlKey || metaKey) return null;
  if (altKey && (key === "ArrowUp" || key === "ArrowDown")) {
    // There the browser opens a list, or goes from paragraph to paragraph.
    if (field === "choice" || (field === "text" && filled && mac)) return null;
    const up = key === "ArrowUp";
    return shiftKey ? (up ? "previousUnread" : "nextUnread") : up ? "previous" : "next";
  }
  return key === "Escape" && !altKey && !shiftKey ? "read" : null;
}

/**
 * The neighbour in a ring; from outside it the first or the last.
 * @template T @param {T[]} list @param {T | null} current @param {1 | -1} by @returns {T | null}
 */
export function neighbour(list, current, by) {
  if (!list.length) return null;
  const at = current === null ? -1 : list.indexOf(current);
  if (at < 0) return by > 0 ? list[0] : list[list.length - 1];
  return list[(at + by + list.length) % list.length];
}

/** @param {import("../state/store.js").Store} store */
function listed(store) {
  const texts = (/** @type {string} */ server) => store.channelsOf(server).filter(({ type }) => type !== "category");
  const here = store.servers.has(store.section) ? texts(store.section) : store.directChannels();
  const all = [...store.directChannels(), ...[...store.servers.keys()].flatMap(texts)];
  return { here, all };
}

/**
 * The channel that a key leads to: the neighbour in the list on the screen, or of all the next with news.
 * @param {import("../state/store.js").Store} store @param {Act} act
 */
export function destination(store, act) {
  const { here, all } = listed(store);
  const by = act.startsWith("next") ? 1 : -1;
  const current = store.channel?.channel_id ?? null;
  const news = act.endsWith("Unread");
  const some = news ? all.filter(({ channel_id: id }) => id === current || store.news(id) || store.mentions(id)) : here;
  const id = neighbour(some.map((channel) => channel.channel_id), current, by);
  return id === null || id === current ? null : store.channels.get(id) ?? null;
}

/** @param {Element | null} focus @returns {Pick<State, "field" | "filled">} */
function fieldOf(focus) {
  if (focus instanceof HTMLTextAreaElement) return { field: "text", filled: focus.value !== "" };
  if (focus instanceof HTMLInputElement) {
    const choice = ["date", "time", "datetime-local", "number", "month", "week", "range", "radio", "color"].includes(focus.type);
    return { field: choice ? "choice" : "text", filled: focus.value !== "" };
  }
  if (focus instanceof HTMLElement && focus.isContentEditable) return { field: "text", filled: focus.textContent !== "" };
  return { field: focus instanceof HTMLSelectElement ? "choice" : "", filled: false };
}

/** Whether the computer is one of Apple's: there Cmd is what Ctrl is elsewhere. */
export const mac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

/** Listens from now on. @param {import("../types.js").Client} client @returns {() => void} ends it */
export function installShortcuts(client) {
  const heard = (/** @type {KeyboardEvent} */ event) => {
    if (event.defaultPrevented || event.isComposing || !client.store.ready) return;
    const over = document.querySelector("dialog[open], [popover]:not(.toasts):popover-open") !== null;
    const act = meaning(event, { over, mac, ...fieldOf(document.activeElement) });
    if (!act) return;
    if (act !== "read") event.preventDefault();
    run(client, act);
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}

/** @param {import("../types.js").Client} client @param {Act} act */
function run({ store, history, go }, act) {
  const over = (/** @type {string} */ tag) => document.dispatchEvent(new CustomEvent("overlay", { detail: { tag } }));
  if (act === "switcher") over("quick-switcher");
  else if (act === "sheet") over("shortcut-sheet");
  else if (act === "read") {
    if (store.channel) history.read(store.channel.channel_id);
  } else {
    const channel = destination(store, act);
    if (channel) go({ page: "channel", server: channel.server_id, channel: channel.channel_id });
  }
}
