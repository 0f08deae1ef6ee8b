/** WCAG 2.2 AA, as far as axe can tell, in every state that people meet: both themes, compact, large text, small screens. */
import { TROUBLED } from "./answers.mjs";
import { axe, DESKTOP, PHONE, Server, story } from "./harness.mjs";

const THEMES = /** @type {const} */ (["light", "dark"]);
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGNQTdPAgxhGpfEhADGdPmsplcrkAAAAAElFTkSuQmCC", "base64");
const exact = (name) => ({ name, exact: true });

/** What a message can look like, one of each. */
const KINDS = [
  "**bold**, *italic*, __underlined__, ~~struck~~, `code` and https://example.org/a/page",
  "> quoted\n> twice\n\n- a list\n- of two",
  "```js\nconst answer = 42;\n```",
  "||a secret|| and [a name](https://example.org)",
];

/** A story that looks at each state in both themes, and goes on after what it found: one run tells all. */
function states(name, act) {
  story(name, async (stage) => {
    let checked = 0;
    await act(stage, async (chat, where) => {
      for (const colorScheme of THEMES) {
        await chat.page.emulateMedia({ colorScheme });
        await axe(chat.page, `${where}, ${colorScheme}`).catch((error) => stage.problems.push(error.message));
        checked += 1;
      }
    });
    stage.test.diagnostic(`${checked} states looked at`);
  });
}

/** A community in which there is one of everything. @param {import("./harness.mjs").Server} server @param {string} prefix */
async function busy(server, prefix) {
  const place = await server.community("Busy", `${prefix}a`, `${prefix}b`);
  const { people: [ada, bea], channel } = place;
  const said = [];
  for (const text of KINDS) said.push(await bea.write(channel, text));
  await ada.write(channel, `<@${bea.id}> an answer`, { reply_to: said[0].message_id });
  await ada.rest("PUT", `channels/${channel.channel_id}/messages/${said[1].message_id}/reactions/${encodeURIComponent("👍")}`);
  await ada.rest("PUT", `channels/${channel.channel_id}/pins/${said[2].message_id}`);
  const file = await ada.upload("leaf.png", "image/png", PNG);
  await ada.write(channel, "a picture", { attachments: [file.attachment_id] });
  await ada.write(channel, "the last one");
  await ada.rest("POST", `servers/${place.server.server_id}/channels`, { name: "A part", type: "category" });
  const quiet = await ada.addChannel(place.server, "unread-here");
  await bea.write(quiet, `<@${ada.id}> look`);
  await bea.rest("POST", "users/@me/dm-channels", { recipient_id: ada.id });
  return place;
}

states("the door", async (stage, check) => {
  const { invite } = await stage.server.community("Doors", "doora");
  const chat = await stage.stranger();
  await chat.userName.waitFor();
  await check(chat, "signing in");
  await chat.toRegister.click();
  await check(chat, "making an account");
  stage.expect(/400 \(Bad Request\)/);
  await chat.register("doorb", "short");
  await chat.page.getByText("At least 10 characters.", { exact: true }).waitFor();
  await check(chat, "a field with a problem");
  await chat.page.goto(`/invite/${invite.code}`);
  await chat.page.getByRole("heading", { name: "Doors" }).waitFor();
  await check(chat, "an invite");
});

states("an empty account, an empty server, and their dialogs", async (stage, check) => {
  const chat = await stage.open(await stage.server.person("empty"));
  await check(chat, "nothing there yet");
  await chat.page.getByRole("button", exact("Create a server")).first().click();
  await chat.dialog.getByLabel("Name").waitFor();
  await check(chat, "creating a server");
  await chat.page.keyboard.press("Escape");
  await chat.page.getByRole("button", exact("Join a server")).first().click();
  await chat.dialog.waitFor();
  await check(chat, "joining a server");
  await chat.page.keyboard.press("Escape");
  await chat.createServer("Hollow");
  await chat.composer.waitFor();
  await check(chat, "an empty server");
  await chat.serverAction("Create a channel");
  await chat.dialog.getByLabel("Name").waitFor();
  await check(chat, "creating a channel");
  await chat.page.keyboard.press("Escape");
  await chat.inviteLink();
  await chat.serverAction("Invite people");
  await chat.dialog.getByLabel("Invite link").waitFor();
  await check(chat, "inviting");
});

states("a busy channel, and what opens over it", async (stage, check) => {
  const { people: [ada] } = await busy(stage.server, "over");
  const chat = await stage.open(ada);
  const { page } = chat;
  const { keyboard } = page;
  const close = async () => {
    await keyboard.press("Escape");
    await page.locator("dialog[open], [popover]:popover-open:not(.toasts)").waitFor({ state: "detached" });
  };
  await chat.sees("the last one");
  await chat.message("a picture").locator("img").first().waitFor();
  await check(chat, "a busy channel");

  await chat.message("the last one").hover();
  await check(chat, "a message's buttons");
  await chat.message("the last one").getByRole("button", exact("More")).click();
  await page.getByRole("menu").waitFor();
  await check(chat, "a message's menu");
  await close();
  await chat.tool(chat.message("the last one"), "Edit");
  await check(chat, "editing");
  await keyboard.press("Escape");
  await chat.tool(chat.message("the last one"), "Delete");
  await check(chat, "deleting");
  await close();
  await chat.tool(chat.message("the last one"), "Reply");
  await check(chat, "replying");
  await keyboard.press("Escape");

  await chat.composer.fill("@over");
  await chat.composer.press("b");
  await page.getByRole("option").first().waitFor();
  await check(chat, "completion");
  await keyboard.press("Escape");
  await chat.composer.fill("");
  await page.getByRole("button", exact("Emoji")).click();
  await page.getByRole("searchbox").or(page.getByRole("combobox", { name: /emoji/i })).first().waitFor();
  await check(chat, "picking an emoji");
  await close();
  await chat.message("a picture").locator("img").first().click();
  await check(chat, "a picture in full");
  await close();
  await chat.message("bold").getByRole("button", { name: "overb" }).first().click();
  await page.locator("person-card").getByText("@overb").waitFor();
  await check(chat, "a person");
  await close();

  for (const [name, wanted] of [["Pinned messages", "const answer"], ["Search", ""], ["Members", "overb"]]) {
    const button = page.getByRole("banner").or(page.getByRole("main")).getByRole("button", exact(name)).first();
    if (await button.getAttribute("aria-pressed") !== "true") await button.click();
    await page.getByRole("complementary").getByText(wanted).locator("visible=true").first().waitFor();
    if (name === "Search") {
      await page.getByRole("complementary").getByRole("combobox").or(page.getByRole("searchbox")).first().fill("answer");
      await keyboard.press("Enter");
      await page.getByRole("complementary").getByRole("mark").or(page.locator("search-panel mark")).first().waitFor();
    }
    await check(chat, `the panel "${name}"`);
  }
  await keyboard.press("Control+k");
  await chat.dialog.waitFor();
  await check(chat, "the switcher");
  await close();
  await keyboard.press("Control+/");
  await chat.dialog.waitFor();
  await check(chat, "the list of keys");
  await close();
  await page.locator("channel-list header [aria-haspopup=menu]").click();
  await page.getByRole("menu").waitFor();
  await check(chat, "a server's menu");
  await close();
  await page.getByRole("button", exact("Direct messages")).click();
  await page.getByRole("button", exact("New conversation")).first().click();
  await chat.dialog.waitFor();
  await check(chat, "a new conversation");
  await close();
});

states("settings, one's own and a server's", async (stage, check) => {
  const { server, people: [ada, bea] } = await busy(stage.server, "set");
  await ada.rest("PUT", `users/@me/blocks/${bea.id}`);
  await ada.rest("POST", `servers/${server.server_id}/roles`, { name: "Gardeners", color: 0x2f9e7a });
  const chat = await stage.open(ada, "/settings");
  const { page } = chat;
  /** Each page of a settings page. @param {import("playwright-core").Locator} list @param {string} what */
  const each = async (list, what) => {
    await list.first().waitFor();
    const pages = await list.count();
    for (let at = 0; at < pages; at += 1) {
      await list.nth(at).click();
      await page.locator(".later, [aria-busy=true]").waitFor({ state: "detached" });
      await check(chat, `${what}: ${await list.nth(at).innerText()}`);
    }
  };
  await each(page.locator("settings-page nav li a[href*='#']"), "settings");
  await page.goto("/");
  await chat.server("Busy").click();
  await chat.serverAction("Server settings");
  await each(page.locator("server-settings nav li button"), "server settings");
});

/** The same on a server of its own, on which nobody was before. */
function fresh(name, act) {
  states(name, async (stage, check) => {
    stage.server = await Server.start();
    try {
      await act(stage, check);
    } finally {
      await stage.close();
      await stage.server.remove();
    }
  });
}

for (const [where, options] of [["", { viewport: DESKTOP }], [" on a phone", { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }]]) {
  fresh(`the first run${where}`, async (stage, check) => {
    const chat = await stage.stranger("/", options);
    const { page } = chat;
    const next = (name) => page.getByRole("button", exact(name)).click();
    await chat.userName.waitFor();
    await check(chat, "the account");
    await chat.register("ada", "correct horse battery");
    await page.getByText("Step 2 of 4").waitFor();
    await check(chat, "the instance");
    await next("Continue");
    await page.getByText("Step 3 of 4").waitFor();
    await next("Create server");
    await page.getByText("This is needed.").waitFor();
    await check(chat, "a server without a name");
    await page.getByLabel("Name").fill("Allotment 12");
    await next("Create server");
    await page.getByText("Step 4 of 4").waitFor();
    await check(chat, "the invite");
  });

  fresh(`administration${where}`, async (stage, check) => {
    const mara = await stage.server.person("mara");
    for (const name of ["jonas", "priya", "elif"]) await stage.server.person(name);
    const chat = await stage.open(mara, "/admin", options);
    const { page } = chat;
    await page.context().route("**/api/rest/admin/health", (route) => route.fulfill({ json: TROUBLED }));
    if (options.isMobile) await check(chat, "the list of pages");
    await page.goto("/admin#people");
    await page.reload();
    await chat.administer("priya", "Disable");
    await chat.account("priya").getByText("Disabled").waitFor();
    await chat.account("jonas").getByRole("button").click();
    await check(chat, "what may be done about somebody");
    await page.keyboard.press("Escape");
    for (const act of ["Make administrator", "Sign out everywhere", "Disable", "Link for a new password"]) {
      await chat.account("jonas").getByRole("button").click();
      await chat.choose(act);
      await chat.dialog.waitFor();
      await check(chat, act);
      await page.keyboard.press("Escape");
      await chat.dialog.waitFor({ state: "detached" });
    }
    await chat.administer("jonas", "Link for a new password", "Make the link");
    await chat.dialog.getByLabel("Link for a new password").waitFor();
    await check(chat, "a link for a new password");
    await page.keyboard.press("Escape");
    await page.goto("/admin#instance");
    await page.reload();
    await page.getByRole("textbox", exact("Name of the instance")).fill("Canal Club");
    await check(chat, "settings that are not saved");
    await page.getByRole("button", exact("Save")).click();
    await page.getByText("Set here").first().waitFor();
    await check(chat, "settings");
    await page.goto("/admin#health");
    await page.reload();
    await page.getByText("Needs you now").waitFor();
    await check(chat, "health");
    await page.goto("/settings#password");
    await page.reload();
    await page.getByRole("button", exact("Close the account")).click();
    await chat.dialog.waitFor();
    await check(chat, "closing the account");
    await page.goto("/#reset=not-a-token");
    await page.getByRole("textbox", exact("New password")).waitFor();
    await check(chat, "a new password");
  });
}

states("without a connection", async (stage, check) => {
  const { people: [ada] } = await busy(stage.server, "off");
  const chat = await stage.open(ada);
  await chat.sees("the last one");
  stage.expectLoss();
  await chat.page.context().setOffline(true);
  await stage.server.stop("SIGKILL");
  await chat.banner.waitFor();
  await chat.say("kept");
  await chat.unsent("kept").waitFor();
  await check(chat, "offline");
  await chat.page.context().setOffline(false);
  await stage.server.start();
});

states("compact, large text, and small screens", async (stage, check) => {
  const { people: [ada] } = await busy(stage.server, "size");
  for (const [where, storage, options] of [
    ["compact", { density: "compact" }, { viewport: DESKTOP }],
    // Twice as large text on a desk is half as wide a screen (WCAG 1.4.4 by way of 1.4.10).
    ["200 %", {}, { viewport: { width: DESKTOP.width / 2, height: DESKTOP.height / 2 }, deviceScaleFactor: 2 }],
    ["the largest type", { scale: "125" }, { viewport: DESKTOP }],
    ["320 px", {}, { viewport: { width: 320, height: 640 } }],
    ["a phone", {}, { viewport: PHONE, isMobile: true, hasTouch: true }],
  ]) {
    const chat = await stage.open(ada, "/settings", options);
    await chat.page.evaluate((entries) => { for (const [key, value] of Object.entries(entries)) localStorage.setItem(`chatd.${key}`, value); }, storage);
    await chat.page.goto("/");
    await chat.sees("the last one");
    await check(chat, `a busy channel, ${where}`);
    await chat.page.context().close();
  }
});
