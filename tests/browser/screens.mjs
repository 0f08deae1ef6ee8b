/**
 * What people see and do, by roles and names. All that the tests know of the client's words and structure is here, so
 * that a changed word is changed in one place.
 */
import assert from "node:assert/strict";

const exact = (name) => ({ name, exact: true });
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** @typedef {import("playwright-core").Page} Page @typedef {import("playwright-core").Locator} Locator */

/** A page of the client, with or without somebody signed in. */
export class Chat {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  // ---- the door

  get userName() { return this.page.getByLabel("User name"); }
  get password() { return this.page.getByRole("textbox", exact("Password")); }
  get makeAccount() { return this.page.locator("form").getByRole("button", exact("Make account")); }
  get toRegister() { return this.page.getByRole("paragraph").getByRole("button", exact("Make account")); }
  get problem() { return this.page.getByRole("alert").filter({ hasText: /\S/ }); }

  /** Fills in the form for a new account, wherever the page has it. @param {string} name @param {string} password */
  async register(name, password) {
    const { toRegister } = this;
    await this.userName.waitFor();
    if (await toRegister.isVisible()) await toRegister.click();
    await this.userName.fill(name);
    await this.password.fill(password);
    await this.makeAccount.click();
  }

  /** Whoever is first looks at the chat before the rest is set up. */
  async setUpLater() {
    await this.page.getByRole("button", exact("Do the rest later")).click();
    await this.ready();
  }

  /** @param {string} name @param {string} password */
  async signIn(name, password) {
    await this.userName.fill(name);
    await this.password.fill(password);
    await this.page.locator("form").getByRole("button", exact("Sign in")).click();
  }

  // ---- the keyboard

  /** Goes on with Tab until it is there. @param {Locator} target */
  async tabTo(target) {
    await target.first().waitFor({ state: "attached" });
    const there = () => target.evaluateAll((elements) => elements.includes(document.activeElement));
    for (let presses = 0; presses < 100; presses += 1) {
      if (await there()) return;
      await this.page.keyboard.press("Tab");
    }
    assert.fail(`Tab does not lead to ${target}`);
  }

  /** @param {Locator} target */
  async focusIsOn(target) {
    await target.and(this.page.locator(":focus")).waitFor();
  }

  // ---- the shell

  get channels() { return this.page.getByRole("navigation", exact("Channels")); }
  get servers() { return this.page.getByRole("navigation", exact("Servers")); }
  get title() { return this.page.getByRole("main").getByRole("heading", { level: 1 }); }
  get menu() { return this.page.getByRole("button", exact("Servers and channels")); }
  get settings() { return this.page.getByRole("link", exact("Settings")); }
  /** Says so while there is no connection. */
  get banner() { return this.page.getByRole("main").getByRole("status").filter({ hasText: /connect/i }); }
  get retryNow() { return this.page.getByRole("button", exact("Retry now")); }

  /** Somebody is in, and the server has said what there is. */
  async ready() {
    await this.page.getByRole("main").waitFor();
    // On a phone it is in the closed drawer.
    await this.page.getByRole("link", { ...exact("Settings"), includeHidden: true }).waitFor({ state: "attached" });
    await this.connected();
    // Keys and menus come after what is on the screen.
    await this.page.locator("html[data-ready]").waitFor();
  }

  /** The connection stands. */
  async connected() {
    await this.banner.waitFor({ state: "detached" });
  }

  /** Its name in the list tells more than the name: unread, mentions, presence. @param {string} name */
  channel(name) {
    return this.channels.getByRole("link", { name: new RegExp(`^${escape(name)}(?!\\w)`) });
  }

  /** @param {string} name */
  unreadChannel(name) {
    return this.channels.getByRole("link", { name: new RegExp(`^${escape(name)}\\W+(unread|\\d+ for you)`) });
  }

  /** @param {string} name */
  mutedChannel(name) {
    return this.channels.getByRole("link", { name: new RegExp(`^${escape(name)}\\W+muted`) });
  }

  /** In the menu that is open. @param {string | RegExp} name */
  async choose(name) {
    await this.page.getByRole("menuitem", { name, exact: true }).click();
  }

  /** A long press with a finger. @param {Locator} target */
  async hold(target) {
    const { x, y, width, height } = await target.boundingBox();
    const session = await this.page.context().newCDPSession(this.page);
    await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: x + width / 2, y: y + height / 2 }] });
    await this.page.getByRole("menu").waitFor();
    await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await session.detach();
  }

  /** A conversation with one person, and how that person is. @param {string} name @param {"Online" | "Offline"} status */
  personWith(name, status) {
    return this.channels.getByRole("link", { name: new RegExp(`^${escape(name)}\\W+${status}`) });
  }

  /** @param {string} name */
  server(name) {
    return this.servers.getByRole("button", { name: new RegExp(`^${escape(name)}(,|$)`) });
  }

  /** @param {string} name */
  async openChannel(name) {
    await this.channel(name).click();
    await this.showsChannel(name);
  }

  /** @param {string} name */
  async showsChannel(name) {
    await this.title.filter({ hasText: name }).waitFor();
    await this.composer.waitFor();
  }

  // ---- administration

  /** A person's row in the list of accounts. @param {string} name */
  account(name) {
    return this.page.getByRole("list", exact("People")).getByRole("listitem").filter({ has: this.page.getByText(`@${name}`, { exact: true }) });
  }

  /** What is in the menu of that row, with a yes to its question. @param {string} name @param {string} act @param {string} [yes] */
  async administer(name, act, yes = act) {
    await this.account(name).getByRole("button").click();
    await this.choose(act);
    await this.dialog.getByRole("button", exact(yes)).click();
  }

  // ---- dialogs

  get dialog() { return this.page.getByRole("dialog"); }

  /** @param {string} name */
  async createServer(name) {
    await this.page.getByRole("button", exact("Create a server")).first().click();
    await this.dialog.getByLabel("Name").fill(name);
    await this.dialog.getByRole("button", exact("Create server")).click();
    await this.dialog.waitFor({ state: "detached" });
    await this.server(name).waitFor();
  }

  /** Something for the whole server: a button of its own, or in the menu behind the server's name. @param {string} name */
  async serverAction(name) {
    const button = this.page.getByRole("button", exact(name));
    const menu = this.page.locator("channel-list header [aria-haspopup=menu]");
    await button.or(menu).first().waitFor();
    if (await button.count()) return button.first().click();
    await menu.click();
    await this.page.getByRole("menuitem", exact(name)).click();
  }

  /** @param {string} name */
  async createChannel(name) {
    await this.serverAction("Create a channel");
    await this.dialog.getByLabel("Name").fill(name);
    await this.dialog.getByRole("button", exact("Create channel")).click();
    await this.dialog.waitFor({ state: "detached" });
    await this.showsChannel(name);
  }

  /** Opens the dialog that makes an invite link, and reads the link. */
  async inviteLink() {
    await this.serverAction("Invite people");
    const field = this.dialog.getByLabel("Invite link");
    await field.waitFor();
    await this.page.waitForFunction(() => [...document.querySelectorAll("dialog input")].some((input) => input.value.includes("/invite/")));
    const link = await field.inputValue();
    await this.page.keyboard.press("Escape");
    await this.dialog.waitFor({ state: "detached" });
    return link;
  }

  // ---- messages

  get timeline() {
    return this.page.getByRole("region", exact("Messages")).or(this.page.getByRole("list", exact("Messages")));
  }

  /** All that stands between the first and the last message, dividers too. */
  get entries() { return this.timeline.getByRole("listitem"); }
  /** A field, with or without a list of completions. */
  get composer() {
    return this.page.getByRole("textbox", { name: /^Message / }).or(this.page.getByRole("combobox", { name: /^Message / }));
  }

  get typing() { return this.page.getByText(/typing…$/); }
  get announcements() { return this.page.getByRole("log"); }

  /** The message with this in its text. @param {string | RegExp} text */
  message(text) {
    return this.entries.filter({ hasText: text });
  }

  /** Exactly one such message is there. @param {string | RegExp} text */
  async sees(text) {
    await this.message(text).first().waitFor();
    assert.equal(await this.message(text).count(), 1, `${text} is there once`);
  }

  /** @param {string | RegExp} text */
  async seesNo(text) {
    await this.message(text).waitFor({ state: "detached" });
  }

  /** Writes and sends with the keyboard. @param {string} text */
  async say(text) {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** The button of a message, that shows when one points at it. @param {Locator} message @param {string} name */
  async tool(message, name) {
    await message.scrollIntoViewIfNeeded();
    await message.hover();
    const button = message.getByRole("button", exact(name));
    const more = message.getByRole("button", exact("More"));
    await button.or(more).first().waitFor();
    if (await button.count()) return button.click();
    await more.click();
    await this.page.getByRole("menuitem", exact(name)).click();
  }

  get editor() { return this.page.getByRole("textbox", exact("Edit the message")); }

  /** @param {string} text @param {string} instead */
  async edit(text, instead) {
    await this.tool(this.message(text), "Edit");
    await this.editor.fill(instead);
    await this.editor.press("Enter");
  }

  /** @param {string} text */
  async delete(text) {
    await this.tool(this.message(text), "Delete");
    await this.dialog.getByRole("button", exact("Delete")).click();
    await this.dialog.waitFor({ state: "detached" });
  }

  /** Without a mouse: by the message's own button, or by the key that stands for it. @param {string} text */
  async deleteByKeyboard(text) {
    const message = this.message(text);
    const row = message.getByRole("article");
    const button = message.getByRole("button", exact("Delete"));
    await this.tabTo(button.or(row));
    await this.page.keyboard.press(await row.and(this.page.locator(":focus")).count() ? "Delete" : "Enter");
    await this.dialog.getByRole("button", exact("Delete")).waitFor();
  }

  /** What became of a message that did not reach the server. @param {string | RegExp} text */
  unsent(text) {
    return this.message(text).getByText("Not sent yet.");
  }

  /** Nothing is on its way any more. */
  async sent() {
    await this.page.locator(".sending").first().waitFor({ state: "detached" });
  }

  /** What became of a message that waited for too long. @param {string | RegExp} text */
  expired(text) {
    return this.message(text).getByText("This has waited for over a day.");
  }

  /** A button of a message's own line of what became of it. @param {string | RegExp} text @param {string} name */
  async decide(text, name) {
    await this.message(text).getByRole("button", exact(name)).click();
  }

  /** Chooses files for the next message. @param {...{name: string, mimeType: string, buffer: Buffer}} files */
  async attach(...files) {
    await this.page.locator("message-composer input[type=file]").setInputFiles(files);
    for (const { name } of files) await this.page.getByRole("list", exact("Files for this message")).getByText(name).waitFor();
  }

  /** A file in a message that the server has. @param {string} name */
  file(name) {
    return this.entries.getByRole("link", { name: new RegExp(escape(name)) });
  }

  /** A file in a message that waits. @param {string} name */
  waitingFile(name) {
    return this.entries.locator(".tile:not(a)").filter({ hasText: name });
  }

  /** A short notice. @param {string} text */
  notice(text) {
    return this.page.getByRole("list", exact("Notices")).getByRole("listitem").filter({ hasText: text });
  }

  get signOut() { return this.page.getByRole("button", exact("Sign out")); }

  get send() { return this.page.getByRole("button", exact("Send")); }

  /** The lines of all messages that carry this mark, in the order of the screen. @param {RegExp} mark */
  async order(mark) {
    return (await this.entries.allInnerTexts()).flatMap((text) => mark.exec(text)?.[0] ?? []);
  }
}
