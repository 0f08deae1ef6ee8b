import assert from "node:assert/strict";
import { PHONE, story } from "./harness.mjs";

/** The headings that are there for somebody, in their order: `1 general`. */
const headings = (chat) => chat.page.evaluate(() => {
  const all = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")];
  return all.filter((one) => one.checkVisibility({ visibilityProperty: true })).map((one) => `${one.tagName[1]} ${one.textContent}`);
});

/** One says what the page is; below it no level is left out. */
async function sensible(chat, where, title) {
  const list = await headings(chat);
  const told = `${where}: ${list.join(", ")}`;
  assert.deepEqual(list.filter((one) => one.startsWith("1 ")), [`1 ${title}`], told);
  list.reduce((before, one) => {
    const level = Number(one[0]);
    assert.ok(level <= before + 1, told);
    return level;
  }, 1);
}

story("every page has one first heading, and below it no level is left out", async (stage) => {
  const { server, people: [ada], channel } = await stage.server.community("Headings", "hedi");
  await ada.write(channel, "hello there");
  const path = `/channels/${server.server_id}/${channel.channel_id}`;
  const empty = await ada.rest("POST", "servers", { name: "Empty" });
  const [only] = await ada.rest("GET", `servers/${empty.server_id}/channels`);
  await ada.rest("DELETE", `channels/${only.channel_id}`);
  for (const options of [{}, { viewport: PHONE, isMobile: true, hasTouch: true }]) {
    const where = options.viewport ? "phone" : "desktop";
    const chat = await stage.open(ada, path, options);
    await chat.sees("hello there");
    await sensible(chat, `a channel, ${where}`, "general");
    if (options.viewport) {
      await chat.menu.tap();
      await chat.channel("general").waitFor();
      await sensible(chat, "the drawer", "general");
      await chat.server("Empty").tap();
      await chat.page.keyboard.press("Escape");
    } else await chat.server("Empty").click();
    await chat.page.getByText("There is no channel yet.").waitFor();
    await sensible(chat, `no channel, ${where}`, "Empty");
    for (const button of ["Pinned messages", "Search", "Members"]) {
      await chat.page.goto(path);
      await chat.sees("hello there");
      await chat.page.getByRole("button", { name: button, exact: true }).click();
      await sensible(chat, `${button}, ${where}`, "general");
    }
    for (const [address, title, text] of [
      ["/settings#notifications", "Settings", "In this browser"], ["/settings#help", "Settings", "Getting started"],
      ["/settings#password", "Settings", "Close the account"], ["/admin#people", "Administration", "Find people by name"], ["/admin#instance", "Administration", "Coming in"],
      ["/channels/@me/1", "Nothing to see here", "This channel is gone"],
    ]) {
      await chat.page.goto("about:blank");
      await chat.page.goto(address);
      await chat.page.getByText(text).first().waitFor();
      await sensible(chat, `${address}, ${where}`, title);
    }
  }
  const door = await stage.stranger("/");
  await door.userName.waitFor();
  assert.equal((await headings(door)).filter((one) => one.startsWith("1 ")).length, 1);
});
