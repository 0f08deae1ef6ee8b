/** Starts the client: who is it, what stands in the address bar, and which screen follows from both. */
import { Api, Problem } from "./lib/api.js";
import { applyAppearance } from "./lib/appearance.js";
import { endPush, h, late, later, load, painted, question } from "./lib/dom.js";
import { Gateway, retryDelay } from "./lib/gateway.js";
import { base, parseRoute, routePath } from "./lib/route.js";
import { forget, openKeeper, remember, remembered } from "./lib/storage.js";
import { upload } from "./lib/uploads.js";
import { choose, learn, problemText, t } from "./lib/words.js";
import { Blocks } from "./state/blocks.js";
import { History } from "./state/history.js";
import { Outbox } from "./state/outbox.js";
import { Settings } from "./state/settings.js";
import { Store } from "./state/store.js";
import "./components/channel-list/channel-list.js";
import "./components/chat-shell/chat-shell.js";
import "./components/message-composer/message-composer.js";
import "./components/message-row/message-row.js";
import "./components/message-timeline/message-timeline.js";
import "./components/server-rail/server-rail.js";

const KEEP_MS = 2_000;

/** What a link brought along behind `#`: a set-up code, or what a new password may be chosen with. It leaves the address bar at once. */
const brought = () => new URLSearchParams(location.hash.slice(1));
const [code, token] = ["setup", "reset"].map((name) => brought().get(name));
if (code !== null || token !== null) globalThis.history.replaceState(null, "", location.pathname);

/** Somebody got to where the address leads. @type {() => void} */
let arrived;
const arrival = new Promise((resolve) => { arrived = () => resolve(null); });
const api = new Api({ base });
/** Who is it? Asked while the words are on their way. @type {Promise<unknown> | null} */
let asked = api.refresh();
asked.catch(() => {}); // Whoever starts looks at it.

const language = choose([remembered("language") ?? "", ...navigator.languages]);
await learn(language);
document.documentElement.lang = language;

const store = new Store();
/** What an earlier page kept may wait for what one came for, but not for ever. */
const keep = async () => {
  if (signedIn) await Promise.race([shown(), new Promise((over) => { setTimeout(over, KEEP_MS); })]);
  return openKeeper(`chatd ${base.pathname}`);
};
const outbox = new Outbox({ api, store, upload: (...file) => upload(api, ...file), keep });
const history = new History({ api, store });
const settings = new Settings({ api, store });
const blocks = new Blocks({ api, store });
const gateway = new Gateway({
  base,
  token: () => api.token(),
  onEvent: (op, d) => store.apply(op, d),
  onState: (state) => {
    store.setConnection(state);
    if (state !== "ready") return;
    caughtUp();
    arrived();
  },
});
gateway.onRejected = () => api.refresh();
let signedIn = false;
let leaving = false;
/** Whether an account was just made, or signed in to, on the page of an invite: that is a yes to it. */
let accepted = false;
/** Whether the instance is being set up; what is done of it, this browser remembers. */
let settingUp = remembered("setup") !== null;
/** The latest channel of each server. @type {Map<string, string>} */
const visited = new Map();

/** @type {import("./types.js").Client} */
const client = { api, store, outbox, history, settings, blocks, gateway, installation: null, go, openServer, shown, signOut, leave };

/** @param {import("./types.js").Route} route @param {{replace?: boolean}} [options] */
function go(route, { replace = false } = {}) {
  const path = routePath(route);
  if (path !== location.pathname) globalThis.history[replace ? "replaceState" : "pushState"](null, "", path);
  arrive(route);
}

/** @param {import("./types.js").Route} route */
function arrive(route) {
  if (route.page === "channel") {
    visited.set(route.server ?? "@me", route.channel);
    remember("channel", routePath(route, "/"));
  }
  store.setRoute(route);
  draw();
}

/** @param {string} serverId */
function openServer(serverId) {
  const channels = store.channelsOf(serverId).filter((channel) => channel.type === "text");
  const channel = channels.find(({ channel_id: id }) => id === visited.get(serverId)) ?? channels[0];
  if (channel) return go({ page: "channel", server: serverId, channel: channel.channel_id });
  go({ page: "home" });
  store.setSection(serverId);
}

/** The connection stands: what waited is sent, what was missed is fetched, and whoever came by `/` gets to a channel. */
function caughtUp() {
  outbox.retryAll();
  if (store.route.page === "home" && store.section === "@me" && !visited.size) {
    const last = parseRoute(remembered("channel") ?? "/", "/");
    const [first] = store.servers.keys();
    if (last.page === "channel" && store.channels.has(last.channel)) return go(last, { replace: true });
    if (first) return openServer(first);
  }
  draw();
}

/** The network is back, or somebody looks at the page again: not a moment to wait longer. */
function tryAgain() {
  if (drawn === "unreachable") start();
  gateway.retryNow();
  if (store.connection === "ready") outbox.retryAll();
}

/** Asks first if something would be lost: with the user goes what this device has of theirs. */
async function signOut() {
  const count = await outbox.unsent();
  const end = () => leave(() => api.logout());
  if (!count) return end();
  ask(question("leaveUnsent", count, end));
}

/** @param {() => Promise<unknown>} end of the session */
async function leave(end) {
  leaving = true;
  try {
    await end();
  } catch (error) {
    leaving = false;
    // Who is signed out already need not be told that it did not work.
    if (!(error instanceof Problem) || error.status !== 401) throw error;
  }
  leaving = true;
  await outbox.clear();
  forget(`draft.${store.user?.user_id}.`);
  leaving = false;
  signedOut();
}

function signedOut() {
  gateway.stop();
  // The server's word that the session is over may come before everything is cleared away.
  if (leaving) return;
  for (const name of ["channel", "blocked", "setup"]) remember(name, null);
  // A new start is the surest way to keep nothing of one person for the next.
  const ended = endPush();
  if (signedIn) ended.then(() => location.assign(base));
  signedIn = settingUp = false;
  draw();
}

/** @param {boolean} whether the instance is to be set up */
function setUp(whether) {
  settingUp = whether;
  if (!whether) remember("setup", null);
  draw();
  if (signedIn) more();
}

function entered() {
  signedIn = true;
  gateway.start();
  draw();
  more();
}

/** What one came for is on the screen: now all else may come. */
function shown() {
  return arrival.then(() => store.shown()).then(painted);
}

/** Whether that below is there. */
let extra = false;

function more() {
  if (!extra && !settingUp) extras().catch(() => { extra = false; }); // The chat does without them.
}

/** What the first screen does not need: keys that mean something everywhere, and being told of messages. */
async function extras() {
  extra = true;
  await shown();
  const [{ installShortcuts, installPress, installPush, Focus, Notifier }] = await Promise.all([late(), load("toast-list")]);
  installShortcuts(client);
  installPress(client);
  installPush(client);
  new Focus(client).install();
  new Notifier({ store, go }).install();
  document.documentElement.dataset.ready = "true"; // Whoever drives the page by a program may begin.
}

/** @param {import("./types.js").Toast} toast */
function tell(toast) {
  // If it cannot be fetched, the row itself still says so.
  load("toast-list").then(() => document.dispatchEvent(new CustomEvent("toast", { detail: toast })), () => {});
}

/** @param {string} channelId @param {number} count */
function tellOld(channelId, count) {
  if (store.channel?.channel_id === channelId) return;
  const show = () => go({ page: "channel", server: store.channels.get(channelId)?.server_id ?? null, channel: channelId });
  tell({ text: t("outbox.asks", { count }), action: { label: t("outbox.show"), run: show } });
}

/** Puts something over the page. @param {Promise<{tag: keyof HTMLElementTagNameMap, [property: string]: any}> | {tag: keyof HTMLElementTagNameMap}} wanted */
async function overlay(wanted) {
  try {
    const { tag, ...properties } = await wanted;
    await load(tag);
    document.body.append(h(tag, properties));
  } catch {
    // Its module is still with the server.
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: t("problem.offline"), kind: "failed" } }));
  }
}

/** @param {Promise<import("./types.js").Dialog> | import("./types.js").Dialog} spec */
async function ask(spec) {
  overlay(Promise.resolve(spec).then((known) => ({ tag: "form-dialog", spec: known })));
}

let drawn = "";

/** Puts the right screen into the page, if another one is there. */
function draw() {
  const { route } = store;
  const invite = route.page === "invite" ? route.code : null;
  const screen = token ? "reset" : settingUp ? "setup" : !signedIn ? `sign-in ${invite}` : invite ? `invite ${invite}` : "chat";
  if (screen === drawn) return;
  drawn = screen;
  if (screen === "chat") return document.body.replaceChildren(h("chat-shell", { client }));
  const door = h("div", { class: "door-card" });
  document.body.replaceChildren(h("main", { class: "door" }, door));
  if (token) return door.append(later("reset-password", { client, token }));
  if (settingUp) return door.append(later("first-run", { client, code, onentered: entered, ondone: () => setUp(false) }));
  const entry = { client, invite, onentered: () => { accepted = true; entered(); }, onsetup: () => setUp(true) };
  // A dead invite opens no account; what is left is the ordinary door, whether its module is there yet or not.
  const gone = () => {
    Object.assign(entry, { invite: null, onentered: entered });
    door.querySelector("sign-in")?.replaceWith(h("sign-in", entry));
  };
  if (invite !== null) door.append(later("invite-card", { client, code: invite, accepted, class: signedIn ? "alone" : "", ongone: gone }));
  if (!signedIn) door.append(later("sign-in", entry));
  accepted = false;
}

let tries = 0;
let nextTry = 0;

/** @param {unknown} error */
async function unreachable(error) {
  nextTry = setTimeout(start, retryDelay(tries));
  tries += 1;
  // What stands there would be read out again at each try.
  if (drawn === "unreachable") return;
  drawn = "unreachable";
  const kept = h("p", { hidden: true }, t("outbox.kept_here"));
  document.body.replaceChildren(h("main", { class: "door" }, h("div", { class: "door-card empty", role: "alert" },
    h("h1", {}, t("problem.offline")),
    h("p", {}, error instanceof Problem && error.status ? problemText(error) : t("shell.check_connection")), kept,
    h("button", { class: "primary", onclick: start }, t("shell.try_again")))));
  kept.hidden = !await outbox.holds();
}

async function start() {
  clearTimeout(nextTry);
  // Whoever has no password to sign in with needs nothing else.
  if (token) return draw();
  try {
    await (asked ?? api.refresh());
    entered();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) signedOut();
    else unreachable(error);
  }
  asked = null;
}

/** Unread mentions and the place in the window's title: it is all one sees of a tab in the back. */
function title() {
  const count = [...store.channels.keys()].reduce((sum, id) => sum + store.mentions(id), 0);
  const { channel } = store;
  const place = channel ? `${channel.server_id ? "#" : ""}${store.channelName(channel)}` : "chatd";
  document.title = count ? `(${count}) ${place}` : place;
}

// Every link of ours is an ordinary link; those that lead into the client are followed without a reload.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  const route = parseRoute(url.pathname);
  if (url.origin !== location.origin || routePath(route) !== url.pathname) return;
  event.preventDefault();
  go(route);
});
// What stands over the page is asked for by events, so that its module is fetched when it is needed first.
document.addEventListener("dialog", (event) => { ask(/** @type {CustomEvent} */ (event).detail); });
document.addEventListener("overlay", (event) => {
  overlay(Promise.resolve(/** @type {CustomEvent} */ (event).detail).then((wanted) => ({ client, ...wanted })));
});
addEventListener("popstate", () => {
  if (brought().has("reset") || brought().has("setup")) location.reload();
  else arrive(parseRoute(location.pathname));
});
// It comes when the browser likes, and once; what it offers stands in the settings.
addEventListener("beforeinstallprompt", (event) => { event.preventDefault(); client.installation = event; });
addEventListener("appinstalled", () => { client.installation = null; });
addEventListener("online", tryAgain);
document.addEventListener("visibilitychange", () => { if (!document.hidden) tryAgain(); });
addEventListener("pagehide", () => outbox.closed());
addEventListener("beforeunload", (event) => { if (signedIn && outbox.atRisk) event.preventDefault(); });
store.watch((topic) => { if (!["typing", "presence", "messages", "sent", "uploads"].includes(topic)) title(); });
api.onSignedOut = signedOut;
outbox.onTold = tell;
outbox.onAsks = tellOld;

applyAppearance();
addEventListener("storage", () => applyAppearance()); // Another tab may have changed it.
store.setRoute(parseRoute(location.pathname));
start();
