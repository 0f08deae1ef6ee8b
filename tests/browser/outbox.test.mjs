/** What is written stays: over a reload, without a network, with files; and with nobody else. */
import assert from "node:assert/strict";
import { axe, PLAIN_HOST, story } from "./harness.mjs";

const DAY_MS = 86_400_000;
const REST = "**/api/rest/**";

const textFile = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });

/** What the server has in the channel, oldest first. */
async function messages(person, channel) {
  return (await person.rest("GET", `channels/${channel.channel_id}/messages?limit=100`)).reverse();
}

const contents = async (person, channel) => (await messages(person, channel)).map(({ content }) => content);

/** The page comes, but nothing that it asks the server for. */
async function cutOff(chat) {
  await chat.page.context().route(REST, (route) => route.abort("internetdisconnected"));
}

async function connect(chat) {
  await chat.page.context().unroute(REST);
}

/** Goes to the page of one's settings, and asks to be signed out. */
async function askToSignOut(chat) {
  await chat.page.goto("/settings");
  await chat.signOut.click();
}

story("written offline, with a file, and the page is loaded anew: all of it arrives, once and in order", async (stage) => {
  stage.expectLoss();
  const { people: [ada, bea], channel } = await stage.server.community("Train rides", "oda", "obe");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await one.composer.waitFor();
  await cutOff(one);
  await one.say("the first, from the tunnel");
  await one.unsent("the first, from the tunnel").waitFor();
  await one.attach(textFile("notes.txt", "what we said"));
  await one.say("the second, with my notes");
  await one.unsent("the second, with my notes").waitFor();
  await one.waitingFile("notes.txt").waitFor();
  await one.say("the third");
  await one.unsent("the third").waitFor();
  await axe(one.page, "rows that wait");

  await one.page.reload();
  await one.page.getByText("What you have not sent yet is kept on this device.").waitFor();
  await axe(one.page, "no server, and something is kept");
  await connect(one);
  await two.sees("the third");
  await one.sees("the third");
  await one.message("the third").getByText("Not sent").waitFor({ state: "detached" });
  const kept = await messages(ada, channel);
  assert.deepEqual(kept.map(({ content }) => content), ["the first, from the tunnel", "the second, with my notes", "the third"]);
  assert.deepEqual(kept[1].attachments.map(({ filename }) => filename), ["notes.txt"]);
  const file = await fetch(new URL(kept[1].attachments[0].url, stage.server.origin));
  assert.equal(await file.text(), "what we said");
  await two.file("notes.txt").waitFor();

  await one.page.reload();
  await one.sees("the third");
  assert.equal(await one.unsent(/the (first|second|third)/).count(), 0, "nothing is left");
  assert.equal((await messages(ada, channel)).length, 3);
});

story("Enter is not a question of how far the files are: the row goes on with them, and can be taken back", async (stage) => {
  stage.expect(/net::ERR_/);
  const { people: [ada, bea], channel } = await stage.server.community("Slow line", "sla", "slo");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await one.composer.waitFor();
  /** @type {(() => void)[]} */
  const held = [];
  await one.page.route("**/api/rest/uploads?*", async (route) => {
    await new Promise((go) => { held.push(go); });
    await route.continue().catch(() => {});
  });
  await one.attach(textFile("large.txt", "x".repeat(50_000)));
  await one.say("here it is");
  await one.message("here it is").getByText("Uploading…").waitFor();
  await one.message("here it is").getByRole("progressbar", { name: "large.txt is on its way" }).waitFor();
  await one.say("and a word after it");
  await axe(one.page, "a row whose file is on its way");
  assert.deepEqual(await contents(ada, channel), [], "what was written first is sent first");
  held.shift()();
  await two.sees("and a word after it");
  assert.deepEqual(await contents(ada, channel), ["here it is", "and a word after it"]);

  await one.attach(textFile("mistake.txt", "oh no"));
  await one.say("not this one");
  await one.decide("not this one", "Cancel");
  await one.seesNo("not this one");
  await one.page.reload();
  await one.sees("and a word after it");
  await one.seesNo("not this one");
  assert.equal((await messages(ada, channel)).length, 2);
});

story("at home, over plain http, it is kept just as well", async (stage) => {
  stage.expectLoss();
  const { people: [ada], channel } = await stage.server.community("Kept at home", "keh");
  const one = await stage.stranger("/", { baseURL: `http://${PLAIN_HOST}:${stage.server.port}` });
  assert.equal(await one.page.evaluate(() => isSecureContext || "locks" in navigator), false, "an origin that the browser does not trust");
  await one.signIn(ada.name, ada.password);
  await one.ready();
  await one.composer.waitFor();
  await cutOff(one);
  await one.attach(textFile("home.txt", "sweet home"));
  await one.say("written at home");
  await one.unsent("written at home").waitFor();
  await one.page.reload();
  await one.page.getByText("is kept on this device").waitFor();
  await connect(one);
  await one.file("home.txt").waitFor();
  assert.deepEqual(await contents(ada, channel), ["written at home"]);
});

story("a page that is loaded anew while a file goes out sends both again, once", async (stage) => {
  stage.expect(/net::ERR_/);
  const { people: [ada, bea], channel } = await stage.server.community("Impatient people", "imp", "pat");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await one.composer.waitFor();
  await one.page.route("**/api/rest/uploads?*", () => {}); // It never gets there.
  await one.attach(textFile("large.txt", "all of it"));
  await one.say("with a file that takes its time");
  await one.message("with a file").getByText("Uploading…").waitFor();
  await one.page.unroute("**/api/rest/uploads?*");
  await one.page.reload();
  await two.file("large.txt").waitFor();
  await one.file("large.txt").waitFor();
  await one.sees("with a file that takes its time");
  const kept = await messages(ada, channel);
  assert.deepEqual(kept.map(({ attachments }) => attachments.map(({ size }) => size)), [["all of it".length]]);
});

story("after a day it asks first", async (stage) => {
  stage.expectLoss();
  const { server, people: [ada, bea], channel } = await stage.server.community("Holidays", "hol", "ida");
  const other = await ada.addChannel(server, "elsewhere");
  const one = await stage.open(ada, `/channels/${server.server_id}/${channel.channel_id}`);
  await one.composer.waitFor();
  await bea.write(channel, "before the holidays");
  await cutOff(one);
  for (const text of ["still true", "no longer true"]) {
    await one.say(text);
    await one.unsent(text).waitFor();
  }
  await one.page.clock.setSystemTime(Date.now() + DAY_MS);
  await connect(one);
  await one.page.goto(`/channels/${server.server_id}/${other.channel_id}`);
  await one.notice("2 messages from before were not sent.").getByRole("button", { name: "Show" }).click();
  await one.expired("still true").waitFor();
  await axe(one.page, "rows that ask");
  assert.deepEqual(await contents(ada, channel), ["before the holidays"], "nothing is sent by itself");
  await one.decide("no longer true", "Delete");
  await one.seesNo("no longer true");
  await one.decide("still true", "Send anyway");
  await one.expired("still true").waitFor({ state: "detached" });
  await one.page.reload();
  await one.sees("still true");
  assert.deepEqual(await contents(ada, channel), ["before the holidays", "still true"]);
  await one.seesNo("no longer true");
});

story("what the server turned down says so after a reload too", async (stage) => {
  stage.expect(/400|Bad Request/);
  const { people: [ada], channel } = await stage.server.community("Strict", "stri");
  const one = await stage.open(ada);
  await one.composer.waitFor();
  let strict = true;
  await one.page.context().route(`**/channels/${channel.channel_id}/messages`, (route) => (strict && route.request().method() === "POST"
    ? route.fulfill({ status: 400, contentType: "application/problem+json", json: { code: "strict", detail: "not on a Sunday" } })
    : route.continue()));
  await one.say("let me in");
  await one.message("let me in").getByText("Not sent: not on a Sunday").waitFor();
  await one.page.reload();
  await one.message("let me in").getByText("Not sent: not on a Sunday").waitFor();
  strict = false;
  await one.decide("let me in", "Try again");
  await one.message("let me in").getByText("Not sent").waitFor({ state: "detached" });
  await one.page.reload();
  await one.sees("let me in");
  assert.deepEqual(await contents(ada, channel), ["let me in"]);
});

story("two tabs come back together: each sends its own, and no file twice", async (stage) => {
  stage.expectLoss();
  const { people: [ada, bea], channel } = await stage.server.community("Side by side", "sida", "sidb");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  const again = new one.constructor(await one.page.context().newPage());
  await again.page.goto("/");
  await Promise.all([one.composer.waitFor(), again.composer.waitFor()]);
  let [posts, uploads] = [0, 0];
  one.page.context().on("response", (response) => {
    if (response.request().method() === "POST" && response.url().endsWith("/messages")) posts += 1;
    if (response.url().includes("/uploads?")) uploads += 1;
  });
  await one.page.context().setOffline(true);
  await one.attach(textFile("mine.txt", "one of a kind"));
  await one.say("from this tab");
  await one.unsent("from this tab").waitFor();
  await again.say("from that tab");
  await again.unsent("from that tab").waitFor();
  await one.page.context().setOffline(false);
  for (const chat of [one, again, two]) {
    await chat.sees("from this tab");
    await chat.sees("from that tab");
    await chat.unsent(/from th/).first().waitFor({ state: "detached" });
  }
  assert.deepEqual((await contents(ada, channel)).sort(), ["from that tab", "from this tab"]);
  assert.deepEqual([posts, uploads], [2, 1]);
});

story("a tab that is closed leaves its messages to the next one that comes", async (stage) => {
  stage.expectLoss();
  const { people: [ada, bea], channel } = await stage.server.community("Two tabs", "taba", "tabb");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await one.composer.waitFor();
  const page = await one.page.context().newPage();
  const again = new one.constructor(page);
  await page.goto("/");
  await again.composer.waitFor();
  await cutOff(one);
  await one.attach(textFile("shared.txt", "one of a kind"));
  await one.say("from the first tab");
  await one.unsent("from the first tab").waitFor();
  await again.say("from the second tab");
  await again.unsent("from the second tab").waitFor();
  let uploads = 0;
  one.page.context().on("request", (request) => { if (request.url().includes("/uploads?")) uploads += 1; });
  await one.page.close();
  await connect(one);
  await again.page.reload();
  for (const chat of [again, two]) {
    await chat.sees("from the first tab");
    await chat.sees("from the second tab");
  }
  await again.unsent(/from the/).first().waitFor({ state: "detached" });
  assert.equal(uploads, 1);
  assert.deepEqual(await contents(ada, channel), ["from the first tab", "from the second tab"]);
  await again.page.reload();
  await again.sees("from the second tab");
  assert.equal(await again.unsent(/from the/).count(), 0);
});

story("signing out asks if something waits, and leaves nothing for the next person", async (stage) => {
  stage.expectLoss();
  const { people: [ada, bea], channel } = await stage.server.community("Shared computer", "sha", "shb");
  const one = await stage.open(ada);
  await one.composer.waitFor();
  const posts = `**/channels/${channel.channel_id}/messages`;
  await one.page.context().route(posts, (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
  await one.say("a secret of mine");
  await one.unsent("a secret of mine").waitFor();
  await one.composer.fill("an unfinished secret");
  await askToSignOut(one);
  await one.dialog.getByRole("heading", { name: "1 message is not sent yet" }).waitFor();
  await axe(one.page, "the question before signing out");
  await one.dialog.getByRole("button", { name: "Cancel" }).click();
  await one.page.goto("/");
  await one.unsent("a secret of mine").waitFor();
  assert.equal(await one.composer.inputValue(), "an unfinished secret");

  await askToSignOut(one);
  await one.dialog.getByRole("button", { name: "Sign out anyway" }).click();
  await one.page.waitForURL("/");
  await one.userName.waitFor();
  const left = await one.page.evaluate(async () => {
    const open = (name) => new Promise((resolve) => { indexedDB.open(name).onsuccess = (event) => resolve(event.target.result); });
    const all = (store) => new Promise((resolve) => { store.getAll().onsuccess = (event) => resolve(event.target.result); });
    const kept = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await open(name);
      for (const store of database.objectStoreNames) kept.push(...await all(database.transaction(store).objectStore(store)));
    }
    return [...kept, ...Object.entries(localStorage).filter(([, value]) => value.includes("secret"))];
  });
  assert.deepEqual(left, []);
  await one.page.context().unroute(posts);
  await one.signIn("shb", bea.password);
  await one.ready();
  await one.composer.waitFor();
  assert.equal(await one.composer.inputValue(), "");
  await one.seesNo("a secret of mine");
  assert.deepEqual(await contents(ada, channel), []);
});

story("somebody else on the same device neither sees nor sends what waits", async (stage) => {
  stage.expectLoss();
  stage.expect(/401/);
  const { people: [ada, bea], channel } = await stage.server.community("Session over", "sea", "seb");
  const one = await stage.open(ada);
  await one.composer.waitFor();
  await cutOff(one);
  await one.say("mine alone");
  await one.unsent("mine alone").waitFor();
  await one.composer.fill("my draft");
  // The session ends elsewhere: nobody was asked, so everything stays for its owner.
  const sessions = await ada.rest("GET", "auth/sessions");
  for (const { session_id: id } of sessions.filter(({ current }) => !current)) await ada.rest("DELETE", `auth/sessions/${id}`);
  await connect(one);
  await one.userName.waitFor();
  await one.signIn("seb", bea.password);
  await one.ready();
  await one.composer.waitFor();
  assert.equal(await one.composer.inputValue(), "");
  await one.say("I am somebody else");
  await one.sees("I am somebody else");
  await one.seesNo("mine alone");
  // Shown is not sent yet, and whoever signs out before is asked whether to.
  await one.sent();
  await askToSignOut(one);
  await one.page.waitForURL("/");
  await one.signIn("sea", ada.password);
  await one.ready();
  await one.sees("mine alone");
  await one.unsent("mine alone").waitFor({ state: "detached" });
  assert.equal(await one.composer.inputValue(), "my draft");
  const kept = await messages(ada, channel);
  assert.deepEqual(kept.map(({ content, author }) => `${author.username}: ${content}`), ["seb: I am somebody else", "sea: mine alone"]);
});

story("without a database it says so once, and sends all the same", async (stage) => {
  stage.expectLoss();
  const { people: [ada], channel } = await stage.server.community("Private window", "priv");
  const one = await stage.open(ada, "/settings");
  await one.page.context().addInitScript(() => { Object.defineProperty(globalThis, "indexedDB", { value: undefined }); });
  await one.page.goto("/");
  await one.ready();
  await one.say("as always");
  await one.sees("as always");
  await cutOff(one);
  for (const text of ["the first", "the second"]) {
    await one.say(text);
    await one.message(text).getByText("Not sent yet. Leave this page open.").waitFor();
  }
  await one.notice("This browser cannot keep messages.").getByRole("button", { name: "Dismiss" }).click();
  await connect(one);
  await one.decide("the second", "Try again");
  await one.unsent("the second").waitFor({ state: "detached" });
  assert.deepEqual(await contents(ada, channel), ["as always", "the first", "the second"]);
});
