/** How the instance is: what wants attention first, then the figures. Asked for when one looks, not by a clock. */
import { agoText, durationText, millisecondsText, numberText, percentText } from "../../lib/amounts.js";
import { h, View } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { clockText, fullText, listText, sizeText } from "../../lib/text.js";
import { has, problemText, t } from "../../lib/words.js";
import { used, worstFirst } from "../../state/administration.js";

/** @typedef {import("../../types.js").Finding} Finding */
/** @typedef {import("../../types.js").Health} Health */

/** @type {Record<Finding["severity"], Parameters<typeof icon>[0]>} */
const PICTURES = { error: "ban", warning: "warning", notice: "info" };

class AdminHealth extends View {
  #told = h("p", { class: "hint", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #again = h("button", { class: "plain", onclick: () => this.#load() }, icon("retry"), t("health.refresh"));
  #findings = h("section", { "aria-labelledby": "health-findings" });
  #figures = h("div", {});
  /** Counts what was asked for: a late answer to an earlier question is dropped. */ #asked = 0;

  setup() {
    this.append(h("div", { class: "when" }, this.#told, this.#again), this.#problem, this.#findings, this.#figures);
    const looks = () => { if (!document.hidden) this.#load(); };
    document.addEventListener("visibilitychange", looks);
    this.atEnd(() => document.removeEventListener("visibilitychange", looks));
    this.#findings.hidden = true;
    this.#load();
  }

  async #load() {
    const asked = (this.#asked += 1);
    this.#problem.textContent = "";
    this.#told.textContent = t("admin.loading");
    this.#again.setAttribute("aria-disabled", "true");
    try {
      const health = await this.client.api.request("GET", "admin/health");
      if (asked !== this.#asked) return;
      this.#draw(health);
      this.#told.textContent = t("health.as_of", { time: clockText(new Date()) });
    } catch (error) {
      if (asked !== this.#asked) return;
      // What was known before stays, with its time.
      this.#told.textContent = "";
      this.#problem.textContent = problemText(error);
    }
    this.#again.removeAttribute("aria-disabled");
  }

  /** @param {Health} health */
  #draw(health) {
    this.#findings.hidden = false;
    this.#findings.replaceChildren(
      h("h3", { id: "health-findings" }, t("health.findings")),
      health.findings.length
        ? h("ul", { class: "findings" }, ...worstFirst(health.findings).map((finding) => this.#finding(finding)))
        : h("p", { class: "fine" }, icon("check"), t("health.fine")),
    );
    this.#figures.replaceChildren(this.#backup(health), this.#disk(health), this.#machine(health), this.#work(health), this.#people(health), this.#program(health));
  }

  /** @param {Finding} finding */
  #finding({ severity, code, text, advice }) {
    const name = `finding.${code}`;
    // The server says it in English: what this client does not know yet, and figures.
    const said = (/** @type {string} */ kind, /** @type {string} */ sentence) => h("p", { class: kind, lang: "en" }, sentence);
    return h("li", { class: severity }, icon(PICTURES[severity]),
      h("div", {}, h("p", { class: "severity" }, t(`severity.${severity}`)),
        has(name) && h("p", { class: "what" }, t(name)), (!has(name) || /\d/u.test(text)) && said(has(name) ? "detail" : "what", text),
        has(`${name}.advice`) ? h("p", { class: "advice" }, t(`${name}.advice`)) : said("advice", advice)));
  }

  /** @param {string} title @param {(Node | false | null)[]} rows @param {Node | string} [below] */
  #section(title, rows, below = "") {
    return h("section", {}, h("h3", {}, t(title)), h("dl", { class: "facts" }, ...rows), below);
  }

  /** @param {string} name @param {string | null | undefined} value @param {Node | string} [more] */
  #fact(name, value, more = "") {
    return h("div", {}, h("dt", {}, t(name)), h("dd", {}, value ?? t("health.unknown"), more));
  }

  /** @param {Health} health */
  #backup({ backup: { folder, last_proven_at: proven, age_s: age, last_error: failed } }) {
    const last = proven ? `${age === null ? "" : `${agoText(age)}, `}${fullText(new Date(proven))}` : t("health.no_backup");
    return this.#section("health.backup", [
      this.#fact("health.last_proven", last),
      this.#fact("health.folder", folder ?? t("health.backups_off")),
      failed !== null && this.#fact("health.last_error", failed),
    ]);
  }

  /** @param {Health} health */
  #disk({ disk }) {
    const share = used(disk);
    const size = (/** @type {number | null} */ bytes) => (bytes === null ? null : sizeText(bytes));
    const meter = h("progress", { max: 1, value: share, "aria-label": t("health.disk_used") });
    return this.#section("health.disk", [
      this.#fact("health.free", t("health.free_of", { free: sizeText(disk.free_bytes), total: sizeText(disk.total_bytes), share: percentText(share) }), meter),
      this.#fact("health.database", size(disk.database_bytes)),
      this.#fact("health.log", size(disk.log_bytes)),
      this.#fact("health.files", size(disk.files_bytes)),
      this.#fact("health.backups", size(disk.backups_bytes)),
    ]);
  }

  /** @param {Health} health */
  #machine({ memory_bytes: memory, load }) {
    const busy = load && t("health.load_of", { load: numberText(load.one_minute, { maximumFractionDigits: 2 }), count: load.cores });
    return this.#section("health.machine", [this.#fact("health.memory", memory === null ? null : sizeText(memory)), this.#fact("health.load", busy)]);
  }

  /** @param {Health} health */
  #work({ sync, pressure }) {
    const time = (/** @type {number | null} */ ms) => (ms === null ? null : millisecondsText(ms));
    const names = pressure.given_up.map((name) => (has(`given_up.${name}`) ? t(`given_up.${name}`) : name));
    return this.#section("health.work", [
      this.#fact("health.sync_p50", time(sync.p50_ms)),
      this.#fact("health.sync_p99", time(sync.p99_ms)),
      this.#fact("health.sync_max", time(sync.max_ms)),
      this.#fact("health.sync_count", numberText(sync.count)),
      this.#fact("health.late", millisecondsText(pressure.late_ms)),
      this.#fact("health.given_up", names.length ? listText(names) : t("health.nothing")),
    ], h("p", { class: "hint" }, t("health.work_hint")));
  }

  /** @param {Health} health */
  #people({ users, online, gateways, connections, servers, messages_approximate: messages }) {
    return this.#section("health.people", [
      this.#fact("health.online", t("health.online_of", { online, users })),
      this.#fact("health.gateways", numberText(gateways)),
      this.#fact("health.connections", numberText(connections)),
      this.#fact("health.servers", numberText(servers)),
      messages !== undefined && this.#fact("health.messages", t("health.about", { count: messages })),
    ]);
  }

  /** @param {Health} health */
  #program({ version, started_at: started, uptime_s: uptime }) {
    return this.#section("health.program", [
      this.#fact("health.version", version),
      this.#fact("health.uptime", durationText(uptime)),
      this.#fact("health.started", fullText(new Date(started))),
    ]);
  }
}

customElements.define("admin-health", AdminHealth);
