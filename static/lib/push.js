/** Being told by push: this browser's subscription, and what the server knows of the others. */
import { markText, mend, parseMark, pushState } from "../state/push.js";
import { deviceText } from "./devices.js";
import { remember, remembered } from "./storage.js";
import { register, registered } from "./worker.js";

/**
 * @typedef {import("../types.js").Client} Client
 * @typedef {import("../types.js").PushDevice} PushDevice
 * @typedef {import("../types.js").PushDelivery} PushDelivery
 */

const PLACE = "users/@me/push-subscriptions";

/** What the browser can, as far as push is concerned. */
export function browserFacts() {
  const { navigator } = globalThis;
  return {
    secure: globalThis.isSecureContext,
    able: "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis,
    // An iPad says that it is a Mac.
    apple: /\b(iPhone|iPad|iPod)\b/.test(navigator.userAgent) || (/\bMacintosh\b/.test(navigator.userAgent) && navigator.maxTouchPoints > 1),
    installed: matchMedia("(display-mode: standalone)").matches,
    permission: "Notification" in globalThis ? Notification.permission : "default",
  };
}

/** Whether this browser is told by push. */
export function isOn() {
  return Boolean(remembered("push")) && globalThis.Notification?.permission === "granted";
}

export class Push {
  /** @param {Client} client */
  constructor({ api, store }) {
    this.api = api;
    this.store = store;
  }

  /** How it stands: here, and on one's other devices. */
  async look() {
    const [instance, devices] = await Promise.all([this.api.public("instance"), this.devices()]);
    const mark = parseMark(remembered("push"));
    const here = mark && mark.user === this.#me && devices.some(({ subscription_id: id }) => id === mark.id) ? mark.id : null;
    const subscribed = here !== null && (await subscription())?.endpoint === mark?.endpoint;
    return { state: pushState({ ...browserFacts(), offered: Boolean(instance.push), subscribed }), devices, here };
  }

  get #me() {
    return this.store.user?.user_id ?? "";
  }

  /** @returns {Promise<PushDevice[]>} */
  devices() {
    return this.api.request("GET", PLACE);
  }

  /** What became of the latest. @returns {Promise<PushDelivery[]>} */
  log() {
    return this.api.request("GET", "users/@me/push-log");
  }

  /** @param {string} id */
  test(id) {
    return this.api.request("POST", `${PLACE}/${id}/test`);
  }

  /** Asks for the permission, so it must come of a click; resolves to whether it was given. */
  async enable() {
    if (await Notification.requestPermission() !== "granted") return false;
    await this.#subscribe();
    return true;
  }

  async #subscribe() {
    const [{ push }, registration] = await Promise.all([this.api.public("instance"), register()]);
    const options = { userVisibleOnly: true, applicationServerKey: push.public_key };
    // One that was made for another key takes nothing of ours.
    const make = () => registration.pushManager.subscribe(options);
    const made = await make().catch(async (error) => {
      const old = await registration.pushManager.getSubscription();
      if (!old || error.name !== "InvalidStateError") throw error;
      await old.unsubscribe();
      return make();
    });
    const { endpoint = "", keys } = made.toJSON();
    const { subscription_id: id } = await this.api.request("POST", PLACE, { endpoint, keys, name: deviceText(navigator.userAgent) });
    remember("push", markText({ user: this.#me, id, endpoint }));
  }

  /** @param {string} id of a device */
  async remove(id) {
    await this.api.request("DELETE", `${PLACE}/${id}`).catch((error) => {
      if (error.status !== 404) throw error; // It has gone by itself.
    });
    if (parseMark(remembered("push"))?.id === id) await endPush();
  }

  /** A page has opened where push was on: mends what has come apart meanwhile. */
  async mend() {
    const mark = parseMark(remembered("push"));
    if (!mark || browserFacts().permission !== "granted") return;
    const [devices, log, has] = await Promise.all([this.devices(), this.log(), subscription()]);
    const ids = devices.map(({ subscription_id: id }) => id);
    const gone = log.filter(({ status }) => status === "gone").map(({ subscription_id: id }) => id);
    const what = mend(mark, { user: this.#me, endpoint: has?.endpoint ?? null, ids, gone });
    if (what === "end") await endPush();
    if (what === "replace") await has?.unsubscribe();
    if (what === "replace" || what === "renew") await this.#subscribe();
  }
}

/** What this browser is subscribed to. */
async function subscription() {
  return (await registered())?.pushManager?.getSubscription() ?? null;
}

/** This browser is told of nothing any more, and nothing that was shown stays: of whoever comes next it is no business. */
export async function endPush() {
  remember("push", null);
  const registration = await registered();
  if (!registration) return;
  for (const notice of await registration.getNotifications()) notice.close();
  await (await registration.pushManager?.getSubscription())?.unsubscribe();
  await registration.unregister();
}
