/** A page of several: a list of them beside the one that is open; on a phone the list comes first. */
import { h, later, View } from "./dom.js";
import { iconButton } from "./forms.js";
import { icon } from "./icons.js";
import { routePath } from "./route.js";
import { t } from "./words.js";

/**
 * `reads`: there may be nothing in it that takes the focus, so keys must reach what scrolls.
 * @typedef {{key: string, tag: keyof HTMLElementTagNameMap, icon: Parameters<typeof icon>[0], label: string, reads?: boolean}} Page
 */

export class PagesView extends View {
  /** The name of its route. @type {"settings" | "admin"} */ place = "settings";
  /** @type {Page[]} */ pages = [];
  /** What it is called, and what the way back to the list is. */ heading = "";
  back = "";
  /** @type {HTMLAnchorElement[]} */ #links = [];
  #title = h("h2", { tabIndex: -1 });
  #body = h("div", { class: "body" });
  #drawn = "";

  /** What stands above the list. @returns {Node | string} */
  above() {
    return "";
  }

  /** What stands below it: rows of a list. @returns {(Node | string)[]} */
  below() {
    return [];
  }

  setup() {
    this.classList.add("pages");
    this.addEventListener("click", this.#follow);
    this.#links = this.pages.map(({ key, icon: picture, label }) => h("a", { href: `#${key}` }, icon(picture), h("span", {}, t(label)), icon("right")));
    this.#drawn = "";
    this.append(
      h("nav", { "aria-label": t(this.heading) }, this.above(), h("ul", {}, ...this.#links.map((link) => h("li", {}, link))), h("ul", {}, ...this.below())),
      h("section", { class: "inside" }, h("header", {}, iconButton(t(this.back), "left", () => history.back()), this.#title), this.#body),
    );
    // Whoever opened the address of one page has no list to go back to.
    if (this.#page && history.state?.pages !== true) {
      const { hash } = location;
      history.replaceState(null, "", location.pathname);
      history.pushState({ pages: true }, "", hash);
    }
  }

  /** @param {string} topic */
  wants(topic) {
    return topic === "users" || topic === "route";
  }

  /** The page that the address names, if it names one. */
  get #page() {
    return this.pages.find(({ key }) => location.hash === `#${key}`);
  }

  render() {
    if (this.client.store.route.page !== this.place) return;
    const named = this.#page;
    const page = named ?? this.pages[0];
    const was = this.classList.contains("open");
    this.classList.toggle("open", Boolean(named));
    this.pages.forEach(({ key }, at) => {
      if (key === page.key) this.#links[at].setAttribute("aria-current", "page");
      else this.#links[at].removeAttribute("aria-current");
    });
    if (this.#drawn !== page.key) {
      this.#title.textContent = t(page.label);
      this.#body.replaceChildren(later(page.tag, { client: this.client }));
      this.#body.scrollTop = 0;
      if (page.reads) this.#body.tabIndex = 0;
      else this.#body.removeAttribute("tabindex");
    }
    if (this.#drawn && named && (this.#drawn !== page.key || !was)) this.#title.focus();
    if (was && !named) this.#links[this.pages.findIndex(({ key }) => key === this.#drawn)]?.focus();
    this.#drawn = page.key;
  }

  /** Goes to a page; its place in the address lets it be opened again, and left by the way back. @param {MouseEvent} event */
  #follow = (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const hash = link?.getAttribute("href") ?? "";
    if (!hash.startsWith("#") || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    // Between pages that stand side by side, the way back leads out of all of them.
    history[location.hash ? "replaceState" : "pushState"]({ pages: true }, "", hash);
    this.render();
  };
}

/** A row that leads to another place. @param {string} href @param {Parameters<typeof icon>[0]} picture @param {string} label @param {object} [more] */
export function pageLink(href, picture, label, more = {}) {
  return h("li", {}, h("a", { href, ...more }, icon(picture), h("span", {}, label), icon("right")));
}

/** A row that leads to another page of the client. @param {"settings" | "admin"} page @param {Parameters<typeof icon>[0]} picture @param {string} label */
export function routeLink(page, picture, label) {
  return pageLink(routePath({ page }), picture, label);
}
