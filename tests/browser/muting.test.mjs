import assert from "node:assert/strict";
import { axe, PHONE, story } from "./harness.mjs";

/** Channels with something new in each, one open. */
async function scene(stage, ...names) {
  const { server, people: [ada, bea], channel } = await stage.server.community(...names);
  const other = await ada.addChannel(server, "elsewhere");
  const third = await ada.addChannel(server, "noise");
  const path = `/channels/${server.server_id}/${other.channel_id}`;
  return { server, ada, bea, general: channel, noise: third, path };
}

story("a muted channel is quiet on all devices, and still counts what is meant for the reader", async (stage) => {
  const { ada, bea, noise, general, path } = await scene(stage, "Hushers", "huda", "hope");
  const [laptop, other] = await Promise.all([stage.open(ada, path), stage.open(ada, path)]);
  await laptop.showsChannel("elsewhere");
  await bea.write(noise, "bla");
  await Promise.all([laptop.unreadChannel("noise").waitFor(), other.unreadChannel("noise").waitFor()]);

  await laptop.channel("noise").click({ button: "right" });
  await laptop.choose("Mute");
  await laptop.choose("Until I turn it back on");
  await laptop.mutedChannel("noise").waitFor();
  await laptop.page.getByText("#noise is muted.").first().waitFor();
  await other.mutedChannel("noise").waitFor();
  assert.equal(await other.unreadChannel("noise").count(), 0);
  await other.servers.getByRole("button", { name: "Hushers", exact: true }).waitFor();
  await axe(laptop.page, "a muted channel");

  // The keys for what is unread pass it by.
  await bea.write(general, "news");
  await laptop.unreadChannel("general").waitFor();
  await laptop.page.keyboard.press("Alt+Shift+ArrowDown");
  await laptop.showsChannel("general");
  await laptop.page.keyboard.press("Alt+Shift+ArrowDown");
  await laptop.showsChannel("general");

  await bea.write(noise, `<@${ada.id}> hey`);
  await laptop.channels.getByRole("link", { name: /^noise\W+muted\W+1 for you/ }).waitFor();
  await laptop.page.waitForFunction(() => document.title.startsWith("(1) "));

  await other.channel("noise").click({ button: "right" });
  await other.choose("Unmute");
  await laptop.unreadChannel("noise").waitFor();
  await other.unreadChannel("noise").waitFor();
});

story("a mute ends by itself", async (stage) => {
  const { ada, bea, noise, path } = await scene(stage, "Nappers", "nan", "ned");
  const chat = await stage.open(ada, path);
  await chat.page.clock.install();
  await chat.page.reload();
  await chat.ready();
  await chat.showsChannel("elsewhere");
  await bea.write(noise, "bla");
  await chat.unreadChannel("noise").waitFor();
  // By the keyboard: the menu key on the link, an arrow into the times, and back.
  await chat.channel("noise").focus();
  await chat.page.keyboard.press("ContextMenu");
  await chat.page.getByRole("menuitem", { name: "Mute", exact: true }).focus();
  await chat.page.keyboard.press("ArrowRight");
  await chat.page.getByRole("menuitem", { name: "For 15 minutes" }).waitFor();
  await axe(chat.page, "the menu with times");
  await chat.page.keyboard.press("ArrowLeft");
  await chat.choose("Mute");
  await chat.choose("For 15 minutes");
  await chat.mutedChannel("noise").waitFor();
  assert.equal(await chat.unreadChannel("noise").count(), 0);
  await chat.focusIsOn(chat.channel("noise"));
  await chat.page.clock.fastForward("15:01");
  await chat.unreadChannel("noise").waitFor();
  assert.equal(await chat.mutedChannel("noise").count(), 0);
});

story("a muted server is quiet, and its level is chosen in its menu", async (stage) => {
  const { server, ada, bea, general, noise } = await scene(stage, "Crowd", "cora", "cid");
  const home = await ada.rest("POST", "servers", { name: "Home" });
  const [own] = await ada.rest("GET", `servers/${home.server_id}/channels`);
  const chat = await stage.open(ada, `/channels/${home.server_id}/${own.channel_id}`);
  await chat.showsChannel("general");
  await bea.write(noise, "bla");
  await bea.write(general, "bla");
  const button = (name) => chat.servers.getByRole("button", { name, exact: true });
  await button("Crowd, unread").click({ button: "right" });
  await chat.choose("Mute");
  await chat.choose("For 8 hours");
  await button("Crowd, muted").waitFor();
  await axe(chat.page, "a muted server");
  await bea.write(noise, `<@${ada.id}> you`);
  await button("Crowd, 1 for you, muted").waitFor();
  await button("Crowd, 1 for you, muted").click();
  await chat.channels.getByRole("link", { name: /^noise\W+1 for you/ }).waitFor();
  assert.equal(await chat.unreadChannel("elsewhere").count(), 0);

  await button(/^Crowd/).click({ button: "right" });
  await chat.choose(/^Notifications/);
  await chat.page.getByRole("menuitemradio", { name: "Mentions only", checked: true }).waitFor();
  await chat.page.getByRole("menuitemradio", { name: "All messages" }).click();
  await button(/^Crowd/).click({ button: "right" });
  await chat.page.getByRole("menuitem", { name: "Notifications: All messages" }).waitFor();
  await chat.choose("Mark all as read");
  await button("Crowd, muted").waitFor();
  assert.deepEqual((await ada.rest("GET", "users/@me/settings")).levels, { [server.server_id]: "all" });
});

story("on a phone a long press asks for the menu, and lifting the finger leaves it open", async (stage) => {
  const { ada, bea, noise, path } = await scene(stage, "Pressers", "pru", "pip");
  const chat = await stage.open(ada, path, { viewport: PHONE, isMobile: true, hasTouch: true });
  await bea.write(noise, "bla");
  await chat.menu.tap();
  const link = chat.unreadChannel("noise");
  await link.waitFor();
  await chat.hold(link);
  await axe(chat.page, "a channel's menu on a phone");
  await chat.page.getByRole("menuitem", { name: "Mute", exact: true }).tap();
  await chat.page.getByRole("menuitem", { name: "For 1 hour" }).tap();
  await chat.mutedChannel("noise").waitFor();
  assert.equal(new URL(chat.page.url()).pathname, path, "a long press opens no channel");

  await chat.hold(chat.channel("noise"));
  await chat.page.getByRole("menuitem", { name: /^Unmute \(until / }).tap();
  await link.waitFor();
});
