import assert from "node:assert/strict";
import { axe, story } from "./harness.mjs";

/** What the server has in the channel, oldest first. */
async function contents(person, channel) {
  const page = await person.rest("GET", `channels/${channel.channel_id}/messages?limit=100`);
  return page.map(({ content }) => content).reverse();
}

for (const [signal, how] of [["SIGTERM", "restarts"], ["SIGKILL", "crashes and starts again"]]) {
  story(`the server ${how}: the banner comes and goes, and nothing is lost`, async (stage) => {
    stage.expectLoss();
    const tag = signal.toLowerCase();
    const { people: [ada, bea], channel } = await stage.server.community(`Survivors ${tag}`, `ada.${tag}`, `bea.${tag}`);
    const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
    await one.say("before");
    await two.sees("before");
    await stage.server.stop(signal);
    await Promise.all([one.banner.waitFor(), two.banner.waitFor()]);
    await axe(one.page, "without a connection");
    await one.say("in between, the first");
    await one.say("in between, the second");
    await one.unsent("in between, the second").waitFor();
    await stage.server.start();
    await bea.write(channel, "right after");
    await Promise.all([one.connected(), two.connected()]);
    await Promise.all([one.sees("right after"), two.sees("right after")]);
    await Promise.all([one.unsent(/in between/).first().waitFor({ state: "detached" }), two.sees("in between, the second")]);
    const written = ["before", "in between, the first", "in between, the second"];
    for (const text of [...written, "right after"]) await Promise.all([one.sees(text), two.sees(text)]);
    const kept = await contents(ada, channel);
    assert.deepEqual(kept.filter((content) => content !== "right after"), written, "each is kept once, in the order of writing");
    assert.equal(kept.length, 4);
    assert.deepEqual(await two.order(/before|in between, the (?:first|second)|right after/), kept, "everybody sees that order");
  });
}

story("what is written offline is sent once the network is back, and arrives once", async (stage) => {
  stage.expectLoss();
  const { people: [ada, bea], channel } = await stage.server.community("Train", "tess", "ty");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await one.composer.waitFor();
  await one.page.context().setOffline(true);
  await one.say("from the tunnel");
  await one.unsent("from the tunnel").waitFor();
  await bea.write(channel, "are you there?");
  await one.page.context().setOffline(false);
  await two.sees("from the tunnel");
  await one.unsent("from the tunnel").waitFor({ state: "detached" });
  await one.sees("are you there?");
  await one.sees("from the tunnel");
  assert.deepEqual((await contents(ada, channel)).sort(), ["are you there?", "from the tunnel"]);
});

story("a message whose answer was lost on the way arrives once", async (stage) => {
  stage.expectLoss();
  const { people: [ada, bea], channel } = await stage.server.community("Lossy", "lola", "leo");
  const [one, two] = await Promise.all([stage.open(ada), stage.open(bea)]);
  await one.composer.waitFor();
  let lost = 0;
  await one.page.route(`**/channels/${channel.channel_id}/messages`, async (route) => {
    if (route.request().method() !== "POST" || lost) return route.continue();
    lost += 1;
    await route.fetch();
    await route.abort("connectionreset");
  });
  await one.say("only once");
  await two.sees("only once");
  await one.say("and one more");
  await two.sees("and one more");
  await one.sees("only once");
  await one.unsent("only once").waitFor({ state: "detached" });
  assert.equal(lost, 1, "an answer was lost");
  assert.deepEqual(await contents(ada, channel), ["only once", "and one more"]);
});

story("whoever does not want to wait for the next try presses a button", async (stage) => {
  stage.expectLoss();
  const { people: [ada] } = await stage.server.community("Impatient", "ima");
  const page = await stage.open(ada);
  await stage.server.stop();
  await page.retryNow.waitFor();
  await stage.server.start();
  // The next try may come by itself just now; either way leads to the same.
  await page.retryNow.click({ timeout: 2_000 }).catch(() => {});
  await page.connected();
  await page.say("back");
  await page.sees("back");
});
