import { story } from "./harness.mjs";

story("everything from the door to a deleted message goes without a mouse", async (stage) => {
  const member = await stage.server.person("keyes");
  const chat = await stage.stranger();
  const { keyboard } = chat.page;
  await chat.focusIsOn(chat.userName);
  await keyboard.type(member.name);
  await keyboard.press("Tab");
  await keyboard.type(member.password);
  await keyboard.press("Enter");
  await chat.ready();

  await chat.tabTo(chat.page.getByRole("button", { name: "Create a server", exact: true }));
  await keyboard.press("Enter");
  await chat.focusIsOn(chat.dialog.getByLabel("Name"));
  await keyboard.press("Escape");
  await chat.dialog.waitFor({ state: "detached" });
  await chat.focusIsOn(chat.page.getByRole("button", { name: "Create a server", exact: true }));
  await keyboard.press("Enter");
  await chat.focusIsOn(chat.dialog.getByLabel("Name"));
  await keyboard.type("Typewriters");
  await keyboard.press("Enter");

  await chat.dialog.waitFor({ state: "detached" });
  await chat.tabTo(chat.composer);
  await keyboard.type("no mouse");
  await keyboard.press("Shift+Enter");
  await keyboard.type("needed");
  await keyboard.press("Enter");
  await chat.sees(/no mouse\s+needed/);

  await chat.page.waitForFunction(() => !document.querySelector("message-row.sending"));
  await keyboard.press("ArrowUp");
  await chat.focusIsOn(chat.editor);
  await keyboard.type("!");
  await keyboard.press("Enter");
  await chat.sees(/needed!\s*\(edited\)/);
  await chat.focusIsOn(chat.composer);

  await keyboard.press("ArrowUp");
  await chat.focusIsOn(chat.editor);
  await keyboard.type("not this");
  await keyboard.press("Escape");
  await chat.focusIsOn(chat.composer);
  await chat.seesNo("not this");

  await chat.deleteByKeyboard("no mouse");
  await chat.tabTo(chat.dialog.getByRole("button", { name: "Delete", exact: true }));
  await keyboard.press("Enter");
  await chat.seesNo("no mouse");

  await chat.tabTo(chat.settings);
  await keyboard.press("Enter");
  await chat.page.getByLabel("Display name").waitFor();
  await chat.tabTo(chat.channel("general").or(chat.server("Typewriters")));
  await keyboard.press("Enter");
  await chat.composer.waitFor();
});
