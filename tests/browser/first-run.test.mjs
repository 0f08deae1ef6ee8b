/** Servers that nobody has an account on yet: from the set-up code to the first message that somebody else reads. */
import assert from "node:assert/strict";
import { axe, DESKTOP, PHONE, Server, story } from "./harness.mjs";

const PASSWORD = "correct horse battery";
const CODE = "plum-otter-lamp";
const exact = (name) => ({ name, exact: true });

/** A story with a server of its own, on which nobody was before. @param {string} name @param {(stage: import("./harness.mjs").Stage) => Promise<void>} act @param {string[]} [options] */
function fresh(name, act, options = ["--registration", "invite"]) {
  story(name, async (stage) => {
    stage.server = await Server.start(["--rate-limits", "off", "--setup-code", CODE, ...options]);
    try {
      await act(stage);
    } finally {
      await stage.close();
      await stage.server.remove();
    }
  });
}

/** Which step is on the screen. @param {import("./screens.mjs").Chat} chat @param {number} at */
const step = (chat, at) => chat.page.getByText(`Step ${at} of 4`, { exact: true }).waitFor();
const button = (chat, name) => chat.page.getByRole("button", exact(name));
/** With the button, as on a phone, where Enter makes a new line. @param {import("./screens.mjs").Chat} chat @param {string} text */
async function say(chat, text) {
  await chat.composer.fill(text);
  await chat.send.click();
}
/** A browser's own words for its log in the console. */
const REFUSED = /40[03] \((Bad Request|Forbidden)\)/;

for (const [where, options] of [["desktop", { viewport: DESKTOP }], ["phone", { viewport: PHONE, isMobile: true, hasTouch: true }]]) {
  fresh(`the first one is led from the link with the code to an invite, and the second one to the first message (${where})`, async (stage) => {
    const ada = await stage.stranger(`/#setup=${CODE}`, options);
    const { page } = ada;
    await step(ada, 1);
    assert.equal(page.url(), `${stage.server.origin}/`, "the code is not left in the address bar");
    assert.equal(await page.getByLabel("Set-up code").inputValue(), CODE);
    await axe(page, "the account");
    await ada.register("ada", PASSWORD);

    await step(ada, 2);
    await ada.focusIsOn(page.getByRole("heading", { level: 1 }));
    await axe(page, "the instance");
    for (const way of ["By invite", "Everybody", "Nobody"]) assert.equal(await page.getByRole("radio", { name: new RegExp(`^${way} .{20}`) }).count(), 1, way);
    assert.ok(await page.getByRole("radio", { name: /^By invite/ }).isChecked(), "what the server was started with is chosen");
    await page.getByLabel("Name").fill("Canal Club");
    await button(ada, "Continue").click();

    await step(ada, 3);
    await axe(page, "the server");
    await page.reload();
    await step(ada, 3);
    await page.getByLabel("Name").fill("Slow Rides");
    await button(ada, "Create server").click();

    await step(ada, 4);
    const link = await page.getByLabel("Invite link").inputValue();
    assert.ok(link.startsWith(`${stage.server.origin}/invite/`), link);
    await page.getByText("This address works on this computer only.").waitFor();
    await page.waitForFunction(() => document.querySelector("img[alt='QR code of the invite link']")?.naturalWidth > 0);
    await axe(page, "the invite");
    await page.reload();
    await step(ada, 4);
    assert.equal(await page.getByLabel("Invite link").inputValue(), link, "looking again makes no other link");
    await page.getByLabel("Works for").selectOption("1 day");
    await page.waitForFunction((before) => [...document.querySelectorAll("input")].every(({ value }) => value !== before), link);
    const shorter = await page.getByLabel("Invite link").inputValue();
    await button(ada, "Copy").click();
    await page.getByText("Copied", { exact: true }).waitFor();
    await button(ada, "Open Slow Rides").click();
    await ada.showsChannel("general");
    await ada.ready();
    assert.match(page.url(), /\/channels\/\d+\/\d+$/);

    const bea = await stage.stranger(shorter, options);
    await bea.page.getByRole("heading", { name: "Slow Rides" }).waitFor();
    await bea.register("bea", PASSWORD);
    await bea.showsChannel("general");
    await say(ada, "welcome, bea");
    await bea.sees("welcome, bea");
    await say(bea, "I am in!");
    await ada.sees("I am in!");

    const carl = await stage.stranger("/");
    await carl.page.getByRole("heading", { name: "Sign in to Canal Club" }).waitFor();
    await page.reload();
    await ada.showsChannel("general");
    await ada.sees("I am in!");
  });
}

fresh("a wrong code is told at its field, and an open server of one's own machine needs none", async (stage) => {
  stage.expect(REFUSED);
  const ada = await stage.stranger("/");
  await step(ada, 1);
  await ada.page.getByLabel("Set-up code").fill("not the code");
  await ada.register("ada", PASSWORD);
  await ada.focusIsOn(ada.page.getByLabel("Set-up code"));
  await axe(ada.page, "a wrong code");
  await ada.page.getByLabel("Set-up code").fill(CODE);
  await ada.makeAccount.click();
  await step(ada, 2);
});

fresh("on an open server of one's own machine no code is asked for, and whoever leaves loses nothing of what was done", async (stage) => {
  const ada = await stage.stranger("/");
  const { page } = ada;
  await step(ada, 1);
  assert.equal(await page.getByLabel("Set-up code").isVisible(), false);
  await ada.register("ada", PASSWORD);
  await step(ada, 2);
  await page.getByLabel("Name").fill("Allotment 12");
  await page.getByRole("radio", { name: /^Nobody/ }).check({ force: true });
  await button(ada, "Continue").click();
  await step(ada, 3);
  await ada.setUpLater();
  await page.getByRole("heading", { name: "Hello, ada" }).waitFor();
  await page.reload();
  await ada.ready();
  await page.getByRole("heading", { name: "Hello, ada" }).waitFor();
  const { name, registration } = await stage.server.rest("GET", "instance");
  assert.deepEqual([name, registration], ["Allotment 12", "closed"]);
  await page.goto("/admin#instance");
  assert.equal(await page.getByRole("textbox", exact("Name of the instance")).inputValue(), "Allotment 12");
}, ["--registration", "open"]);
