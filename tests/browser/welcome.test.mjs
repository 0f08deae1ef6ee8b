import assert from "node:assert/strict";
import { axe, story } from "./harness.mjs";

story("one makes an account, a server and an invite; the other opens the link and lands inside", async (stage) => {
  await stage.server.person("first");
  const ada = await stage.stranger();
  await ada.userName.waitFor();
  await axe(ada.page, "the door");
  await ada.register("ada", "a long enough password");
  await ada.ready();
  await axe(ada.page, "home without a server");
  await ada.createServer("The Book Club");
  await ada.composer.waitFor();
  await axe(ada.page, "an empty channel");
  const link = await ada.inviteLink();
  assert.ok(link.startsWith(`${stage.server.origin}/invite/`), `the link leads here: ${link}`);

  const bea = await stage.stranger(link);
  await bea.page.getByRole("heading", { name: "The Book Club" }).waitFor();
  await bea.page.getByText("1 member", { exact: true }).waitFor();
  await bea.userName.waitFor();
  await axe(bea.page, "an invite");
  await bea.register("bea", "another long password");
  await bea.server("The Book Club").waitFor();
  await bea.composer.waitFor();
  assert.match(bea.page.url(), /\/channels\/\d+\/\d+$/, "the address names the channel");

  await bea.say("I am in!");
  await ada.sees("I am in!");
});

story("whoever has an account signs in, also by an invite, and a wrong password is told", async (stage) => {
  const { people: [owner], invite } = await stage.server.community("Chess", "chester");
  const guest = await stage.server.person("guest");
  const page = await stage.stranger(new URL(`/invite/${invite.code}`, stage.server.origin).href);
  stage.expect(/401/);
  await page.page.getByRole("button", { name: "Sign in", exact: true }).last().click();
  await page.signIn("guest", "not the password");
  await page.problem.waitFor();
  await page.signIn("guest", guest.password);
  await page.server("Chess").waitFor();
  await page.composer.waitFor();
  const members = await owner.rest("GET", `servers/${invite.server_id ?? (await owner.rest("GET", "servers"))[0].server_id}/members`);
  assert.equal(members.length, 2);
});

story("a dead invite says so and leaves the ordinary door", async (stage) => {
  stage.expect(/404/);
  const page = await stage.stranger("/invite/nothing-here");
  await page.page.getByRole("heading", { name: "This invite no longer works" }).waitFor();
  await page.userName.waitFor();
  await axe(page.page, "a dead invite");
});
