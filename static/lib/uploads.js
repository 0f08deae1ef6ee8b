/** A file on its way to the server, with progress and a way to stop it. */
import { Problem } from "./api.js";

const OK = [200, 201];

/**
 * XMLHttpRequest, because fetch does not tell how much of a body has gone out.
 * @param {import("./api.js").Api} api @param {File} file @param {(share: number) => void} progress from 0 to 1
 * @param {AbortSignal} signal
 * @returns {Promise<import("../types.js").Attachment>}
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
      reject(new Problem(request.status, request.response ?? {}));
    });
    request.addEventListener("error", () => reject(new Problem(0)));
    request.addEventListener("abort", () => reject(new Problem(0, { code: "aborted" })));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) return reject(new Problem(0, { code: "aborted" }));
    request.send(file);
  });
}
