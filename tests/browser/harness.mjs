/** A chatd of its own for each test file, people who look at it with a browser, and what makes a test fail. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { Chat } from "./screens.mjs";

const require = createRequire(import.meta.url);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Long, because a Raspberry Pi that also builds is slow; what does come in time is never waited for. */
export const PATIENCE_MS = Number(process.env.CHATD_TEST_PATIENCE_MS) || 60_000;
const TEST_MS = 5 * PATIENCE_MS;
const PASSWORD = "correct horse battery";
/** A name for the loopback address that browsers do not trust: over plain http, it is what a machine at home is. */
export const PLAIN_HOST = "chat.home.test";
export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** The server's binary: `CHATD_BIN`, or where cargo puts it. */
export function binary() {
  const { CHATD_BIN, CARGO_TARGET_DIR } = process.env;
  const target = CARGO_TARGET_DIR ?? join(ROOT, "target");
  const found = (CHATD_BIN ? [CHATD_BIN] : ["debug", "release"].map((profile) => join(target, profile, "chatd"))).find(existsSync);
  if (!found) throw new Error(`There is no chatd in ${target}: run cargo build first, or set CHATD_BIN`);
  return found;
}

/** A port that nobody listens on, so that a server can come back on it. @returns {Promise<number>} */
function freePort() {
  return new Promise((found, failed) => {
    const probe = createServer().once("error", failed).listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}

/** A chatd in a temporary folder, on a port that it keeps. */
export class Server {
  #process = null;
  /** What it printed last, for when it fails. */ #said = [];

  /** @param {string[]} [options] beside those that all have @param {Record<string, string>} [environment] */
  static async start(options = ["--rate-limits", "off"], environment = {}) {
    const server = new Server();
    Object.assign(server, { options, environment });
    server.folder = mkdtempSync(join(tmpdir(), "chatd-browser-"));
    server.port = await freePort();
    server.origin = `http://127.0.0.1:${server.port}`;
    await server.start();
    return server;
  }

  /** Starts it, or starts it again on the same folder and port; resolves once it listens. */
  async start() {
    const options = ["--listen", `127.0.0.1:${this.port}`, "--data", join(this.folder, "data"), "--registration", "open", ...this.options];
    const { CHATD_TEST_STATIC: client } = process.env;
    if (client) options.push("--static", client);
    const child = this.#process = spawn(binary(), options, { env: { ...process.env, ...this.environment }, stdio: ["ignore", "pipe", "pipe"] });
    await new Promise((listens, failed) => {
      const heard = (line) => {
        this.#said = [...this.#said, line].slice(-50);
        if (line.includes(" listens on ")) listens();
      };
      createInterface(child.stdout).on("line", heard);
      createInterface(child.stderr).on("line", heard);
      child.once("error", failed);
      child.once("exit", (code) => failed(new Error(`chatd ended with ${code}:\n${this.#said.join("\n")}`)));
    });
  }

  /** @param {NodeJS.Signals} signal that does not end it */
  signal(signal) {
    this.#process.kill(signal);
  }

  /** Ends it, by default the polite way. @param {NodeJS.Signals} [signal] */
  async stop(signal = "SIGTERM") {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => { child.once("exit", resolve); });
    child.kill(signal);
    await ended;
  }

  async remove() {
    await this.stop("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A REST request that must succeed. @param {string} method @param {string} path @param {unknown} [body] @param {string} [token] */
  async rest(method, path, body, token) {
    const headers = { ...(body !== undefined && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${this.origin}/api/rest/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** A new account. @param {string} username @param {object} [more] */
  async person(username, more = {}) {
    const { user, access_token: token } = await this.rest("POST", "auth/register", { username, password: PASSWORD, ...more });
    return new Person(this, user, token);
  }

  /** A server with one channel, and people in it; the first owns it. @param {string} name @param {...string} usernames */
  async community(name, ...usernames) {
    const people = [];
    for (const username of usernames) people.push(await this.person(username));
    const server = await people[0].rest("POST", "servers", { name });
    const invite = await people[0].rest("POST", `servers/${server.server_id}/invites`, {});
    for (const person of people.slice(1)) await person.rest("POST", `invites/${invite.code}`, {});
    const channels = await people[0].rest("GET", `servers/${server.server_id}/channels`);
    return { server, people, invite, channels, channel: channels.find(({ type }) => type === "text") };
  }
}

/** Somebody with an account, by the REST API. */
export class Person {
  constructor(server, user, token) {
    this.server = server;
    this.user = user;
    this.id = user.user_id;
    this.name = user.username;
    this.token = token;
    this.password = PASSWORD;
  }

  rest(method, path, body) {
    return this.server.rest(method, path, body, this.token);
  }

  /** @param {{channel_id: string}} channel @param {string} content @param {object} [more] */
  write(channel, content, more = {}) {
    return this.rest("POST", `channels/${channel.channel_id}/messages`, { content, ...more });
  }

  /** Many messages, in order and fast: each waits for its place in the queue, not for the one before to be read. */
  async writeMany(channel, count, content) {
    for (let at = 0; at < count; at += 1) await this.write(channel, content(at));
  }

  /** A file, ready to be named by a message. @param {string} name @param {string} type @param {Buffer} bytes */
  async upload(name, type, bytes) {
    const answer = await fetch(`${this.server.origin}/api/rest/uploads?filename=${encodeURIComponent(name)}`, {
      method: "POST", headers: { "Content-Type": type, Authorization: `Bearer ${this.token}` }, body: bytes });
    assert.ok(answer.ok, `uploading ${name}: ${answer.status}`);
    return answer.json();
  }

  async addChannel(server, name, more = {}) {
    return this.rest("POST", `servers/${server.server_id}/channels`, { name, ...more });
  }
}

/**
 * One test with a server and a browser: pages are opened with `open`, everything is closed at the end, and whatever a
 * page complained about fails it.
 * @param {string} name
 * @param {(stage: Stage) => Promise<void>} act
 * @param {object} [options] of node:test
 */
export function story(name, act, options = {}) {
  if (!closes) after(closeAll);
  closes = true;
  test(name, { timeout: TEST_MS, ...options }, async (context) => {
    const stage = await Stage.open(context);
    try {
      await act(stage);
    } catch (error) {
      await stage.describe();
      throw error;
    } finally {
      await stage.close();
    }
    assert.deepEqual(stage.problems, [], "the pages had nothing to complain about");
  });
}

/** @type {Promise<import("playwright-core").Browser> | null} */
let browser = null;
/** @type {Promise<Server> | null} */
let server = null;
/** Whether both are closed when the tests are done. */
let closes = false;
/** Which names lead where, for this file's browser. */
const leads = [`MAP ${PLAIN_HOST} 127.0.0.1`];

/**
 * The stories of this file are about this server instead of a plain one; to be said before the first of them.
 * @param {Promise<Server>} other @param {string} [rule] a name that leads to it, in Chromium's words
 */
export function about(other, rule) {
  server = other;
  if (rule) leads.push(rule);
}

async function closeAll() {
  await (await browser?.catch(() => null))?.close();
  await (await server?.catch(() => null))?.remove();
}

/** One browser for all tests of a file. */
export function theBrowser() {
  browser ??= chromium.launch({
    executablePath: process.env.CHATD_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", `--host-resolver-rules=${leads.join(", ")}`],
  });
  return browser;
}

export class Stage {
  /** What pages complained about. @type {string[]} */ problems = [];
  /** Complaints that a story brings about on purpose. @type {RegExp[]} */ #expected = [];
  #contexts = [];

  static async open(test) {
    const stage = new Stage();
    stage.test = test;
    server ??= Server.start();
    [stage.browser, stage.server] = await Promise.all([theBrowser(), server]);
    return stage;
  }

  /** Complaints like this are no failure from now on: the story takes the network away. @param {...RegExp} patterns */
  expect(...patterns) {
    this.#expected.push(...patterns);
  }

  /** The network will go away: browsers write that on the console by themselves. */
  expectLoss() {
    this.expect(/net::ERR_|WebSocket connection to/);
  }

  /** A device with nobody signed in. @param {import("playwright-core").BrowserContextOptions} [options] */
  async device(options = {}) {
    const context = await this.browser.newContext({
      baseURL: this.server.origin, viewport: DESKTOP, locale: "en-GB", reducedMotion: "reduce", ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    this.#contexts.push(context);
    await context.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        console.error(`CSP: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    context.on("page", (page) => this.#listen(page));
    return context;
  }

  /** A page where nobody is signed in. @param {string} [path] @param {object} [options] */
  async stranger(path = "/", options = {}) {
    const page = await (await this.device(options)).newPage();
    await page.goto(path);
    return new Chat(page);
  }

  /** A page where a person is signed in, on a device of its own. @param {Person} person @param {string} [path] @param {object} [options] */
  async open(person, path = "/", options = {}) {
    const context = await this.device(options);
    // The same request that the form makes; its answer leaves the cookie with the device.
    const answer = await context.request.post("/api/rest/auth/login", { data: { username: person.name, password: person.password, cookie: true } });
    assert.ok(answer.ok(), `${person.name} signs in: ${answer.status()}`);
    const page = await context.newPage();
    await page.goto(path);
    const chat = new Chat(page);
    await chat.ready();
    return chat;
  }

  /** @param {import("playwright-core").Page} page */
  #listen(page) {
    const complain = (what) => {
      if (!this.#expected.some((pattern) => pattern.test(what))) this.problems.push(what);
    };
    page.on("console", (message) => {
      const { url } = message.location();
      // Whoever is not signed in has no session to refresh: the browser notes the answer, and no script can prevent it.
      if (message.type() === "error" && !(url.endsWith("/auth/refresh") && message.text().includes("401"))) complain(`console: ${message.text()} ${url}`);
    });
    page.on("pageerror", (error) => complain(`error: ${error.stack ?? error.message}`));
    page.on("dialog", (dialog) => { complain(`a dialog: ${dialog.message()}`); dialog.dismiss().catch(() => {}); });
  }

  /** What the pages show, for whoever reads why a test failed. */
  async describe() {
    for (const page of this.#contexts.flatMap((context) => context.pages())) {
      const tree = await page.locator("body").ariaSnapshot({ timeout: 5_000 }).catch((error) => String(error));
      this.test.diagnostic(`${page.url()}\n${tree.length > 6_000 ? `${tree.slice(0, 3_000)}\n…\n${tree.slice(-3_000)}` : tree}`);
    }
    for (const problem of this.problems) this.test.diagnostic(problem);
  }

  async close() {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
  }
}

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Runs in the page. */
async function violationsOf(tags) {
  // Initials in place of a picture are symbols, which no name has to repeat (WCAG 2.5.3); they are hidden from readers.
  const symbolic = (target) => {
    const copy = document.querySelector(target)?.cloneNode(true);
    for (const hidden of copy?.querySelectorAll("[aria-hidden=true]") ?? []) hidden.remove();
    return !copy?.textContent.trim();
  };
  const { violations } = await globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes
    .filter(({ target }) => id !== "label-content-name-mismatch" || !symbolic(target[0]))
    .map(({ target, failureSummary }) => ({ target, failureSummary })) })).filter(({ nodes }) => nodes.length);
}

/**
 * Fails with what axe finds against WCAG 2.2 AA. The script comes by the browser's debugger, so no policy of the page's
 * has to be lowered for it.
 * @param {import("playwright-core").Page} page @param {string} [where]
 */
export async function axe(page, where = page.url()) {
  const session = await page.context().newCDPSession(page);
  const run = async (expression) => {
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await run(`${readFileSync(require.resolve("axe-core/axe.min.js"), "utf8")}\n;0`);
  const violations = JSON.parse(await run(`(${violationsOf})(${JSON.stringify(WCAG)}).then(JSON.stringify)`));
  await session.detach();
  const list = violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ target, failureSummary }) =>
    `  ${target.join(" ")}\n    ${failureSummary.replace(/\n\s*/g, "; ")}`).join("\n")}`);
  assert.equal(list.length, 0, `${where}: axe finds\n${list.join("\n")}`);
}
