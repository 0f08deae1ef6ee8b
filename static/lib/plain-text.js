/** A message's tree as one line of plain words; and how mentions are called. No DOM. */

/**
 * @typedef {import("./markdown.js").Node} Node
 *
 * How a mention is called; with an address it is a link, with `act` a button.
 * @typedef {string | {label: string, href?: string, act?: (event: Event) => void}} Name
 *
 * Who and what is meant by an ID; null if the reader does not know it.
 * @typedef {{user(id: string): Name | null, role(id: string): Name | null, channel(id: string): Name | null}} Resolver
 */

/** Everything that is read and not part of the message. */
export const WORDS = {
  spoiler: "Spoiler", copy: "Copy code", unknownUser: "@unknown", unknownRole: "@unknown", unknownChannel: "#unknown",
};

/**
 * In one line, for what has no room for more: quotes of replies, notifications, announcements. Spoilers stay covered.
 * @param {Node[]} nodes
 * @param {{resolve: Resolver, words?: Partial<typeof WORDS>}} options
 */
export function plainText(nodes, { resolve, words = {} }) {
  const all = { ...WORDS, ...words };
  /** @type {(list: Node[]) => string} */
  const join = (list) => list.map((node) => {
    if (node.type === "text") return node.text;
    if (node.type === "code" || node.type === "code-block") return ` ${node.text} `;
    if (node.type === "spoiler") return ` (${all.spoiler}) `;
    if (node.type === "list") return node.items.map((item) => ` ${join(item)} `).join("");
    if (node.type === "quote") return ` ${join(node.children)} `;
    return "children" in node ? join(node.children) : mentionName(node, resolve, all).label;
  }).join("");
  return join(nodes).replace(/\s+/g, " ").trim();
}

/**
 * @param {Extract<Node, {type: "user" | "role" | "channel" | "everyone"}>} node
 * @param {Resolver} resolve
 * @param {typeof WORDS} words
 * @returns {Exclude<Name, string> & {unknown?: boolean}}
 */
export function mentionName(node, resolve, words) {
  if (node.type === "everyone") return { label: "@everyone" };
  const name = resolve[node.type](node.id);
  const unknown = { user: words.unknownUser, role: words.unknownRole, channel: words.unknownChannel }[node.type];
  if (name === null) return { label: unknown, unknown: true };
  const { label, ...rest } = typeof name === "string" ? { label: name } : name;
  return { ...rest, label: (node.type === "channel" ? "#" : "@") + label };
}
