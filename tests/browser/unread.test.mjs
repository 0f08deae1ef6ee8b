import assert from "node:assert/strict";
import { story } from "./harness.mjs";

story("what is unread on two devices is read on both once it is read on one", async (stage) => {
  const { server, people: [ada, bea], channel } = await stage.server.community("Readers", "rea", "ray");
  const other = await ada.addChannel(server, "elsewhere");
  const path = `/channels/${server.server_id}/${other.channel_id}`;
  const [laptop, phone] = await Promise.all([stage.open(ada, path), stage.open(ada, path)]);
  await Promise.all([laptop.showsChannel("elsewhere"), phone.showsChannel("elsewhere")]);
  await bea.write(channel, "have you seen this?");
  await Promise.all([laptop.unreadChannel("general").waitFor(), phone.unreadChannel("general").waitFor()]);

  await laptop.openChannel("general");
  await laptop.sees("have you seen this?");
  await phone.unreadChannel("general").waitFor({ state: "detached" });

  await bea.write(channel, `<@${ada.id}> and this?`);
  await laptop.sees("and this?");
  await phone.unreadChannel("general").waitFor({ state: "detached" });
  assert.match(await phone.page.title(), /^#elsewhere/);
});

story("a mention is counted in the channel, on the server and in the title", async (stage) => {
  const { server, people: [ada, bea], channel } = await stage.server.community("Callers", "cal", "cleo");
  const other = await ada.addChannel(server, "elsewhere");
  const page = await stage.open(ada, `/channels/${server.server_id}/${other.channel_id}`);
  await page.showsChannel("elsewhere");
  await bea.write(channel, `<@${ada.id}> one`);
  await bea.write(channel, `<@${ada.id}> two`);
  await page.channels.getByRole("link", { name: /^general\W+2 for you/ }).waitFor();
  await page.servers.getByRole("button", { name: "Callers, 2 for you" }).waitFor();
  await page.page.waitForFunction(() => document.title.startsWith("(2) "));
  await page.openChannel("general");
  await page.page.waitForFunction(() => document.title.startsWith("#general"));
});
