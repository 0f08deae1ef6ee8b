/** Addresses in a text: where they end, where they lead, and whether their words say otherwise. No DOM. */

/** Ends before `](`, so that the address in `[https://a.example](https://b.example)` is the text of a link. */
const BARE = /^https?:\/\/(?:[^\s<>"`\\|\]]|\](?!\())+/i;
/** What stands between the brackets of `[text](…)`: one level of brackets inside, and an IPv6 address as the host. */
const TARGET =
  /\(((?:https?:\/\/|mailto:)(?:\[[\da-f:.]+\])?[^\s<>()[\]"`\\]*(?:\([^\s<>()[\]"`\\]*\)[^\s<>()[\]"`\\]*)*)\)/iy;
/** A sentence's own punctuation, and closing marks of Markdown. */
const TRAILING = ".,:;!?'*_~。，、！？：；）」』】》”’…";

/** What shows nothing; between the letters of a name it would hide the name from us, not from the reader. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]/g;
/** What turns the order of letters round: `moc.elpmaxe` may be read as `example.com`. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/;
const NOT_HOST = /[^\p{L}\p{M}\p{N}.-]+/u;
/** What a name must end with to be a host's: letters behind a dot, or an IPv4 address. */
const HOST_END = /\.(?:xn--[a-z\d-]+|[\p{L}\p{M}]{2,})$|^\d+\.\d+\.\d+\.\d+$/iu;
/** Bytes in a host's name (RFC 1035); longer words are not looked at any closer. */
const HOST_MAX = 253;

/**
 * The address that begins a text, without the punctuation behind it; a closing bracket belongs to it if it opens it.
 * @param {string} text begins with `http://` or `https://`
 */
export function bareAddress(text) {
  const [whole = ""] = BARE.exec(text) ?? [];
  let round = whole.split("(").length - whole.split(")").length;
  let square = whole.split("[").length - whole.split("]").length;
  for (let end = whole.length; ; end -= 1) {
    const last = whole.charAt(end - 1);
    if (last === ")" && round < 0) round += 1;
    else if (last === "]" && square < 0) square += 1;
    else if (last === "" || !TRAILING.includes(last)) return whole.slice(0, end);
  }
}

/**
 * The `(address)` that stands at this place, for a link with a text of its own.
 * @param {string} text
 * @param {number} at
 * @returns {{address: string, end: number} | null}
 */
export function targetAt(text, at) {
  TARGET.lastIndex = at;
  const match = TARGET.exec(text);
  return match && { address: match[1], end: TARGET.lastIndex };
}

/** Only what a browser would open, and nothing that runs. @param {string} address @returns {URL | null} */
export function safeUrl(address) {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  return ["http:", "https:", "mailto:"].includes(url.protocol) ? url : null;
}

/** Whether a reader could see anything. @param {string} text */
export function visible(text) {
  return text.replace(INVISIBLE, "").trim() !== "";
}

/** The host that a link leads to; for mail the one of the address. @param {URL} url */
export function hostOf(url) {
  return url.protocol === "mailto:" ? plainHost(url.pathname.split("@").at(-1) ?? "") : plainHost(url.hostname);
}

/**
 * Whether the visible text names another host than the link leads to. It rather warns once too often ("Node.js").
 * @param {string} text
 * @param {URL} url
 */
export function misleads(text, url) {
  // Whoever writes https://bank.example@evil.example wants the wrong half to be read.
  if (url.username || url.password || TURNING.test(text)) return true;
  const words = text.replace(INVISIBLE, "").normalize("NFKC").replace(/[。｡．]/g, ".");
  const host = hostOf(url);
  return words.split(/\s+/).some((word) => {
    const named = namedHost(url.protocol === "mailto:" ? word.slice(word.lastIndexOf("@") + 1) : word);
    return named !== null && named !== host;
  });
}

/** The host that a word shows: an address has one, otherwise it is the first that could be one. @param {string} word */
function namedHost(word) {
  const address = word.replace(/^[^\p{L}\p{N}]+/u, "");
  const url = /^https?:\/\//i.test(address) ? safeUrl(bareAddress(address)) : null;
  if (url) return url.username ? url.href : hostOf(url); // an address is no host: with a name before it, it never fits
  for (const part of word.split(NOT_HOST)) {
    const name = part.length > HOST_MAX ? part : part.replace(/^[.-]+|[.-]+$/g, "");
    if (part.length > HOST_MAX ? part.includes(".") : HOST_END.test(name)) return plainHost(name);
  }
  return null;
}

/** As the browser writes it: lower case, punycode; `www.` makes no difference. @param {string} name */
function plainHost(name) {
  const host = URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : name.toLowerCase();
  return host.replace(/\.$/, "").replace(/^www\./, "");
}
