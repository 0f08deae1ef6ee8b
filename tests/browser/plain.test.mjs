import assert from "node:assert/strict";
import { PLAIN_HOST, story } from "./harness.mjs";

story("at home, over plain http, where browsers withhold what they trust only to https", async (stage) => {
  const { people: [ada, bea], channel } = await stage.server.community("At home", "hom", "hank");
  const origin = `http://${PLAIN_HOST}:${stage.server.port}`;
  const chat = await stage.stranger("/", { baseURL: origin });
  assert.deepEqual(await chat.page.evaluate(() => [isSecureContext, typeof crypto.randomUUID, typeof crypto.subtle, "clipboard" in navigator && Boolean(navigator.clipboard)]),
    [false, "undefined", "undefined", false], "this is an origin that the browser does not trust");
  await chat.signIn(ada.name, ada.password);
  await chat.ready();
  await chat.say("from a plain page");
  await chat.sees("from a plain page");
  await bea.write(channel, "to a plain page");
  await chat.sees("to a plain page");

  const link = await chat.inviteLink();
  assert.ok(link.startsWith(`${origin}/invite/`), `the link leads where the page is: ${link}`);
  await chat.serverAction("Invite people");
  await chat.dialog.getByRole("button", { name: "Copy", exact: true }).click();
  await chat.dialog.getByText("Copied").waitFor();

  await chat.page.reload();
  await chat.ready();
  await chat.sees("from a plain page");
});
