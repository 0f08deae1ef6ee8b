/** A file on its way to the server, with progress and a way to stop it. */
import { Problem } from "./api.js";

const OK = [200, 201];
const GOOD_MS = 50 * 60_000; // the server keeps what no message uses for an hour

/** @typedef {import("../types.js").Attachment} Attachment */
/** @typedef {(file: File, progress: (share: number) => void, signal: AbortSignal) => Promise<Attachment>} Send */

/** A file of a message: it may be on its way before the message is written, and go on when that is sent. */
export class Parcel {
  /** How much has gone out, from 0 to 1. */ share = 0;
  /** Whoever shows it. */ onProgress = () => {};
  /** @type {Promise<void> | null} */ #going = null;
  #stop = new AbortController();

  /** @param {File} file @param {Attachment | null} [attachment] what the server made of it @param {number} [at] when (ms) */
  constructor(file, attachment = null, at = 0) {
    this.file = file;
    this.attachment = attachment;
    this.at = at;
  }

  /** Whether a message may use it now. */
  get there() {
    return this.attachment !== null && Math.abs(Date.now() - this.at) < GOOD_MS;
  }

  /** Sends it, unless it is there or on its way. @param {Send} send */
  async send(send) {
    if (!this.there) await (this.#going ??= this.#go(send).finally(() => { this.#going = null; }));
  }

  stop() {
    this.#stop.abort();
  }

  /** It must be sent anew. */
  forget() {
    this.attachment = null;
  }

  /** @param {Send} send */
  async #go(send) {
    this.#stop = new AbortController();
    this.share = 0;
    const progress = (/** @type {number} */ share) => { this.share = share; this.onProgress(); };
    this.attachment = await send(this.file, progress, this.#stop.signal);
    this.at = Date.now();
  }
}

/**
 * XMLHttpRequest, because fetch does not tell how much of a body has gone out.
 * @param {import("./api.js").Api} api @param {File} file @param {(share: number) => void} progress from 0 to 1
 * @param {AbortSignal} signal
 * @returns {Promise<Attachment>}
 */
export async function upload(api, file, progress, signal) {
  const token = await api.token();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open("POST", new URL(`uploads?filename=${encodeURIComponent(file.name)}`, api.root));
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) progress(event.loaded / event.total); });
    request.addEventListener("load", () => {
      if (OK.includes(request.status)) return resolve(request.response);
      reject(new Problem(request.status, request.response ?? {}, Number(request.getResponseHeader("Retry-After")) || 0));
    });
    request.addEventListener("error", async () => {
      // The browser says the same whether it could not reach the server or not read the file, which may be gone since.
      const readable = await file.slice(0, 1).arrayBuffer().then(() => true, () => false);
      reject(readable ? new Problem(0) : new Problem(400, { code: "unreadable" }));
    });
    request.addEventListener("abort", () => reject(new Problem(0, { code: "aborted" })));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) return reject(new Problem(0, { code: "aborted" }));
    request.send(file);
  });
}
