import assert from "node:assert/strict";
import { axe, story } from "./harness.mjs";

const IMAGE = "<img src=x onerror=alert(1)>";
const OVERRIDE = "\u202Egpj.exe\u202C";
const MESSAGES = [
  IMAGE,
  "<script>alert(2)</script>",
  "<svg onload=alert(3)><iframe srcdoc='<script>alert(4)</script>'></iframe>",
  "javascript:alert(5)",
  "[click](javascript:alert(6)) <javascript:alert(7)> https://example.org/<img/src/onerror=alert(8)>",
  "data:text/html,<script>alert(9)</script>",
  "[a picture](data:text/html;base64,PHNjcmlwdD5hbGVydCgxMCk8L3NjcmlwdD4=)",
  `right to left ${OVERRIDE} and back`,
  "{{constructor.constructor('alert(11)')()}} ${alert(12)} `alert(13)`",
  "\"><img src=x onerror=alert(14)> ' onmouseover='alert(15)",
  "__proto__ constructor toString",
  "A\u0301".repeat(60) + "\u0e49".repeat(60),
  "and an honest word at the end",
];

story("hostile names and messages stay text", async (stage) => {
  const { server, people: [ada, eve], channel } = await stage.server.community(IMAGE, "ada", "eve");
  await eve.rest("PATCH", "users/@me", { display_name: IMAGE, bio: "<script>alert(20)</script>" });
  await ada.rest("PATCH", `channels/${channel.channel_id}`, { topic: `"><script>alert(21)</script>` });
  const chat = await stage.open(ada);
  await chat.composer.waitFor();
  const scripts = () => chat.page.evaluate(() => document.scripts.length);
  const before = await scripts();
  for (const content of MESSAGES) await eve.write(channel, content);
  await chat.message(MESSAGES.at(-1)).waitFor();
  await chat.message("right to left").waitFor();

  const shown = (await chat.entries.allInnerTexts()).join("\n");
  for (const part of [IMAGE, "<script>alert(2)</script>", "javascript:alert(5)", "javascript:alert(6)", "data:text/html,<script>", "alert(15)"]) {
    assert.ok(shown.includes(part), `is text: ${part}`);
  }
  const strange = await chat.page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => element.matches("iframe, object, embed, base")
    || [...element.attributes].some(({ name, value }) => name.startsWith("on") || (["href", "src", "action"].includes(name) && /^\s*(javascript|data|vbscript):/i.test(value)))
    || element.getAttribute("src") === "x").map((element) => element.outerHTML.slice(0, 200)));
  assert.deepEqual(strange, [], "no element came out of a text");
  const links = await chat.timeline.getByRole("link").evaluateAll((list) => list.map(({ protocol, rel }) => ({ protocol, rel })));
  for (const { protocol, rel } of links) {
    assert.match(protocol, /^https?:$/);
    assert.match(rel, /noopener/);
  }
  assert.equal(await scripts(), before, "no script was added");

  // They stay text wherever they are shown: in dialogs, in lists, in the title, and when they are edited.
  await chat.message(IMAGE).first().getByRole("button", { name: IMAGE }).last().click();
  await chat.dialog.or(chat.page.getByText("@eve")).first().waitFor();
  await chat.page.keyboard.press("Escape");
  await chat.channel("general").waitFor();
  assert.ok((await chat.page.title()).length > 0);
  await axe(chat.page, "hostile texts");
  assert.equal(await scripts(), before, "no script was added");

  const invite = await ada.rest("POST", `servers/${server.server_id}/invites`, {});
  const stranger = await stage.stranger(`/invite/${invite.code}`);
  await stranger.page.getByRole("heading", { name: IMAGE }).waitFor();
});

story("no text becomes markup or a script's address, and of the one policy there is no second", async (stage) => {
  const { people: [ada] } = await stage.server.community("Policies", "pol", "pia");
  const chat = await stage.open(ada);
  stage.expect(/^console: (CSP: (require-trusted-types-for|trusted-types|script-src)|.*(Trusted|TrustedTypes|Content Security Policy))/);
  const found = await chat.page.evaluate(async () => {
    const tried = async (act) => { try { await act(); return "done"; } catch (error) { return error.name; } };
    const { trustedTypes, navigator } = globalThis;
    const any = { createHTML: (text) => text, createScriptURL: (text) => text };
    return Promise.all([
      tried(() => trustedTypes.createPolicy("another", any)),
      tried(() => trustedTypes.createPolicy("default", any)),
      tried(() => trustedTypes.createPolicy("chatd-worker", any)),
      tried(() => { document.createElement("p").innerHTML = "<b>bold</b>"; }),
      tried(() => { document.createElement("script").src = "/x.js"; }),
      tried(() => navigator.serviceWorker.register("/api/rest/files/1")),
      tried(() => new Worker("/push-worker.js")),
    ]);
  });
  assert.deepEqual(found, Array(7).fill("TypeError"));
});

story("text that runs the other way turns nothing around it", async (stage) => {
  const { people: [ada, eve], channel } = await stage.server.community("Both ways", "abe", "ezra");
  await eve.rest("PATCH", "users/@me", { display_name: "שלום עולם" });
  await eve.write(channel, `${OVERRIDE} turned`);
  await eve.write(channel, "שלום, מה שלומך?");
  await ada.write(channel, "an ordinary answer");
  const chat = await stage.open(ada);
  await chat.sees("an ordinary answer");
  const row = chat.message("turned");
  const [name, time] = await Promise.all([row.getByRole("button", { name: "שלום עולם" }).last().boundingBox(), row.locator("time").boundingBox()]);
  assert.ok(name && time && time.x >= name.x + name.width - 1, "the time stands behind the name");
  const direction = await chat.message("מה שלומך").getByText("מה שלומך").last().evaluate((element) => getComputedStyle(element).direction);
  assert.equal(direction, "rtl", "Hebrew begins on the right");
  assert.equal(await chat.message("an ordinary answer").getByText("an ordinary answer").last().evaluate((element) => getComputedStyle(element).direction), "ltr");
});

story("the longest message that there may be is shown whole, and one more character is not sent", async (stage) => {
  const { people: [ada, eve], channel } = await stage.server.community("Long", "lon", "loretta");
  await eve.write(channel, `${"W".repeat(3_990)} the end`);
  const chat = await stage.open(ada);
  await chat.message("the end").waitFor();
  const [inner, outer] = await chat.timeline.evaluate((element) => {
    const scroller = element.closest(".scroller") ?? element;
    return [scroller.scrollWidth, scroller.clientWidth];
  });
  assert.ok(inner <= outer, `${inner} px wide in ${outer} px`);
  await chat.composer.fill("x".repeat(4_001));
  assert.ok(await chat.send.isDisabled(), "too long to send");
  await chat.composer.fill(`${"y".repeat(3_993)} is it`);
  await chat.composer.press("Enter");
  await chat.message("is it").waitFor();
});
