/**
 * Notifications while nobody looks: sealed by the real server, taken by a push service of the test's own, unsealed there
 * as a browser would (RFC 8291), and handed to the real service worker by the browser's debugger.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { webcrypto } from "node:crypto";
import { after } from "node:test";
import { about, axe, PHONE, PLAIN_HOST, Server, story } from "./harness.mjs";

const { subtle } = webcrypto;
const exact = (name) => ({ name, exact: true });
const PHONE_OPTIONS = { viewport: PHONE, hasTouch: true, isMobile: true };
about(Server.start(["--rate-limits", "off", "--push-local", "127.0.0.1:*"]));

/** Takes what is pushed, for each path by itself. */
class PushService {
  /** @type {Map<string, Buffer[]>} */ #came = new Map();
  /** @type {(() => void)[]} */ #waiting = [];
  status = 201;

  async start() {
    this.server = createServer((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        if (this.status === 201) this.#came.set(request.url, [...this.#came.get(request.url) ?? [], Buffer.concat(parts)]);
        response.writeHead(this.status).end();
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
    await new Promise((listens) => { this.server.listen(0, "127.0.0.1", listens); });
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  /** The next thing that came there. @param {string} path */
  async next(path) {
    for (;;) {
      const came = this.#came.get(path) ?? [];
      if (came.length) return came.shift();
      await new Promise((wake) => { this.#waiting.push(wake); });
    }
  }

  /** What has come and was not asked for. @param {string} path */
  left(path) {
    return this.#came.get(path)?.length ?? 0;
  }
}

const service = await new PushService().start();
after(() => service.server.close());

const hkdf = async (salt, key, info, length) => Buffer.from(await subtle.deriveBits(
  { name: "HKDF", hash: "SHA-256", salt, info: Buffer.from(info) }, await subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]), length * 8));

/** A browser's keys, and what they unseal. */
class Keys {
  static async make() {
    const keys = new Keys();
    keys.pair = await subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
    keys.open = Buffer.from(await subtle.exportKey("raw", keys.pair.publicKey));
    keys.auth = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
    return keys;
  }

  /** @param {Buffer} sealed one record (RFC 8188), with the server's key as its name */
  async unseal(sealed) {
    const salt = sealed.subarray(0, 16);
    const length = sealed[20];
    const theirs = sealed.subarray(21, 21 + length);
    const key = await subtle.importKey("raw", theirs, { name: "ECDH", namedCurve: "P-256" }, false, []);
    const shared = Buffer.from(await subtle.deriveBits({ name: "ECDH", public: key }, this.pair.privateKey, 256));
    const secret = await hkdf(this.auth, shared, Buffer.concat([Buffer.from("WebPush: info\0"), this.open, theirs]), 32);
    const content = await subtle.importKey("raw", await hkdf(salt, secret, "Content-Encoding: aes128gcm\0", 16), "AES-GCM", false, ["decrypt"]);
    const iv = await hkdf(salt, secret, "Content-Encoding: nonce\0", 12);
    const padded = Buffer.from(await subtle.decrypt({ name: "AES-GCM", iv }, content, sealed.subarray(21 + length)));
    return padded.subarray(0, padded.lastIndexOf(2)).toString();
  }
}

/** Runs in the page, before all else: what the browser would ask of its push service is answered by the test's. */
function subscribeTo({ endpoint, p256dh, auth }) {
  const { prototype } = globalThis.PushManager ?? {};
  if (!prototype) return;
  const KEY = "test.subscribed";
  const subscription = () => ({
    endpoint, options: {}, toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh, auth } }),
    unsubscribe: async () => { localStorage.removeItem(KEY); return true; },
  });
  prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly || options.applicationServerKey.length < 80) throw new TypeError("such are refused");
    localStorage.setItem(KEY, "yes");
    return subscription();
  };
  prototype.getSubscription = async () => (localStorage.getItem(KEY) ? subscription() : null);
}

/** In both themes. @param {import("playwright-core").Page} page @param {string} where */
async function looksRight(page, where) {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    await page.emulateMedia({ colorScheme });
    await axe(page, `${where}, ${colorScheme}`);
  }
}

let made = 0;

/** A browser that may show notifications, and what reaches it. */
class Device {
  /** @param {import("./harness.mjs").Stage} stage @param {import("./harness.mjs").Person} person */
  static async open(stage, person, path = "/", options = {}) {
    const device = new Device();
    made += 1;
    Object.assign(device, { keys: await Keys.make(), path: `/push/${made}`, origin: stage.server.origin });
    const subscription = { endpoint: service.origin + device.path, p256dh: device.keys.open.toString("base64url"), auth: device.keys.auth.toString("base64url") };
    const context = await stage.device(options);
    await context.grantPermissions(["notifications"], { origin: stage.server.origin });
    await context.addInitScript(subscribeTo, subscription);
    const answer = await context.request.post("/api/rest/auth/login", { data: { username: person.name, password: person.password, cookie: true } });
    assert.ok(answer.ok());
    const page = await context.newPage();
    await page.goto(path);
    const { Chat } = await import("./screens.mjs");
    Object.assign(device, { context, page, chat: new Chat(page) });
    await device.chat.ready();
    return device;
  }

  /** Turns it on, as people do. */
  async turnOn() {
    await this.settings();
    await this.page.getByRole("button", exact("Notify this device")).click();
    await this.page.getByText("You are told here of direct messages, of mentions").waitFor();
  }

  async settings() {
    await this.page.goto("/settings#notifications");
    await this.chat.ready();
    await this.page.locator("push-settings .push-state[data-state]").waitFor();
  }

  /** The next push that the service took for it, unsealed and handed to the worker; resolves to what it said. */
  async receive() {
    const letter = await this.keys.unseal(await service.next(this.path));
    await this.deliver(letter);
    return JSON.parse(letter);
  }

  /** @param {string} data */
  async deliver(data) {
    const session = await this.context.newCDPSession(this.page);
    const registrationId = await new Promise((found) => {
      session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => { if (registrations.length) found(registrations[0].registrationId); });
      session.send("ServiceWorker.enable");
    });
    await session.send("ServiceWorker.deliverPushMessage", { origin: this.origin, registrationId, data });
    await session.detach();
  }

  /** What is shown of ours. */
  shown() {
    return this.page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications())
      .map(({ title, body, tag, data, timestamp, icon, silent }) => ({ title, body, tag, data, timestamp, icon, silent })));
  }

  /** Waits until what is shown is this many. @param {number} count */
  async shows(count) {
    await this.page.waitForFunction(async (wanted) => (await (await navigator.serviceWorker.ready).getNotifications()).length === wanted, count);
    return this.shown();
  }

  async worker() {
    return this.context.serviceWorkers()[0] ?? this.context.waitForEvent("serviceworker");
  }

  /** Presses the notification. */
  async press() {
    await (await this.worker()).evaluate(async () => {
      const [notification] = await self.registration.getNotifications();
      self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
    });
  }
}

story("a message is told while nobody looks, a press leads to it, and reading it elsewhere takes it back", async (stage) => {
  const { people: [ada, bea], channel, server } = await stage.server.community("Letters", "lea", "ben");
  const other = await ada.addChannel(server, "elsewhere");
  const device = await Device.open(stage, ada, `/channels/${server.server_id}/${other.channel_id}`);
  await device.turnOn();
  await bea.write(channel, `<@${ada.id}> the tea is **ready**`);
  const letter = await device.receive();
  assert.deepEqual([letter.kind, letter.unread_mentions], ["message", 1]);
  const [notice] = await device.shows(1);
  assert.deepEqual([notice.title, notice.body, notice.tag], ["ben · #general · Letters", "@lea the tea is ready", `chatd ${channel.channel_id}`]);
  assert.ok(Math.abs(notice.timestamp - Date.now()) < 600_000, "it has the message's time");
  assert.ok(notice.icon.endsWith("/icons/app-192.png"), notice.icon);
  assert.ok((await device.context.request.get(notice.icon)).ok());

  // A second one of the channel takes the first one's place.
  await bea.write(channel, `<@${ada.id}> and getting cold`);
  await device.receive();
  await device.page.waitForFunction(async () => (await (await navigator.serviceWorker.ready).getNotifications())[0]?.body.includes("cold"));
  assert.equal((await device.shown()).length, 1);

  await device.press();
  await device.chat.showsChannel("general");
  await device.chat.sees("getting cold");
  assert.match(device.page.url(), new RegExp(`/channels/${server.server_id}/${channel.channel_id}`));
  await device.shows(0);
});

story("what is read on one device goes on the other, and both count the same", async (stage) => {
  const { people: [ada, bea], channel, server } = await stage.server.community("Twice", "tia", "tom");
  const other = await ada.addChannel(server, "elsewhere");
  const place = `/channels/${server.server_id}/${other.channel_id}`;
  const [phone, laptop] = [await Device.open(stage, ada, place, PHONE_OPTIONS), await Device.open(stage, ada, place)];
  await phone.turnOn();
  // A muted conversation is nobody's number.
  const muted = await bea.rest("POST", "users/@me/dm-channels", { recipient_id: ada.id });
  await ada.rest("PUT", "users/@me/settings", { muted: { [muted.channel_id]: true } });
  await bea.write(muted, "psst");
  const message = await bea.write(channel, `<@${ada.id}> hello`);
  const letter = await phone.receive();
  await phone.shows(1);
  await laptop.page.waitForFunction(() => document.title.startsWith("(1) "));
  assert.equal(letter.unread_mentions, 1, "the number on the icon is that of the title");
  await ada.rest("PUT", `channels/${channel.channel_id}/read`, { message_id: message.message_id });
  const read = await phone.receive();
  assert.deepEqual([read.kind, read.unread_mentions], ["read", 0]);
  await phone.shows(0);
  for (const { page } of [phone, laptop]) await page.waitForFunction(() => !document.title.startsWith("("));
});

story("what was read while a device was away is gone from it when it comes back", async (stage) => {
  const { people: [ada, bea], channel, server } = await stage.server.community("Away", "yara", "yves");
  const [other, third] = [await ada.addChannel(server, "elsewhere"), await ada.addChannel(server, "third")];
  const place = `/channels/${server.server_id}/${other.channel_id}`;
  const phone = await Device.open(stage, ada, place, PHONE_OPTIONS);
  await phone.turnOn();
  const message = await bea.write(channel, `<@${ada.id}> hello`);
  await phone.receive();
  await bea.write(third, `<@${ada.id}> and here`);
  await phone.receive();
  await phone.shows(2);
  // What tells of the reading never reaches it.
  await phone.page.goto("about:blank");
  await ada.rest("PUT", `channels/${channel.channel_id}/read`, { message_id: message.message_id });
  assert.equal(JSON.parse(await phone.keys.unseal(await service.next(phone.path))).kind, "read");
  await phone.page.goto(place);
  await phone.chat.ready();
  const [notice] = await phone.shows(1);
  assert.equal(notice.tag, `chatd ${third.channel_id}`);
});

story("a browser whose push service forgot it subscribes anew when it is opened", async (stage) => {
  const { people: [ada, bea], server, channel } = await stage.server.community("Forgotten", "fritz", "frida");
  const device = await Device.open(stage, ada);
  await device.turnOn();
  const subscriptions = async (count) => { while ((await ada.rest("GET", "users/@me/push-subscriptions")).length !== count); };
  await subscriptions(1);
  service.status = 410;
  await bea.write(channel, `<@${ada.id}> lost`);
  await subscriptions(0);
  service.status = 201;
  await device.page.goto(`/channels/${server.server_id}/${channel.channel_id}`);
  await device.chat.ready();
  await subscriptions(1);
  const dm = await bea.rest("POST", "users/@me/dm-channels", { recipient_id: ada.id });
  await bea.write(dm, "found again");
  assert.equal((await device.receive()).body, "found again");
});

story("a device that opens later counts as those that were there, on its icon and in its title", async (stage) => {
  const { people: [ada, bea, cem], channel, server } = await stage.server.community("Many", "mel", "moe", "mats");
  const place = `/channels/${server.server_id}/${(await ada.addChannel(server, "elsewhere")).channel_id}`;
  const phone = await Device.open(stage, ada, place, PHONE_OPTIONS);
  await phone.turnOn();
  const badges = (where) => where.evaluate(() => {
    globalThis.badges = [];
    navigator.setAppBadge = async (count) => { globalThis.badges.push(count); };
    navigator.clearAppBadge = async () => { globalThis.badges.push(0); };
  });
  const worker = await phone.worker();
  await badges(worker);
  const titled = (page, count) => page.waitForFunction((start) => (start ? document.title.startsWith(start) : !document.title.startsWith("(")), count ? `(${count}) ` : "");
  const talks = [await bea.rest("POST", "users/@me/dm-channels", { recipient_id: ada.id }), await cem.rest("POST", "users/@me/dm-channels", { recipient_id: ada.id })];
  const said = [];
  for (const [who, where] of [[bea, talks[0]], [cem, talks[1]], [bea, talks[0]]]) {
    said.push(await who.write(where, "are you there?"));
    await phone.receive();
  }
  said.push(await bea.write(channel, `<@${ada.id}> hello`));
  assert.equal((await phone.receive()).unread_mentions, 4);
  await worker.evaluate(async () => { while (globalThis.badges.at(-1) !== 4) await new Promise((done) => { setTimeout(done, 20); }); });
  assert.deepEqual(await worker.evaluate(() => globalThis.badges), [1, 2, 3, 4]);

  const laptop = await Device.open(stage, ada, place);
  await badges(laptop.page);
  for (const { page } of [phone, laptop]) await titled(page, 4);
  // What is deleted or no longer names her counts on neither, and what names her only now on both.
  await bea.rest("DELETE", `channels/${talks[0].channel_id}/messages/${said[0].message_id}`);
  for (const { page } of [phone, laptop]) await titled(page, 3);
  await bea.rest("PATCH", `channels/${channel.channel_id}/messages/${said[3].message_id}`, { content: "hello, whoever" });
  for (const { page } of [phone, laptop]) await titled(page, 2);
  await bea.rest("PATCH", `channels/${channel.channel_id}/messages/${said[3].message_id}`, { content: `hello <@${ada.id}>` });
  for (const { page } of [phone, laptop]) await titled(page, 3);
  await laptop.page.waitForFunction(() => globalThis.badges.at(-1) === 3);
  for (const [at, where] of talks.entries()) await ada.rest("PUT", `channels/${where.channel_id}/read`, { message_id: said[2 - at].message_id });
  await ada.rest("PUT", `servers/${server.server_id}/read`, {});
  for (const { page } of [phone, laptop]) await titled(page, 0);
  await laptop.page.waitForFunction(() => globalThis.badges.at(-1) === 0);
});

story("nobody is told of what they look at, and a page that looks elsewhere says so", async (stage) => {
  const { people: [ada, bea], channel, server } = await stage.server.community("Looking", "lou", "liv");
  const other = await ada.addChannel(server, "elsewhere");
  const device = await Device.open(stage, ada, `/channels/${server.server_id}/${channel.channel_id}`);
  await device.turnOn();
  const told = [];
  device.page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => { const { op, d } = JSON.parse(payload); if (op === 62) told.push(d.channel_id); }));
  const says = async (wanted) => { while (told.at(-1) !== wanted) await device.page.evaluate(() => new Promise((done) => { setTimeout(done, 50); })); };
  await device.page.goto(`/channels/${server.server_id}/${channel.channel_id}`);
  await device.chat.ready();
  await says(channel.channel_id);
  await bea.write(channel, `<@${ada.id}> in sight`);
  await device.chat.sees("in sight");
  await device.chat.openChannel("elsewhere");
  await says(other.channel_id);
  await bea.write(channel, `<@${ada.id}> out of sight`);
  const letter = await device.receive();
  assert.equal(letter.body, "@lou out of sight", "the first push is of the second message");
  await device.chat.settings.click();
  await says(null);
});

story("the settings turn it on, try it, list it, and end it with the session", async (stage) => {
  const { people: [ada] } = await stage.server.community("Ways", "wes", "wim");
  const device = await Device.open(stage, ada);
  await device.settings();
  const { page } = device;
  await looksRight(page, "push is off");
  await device.turnOn();
  await page.getByRole("list", exact("Your devices")).getByText("this device").waitFor();
  await page.getByRole("button", exact("Send a test")).click();
  const letter = await device.receive();
  assert.equal(letter.kind, "test");
  const [notice] = await device.shows(1);
  assert.equal(notice.body, "Notifications reach this device.");
  await page.getByRole("list", exact("What was sent")).getByText("taken by the push service").waitFor();
  await looksRight(page, "push is on");

  await page.getByRole("switch", { name: "Quiet hours" }).check();
  await page.getByLabel("From").fill("23:15");
  await page.getByLabel("From").blur();
  await page.getByRole("switch", { name: "Show what was written" }).uncheck();
  const settings = async (holds) => {
    for (;;) {
      const found = await ada.rest("GET", "users/@me/settings");
      if (holds(found)) return found;
    }
  };
  const { quiet } = await settings((found) => found.quiet?.from === "23:15" && found.push?.content === false);
  assert.equal(quiet.to, "07:00");
  assert.equal(quiet.zone, await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone));
  await page.getByText(`By the clock of ${quiet.zone}.`).waitFor();
  await looksRight(page, "quiet hours");

  assert.equal((await ada.rest("GET", "users/@me/push-subscriptions")).length, 1);
  await device.chat.signOut.click();
  await device.chat.userName.waitFor();
  assert.deepEqual(await ada.rest("GET", "users/@me/push-subscriptions"), []);
  assert.deepEqual(await page.evaluate(async () => [(await navigator.serviceWorker.getRegistrations()).length, localStorage.getItem("chatd.push"), localStorage.getItem("test.subscribed")]), [0, null, null]);
});

story("a device that was removed elsewhere stays so, and a lost subscription is made anew", async (stage) => {
  const { people: [ada] } = await stage.server.community("Mending", "mia", "max");
  const device = await Device.open(stage, ada);
  await device.turnOn();
  const all = () => ada.rest("GET", "users/@me/push-subscriptions");
  const [{ subscription_id: id }] = await all();
  await device.page.evaluate(() => localStorage.removeItem("test.subscribed"));
  await device.page.goto("/");
  await device.page.waitForFunction(() => localStorage.getItem("test.subscribed") === "yes");
  assert.equal((await all()).length, 1);
  for (const { subscription_id: one } of await all()) await ada.rest("DELETE", `users/@me/push-subscriptions/${one}`);
  await device.page.goto("/");
  await device.page.waitForFunction(() => localStorage.getItem("chatd.push") === null && localStorage.getItem("test.subscribed") === null);
  assert.deepEqual(await all(), []);
  await device.settings();
  await device.page.getByRole("button", exact("Notify this device")).waitFor();
  assert.ok(id);
});

story("a subscription that the browser ends while no page is open is made anew by the worker, and the session lives on", async (stage) => {
  const { people: [ada] } = await stage.server.community("Renewal", "ria", "ron");
  const device = await Device.open(stage, ada);
  await device.turnOn();
  const worker = await device.worker();
  await device.page.goto("about:blank");
  const keys = { p256dh: device.keys.open.toString("base64url"), auth: device.keys.auth.toString("base64url") };
  await worker.evaluate(([endpoint, its]) => {
    self.PushManager.prototype.subscribe = async () => ({ toJSON: () => ({ endpoint, keys: its }) });
    self.dispatchEvent(new ExtendableEvent("pushsubscriptionchange"));
  }, [`${service.origin}/push/renewed`, keys]);
  for (;;) if ((await ada.rest("GET", "users/@me/push-subscriptions")).length === 2) break;
  await device.page.goto("/");
  await device.chat.ready();
});

story("whoever begins to talk is asked once whether they want to hear of answers", async (stage) => {
  const { people: [ada] } = await stage.server.community("Asking", "ann", "abe");
  const device = await Device.open(stage, ada);
  const hint = device.page.getByText("Be told of answers while chatd is closed?");
  await device.chat.say("hello everybody");
  await hint.waitFor();
  await looksRight(device.page, "the hint");
  await device.page.getByRole("button", exact("Do not ask again")).click();
  await hint.waitFor({ state: "detached" });
  await device.page.reload();
  await device.chat.ready();
  await device.chat.say("hello again");
  await device.chat.sees("hello again");
  assert.equal(await device.page.evaluate(() => localStorage.getItem("chatd.push_hint")), "seen");
  assert.equal(await hint.count(), 0);
});

story("where it cannot be, the settings say why and what to do", async (stage) => {
  const { people: [ada] } = await stage.server.community("Reasons", "rea", "rob");
  const blocked = await stage.open(ada, "/settings");
  await blocked.page.addInitScript(() => { Object.defineProperty(Notification, "permission", { get: () => "denied" }); });
  const phone = await stage.open(ada, "/settings", { userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1" });
  await phone.page.addInitScript(() => { delete globalThis.PushManager; });
  for (const [chat, words] of [[blocked, "Blocked by your browser"], [phone, "Add chatd to the home screen first"]]) {
    await chat.page.reload();
    await chat.ready();
    await chat.page.getByText("Notifications", { exact: true }).first().click();
    await chat.page.getByText(words).waitFor();
    await looksRight(chat.page, words);
  }
  const plain = await stage.stranger("/settings", { baseURL: `http://${PLAIN_HOST}:${stage.server.port}` });
  await plain.signIn(ada.name, ada.password);
  await plain.page.getByText("Notifications", { exact: true }).first().click();
  await plain.page.getByText("Not over plain http").waitFor();
  await plain.page.getByText("the manual for owners says how, under TLS").waitFor();
  await looksRight(plain.page, "plain http");
});

story("an instance that sends none says so", async (stage) => {
  const silent = await Server.start(["--rate-limits", "off", "--push", "off"]);
  try {
    const ada = await silent.person("ada");
    const chat = await stage.open(ada, "/settings#notifications", { baseURL: silent.origin });
    await chat.page.getByText("Not offered by this server").waitFor();
    await looksRight(chat.page, "not offered");
  } finally {
    await silent.remove();
  }
});

story("where the browser offers to install it, the settings do", async (stage) => {
  const { people: [ada] } = await stage.server.community("Installing", "ina", "ivo");
  const { page } = await stage.open(ada, "/settings#notifications");
  const install = page.getByRole("button", exact("Install"));
  await page.getByRole("heading", exact("On this device")).waitFor();
  assert.equal(await install.count(), 0, "it did not offer");
  const prevented = await page.evaluate(() => {
    const offer = Object.assign(new Event("beforeinstallprompt", { cancelable: true }), { prompt: async () => { globalThis.prompted = (globalThis.prompted ?? 0) + 1; } });
    return !dispatchEvent(offer);
  });
  assert.ok(prevented, "no bar of the browser's own as well");
  await looksRight(page, "it can be installed");
  await install.click();
  await install.waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => globalThis.prompted), 1);
});
