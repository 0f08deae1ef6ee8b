/** What is offered while somebody types `@ann`, `#gen` or `:smi`: a listbox that the text field stays the master of. */
import { h, part } from "../../lib/dom.js";
import { t } from "../../lib/words.js";

export class Completion {
  /** @type {import("./choices.js").Choices | null} */ #choices = null;
  /** What is written for a name that was chosen. @type {Map<string, string>} */ #tokens = new Map();
  element = h("ul", { class: "completion", id: "completion", role: "listbox", hidden: true, "aria-label": t("composer.suggestions") });

  /** @param {import("../../types.js").Client} client @param {HTMLTextAreaElement} area @param {() => import("../../types.js").Channel} channel @param {() => void} changed */
  constructor(client, area, channel, changed) {
    this.client = client;
    this.area = area;
    this.channel = channel;
    this.changed = changed;
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": "completion", "aria-expanded": "false" })) area.setAttribute(name, value);
    area.addEventListener("blur", () => this.close());
  }

  /** Looks at what stands before the caret. */
  async update() {
    if (!this.#choices && /[@#:]/.test(this.area.value)) {
      // Without the list one types names in full.
      const module = await part("message-composer", "choices").catch(() => null);
      if (module) this.#choices ??= new module.Choices(this);
    }
    this.#choices?.update();
  }

  close() {
    this.#choices?.close();
  }

  /** Whether the key was meant for the list. @param {KeyboardEvent} event */
  key(event) {
    return this.#choices?.key(event) ?? false;
  }

  /** A name was chosen: this is how it is shown, and what is sent for it. @param {string} shown @param {string} sent */
  note(shown, sent) {
    if (shown !== sent) this.#tokens.set(shown, sent);
  }

  /** The text as it is sent: names that were chosen become what the server understands. @param {string} text */
  spell(text) {
    let result = text;
    // The longest first: "@Ann" may be the beginning of "@Ann Berg".
    for (const [shown, sent] of [...this.#tokens].sort(([a], [b]) => b.length - a.length)) result = result.replaceAll(shown, sent);
    return result;
  }

  /** Writes a name at the caret. @param {string} shown @param {string} sent */
  insert(shown, sent) {
    this.note(shown, sent);
    const { selectionStart: start, selectionEnd: end, value } = this.area;
    const space = start > 0 && !/\s$/.test(value.slice(0, start)) ? " " : "";
    this.area.setRangeText(`${space}${shown} `, start, end, "end");
    this.changed();
  }
}
