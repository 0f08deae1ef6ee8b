/**
 * The service worker's registration. Its address is a place where Trusted Types forbid strings, and this is the only
 * policy that the page's own allows: whatever it is given, it answers with the address of our worker. Made as this module
 * runs, it can be made by nobody else any more.
 */
import { base } from "./route.js";

const ADDRESS = new URL("push-worker.js", base).href;
const types = /** @type {any} */ (globalThis).trustedTypes;
const policy = types?.createPolicy("chatd-worker", { createScriptURL: () => ADDRESS });

/** The worker, if the page may have one. @returns {ServiceWorkerContainer | undefined} */
export function workers() {
  return globalThis.isSecureContext ? globalThis.navigator.serviceWorker : undefined;
}

/** Ours, if there is one. @returns {Promise<ServiceWorkerRegistration | undefined>} */
export async function registered() {
  return workers()?.getRegistration(base.href);
}

/** Ours, once it works. @returns {Promise<ServiceWorkerRegistration>} */
export async function register() {
  const all = /** @type {ServiceWorkerContainer} */ (workers());
  await all.register(policy ? policy.createScriptURL("") : ADDRESS, { scope: base.href });
  return all.ready;
}
