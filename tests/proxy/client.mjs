/** Somebody outside: speaks TLS with the proxy, from an address of the loopback network that is theirs. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { HOST } from "./proxies.mjs";

const PATIENCE_MS = 60_000;

/**
 * @typedef {object} Asked
 * @property {string} [method] @property {string} [from] the address that asks @property {string} [token]
 * @property {Record<string, string>} [headers] @property {object | Buffer} [body] JSON, or bytes
 */

export class Client {
  /** @param {import("./proxies.mjs").Proxy} proxy @param {string} path of the public URL */
  constructor(proxy, path) {
    Object.assign(this, { proxy, path });
  }

  /** @param {string} path from the root @param {Asked} asked */
  #request(path, { method = "GET", from = "127.0.0.2", token, headers = {}, body }) {
    const json = body && !Buffer.isBuffer(body);
    const bytes = json ? Buffer.from(JSON.stringify(body)) : body;
    const { port, certificate: ca } = this.proxy;
    const request = tlsRequest({
      host: "127.0.0.1", port, servername: HOST, ca, localAddress: from, agent: false, method, path,
      timeout: PATIENCE_MS,
      headers: {
        Host: HOST,
        ...(json && { "Content-Type": "application/json" }),
        ...(bytes && { "Content-Length": bytes.length }),
        ...(token && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    request.once("timeout", () => request.destroy(new Error(`${method} ${path} is not answered`)));
    return { request, bytes };
  }

  /** What stands at this path of the host. @param {string} path @param {Asked} [asked] */
  async at(path, asked = {}) {
    const { request, bytes } = this.#request(path, asked);
    request.end(bytes);
    return answer(request);
  }

  /** An answer of the API. @param {string} path without a leading slash @param {Asked} [asked] */
  api(path, asked) {
    return this.at(`${this.path}/api/rest/${path}`, asked);
  }

  /**
   * What is answered before the body has come: only its first byte is ever sent.
   * @param {string} path @param {number} length @param {Asked} asked
   */
  async early(path, length, asked) {
    const { request } = this.#request(`${this.path}/api/rest/${path}`, { ...asked, method: "POST" });
    request.setHeader("Content-Length", length);
    request.write("x");
    const early = await answer(request);
    request.destroy();
    return early;
  }

  /**
   * A gateway, or the status of a handshake that was refused.
   * @param {Asked} [asked] @returns {Promise<Gateway | number>}
   */
  gateway(asked = {}) {
    const key = { "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": randomBytes(16).toString("base64") };
    const headers = { Connection: "Upgrade", Upgrade: "websocket", ...key, ...asked.headers };
    const { request } = this.#request(`${this.path}/api/ws`, { ...asked, headers });
    return new Promise((opened, failed) => {
      request.once("upgrade", (_, socket, early) => opened(new Gateway(socket, early)));
      request.once("response", ({ statusCode }) => {
        request.destroy();
        opened(statusCode);
      });
      request.once("error", failed);
      request.end();
    });
  }
}

/** A request to chatd itself, past the proxy. @param {number} port @param {string} path @param {Asked} asked */
export function past(port, path, { method = "GET", from, headers = {}, body }) {
  const bytes = Buffer.from(JSON.stringify(body ?? {}));
  const request = plainRequest({
    host: "127.0.0.1", port, localAddress: from, agent: false, method, path, timeout: PATIENCE_MS,
    headers: { "Content-Type": "application/json", "Content-Length": bytes.length, ...headers },
  });
  request.once("timeout", () => request.destroy(new Error(`${method} ${path} is not answered`)));
  request.end(bytes);
  return answer(request);
}

/** @param {import("node:http").ClientRequest} request */
function answer(request) {
  return new Promise((answered, failed) => {
    // Behind the answer it may break off: nobody reads the rest of the body then.
    request.on("error", failed);
    request.once("response", async (response) => {
      try {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        answered(new Answer(response, Buffer.concat(chunks)));
      } catch (error) {
        failed(error);
      }
    });
  });
}

class Answer {
  constructor({ statusCode, headers }, bytes) {
    Object.assign(this, { status: statusCode, headers, bytes });
  }

  get text() { return this.bytes.toString(); }
  get json() { return JSON.parse(this.text); }

  /** Its JSON, if it has this status. @param {number} status */
  expect(status) {
    assert.equal(this.status, status, this.text);
    return this.text ? this.json : null;
  }
}

/** A WebSocket, as far as the story needs it: short frames to the server, whole messages of text from it. */
class Gateway {
  #bytes;
  #frames = [];
  #waits = null;

  /** @param {import("node:net").Socket} socket @param {Buffer} early */
  constructor(socket, early) {
    this.socket = socket;
    this.#bytes = early;
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error("the gateway is silent")));
    socket.on("data", (data) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
      this.#read();
    });
    socket.on("error", (error) => this.#waits?.(Promise.reject(error)));
    socket.on("close", () => this.#waits?.(Promise.reject(new Error("the gateway is closed"))));
    this.#read();
  }

  #read() {
    while (this.#bytes.length >= 2) {
      const short = this.#bytes[1] & 0x7f;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (this.#bytes.length < head) return;
      const long = () => head === 10 ? Number(this.#bytes.readBigUInt64BE(2)) : this.#bytes.readUInt16BE(2);
      const length = head === 2 ? short : long();
      if (this.#bytes.length < head + length) return;
      const [kind, body] = [this.#bytes[0] & 0x0f, this.#bytes.subarray(head, head + length)];
      this.#bytes = this.#bytes.subarray(head + length);
      if (kind === 1) this.#frames.push(JSON.parse(body.toString()));
    }
    this.#waits?.();
  }

  /** The data of the next frame with this op; others before it are passed over. @param {number} op */
  async next(op) {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame?.op === op) return frame.d;
      if (frame) continue;
      await new Promise((come) => { this.#waits = come; });
      this.#waits = null;
    }
  }

  /** @param {object} frame */
  send(frame) {
    const body = Buffer.from(JSON.stringify(frame));
    assert.ok(body.length < 126, "a short frame");
    const mask = randomBytes(4);
    const masked = body.map((byte, at) => byte ^ mask[at % 4]);
    this.socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | body.length]), mask, masked]));
  }

  close() {
    this.socket.destroy();
  }
}
