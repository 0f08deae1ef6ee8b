import assert from "node:assert/strict";
import { axe, PHONE, story } from "./harness.mjs";

const MOBILE = { viewport: PHONE, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

/** Nothing is wider than the screen. */
async function fits(page, where) {
  const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(inner <= outer, `${where}: ${inner} px wide on a screen of ${outer} px`);
}

story("on a phone the lists are a drawer", async (stage) => {
  const { server, people: [ada, bea], channel } = await stage.server.community("Pockets", "poe", "pam");
  await ada.addChannel(server, "photos");
  await bea.write(channel, "a rather long message, that must break into lines on a screen as narrow as that of a phone is");
  const chat = await stage.open(ada, "/", MOBILE);
  await chat.sees("a rather long message");
  await fits(chat.page, "messages");
  await chat.channels.waitFor({ state: "hidden" });
  await axe(chat.page, "a channel on a phone");

  await chat.menu.tap();
  await chat.channel("photos").waitFor();
  await fits(chat.page, "the drawer");
  await axe(chat.page, "the drawer on a phone");
  await chat.channel("photos").tap();
  await chat.showsChannel("photos");
  await chat.channels.waitFor({ state: "hidden" });

  await chat.menu.tap();
  await chat.channel("general").waitFor();
  await chat.page.keyboard.press("Escape");
  await chat.channels.waitFor({ state: "hidden" });
  await chat.focusIsOn(chat.menu);
  await chat.showsChannel("photos");
});

story("on a phone Enter makes a line and the button sends", async (stage) => {
  const { people: [ada] } = await stage.server.community("Thumbs", "thea");
  const chat = await stage.open(ada, "/", MOBILE);
  await chat.composer.tap();
  await chat.page.keyboard.type("one line");
  await chat.page.keyboard.press("Enter");
  await chat.page.keyboard.type("another line");
  assert.equal(await chat.composer.inputValue(), "one line\nanother line");
  await chat.send.tap();
  await chat.sees(/one line\s+another line/);
  assert.equal(await chat.composer.inputValue(), "");
});

story("the smallest screen that WCAG names, 320 px, shows all without scrolling sideways", async (stage) => {
  const { people: [ada] } = await stage.server.community("A server with a name that is not short at all", "smalley");
  const chat = await stage.open(ada, "/", { viewport: { width: 320, height: 640 } });
  await chat.say("https://example.org/an/address/that/is/far/longer/than/such/a/screen/is/wide/and/has/no/gap/to/break/at");
  await chat.sees("https://example.org");
  await fits(chat.page, "a channel");
  await axe(chat.page, "a channel of 320 px");
  await chat.page.goto("/settings");
  const profile = chat.page.getByRole("link", { name: "Profile", exact: true });
  await profile.waitFor();
  await fits(chat.page, "the list of settings");
  await axe(chat.page, "the list of settings of 320 px");
  await profile.click();
  await chat.page.getByLabel("Display name").waitFor();
  await fits(chat.page, "settings");
  await axe(chat.page, "settings of 320 px");
});
