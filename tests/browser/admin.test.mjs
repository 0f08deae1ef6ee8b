/** What administrators do in their browser, and what the other person sees of it in theirs. */
import assert from "node:assert/strict";
import { TROUBLED, YOUNG } from "./answers.mjs";
import { axe, PHONE, Server, story } from "./harness.mjs";

const exact = (name) => ({ name, exact: true });
/** A browser's own words when a session has ended, or when something is refused. */
const ENDED = /401 \(Unauthorized\)|40[039] \((Bad Request|Forbidden|Conflict)\)|WebSocket/;

/** A story with a server of its own: its first account is the administrator's. @param {string} name @param {(stage: import("./harness.mjs").Stage, mara: import("./harness.mjs").Person) => Promise<void>} act */
function administration(name, act) {
  story(name, async (stage) => {
    stage.server = await Server.start();
    try {
      await act(stage, await stage.server.person("mara"));
    } finally {
      await stage.close();
      await stage.server.remove();
    }
  });
}

administration("an account is disabled and enabled again, and who it belongs to is out and in at that moment", async (stage, mara) => {
  stage.expect(ENDED);
  const jonas = await stage.server.person("jonas");
  const his = await stage.open(jonas);
  const chat = await stage.open(mara, "/settings");
  await chat.page.getByRole("link", exact("Administration")).click();
  await chat.account("jonas").getByText("Online").waitFor();
  await chat.administer("jonas", "Disable");
  await chat.account("jonas").getByText("Disabled").waitFor();
  await his.userName.waitFor();
  await his.signIn(jonas.name, jonas.password);
  await his.page.getByText("This account was disabled by an administrator.").waitFor();
  await chat.administer("jonas", "Enable");
  await chat.account("jonas").getByText("Disabled").waitFor({ state: "detached" });
  await his.page.locator("form").getByRole("button", exact("Sign in")).click();
  await his.ready();
});

administration("somebody is made an administrator, does what one can, and is none any more; the last one stays", async (stage, mara) => {
  stage.expect(ENDED, /404/);
  const jonas = await stage.server.person("jonas");
  const his = await stage.open(jonas, "/admin");
  await his.page.getByRole("heading", { name: "For administrators" }).waitFor();
  const chat = await stage.open(mara, "/admin");
  await chat.administer("mara", "Take administration away");
  await chat.dialog.getByText("There is no other administrator.").waitFor();
  await chat.page.keyboard.press("Escape");
  await chat.administer("jonas", "Make administrator");
  await chat.account("jonas").getByText("Administrator", { exact: true }).waitFor();
  await his.page.reload();
  await his.account("mara").getByText("Administrator", { exact: true }).waitFor();
  await his.administer("mara", "Take administration away");
  await his.account("mara").getByText("Administrator", { exact: true }).waitFor({ state: "detached" });
  await chat.page.reload();
  await chat.page.getByRole("heading", { name: "For administrators" }).waitFor();
});

administration("somebody is signed out everywhere and signs in again", async (stage, mara) => {
  stage.expect(ENDED);
  const jonas = await stage.server.person("jonas");
  const devices = [await stage.open(jonas), await stage.open(jonas, "/", { viewport: PHONE })];
  const chat = await stage.open(mara, "/admin");
  await chat.administer("jonas", "Sign out everywhere");
  for (const device of devices) await device.userName.waitFor();
  await chat.dialog.waitFor({ state: "detached" });
  await devices[0].signIn(jonas.name, jonas.password);
  await devices[0].ready();
});

administration("a link for a new password is shown once, works once, and lets its owner back in", async (stage, mara) => {
  stage.expect(ENDED);
  const jonas = await stage.server.person("jonas");
  const lost = await stage.open(jonas);
  const chat = await stage.open(mara, "/admin");
  await chat.administer("jonas", "Link for a new password", "Make the link");
  const field = chat.dialog.getByLabel("Link for a new password");
  await field.waitFor();
  const link = await field.inputValue();
  assert.ok(link.startsWith(`${stage.server.origin}/#reset=`), link);
  await chat.dialog.getByText(/It works once, until .*\d{4}/).waitFor();
  await axe(chat.page, "the link");
  await chat.dialog.getByRole("button", exact("Copy")).click();
  await chat.dialog.getByText("Copied", { exact: true }).waitFor();
  await chat.dialog.getByRole("button", exact("Close")).click();

  const his = await stage.stranger(link);
  const password = his.page.getByRole("textbox", exact("New password"));
  await password.waitFor();
  assert.equal(his.page.url(), `${stage.server.origin}/`, "the token is not left in the address bar");
  await axe(his.page, "a new password");
  await password.fill("short");
  await his.page.getByRole("button", exact("Save the password")).click();
  await his.page.getByText("At least 10 characters.", exact("")).first().waitFor();
  await password.fill("a new and better password");
  await his.page.getByRole("button", exact("Save the password")).click();
  await his.page.getByRole("heading", { name: "Your new password counts" }).waitFor();
  await axe(his.page, "the new password counts");
  await lost.userName.waitFor();
  await his.page.getByRole("button", exact("Sign in")).click();
  await his.userName.waitFor();
  await his.signIn("jonas", jonas.password);
  await his.problem.waitFor();
  await his.signIn("jonas", "a new and better password");
  await his.ready();

  // The same link, typed into a page that is open already.
  await lost.page.goto(link);
  await lost.page.getByRole("textbox", exact("New password")).fill("another new password");
  await lost.page.getByRole("button", exact("Save the password")).click();
  await lost.page.getByRole("heading", { name: "This link no longer works" }).waitFor();
  await axe(lost.page, "a used link");
  await lost.page.getByRole("button", exact("Sign in")).click();
  await lost.userName.waitFor();
});

administration("settings count at once for others, say where they come from, and go back", async (stage, mara) => {
  stage.expect(ENDED);
  const jonas = await stage.server.person("jonas");
  const his = await stage.open(jonas);
  const chat = await stage.open(mara, "/admin#instance");
  const { page } = chat;
  const setting = (label) => page.locator(".setting").filter({ has: page.getByLabel(label, { exact: true }) });
  const save = page.getByRole("button", exact("Save"));
  await setting("Name of the instance").getByText("chatd's own value").waitFor();
  await page.locator(".setting").filter({ has: page.getByRole("radio").first() }).getByText("Set where the server is started").waitFor();
  await page.getByRole("textbox", exact("Name of the instance")).fill("Canal Club");
  await page.getByRole("combobox", exact("Who may create servers")).selectOption("Administrators only");
  await page.getByLabel("Largest file", { exact: true }).fill("3");
  await save.click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await setting("Name of the instance").getByText("Set here").waitFor();
  await axe(page, "settings that were stored");

  await his.page.getByRole("button", exact("Create a server")).first().click();
  await his.dialog.getByLabel("Name").fill("Mine");
  await his.dialog.getByRole("button", exact("Create server")).click();
  await his.dialog.getByRole("alert").filter({ hasText: /\S/ }).waitFor();
  const stranger = await stage.stranger("/");
  await stranger.page.getByRole("heading", { name: "Sign in to Canal Club" }).waitFor();
  assert.equal((await stage.server.rest("GET", "instance")).limits.upload_bytes, 3 * 2 ** 20);

  await page.getByRole("button", { name: "Back to “Everybody”: Who may create servers" }).click();
  await setting("Who may create servers").getByText("chatd's own value").waitFor();
  await chat.focusIsOn(page.getByRole("combobox", exact("Who may create servers")));
  await his.dialog.getByRole("button", exact("Create server")).click();
  await his.server("Mine").waitFor();

  await page.getByRole("spinbutton", exact("Least length of a password")).fill("9");
  await save.click();
  await page.getByText("A number from 10 to 256.").waitFor();
  await chat.focusIsOn(page.getByRole("spinbutton", exact("Least length of a password")));
  await axe(page, "a setting with a problem");
  await page.reload();
  await page.getByRole("textbox", exact("Name of the instance")).waitFor();
  assert.equal(await page.getByRole("textbox", exact("Name of the instance")).inputValue(), "Canal Club");
});

administration("among many accounts one is found by name, and the list goes on", async (stage, mara) => {
  for (let at = 0; at < 60; at += 1) await stage.server.person(`guest${at}`);
  const chat = await stage.open(mara, "/admin");
  const { page } = chat;
  await page.getByText("The first 50 accounts").waitFor();
  await page.getByRole("button", exact("Show more")).click();
  await page.getByText("61 accounts").waitFor();
  await page.getByRole("button", exact("Show more")).waitFor({ state: "hidden" });
  await page.getByLabel("Find people by name").fill("guest59");
  await page.getByText("1 account", { exact: true }).waitFor();
  await chat.account("guest59").waitFor();
  await page.getByLabel("Find people by name").fill("nobody at all");
  await page.getByText("Nobody is called that.").waitFor();
  await axe(page, "nobody was found");
});

administration("closing an account needs its servers handed over and its password, and leaves what was written", async (stage, mara) => {
  stage.expect(ENDED);
  const { server } = stage;
  const jonas = await server.person("jonas");
  const club = await mara.rest("POST", "servers", { name: "Club" });
  const { code } = await mara.rest("POST", `servers/${club.server_id}/invites`, {});
  await jonas.rest("POST", `invites/${code}`, {});
  const [channel] = await mara.rest("GET", `servers/${club.server_id}/channels`);
  await jonas.write(channel, "I was here");
  const own = await jonas.rest("POST", "servers", { name: "Workshop" });

  const hers = await stage.open(mara, `/channels/${club.server_id}/${channel.channel_id}`);
  await hers.sees("I was here");
  const his = await stage.open(jonas, "/settings#password");
  await his.page.getByText(/hand over or delete the server that you own: Workshop/).waitFor();
  const close = async (password) => {
    await his.page.getByRole("button", exact("Close the account")).first().click();
    await his.dialog.getByLabel("Current password").fill(password);
    await his.dialog.getByRole("button", exact("Close the account")).click();
  };
  await close(jonas.password);
  await his.dialog.getByText("You still own a server.").waitFor();
  await axe(his.page, "an account that cannot be closed");
  await his.page.keyboard.press("Escape");
  await jonas.rest("DELETE", `servers/${own.server_id}`);
  await his.page.getByText(/the server that you own/).waitFor({ state: "hidden" });
  await close("not my password");
  await his.dialog.getByText("That is not your current password.").waitFor();
  await his.page.keyboard.press("Escape");
  await close(jonas.password);
  await his.userName.waitFor();
  await his.signIn("jonas", jonas.password);
  await his.problem.waitFor();

  await hers.page.reload();
  await hers.sees("I was here");
  await hers.message("I was here").getByText("deleted user").first().waitFor();
  await hers.page.goto("/admin");
  await hers.page.getByText("Closed", { exact: true }).waitFor();

  await hers.page.goto("/settings#password");
  await hers.page.reload();
  await mara.rest("DELETE", `servers/${club.server_id}`);
  await hers.page.getByRole("button", exact("Close the account")).first().click();
  await hers.dialog.getByLabel("Current password").fill(mara.password);
  await hers.dialog.getByRole("button", exact("Close the account")).click();
  await hers.dialog.getByText("There is no other administrator.").waitFor();
});

administration("from the settings to a new administrator with the keyboard alone", async (stage, mara) => {
  await stage.server.person("jonas");
  const chat = await stage.open(mara, "/settings");
  const { page } = chat;
  await chat.tabTo(page.getByRole("link", exact("Administration")));
  await page.keyboard.press("Enter");
  await chat.tabTo(page.getByRole("button", exact("Manage jonas")));
  await page.keyboard.press("Enter");
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("ArrowDown");
  await chat.focusIsOn(page.getByRole("menuitem", exact("Make administrator")));
  await page.keyboard.press("Enter");
  await chat.focusIsOn(chat.dialog.getByRole("button", exact("Make administrator")));
  await page.keyboard.press("Enter");
  await chat.account("jonas").getByText("Administrator", { exact: true }).waitFor();
  await chat.focusIsOn(page.getByRole("button", exact("Manage jonas")));
});

administration("how the instance is: what wants attention comes first, and it is looked at again when somebody looks", async (stage, mara) => {
  stage.expect(/503 \(Service Unavailable\)/);
  const context = await stage.device();
  const answers = [YOUNG, TROUBLED, null, YOUNG];
  await context.route("**/api/rest/admin/health", (route) => {
    const answer = answers.shift();
    return answer ? route.fulfill({ json: answer }) : route.fulfill({ status: 503, json: { code: "unavailable", title: "Unavailable" } });
  });
  await context.request.post("/api/rest/auth/login", { data: { username: mara.name, password: mara.password, cookie: true } });
  const page = await context.newPage();
  await page.goto("/admin#health");
  await page.getByText("Nothing. All is as it should be.").waitFor();
  await page.getByText("none: daily backups are off").waitFor();
  await axe(page, "nothing wants attention");
  await page.getByRole("button", exact("Look again")).click();
  const findings = page.getByRole("region", exact("What wants attention")).getByRole("listitem");
  await findings.first().waitFor();
  assert.deepEqual((await findings.allInnerTexts()).map((text) => text.split("\n")[0]), ["Needs you now", "Needs you soon", "Good to know"]);
  await findings.first().getByText("The last backup failed").waitFor();
  await findings.nth(1).getByText("do what the server says").waitFor();
  for (const said of ["9 days ago", "3.1 GB of 31.2 GB; 90% is used", "0.42, on 4 cores", "132 ms", "small forms of pictures and who is typing", "7 of 42", "about 123,456", "3 days"]) {
    await page.getByText(said).first().waitFor();
  }
  await axe(page, "something wants attention");
  await page.getByRole("button", exact("Look again")).click();
  await page.getByRole("alert").getByText("The server cannot save anything now.").waitFor();
  assert.equal(await findings.count(), 3, "what was known stays");
  await axe(page, "it does not answer");
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByText("Nothing. All is as it should be.").waitFor();
  assert.deepEqual(answers, [], "and nobody asked but those who looked");
});
