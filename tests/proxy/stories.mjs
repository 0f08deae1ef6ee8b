/** What must work behind any proxy, at the root and under a path. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Server } from "../browser/harness.mjs";
import { Client, past } from "./client.mjs";
import { HOST, Proxy, UPSTREAM, block, environment } from "./proxies.mjs";

const PASSWORD = "correct horse battery";
const ORIGIN = `https://${HOST}`;
const MIB = 1024 * 1024;
/** `src/model/limits.rs` */
const SIGN_INS = 10;
const UPLOAD_MIB = 25;
/** Through a proxy even the first account of an open instance needs one. */
const CODE = "only the owner knows";
/** `src/cli/table.rs`: what an owner may set, at most. */
const HEARTBEAT_MS_MAX = 600_000;
const [HELLO, HEARTBEAT, HEARTBEAT_ACK, CONNECTED, MESSAGE_CREATE] = [0, 1, 2, 10, 11];

/** @param {"nginx" | "caddy"} kind @param {string} path empty, or like `/chat` */
export function behind(kind, path) {
  describe(`behind ${kind} at ${path || "/"}`, () => {
    /** @type {Server} */ let server;
    /** @type {Proxy} */ let proxy;
    /** @type {Client} */ let client;
    /** Alice, and where she writes. */ let token, place, channel;

    before(async () => {
      const { CHATD_LISTEN, ...told } = environment(path);
      assert.equal(CHATD_LISTEN, UPSTREAM, "only the proxy reaches it");
      server = await Server.start(["--setup-code", CODE], told);
      proxy = await Proxy.start(kind, path, server.port);
      client = new Client(proxy, path);
      const body = { username: "alice", password: PASSWORD, setup_code: CODE };
      token = (await client.api("auth/register", { method: "POST", body })).expect(201).access_token;
      place = (await client.api("servers", { method: "POST", token, body: { name: "Home" } })).expect(201).server_id;
      const channels = (await client.api(`servers/${place}/channels`, { token })).expect(200);
      channel = channels.find(({ type }) => type === "text").channel_id;
    });

    after(async () => {
      await proxy?.remove();
      await server?.remove();
    });

    const say = (content, more = {}) =>
      client.api(`channels/${channel}/messages`, { method: "POST", token, body: { content, ...more } });

    test("what is written comes out of the gateway, which stays open", async () => {
      const gateway = await client.gateway({ token, headers: { Origin: ORIGIN } });
      const { heartbeat_interval: interval } = await gateway.next(HELLO);
      await gateway.next(CONNECTED);
      const { message_id: id } = (await say("through the proxy")).expect(201);
      const event = await gateway.next(MESSAGE_CREATE);
      assert.deepEqual([event.message_id, event.content], [id, "through the proxy"]);
      gateway.send({ op: HEARTBEAT, d: null });
      await gateway.next(HEARTBEAT_ACK);
      gateway.close();
      // chatd gives up on those who are silent for 1.5 intervals; a proxy that did so before would cut the living.
      assert.ok(interval <= HEARTBEAT_MS_MAX, `${interval}`);
      const least = 1.5 * HEARTBEAT_MS_MAX;
      if (kind === "nginx") assert.ok(readTimeout() > least, `silence may last ${readTimeout()} of ${least} ms`);
    });

    test("only pages of the public origin may use the gateway", async () => {
      const inside = `http://127.0.0.1:${server.port}`;
      for (const origin of [`http://${HOST}`, `${ORIGIN}:8443`, "https://evil.example", inside, "null"]) {
        assert.equal(await client.gateway({ headers: { Origin: origin } }), 403, origin);
      }
      // A name that its owner lets lead here is not ours; Caddy answers it by itself, with nothing.
      const rebound = { Host: "evil.example", Origin: "https://evil.example", "X-Forwarded-Host": "evil.example" };
      assert.equal(await client.gateway({ headers: rebound }), kind === "caddy" ? 200 : 403);
      const gateway = await client.gateway({ headers: { Origin: ORIGIN } });
      await gateway.next(HELLO);
      gateway.close();
    });

    test("a large file goes up and down, and one that is too large chatd refuses before it has come", async () => {
      const bytes = randomBytes(20 * MIB);
      const headers = { "Content-Type": "application/octet-stream" };
      const film = { method: "POST", token, headers, body: bytes };
      const file = (await client.api("uploads?filename=film.bin", film)).expect(201);
      assert.ok(file.url.startsWith(`${path}/files/`), file.url);
      (await say("", { attachments: [file.attachment_id] })).expect(201);
      const down = await client.at(file.url);
      assert.ok(down.status === 200 && down.bytes.equals(bytes), `${down.status}, ${down.bytes.length} bytes`);
      const part = await client.at(file.url, { headers: { Range: "bytes=5-9" } });
      assert.ok(part.status === 206 && part.bytes.equals(bytes.subarray(5, 10)), `${part.status}`);

      const refused = await client.early("uploads?filename=film.bin", (UPLOAD_MIB + 1) * MIB, { token, headers });
      assert.equal(refused.expect(413).code, "too_large");
      const nobody = await client.early("uploads?filename=film.bin", UPLOAD_MIB * MIB, { headers });
      assert.equal(nobody.expect(401).code, "unauthenticated");
    });

    test("cookies, links and pages are those of the public URL", async () => {
      const body = { username: "alice", password: PASSWORD, cookie: true };
      const signedIn = await client.api("auth/login", { method: "POST", body });
      const [cookie, ...rest] = signedIn.headers["set-cookie"][0].split("; ");
      assert.ok(rest.includes(`Path=${path}/api/rest/auth`) && rest.includes("Secure"), rest.join());
      const refresh = (page) => client.api("auth/refresh", { method: "POST", headers: { Cookie: cookie, ...page } });
      (await refresh({ Origin: "https://evil.example" })).expect(403);
      (await refresh({ Origin: ORIGIN })).expect(200);

      const invite = (await client.api(`servers/${place}/invites`, { method: "POST", token, body: {} })).expect(201);
      assert.ok(invite.url.startsWith(`${ORIGIN}${path}/invite/`), invite.url);
      for (const text of ["one", "two"]) (await say(text)).expect(201);
      const page = await client.api(`channels/${channel}/messages?limit=1`, { token });
      const [, next] = /<(.*)>; rel="next"/.exec(page.headers.link);
      (await client.at(next, { token })).expect(200);
      const { servers } = (await client.api("openapi.json")).expect(200);
      assert.deepEqual(servers, path ? [{ url: path }] : undefined);
      // The numbers are for the machine itself, and nobody comes from there through a proxy.
      (await client.at(`${path}/metrics`)).expect(404);

      for (const shown of ["/", "/settings", `/invite/${invite.code}`, `/channels/${place}/${channel}`]) {
        const { status, headers, text } = await client.at(`${path}${shown}`);
        assert.equal(status, 200, shown);
        assert.ok(headers["strict-transport-security"], "browsers are told to stay with https");
        const assets = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, address]) => address);
        const isOurs = (address) => address.startsWith(`${path}/assets/`);
        assert.ok(assets.length > 3 && assets.every(isOurs), assets.join(" "));
        for (const address of assets) assert.equal((await client.at(address)).status, 200, address);
      }
      if (path && kind === "nginx") {
        const { status, headers } = await client.at(path);
        assert.deepEqual([status, new URL(headers.location).pathname], [301, `${path}/`], "whoever forgets the slash");
      }
    });

    test("limits count people, and believe no stranger", async () => {
      const signIn = (from, headers) => client.api("auth/login", { method: "POST", from, headers, body: {} });
      const direct = (from, n) => past(server.port, `${path}/api/rest/auth/login`, {
        method: "POST", from, body: {},
        headers: { "X-Forwarded-For": `192.0.2.${n}`, "X-Real-IP": `192.0.2.${n}`, Forwarded: `for=192.0.2.${n}` },
      });
      const statuses = async (ask) => {
        const all = [];
        for (let n = 0; n <= SIGN_INS; n += 1) all.push((await ask(n)).status);
        return all;
      };
      const refusedAtLast = (all, who) =>
        assert.ok(all.slice(0, -1).every((status) => status === 400) && all.at(-1) === 429, `${who}: ${all}`);
      const lying = (n) => signIn("127.0.0.3", { "X-Forwarded-For": `192.0.2.${n}` });
      refusedAtLast(await statuses(lying), "through the proxy, with a lie");
      assert.equal((await signIn("127.0.0.4")).status, 400, "somebody else comes through the same proxy");
      refusedAtLast(await statuses((n) => direct("127.0.0.5", n)), "past the proxy, with a lie");
      assert.equal((await signIn("127.0.0.5")).status, 429, "through the proxy it is the same person");
      const own = (await client.api("auth/sessions", { token })).expect(200).find(({ current }) => current);
      assert.equal(own.ip, "127.0.0.2");
    });
  });
}

/** What the proxy alone tells. @param {"nginx" | "caddy"} kind */
export function withoutPublicUrl(kind) {
  test(`behind ${kind}, without a public URL`, async (context) => {
    const { CHATD_TRUSTED_PROXIES } = environment("");
    const server = await Server.start(["--setup-code", CODE], { CHATD_TRUSTED_PROXIES });
    context.after(() => server.remove());
    const proxy = await Proxy.start(kind, "", server.port);
    context.after(() => proxy.remove());
    const client = new Client(proxy, "");
    const body = { username: "alice", password: PASSWORD, setup_code: CODE, cookie: true };
    const made = await client.api("auth/register", { method: "POST", body });
    assert.match(made.headers["set-cookie"][0], /; Secure$/);
    assert.ok((await client.at("/")).headers["strict-transport-security"]);
    const gateway = await client.gateway({ headers: { Origin: ORIGIN } });
    await gateway.next(HELLO);
    gateway.close();
    const lie = { Origin: "https://evil.example", "X-Forwarded-Host": "evil.example" };
    assert.equal(await client.gateway({ headers: lie }), 403);
  });
}

/** How long nginx, as the README sets it up, lets a connection be silent. */
function readTimeout() {
  const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const [, number, unit] = /^\s*proxy_read_timeout (\d+)(ms|s|m|h);$/m.exec(block("nginx")) ?? ["", "60", "s"];
  return Number(number) * units[unit];
}
