import assert from "node:assert/strict";
import { axe, story } from "./harness.mjs";

/** How far an element stands outside of the box that shows it, in px. */
const hidden = (mark) => mark.evaluate((element) => {
  const [inner, box] = [element, element.closest(".text")].map((one) => one.getBoundingClientRect());
  return Math.max(0, box.top - inner.top, inner.bottom - box.bottom);
});

story("what is found and what is pinned looks as it was written, with spoilers closed", async (stage) => {
  const { server, people: [ada, bea], channel } = await stage.server.community("Finders", "fay", "finn");
  const other = await ada.addChannel(server, "elsewhere");
  const long = await bea.write(channel, `${"Words before it. ".repeat(80)}The **silver kettle** whistles. ${"Words after it. ".repeat(80)}`);
  await bea.write(channel, "a kettle in ||a kettle spoiler||");
  await ada.rest("PUT", `channels/${channel.channel_id}/pins/${long.message_id}`);
  const chat = await stage.open(ada, `/channels/${server.server_id}/${other.channel_id}`);
  await chat.page.getByRole("button", { name: "Search", exact: true }).click();
  const field = chat.page.getByRole("combobox", { name: "Search messages" });
  const results = chat.page.getByRole("search").getByRole("article");
  // What is new is found within two seconds.
  for (let tries = 0; tries < 20 && await results.count() < 2; tries += 1) {
    await field.fill("kettle");
    await field.press("Enter");
    await chat.page.waitForTimeout(500);
  }
  const found = results.filter({ hasText: "silver" });
  const mark = found.locator("strong mark");
  await mark.waitFor();
  assert.equal(await hidden(mark), 0, "the part around what was found is shown");
  assert.doesNotMatch(await found.innerText(), /\*\*/);
  const secret = results.filter({ hasText: "a kettle in" });
  const spoiler = secret.getByRole("button", { name: "Spoiler" });
  assert.equal(await spoiler.getAttribute("aria-expanded"), "false");
  assert.equal(await secret.locator("mark").last().isVisible(), false);
  await axe(chat.page, "what was found");
  await spoiler.press("Enter");
  await secret.locator("mark").last().waitFor();
  await chat.showsChannel("elsewhere");
  // All of the card but what is in it leads to the message.
  await secret.click({ position: { x: 6, y: 6 } });
  await chat.showsChannel("general");

  await chat.page.getByRole("button", { name: "Pinned messages", exact: true }).click();
  const pin = chat.page.getByRole("region", { name: "Pinned messages" }).getByRole("article");
  await pin.getByText("silver kettle").waitFor({ state: "attached" });
  await axe(chat.page, "what is pinned");
  await pin.getByRole("link").focus();
  await chat.page.keyboard.press("Enter");
  await chat.page.waitForURL(`**/${long.message_id}`);
});
