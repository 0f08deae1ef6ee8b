/** A browser on a chatd that speaks TLS itself, with a certificate of its own making. */
import assert from "node:assert/strict";
import { Server, about, story } from "./harness.mjs";

const PASSWORD = "correct horse battery";

async function overTls() {
  const server = await Server.start(["--rate-limits", "off", "--tls", "self-signed"]);
  server.origin = server.origin.replace("http:", "https:");
  return server;
}

const server = overTls();
about(server);

story("over TLS people write and hear, and whoever types http:// comes to https://", async (stage) => {
  const { origin } = await server;
  const chat = await stage.stranger("/", { ignoreHTTPSErrors: true });
  const { page } = chat;
  await page.goto(origin.replace("https:", "http:"));
  assert.equal(new URL(page.url()).origin, origin);
  await chat.register("ada", PASSWORD);
  await chat.setUpLater();
  await chat.createServer("Home");
  await chat.openChannel("general");
  await chat.say("nobody listens in");
  await chat.sees("nobody listens in");
  await chat.sent();
  const [cookie] = await page.context().cookies(`${origin}/api/rest/auth/refresh`);
  assert.deepEqual([cookie.secure, cookie.httpOnly], [true, true]);

  const other = await stage.stranger(page.url(), { ignoreHTTPSErrors: true });
  await other.signIn("ada", PASSWORD);
  await other.ready();
  (await server).signal("SIGHUP");
  await other.say("and back again");
  await chat.sees("and back again");

  await page.reload();
  await chat.ready();
  await chat.sees("and back again");
});
