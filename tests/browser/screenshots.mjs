/** Makes the README's pictures in docs/screenshots/, of a small community that was written for them. */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DESKTOP, PHONE, Server, Stage, theBrowser } from "./harness.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));

const PEOPLE = {
  mara: "Mara Lindqvist", jonas: "Jonas", priya: "Priya N.", tomasz: "Tomasz", elif: "Elif", ruben: "Rubén", hana: "Hana", otto: "Otto",
};

const TALK = [
  ["tomasz", "The new gravel path along the canal is open, all the way to the lock"],
  ["tomasz", "Smooth as a table. Eleven kilometres without a single traffic light."],
  ["hana", "Finally! I have been riding around that fence since March"],
  ["priya", "So, Saturday? I would bring the flask"],
  ["jonas", "In. Nine at the fountain?"],
  ["elif", "Nine is early for a Saturday, but for Priya's coffee I get up"],
  ["mara", "Then it is settled: **Saturday, nine, at the fountain**. Slow group, about 40 km, home before the rain."],
  ["mara", "Whoever needs a bike: I have the blue one, pumped and oiled."],
  ["otto", "I would take it, if nobody else does!"],
  ["mara", "@otto It is yours. Saddle goes down far enough, I tried with my sister"],
  ["ruben", "Route is here, with both cafés: https://routes.example/canal-and-back"],
  ["hana", "Both cafés. I like how you plan."],
];

const CHANNELS = {
  "The club": [["news", "What everybody should know"], ["saturday-rides", "Every Saturday, whatever the weather says"], ["new-here", "Say hello"]],
  Workshop: [["repairs", "Squeaks, slips and flat tyres"], ["for-sale", "Wheels, frames, that one pedal"], ["tools", "Who has what, and who has it now"]],
};

/** The community: people, roles, channels and what they say. @param {Server} server */
async function settle(server) {
  const people = {};
  for (const [username, name] of Object.entries(PEOPLE)) people[username] = await server.person(username, { display_name: name });
  const { mara } = people;
  await mara.rest("PATCH", "users/@me", { bio: "Two wheels, one kettle." });
  const club = await mara.rest("POST", "servers", { name: "Canal Cyclists", description: "Slow rides, good coffee" });
  const place = `servers/${club.server_id}`;
  const invite = await mara.rest("POST", `${place}/invites`, {});
  const others = Object.values(people).filter((person) => person !== mara);
  for (const person of others) await person.rest("POST", `invites/${invite.code}`, {});

  const role = async (name, color, ...names) => {
    const { role_id: id } = await mara.rest("POST", `${place}/roles`, { name, color });
    for (const one of names) await mara.rest("PATCH", `${place}/members/${people[one].id}`, { roles: [id] });
  };
  await role("Ride leaders", 0xd9822b, "ruben", "priya");
  await role("Mechanics", 0x2f9e7a, "tomasz");

  const [first] = await mara.rest("GET", `${place}/channels`);
  const channels = {};
  for (const [category, list] of Object.entries(CHANNELS)) {
    const { channel_id: parent } = await mara.rest("POST", `${place}/channels`, { name: category, type: "category" });
    for (const [name, topic] of list) channels[name] = await mara.rest("POST", `${place}/channels`, { name, topic, parent_id: parent });
  }
  await mara.rest("DELETE", `channels/${first.channel_id}`);

  const rides = channels["saturday-rides"];
  const said = [];
  for (const [who, text] of TALK) said.push(await people[who].write(rides, text.replace("@otto", `<@${people.otto.id}>`)));
  await people.otto.write(rides, "Thank you! I bring cake.", { reply_to: said[9].message_id });
  await react(said[6], "👍", people.hana, people.jonas, people.elif, people.otto);
  await react(said[3], "☕", people.elif, people.ruben);
  await people.elif.write(channels.repairs, "My rear brake squeals like a seagull. Is that the pads?");
  await people.tomasz.write(channels.repairs, "Bring it on Thursday, I have pads and an hour.");
  await people.ruben.write(channels.news, `<@${mara.id}> the town has said yes to the bike racks!`);
  await mara.rest("PUT", `channels/${rides.channel_id}/read`, { message_id: said.at(-1).message_id });

  for (const [name, owner] of [["Book Club", "elif"], ["Allotment 12", "jonas"]]) {
    const { server_id: id } = await people[owner].rest("POST", "servers", { name });
    const { code } = await people[owner].rest("POST", `servers/${id}/invites`, {});
    await mara.rest("POST", `invites/${code}`, {});
  }
  await mara.rest("POST", "users/@me/dm-channels", { recipient_id: people.hana.id });
  return { club, rides, people };
}

async function react(message, emoji, ...people) {
  for (const person of people) {
    await person.rest("PUT", `channels/${message.channel_id}/messages/${message.message_id}/reactions/${encodeURIComponent(emoji)}`);
  }
}

const server = await Server.start();
const browser = await theBrowser();
const stage = new Stage();
Object.assign(stage, { server, browser });
try {
  mkdirSync(FOLDER, { recursive: true });
  const { club, rides, people } = await settle(server);
  const path = `/channels/${club.server_id}/${rides.channel_id}`;
  // Those who are there; the others are away.
  for (const one of ["jonas", "priya", "hana", "ruben"]) await stage.open(people[one], path, { viewport: { width: 400, height: 300 } });

  const mobile = { viewport: PHONE, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
  const shots = [
    ["desktop-light", path, { viewport: DESKTOP, colorScheme: "light" }],
    ["desktop-dark", path, { viewport: DESKTOP, colorScheme: "dark" }],
    ["phone", path, { ...mobile, colorScheme: "dark" }],
    ["settings", "/settings", { viewport: DESKTOP, colorScheme: "light" }],
  ];
  for (const [name, address, options] of shots) {
    const chat = await stage.open(people.mara, address, options);
    if (address === path) await chat.sees("I bring cake");
    else await chat.page.getByLabel("Display name").waitFor();
    await chat.page.evaluate(() => { document.activeElement?.blur(); });
    await chat.page.waitForLoadState("networkidle");
    const file = join(FOLDER, `${name}.png`);
    await chat.page.screenshot({ path: file, animations: "disabled", caret: "hide" });
    console.log(`docs/screenshots/${name}.png: ${Math.ceil(statSync(file).size / 1024)} KiB`);
    await chat.page.context().close();
  }
  if (stage.problems.length) throw new Error(stage.problems.join("\n"));
} finally {
  await stage.close();
  await browser.close();
  await server.remove();
}
