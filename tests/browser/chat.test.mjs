import assert from "node:assert/strict";
import { axe, story } from "./harness.mjs";

story("two people chat: both ways, in order, edited and deleted", async (stage) => {
  const { people: [ada, bea] } = await stage.server.community("Tea room", "ada", "bea");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await one.say("first from Ada");
  await two.sees("first from Ada");
  await two.say("second from Bea");
  await one.sees("second from Bea");
  for (const number of [1, 2, 3, 4, 5]) await one.say(`row ${number} of five`);
  await two.sees("row 5 of five");
  assert.deepEqual(await two.order(/row \d of five/), [1, 2, 3, 4, 5].map((number) => `row ${number} of five`));

  await one.edit("first from Ada", "first, and better");
  await two.sees("first, and better");
  await two.message("first, and better").filter({ hasText: "(edited)" }).waitFor();
  await two.seesNo("first from Ada");

  await two.delete("second from Bea");
  await one.seesNo("second from Bea");
  await two.seesNo("second from Bea");

  await one.page.reload();
  await one.ready();
  await one.sees("first, and better");
  await one.seesNo("second from Bea");
  await axe(one.page, "a channel with messages");
});

story("new messages are read out, one's own are not", async (stage) => {
  const { people: [ada, bea], channel } = await stage.server.community("Listeners", "lis", "ten");
  const page = await stage.open(ada);
  await page.say("my own words");
  await page.sees("my own words");
  await bea.write(channel, "something to hear");
  await page.announcements.filter({ hasText: "something to hear" }).waitFor({ state: "attached" });
  assert.doesNotMatch(await page.announcements.innerText(), /my own words/);
});

story("who types is named until the message is there", async (stage) => {
  const { people: [ada, bea], channel } = await stage.server.community("Typists", "tia", "tom");
  await bea.write(channel, "here I am");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await Promise.all([one.sees("here I am"), two.sees("here I am")]);
  await two.composer.pressSequentially("I am thinking");
  await one.typing.filter({ hasText: "tom is typing…" }).waitFor();
  assert.equal(await two.typing.count(), 0, "nobody is told of oneself");
  await two.composer.press("Enter");
  await one.sees("I am thinking");
  await one.typing.waitFor({ state: "detached" });
});

story("who types is named, even who has never written here", async (stage) => {
  const { people: [ada, bea] } = await stage.server.community("Beginners", "ben", "newcomer");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await Promise.all([one.composer.waitFor(), two.composer.waitFor()]);
  await two.composer.pressSequentially("May I");
  await one.typing.filter({ hasText: "newcomer is typing…" }).waitFor();
});

story("a conversation of two shows whether the other one is there", async (stage) => {
  const { people: [ada, bea] } = await stage.server.community("Presence", "pia", "pol");
  const direct = await ada.rest("POST", "users/@me/dm-channels", { recipient_id: bea.id });
  const one = await stage.open(ada, `/channels/@me/${direct.channel_id}`);
  await one.personWith("pol", "Offline").waitFor();
  const two = await stage.open(bea);
  await one.personWith("pol", "Online").waitFor();
  await one.say("psst");
  await two.server("Direct messages, 1 for you").waitFor();
  await two.page.close();
  await one.personWith("pol", "Offline").waitFor();
});
