/** Making and keeping elements: createElement and text nodes, never markup from strings. */

import { remembered } from "./storage.js";
import { learnMore, t } from "./words.js";

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * A new element. Functions named `on…` listen, names with a dash and `class`, `role`, `for`, `href` are attributes,
 * everything else is a property; `null` and `undefined` are left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, properties = {}, ...children) {
  const element = /** @type {any} */ (document.createElement(tag));
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || ["class", "role", "for", "href"].includes(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

/** What is at work only once the chat is on the screen: keys, notices, menus. */
export async function late() {
  await learnMore();
  // What a message's menu does is there by then too, should the connection be lost.
  part("message-row", "acts").catch(() => {});
  const [shortcuts, notifications, press, push, focus] = await Promise.all([import("./shortcuts.js"), import("./notifications.js"),
    import("./press.js"), import("./follow-push.js"), import("./focus.js")]);
  return { ...shortcuts, ...notifications, ...press, ...push, ...focus };
}

const END_MS = 3_000;

/** Whoever signs out is told of nothing here any more. What hangs does not keep them. */
export async function endPush() {
  if (!remembered("push")) return;
  const end = import("./push.js").then((push) => push.endPush()).catch(() => {});
  await Promise.race([end, new Promise((over) => { setTimeout(over, END_MS); })]);
}

/** How all those look. @type {Promise<unknown> | null} */
let looks = null;

function sheet() {
  looks ??= new Promise((there, failed) => {
    const link = h("link", { rel: "stylesheet", href: new URL("../later.css", import.meta.url).href, onload: there });
    link.addEventListener("error", () => { looks = null; link.remove(); failed(new Error(link.href)); });
    document.head.append(link);
  });
  return looks;
}

/** Fetches the modules of elements that few need at once, and their looks. @param {...string} tags */
export function load(...tags) {
  // Components say things as their modules run: their words come first.
  return Promise.all([sheet(), learnMore()]).then(() => Promise.all(tags.map((tag) => import(`../components/${tag}/${tag}.js`))));
}

/** Fetches a part of an element that few need at once. @param {string} tag @param {string} name */
export async function part(tag, name) {
  await learnMore();
  return import(`../components/${tag}/${name}.js`);
}

/**
 * A question for the reader, to be told as "dialog" or "overlay" is.
 * @param {keyof typeof import("./dialogs.js")} name @param {...any} of what it is about
 * @returns {Promise<any>}
 */
export async function question(name, ...of) {
  await learnMore();
  const questions = /** @type {Record<string, Function>} */ (/** @type {unknown} */ (await import("./dialogs.js")));
  return questions[name](...of);
}

/**
 * Does something with a module that few need at once; says so if it cannot be had.
 * @template T @param {Promise<T>} coming @param {(module: T) => unknown} act
 */
export function once(coming, act) {
  const offline = () => document.dispatchEvent(new CustomEvent("toast", { detail: { text: t("problem.offline"), kind: "failed" } }));
  return coming.then(act, offline);
}

/**
 * Opens the menu of a channel or a server.
 * @param {import("../types.js").Client} client @param {Element} anchor @param {import("./place-menu.js").Place} place
 */
export function openPlaceMenu(client, anchor, place) {
  return once(learnMore().then(() => import("./place-menu.js")), ({ placeMenu }) => placeMenu(client, anchor, place));
}

/**
 * An element whose module is fetched at its first use: it stands in its place as soon as that is there.
 * @param {keyof HTMLElementTagNameMap} tag @param {Record<string, any>} properties
 * @param {Promise<unknown>} [when] before which it is not fetched: what matters more comes first
 */
export function later(tag, properties, when) {
  const place = h("div", { class: "later", "aria-busy": "true" });
  const failed = () => place.replaceChildren(h("p", { class: "problem", role: "alert" }, t("problem.offline")));
  Promise.resolve(when).then(() => load(tag)).then(() => place.replaceWith(h(tag, properties)), failed);
  return place;
}

const PAINT_MS = 100; // a few frames, also on a slow machine

/** What was drawn is on the screen; at once if nobody looks. @returns {Promise<void>} */
export function painted() {
  return new Promise((done) => { if (document.hidden) done(); else requestAnimationFrame(() => { setTimeout(done, PAINT_MS); }); });
}

/** @type {WeakMap<Element, Map<string, HTMLElement>>} */
const kept = new WeakMap();

/**
 * Makes the element's children stand for these items, in order. A child lives as long as its item's key does, so that
 * focus, selection and scroll position stay where they are.
 * @template I
 * @param {Element} parent whose children are all made here
 * @param {I[]} items
 * @param {(item: I) => string} key
 * @param {(item: I) => HTMLElement} make
 * @param {(child: any, item: I) => void} update
 */
export function reconcile(parent, items, key, make, update) {
  const before = kept.get(parent) ?? new Map();
  const now = new Map(items.map((item) => [key(item), before.get(key(item)) ?? make(item)]));
  for (const [id, child] of before) if (!now.has(id)) child.remove();
  let place = parent.firstElementChild;
  for (const item of items) {
    const child = /** @type {HTMLElement} */ (now.get(key(item)));
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  kept.set(parent, now);
}

/** A component that follows the store: `setup` once it is in the page, `render` then and after each change it wants. */
export class View extends HTMLElement {
  /** @type {import("../types.js").Client} */ client = /** @type {any} */ (null);
  /** @type {(() => void)[]} */ #ends = [];

  /** Which changes it draws. @param {import("../state/store.js").Topic} _topic @param {string} [_id] */
  wants(_topic, _id) {
    return false;
  }

  setup() {}

  render() {}

  /** Runs when the element leaves the page. @param {() => void} end */
  atEnd(end) {
    this.#ends.push(end);
  }

  connectedCallback() {
    this.replaceChildren();
    this.setup();
    this.atEnd(this.client.store.watch((topic, id) => { if (this.wants(topic, id)) this.render(); }));
    this.render();
  }

  disconnectedCallback() {
    for (const end of this.#ends.splice(0)) end();
  }

  /** Something for whoever is above. @param {string} type @param {unknown} [detail] */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
  }
}

/** A small look at a file that is not with the server yet, if it is a picture. @param {File} file */
export function preview(file) {
  if (!file.type.startsWith("image/")) return null;
  const url = URL.createObjectURL(file);
  const free = () => URL.revokeObjectURL(url);
  return h("img", { src: url, alt: "", onload: free, onerror: free });
}

/** A picture, or initials on a colour of their own. @param {string} id @param {string} name @param {string | null} url */
export function avatar(id, name, url) {
  const picture = h("span", { class: "avatar", "aria-hidden": "true" });
  if (url) {
    picture.append(h("img", { src: url, alt: "", loading: "lazy", decoding: "async", draggable: false }));
  } else {
    const initials = name.trim().split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? "");
    picture.textContent = initials.join("").toUpperCase();
    // 137.5° apart, neighbours never look alike.
    const turn = [...id].reduce((sum, digit) => (sum * 31 + Number(digit)) % 4093, 7);
    picture.style.setProperty("--hue", String(Math.round((turn * 137.5) % 360)));
  }
  return picture;
}
