/** Requests with more than JSON: files, and acts with a reason for the audit log. */
import { Problem } from "./api.js";

/** @typedef {import("./api.js").Api} Api */

/**
 * @param {Api} api @param {string} method @param {string} path @param {Blob | object | undefined} body
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
async function send(api, method, path, body, headers = {}) {
  const file = body instanceof Blob;
  const type = file ? body.type || "application/octet-stream" : "application/json";
  let response;
  try {
    response = await api.fetch(new URL(path, api.root), {
      method,
      credentials: "same-origin",
      cache: "no-store",
      body: file ? body : body && JSON.stringify(body),
      headers: {
        Accept: "application/json",
        Authorization: `Bearer ${await api.token()}`,
        ...(body && { "Content-Type": type }),
        ...headers,
      },
    });
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(0);
  }
  const data = await response.json().catch(() => null);
  if (response.ok) return data;
  throw new Problem(response.status, data ?? {}, Number(response.headers.get("Retry-After")) || 0);
}

/**
 * Sends a file; the answer is what a message or a picture refers to.
 * @param {Api} api @param {File} file @returns {Promise<import("../types.js").Attachment>}
 */
export function sendFile(api, file) {
  return send(api, "POST", `uploads?filename=${encodeURIComponent(file.name)}`, file);
}

/**
 * An act that the audit log tells of, with why it was done.
 * @param {Api} api @param {string} method @param {string} path @param {string} reason @param {object} [body]
 */
export function sendBecause(api, method, path, reason, body) {
  return send(api, method, path, body, reason ? { "X-Audit-Log-Reason": encodeURIComponent(reason) } : {});
}
