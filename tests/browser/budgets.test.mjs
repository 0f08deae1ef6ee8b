/**
 * Sizes, which are the same on every machine, are asserted; times are not: they are printed, to be compared on one
 * machine. CHATD_TEST_MESSAGES says how long the long channel is.
 */
import assert from "node:assert/strict";
import { story } from "./harness.mjs";

const LONG = Number(process.env.CHATD_TEST_MESSAGES) || 10_000;
const BYTES_MAX = 60 * 1024;
const REQUESTS_MAX = 30;
const ROWS_MAX = 200;
const DRIFT_MAX_PX = 1;
/** How far the story scrolls back: enough for pages to come and go at both ends, or as far as it is told. */
const PAGES_BACK = Number(process.env.CHATD_TEST_PAGES_BACK || 12);

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const ms = (value) => `${value.toFixed(1)} ms`;

/** One who has written much, in few requests at a time: the server orders them as they come. */
async function seed(person, channel, count) {
  let next = 0;
  const writer = async () => {
    while (next < count) {
      const number = next;
      next += 1;
      await person.write(channel, `message ${number}${number % 7 ? "" : `, ${"which is a long one and fills a second line of the page. ".repeat(number % 5)}`}`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, writer));
}

/** Watches, from the page's start, for the first frame that shows the text; its time is ms since that start. @param {import("playwright-core").Page} page */
function watchFor(page, text) {
  return page.addInitScript((wanted) => {
    globalThis.shownAt = new Promise((resolve) => {
      const look = () => {
        if (document.querySelector("message-timeline")?.textContent.includes(wanted)) resolve(performance.now());
        else requestAnimationFrame(look);
      };
      look();
    });
  }, text);
}

story("the first message is there after few bytes and few requests", async (stage) => {
  const { people: [ada], channel } = await stage.server.community("Small", "sma");
  await ada.write(channel, "the first message");
  const shownAt = (page) => page.evaluate(() => globalThis.shownAt);
  const known = await stage.open(ada, "/settings");
  await watchFor(known.page, "the first message");
  const times = [];
  for (let round = 0; round < 5; round += 1) {
    await known.page.goto("/");
    times.push(await shownAt(known.page));
  }

  // A device is cold the first time it comes; that of the person who came before has everything in its cache.
  const cold = await stage.device();
  await cold.addCookies(await known.page.context().cookies());
  await known.page.close();
  const page = await cold.newPage();
  await watchFor(page, "the first message");
  const answers = [];
  page.on("response", (response) => answers.push(response));
  let sockets = 0;
  page.on("websocket", () => { sockets += 1; });
  await page.goto("/");
  const coldTime = await shownAt(page);
  // What was asked for later is no part of it, even if the answer is here already.
  const late = await page.evaluate((time) => performance.getEntriesByType("resource").filter((one) => one.startTime >= time).map((one) => one.name), coldTime);
  const before = answers.filter((response) => !late.includes(response.url()));
  const sizes = await Promise.all(before.map((response) => response.request().sizes().catch(() => ({ responseBodySize: 0 }))));
  const bytes = sizes.reduce((sum, { responseBodySize }) => sum + Math.max(0, responseBodySize), 0);
  const requests = before.length + sockets;
  const compressed = before.some((response) => response.headers()["content-encoding"]);
  stage.test.diagnostic(`first message painted: cold ${ms(coldTime)}, from the cache ${ms(median(times))} (median of ${times.length})`);
  stage.test.diagnostic(`before it: ${requests} requests, ${(bytes / 1024).toFixed(1)} KiB${compressed ? "" : " uncompressed, so without a limit"}`);
  // A server that serves the client from a folder, for its development, compresses nothing and keeps nothing cached.
  if (!compressed) return;
  const list = before.map((response, at) => `  ${sizes[at].responseBodySize} ${response.headers()["content-encoding"] ?? ""} ${response.url()}`).join("\n");
  assert.ok(requests <= REQUESTS_MAX, `${requests} requests, at most ${REQUESTS_MAX}:\n${list}`);
  assert.ok(bytes <= BYTES_MAX, `${bytes} bytes, at most ${BYTES_MAX}:\n${list}`);
});

story("how fast one's own message and a channel that was open before are shown", async (stage) => {
  const { server, people: [ada], channel } = await stage.server.community("Swift", "swi");
  const other = await ada.addChannel(server, "elsewhere");
  for (let number = 0; number < 50; number += 1) {
    await ada.write(channel, `here ${number}`);
    await ada.write(other, `there ${number}`);
  }
  const chat = await stage.open(ada, `/channels/${server.server_id}/${channel.channel_id}`);
  await chat.sees("here 49");
  await chat.openChannel("elsewhere");
  await chat.sees("there 49");

  // Measured in the page, from the event to the frame after the change: what a person would see.
  const measure = (action, text) => chat.page.evaluate(([type, name, wanted]) => new Promise((resolve) => {
    const target = type === "click" ? [...document.querySelectorAll("channel-list a")].find((link) => link.textContent.trim().startsWith(name))
      : document.querySelector("message-composer textarea");
    const start = performance.now();
    if (type === "click") target.click();
    else target.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    const look = () => {
      const rows = document.querySelectorAll("message-row");
      if (![...rows].some((row) => row.textContent.includes(wanted))) return requestAnimationFrame(look);
      resolve(performance.now() - start);
    };
    look();
  }), [...action, text]);

  const switches = [];
  const own = [];
  for (let round = 0; round < 5; round += 1) {
    switches.push(await measure(["click", "general"], "here 49"), await measure(["click", "elsewhere"], "there 49"));
    await chat.composer.fill(`mine, ${round}`);
    own.push(await measure(["key", ""], `mine, ${round}`));
    await chat.sees(`mine, ${round}`);
  }
  stage.test.diagnostic(`switch to a cached channel: ${ms(median(switches))} (median of ${switches.length}, worst ${ms(Math.max(...switches))})`);
  stage.test.diagnostic(`own row after Enter: ${ms(median(own))} (median of ${own.length}, worst ${ms(Math.max(...own))})`);
});

story(`a channel of ${LONG} messages is scrolled with few rows in the page, and nothing moves under the reader`, async (stage) => {
  const { people: [ada, bea], channel } = await stage.server.community("Long talks", "long", "talk");
  const start = performance.now();
  await seed(ada, channel, LONG - 1);
  await bea.write(channel, "the very last message");
  stage.test.diagnostic(`seeding ${LONG} messages took ${ms(performance.now() - start)}`);
  const chat = await stage.open(ada);
  await chat.sees("the very last message");

  const result = await chat.page.evaluate(async (pages) => {
    const scroller = document.querySelector("message-timeline .scroller");
    const rows = () => [...document.querySelectorAll("message-row")];
    const frame = () => new Promise((done) => { requestAnimationFrame(done); });
    const quiet = async () => { for (let left = 3; left > 0; left -= 1) await frame(); };
    const longTasks = [];
    const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)));
    observer.observe({ type: "longtask" });
    let most = rows().length;
    let drift = 0;
    let loaded = 0;
    const first = () => rows()[0]?.item.message.message_id;
    for (let page = 0; page < pages; page += 1) {
      const before = first();
      // To where the next page is fetched, in steps as a wheel makes them.
      while (first() === before && scroller.scrollTop > 0) {
        scroller.scrollTop = Math.max(0, scroller.scrollTop - 400);
        const top = scroller.getBoundingClientRect().top;
        await frame();
        const anchor = rows().find((row) => row.getBoundingClientRect().bottom > top);
        if (!anchor) continue;
        const place = anchor.getBoundingClientRect().top;
        await frame();
        await frame();
        if (anchor.isConnected) drift = Math.max(drift, Math.abs(anchor.getBoundingClientRect().top - place));
        most = Math.max(most, rows().length);
      }
      // At the very top the next page may still be under way; what one looks at must stay when it comes.
      const anchor = rows().find((row) => row.getBoundingClientRect().bottom > scroller.getBoundingClientRect().top);
      const place = anchor?.getBoundingClientRect().top ?? 0;
      for (let frames = 0; first() === before && frames < 600; frames += 1) await frame();
      await quiet();
      if (anchor?.isConnected) drift = Math.max(drift, Math.abs(anchor.getBoundingClientRect().top - place));
      most = Math.max(most, rows().length);
      if (first() !== before) loaded += 1;
    }
    observer.disconnect();
    return { most, drift, loaded, longTasks, nodes: document.querySelectorAll("*").length };
  }, PAGES_BACK);

  const worst = Math.max(0, ...result.longTasks);
  stage.test.diagnostic(`scrolled ${result.loaded} pages back: at most ${result.most} rows, ${result.nodes} elements in the page at the end, drift ${result.drift.toFixed(2)} px`);
  stage.test.diagnostic(`long tasks while scrolling: ${result.longTasks.length}, the longest ${ms(worst)}`);
  assert.ok(result.loaded >= PAGES_BACK - 1, `${result.loaded} older pages came`);
  assert.ok(result.drift <= DRIFT_MAX_PX, `what one reads moved by ${result.drift} px`);
  assert.ok(result.most <= ROWS_MAX, `${result.most} rows in the page, at most ${ROWS_MAX}`);

  await chat.page.getByRole("button", { name: "Latest messages" }).click();
  await chat.sees("the very last message");
  assert.ok(await chat.page.locator("message-row").count() <= ROWS_MAX, "and few rows at the end");
});
