/** As much of a document as `lib/dom.js` and `lib/render.js` use. */

class FakeElement {
  constructor(tag) {
    Object.assign(this, { tag, children: [], attributes: {}, listeners: {}, parent: null });
  }

  setAttribute(name, value) {
    this.attributes[name] = String(value);
    if (name === "class") this.className = String(value);
  }

  getAttribute(name) {
    return this.attributes[name] ?? null;
  }

  append(...children) {
    for (const child of children) {
      if (child instanceof FakeElement) child.parent = this;
      this.children.push(child);
    }
  }

  addEventListener(type, act) {
    (this.listeners[type] ??= []).push(act);
  }

  /** Also tells those above, as a real event does. */
  fire(type, event = { target: this, prevented: false, preventDefault() { this.prevented = true; } }) {
    for (const act of this.listeners[type] ?? []) act(event);
    this.parent?.fire(type, event);
    return event;
  }

  get textContent() {
    return this.children.map((child) => (child instanceof FakeElement ? child.textContent : child)).join("");
  }

  /** All elements with this tag, this one included. */
  all(tag) {
    const below = this.children.flatMap((child) => (child instanceof FakeElement ? child.all(tag) : []));
    return this.tag === tag ? [this, ...below] : below;
  }

  toString() {
    return `<${this.tag}>${this.children.join("")}</${this.tag}>`;
  }
}

globalThis.HTMLElement ??= FakeElement;
globalThis.document = { createElement: (tag) => new FakeElement(tag), createElementNS: (_space, tag) => new FakeElement(tag) };

/** An element around these children. */
export function around(children) {
  const element = new FakeElement("div");
  element.append(...children);
  return element;
}
