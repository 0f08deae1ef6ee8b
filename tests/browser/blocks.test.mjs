import assert from "node:assert/strict";
import { axe, PHONE, story } from "./harness.mjs";

story("what somebody blocked writes is folded, quoted without a word, and no news", async (stage) => {
  const { server, people: [ada, bea, cem], channel } = await stage.server.community("Neighbours", "nell", "noisy", "nice");
  const other = await ada.addChannel(server, "elsewhere");
  const first = await bea.write(channel, "first rude words");
  await bea.write(channel, "second rude words");
  await cem.write(channel, "please stop", { reply_to: first.message_id });
  const chat = await stage.open(ada, `/channels/${server.server_id}/${channel.channel_id}`);
  await chat.sees("second rude words");

  await chat.tool(chat.message("second rude words"), "Block noisy");
  const fold = chat.timeline.getByRole("button", { name: /^2 blocked messages/ });
  await fold.waitFor();
  await chat.focusIsOn(fold);
  await chat.seesNo("rude words");
  await chat.message("please stop").getByRole("button", { name: "Blocked message" }).waitFor();
  await chat.page.getByText("noisy is blocked.").first().waitFor();
  await axe(chat.page, "blocked messages");

  // Another device learns of it when it connects; what it had drawn is folded then.
  const elsewhere = `/channels/${server.server_id}/${other.channel_id}`;
  const phone = await stage.open(ada, elsewhere, { viewport: PHONE, isMobile: true, hasTouch: true });
  await phone.showsChannel("elsewhere");
  await bea.write(channel, `<@${ada.id}> third rude words`);
  await chat.timeline.getByRole("button", { name: /^1 blocked message/ }).waitFor();
  await phone.menu.tap();
  await phone.channel("general").waitFor();
  assert.equal(await phone.unreadChannel("general").count(), 0);
  await phone.channel("general").tap();
  await phone.timeline.getByRole("button", { name: /^2 blocked messages/ }).tap();
  await phone.sees("second rude words");
  await phone.timeline.getByRole("button", { name: /^2 blocked messages.*Hide/ }).tap();
  await phone.seesNo("second rude words");

  // A quote leads to its message all the same.
  await chat.message("please stop").getByRole("button", { name: "Blocked message" }).click();
  await chat.message("first rude words").getByRole("article").first().waitFor();

  await chat.page.goto("/settings#blocks");
  await chat.page.getByRole("button", { name: "Unblock noisy" }).click();
  await chat.page.getByText("You have blocked nobody.").waitFor();
  await chat.page.goto(`/channels/${server.server_id}/${channel.channel_id}`);
  await chat.message("first rude words").getByRole("article").first().waitFor();
  assert.equal(await chat.timeline.getByRole("button", { name: /blocked/ }).count(), 0);
});

story("the card of a person blocks and unblocks, and nobody sees them type", async (stage) => {
  const { people: [ada, bea], channel, server } = await stage.server.community("Cards", "cleo", "cato");
  await bea.write(channel, "here I am");
  const [chat, theirs] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await chat.sees("here I am");
  await chat.message("here I am").getByRole("button", { name: "cato", exact: true }).click();
  await chat.dialog.getByRole("button", { name: "Block", exact: true }).click();
  await chat.dialog.getByRole("button", { name: "Unblock", exact: true }).waitFor();
  await chat.page.keyboard.press("Escape");
  await chat.timeline.getByRole("button", { name: /^1 blocked message/ }).waitFor();
  await theirs.composer.pressSequentially("typing on and on");
  await theirs.composer.press("Enter");
  await chat.timeline.getByRole("button", { name: /^2 blocked messages/ }).waitFor();
  assert.equal(await chat.typing.count(), 0);
  assert.equal((await ada.rest("GET", "users/@me/blocks")).length, 1);

  // A notice may lie over it.
  await chat.timeline.getByRole("button", { name: /^2 blocked messages/ }).press("Enter");
  await chat.message("here I am").getByRole("button", { name: "cato", exact: true }).click();
  await chat.dialog.getByRole("button", { name: "Unblock", exact: true }).click();
  await chat.dialog.getByRole("button", { name: "Block", exact: true }).waitFor();
  await chat.page.keyboard.press("Escape");
  await chat.sees("typing on and on");
  assert.equal(await chat.timeline.getByRole("button", { name: /blocked/ }).count(), 0);
  assert.ok(new URL(chat.page.url()).pathname.startsWith(`/channels/${server.server_id}`));
});
