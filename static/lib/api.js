/** REST: JSON over fetch. The access token lives in memory, the refresh token in a cookie that scripts cannot read. */

/** What went wrong, as the server's problem document (RFC 9457) says it; status 0 if there was no answer. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, detail?: string, title?: string, errors?: Record<string, string>}} [document]
   * @param {number} [retryAfterS] seconds
   */
  constructor(status, document = {}, retryAfterS = 0) {
    super(document.detail ?? document.title ?? (status ? `The server answered ${status}.` : "The server cannot be reached."));
    this.status = status;
    this.code = document.code ?? (status ? "unknown" : "offline");
    this.errors = document.errors ?? {};
    this.retryAfterS = retryAfterS;
  }
}

/**
 * Where a `Link` header says that a list goes on, as a path below the API's root.
 * @param {string | null} link @param {URL} root
 */
export function nextPage(link, root) {
  const target = /<([^>]+)>;\s*rel="?next"?/.exec(link ?? "")?.[1];
  if (!target) return null;
  const url = new URL(target, root);
  return url.pathname.startsWith(root.pathname) ? url.pathname.slice(root.pathname.length) + url.search : null;
}

/** Whose access token it is. @param {string} token */
function subject(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).sub ?? "";
  } catch {
    return "";
  }
}

export class Api {
  /** @type {{token: string, expires: number} | null} */
  #access = null;
  /** Whose page this is. */ #user = "";
  /** @type {Promise<void> | null} */
  #refreshing = null;
  /** Called once when the session has ended; the client must sign in again. */
  onSignedOut = () => {};

  /** @param {{base: URL, fetch?: typeof fetch, locks?: {request: Function} | null, now?: () => number}} options */
  constructor({ base, fetch = globalThis.fetch.bind(globalThis), locks = globalThis.navigator?.locks ?? null, now = Date.now }) {
    this.root = new URL("api/rest/", base);
    this.fetch = fetch;
    this.locks = locks;
    this.now = now;
  }

  /**
   * @param {string} method
   * @param {string} path below `/api/rest/`, without a leading slash
   * @param {unknown} [body]
   * @returns {Promise<any>} the JSON, or null if there is none
   */
  async request(method, path, body) {
    return (await this.#signed(method, path, body)).data;
  }

  /**
   * One page of a list that goes on.
   * @param {string} path @returns {Promise<{items: any[], next: string | null}>} and the path of the next one, if there is one
   */
  async page(path) {
    const { data, link } = await this.#signed("GET", path);
    return { items: data, next: nextPage(link, this.root) };
  }

  /** With a token, and once more if that was not good. @param {string} method @param {string} path @param {unknown} [body] */
  async #signed(method, path, body) {
    const token = await this.token();
    try {
      return await this.#send(method, path, body, token);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      // The clock may differ from the server's, or the machine slept: the token's own lifetime proves nothing.
      if (this.#access?.token === token) this.#access = null;
      return this.#send(method, path, body, await this.token());
    }
  }

  /** The same without a token: for what a stranger may ask, or send. @param {string} path @param {object} [body] */
  async public(path, body) {
    return (await this.#send(body ? "POST" : "GET", path, body)).data;
  }

  /** An access token that is good for the next half minute. */
  async token() {
    if (!this.#access || this.#access.expires - 30_000 < this.now()) await this.refresh();
    if (!this.#access) throw new Problem(401, { code: "unauthenticated" });
    return this.#access.token;
  }

  /** Fetches a new access token; one request at a time, in all tabs where the browser has locks. */
  refresh() {
    const work = async () => {
      const { data } = await this.#send("POST", "auth/refresh");
      const user = subject(data.access_token);
      // In another tab somebody else has signed in: what is done here must not be done in their name.
      if (this.#user && user !== this.#user) throw new Problem(401, { code: "unauthenticated" });
      this.#user = user;
      this.#accept(data);
    };
    this.#refreshing ??= Promise.resolve(this.locks ? this.locks.request("chatd-refresh", work) : work())
      .catch((error) => {
        if (error instanceof Problem && error.status === 401) {
          this.#access = null;
          this.onSignedOut();
        }
        throw error;
      })
      .finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  /** Signs in, or registers. @param {"login" | "register"} how @param {object} fields */
  async enter(how, fields) {
    const { data } = await this.#send("POST", `auth/${how}`, { ...fields, cookie: true });
    this.#user = subject(data.access_token);
    this.#accept(data);
  }

  /** Ends the session here and on the server. */
  async logout() {
    await this.request("POST", "auth/logout");
    this.#access = null;
  }

  /** @param {{access_token: string, expires_in: number}} answer */
  #accept(answer) {
    this.#access = { token: answer.access_token, expires: this.now() + answer.expires_in * 1000 };
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @param {string} [token] */
  async #send(method, path, body, token) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await this.fetch(new URL(path, this.root), {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin", cache: "no-store",
      });
    } catch {
      throw new Problem(0);
    }
    const data = await response.json().catch(() => null);
    if (response.ok) return { data, link: response.headers.get("Link") };
    throw new Problem(response.status, data ?? {}, Number(response.headers.get("Retry-After")) || 0);
  }
}
