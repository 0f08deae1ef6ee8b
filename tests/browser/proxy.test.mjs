import assert from "node:assert/strict";
import { HOST, Proxy, environment, freePort } from "../proxy/proxies.mjs";
import { Server, about, story } from "./harness.mjs";

const PATH = "/chat";
const ORIGIN = `https://${HOST}`;
const PASSWORD = "correct horse battery";
/** 10 pixels wide, green. */
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGNQTdPAgxhGpfEhADGdPmsplcrkAAAA" +
  "AElFTkSuQmCC", "base64");

/** A server behind nginx, which browsers reach where the README says. */
async function behindNginx(port) {
  const { CHATD_LISTEN: _, ...told } = environment(PATH);
  const server = await Server.start(["--rate-limits", "off", "--setup-code", "first"], told);
  await server.person("owner", { setup_code: "first" });
  const proxy = await Proxy.start("nginx", PATH, server.port, port);
  server.origin = ORIGIN;
  const { remove } = server;
  server.remove = async () => {
    await proxy.remove();
    await remove.call(server);
  };
  return server;
}

const port = await freePort();
about(behindNginx(port), `MAP ${HOST}:443 127.0.0.1:${port}`);

story("behind nginx, with TLS and under a path, all is where it should be", async (stage) => {
  const chat = await stage.stranger(`${PATH}/`, { ignoreHTTPSErrors: true });
  const { page } = chat;
  await chat.register("pia", PASSWORD);
  await chat.ready();
  await chat.createServer("Far away");
  await chat.openChannel("general");
  await chat.attach({ name: "leaf.png", mimeType: "image/png", buffer: PNG });
  await chat.say("through nginx");
  await chat.sees("through nginx");
  await chat.sent();
  assert.ok(page.url().startsWith(`${ORIGIN}${PATH}/channels/`), page.url());
  const link = await chat.inviteLink();
  assert.ok(link.startsWith(`${ORIGIN}${PATH}/invite/`), link);

  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.reload();
  await chat.ready();
  await chat.sees("through nginx");
  await page.waitForFunction(() => document.querySelector("img[alt='leaf.png']")?.naturalWidth === 10);
  assert.ok(asked.length > 5);
  const beside = asked.filter((url) => !url.startsWith(`${ORIGIN}${PATH}/`) && !url.startsWith("blob:"));
  assert.deepEqual(beside, [], "nothing is asked for beside the path");

  const session = await page.context().newCDPSession(page);
  const { errors, data, url } = await session.send("Page.getAppManifest");
  const { scope, start_url: start } = JSON.parse(data);
  const app = [scope, start].map((address) => new URL(address, url).href);
  const home = `${ORIGIN}${PATH}/`;
  assert.deepEqual([errors, ...app], [[], home, home], "it installs as an app of its path");
  const [cookie] = await page.context().cookies(`${ORIGIN}${PATH}/api/rest/auth/refresh`);
  assert.deepEqual([cookie.path, cookie.secure, cookie.httpOnly], [`${PATH}/api/rest/auth`, true, true]);
  // There is none, so none can reach beyond the path.
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);

  // On another device, from the page of the channel and with the gateway between.
  const other = await stage.stranger(page.url(), { ignoreHTTPSErrors: true });
  await other.signIn("pia", PASSWORD);
  await other.ready();
  await other.say("and back again");
  await chat.sees("and back again");
});
