/** Administration: lists of people, what may be done about whom, settings and sizes, findings, and how all that reads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { agoText, bytesText, durationText, millisecondsText, percentText } from "../../static/lib/amounts.js";
import { ruleText } from "../../static/lib/rules.js";
import { speak } from "../../static/lib/words.js";
import { actsOn, changes, joinBytes, splitBytes, used, withPage, withUser, worstFirst } from "../../static/state/administration.js";
import { english, german } from "./words.mjs";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const user = (id, fields = {}) => ({ user_id: id, username: `user${id}`, is_admin: false, disabled: false, closed: false, sessions: 1, ...fields });
const may = (one, ownId = "1") => Object.entries(actsOn(one, ownId)).filter(([, allowed]) => allowed).map(([name]) => name);

test("pages of people are put together without doubles, and the later word counts", () => {
  const known = withPage([], [user("1"), user("2")]);
  const more = withPage(known, [user("2", { disabled: true }), user("3")]);
  assert.deepEqual(more.map((one) => [one.user_id, one.disabled]), [["1", false], ["2", true], ["3", false]]);
  assert.deepEqual(withUser(more, user("3", { is_admin: true })).map((one) => one.is_admin), [false, false, true]);
});

test("what may be done about somebody follows from how they stand", () => {
  assert.deepEqual(may(user("2")), ["disable", "makeAdmin", "resetLink", "signOut"]);
  assert.deepEqual(may(user("2", { sessions: 0 })), ["disable", "makeAdmin", "resetLink"], "nothing to sign out");
  assert.deepEqual(may(user("2", { is_admin: true })), ["disable", "unmakeAdmin", "resetLink", "signOut"]);
  assert.deepEqual(may(user("2", { disabled: true, sessions: 0 })), ["enable"], "a link would not work");
  assert.deepEqual(may(user("2", { disabled: true, closed: true, sessions: 0 })), [], "closed is closed");
  assert.deepEqual(may(user("1", { is_admin: true })), ["unmakeAdmin"], "for the rest there are one's own settings");
});

test("sizes read in the largest unit that says them whole, and go back to what they were", () => {
  assert.deepEqual(splitBytes(25 * MIB), { amount: 25, unit: "MiB" });
  assert.deepEqual(splitBytes(1.5 * GIB), { amount: 1.5, unit: "GiB" });
  assert.deepEqual(splitBytes(GIB + MIB), { amount: 1025, unit: "MiB" });
  assert.deepEqual(splitBytes(512), { amount: 0.5, unit: "KiB" });
  for (const bytes of [MIB, 25 * MIB, 1.5 * GIB, GIB + MIB, 1024 * GIB]) {
    const { amount, unit } = splitBytes(bytes);
    assert.equal(joinBytes(amount, unit), bytes);
  }
  const { amount, unit } = splitBytes(1_000_000_007);
  assert.deepEqual([amount, unit], [953.67, "MiB"], "not whole in any: rounded");
});

test("only what was changed is sent, and nobody rounds what they did not touch", () => {
  const setting = (value) => ({ value, source: "default", otherwise: value });
  const known = { name: setting("chatd"), registration: setting("open"), password_min: setting(10), upload_bytes: setting(1_000_000_007) };
  const shown = joinBytes(953.67, "MiB");
  assert.deepEqual(changes(known, { name: "chatd", registration: "open", password_min: 10, upload_bytes: shown }), {});
  assert.deepEqual(changes(known, { name: "Home", registration: "invite", password_min: 12, upload_bytes: 50 * MIB }),
    { name: "Home", registration: "invite", password_min: 12, upload_bytes: 50 * MIB });
});

test("the worst comes first, else the server's order stays", () => {
  const finding = (severity, code) => ({ severity, code, text: "", advice: "" });
  const list = [finding("notice", "a"), finding("warning", "b"), finding("error", "c"), finding("warning", "d")];
  assert.deepEqual(worstFirst(list).map(({ code }) => code), ["c", "b", "d", "a"]);
  assert.equal(list[0].code, "a", "the list itself stays");
});

test("a disk's use is a share, whatever is reported", () => {
  assert.equal(used({ free_bytes: 25, total_bytes: 100 }), 0.75);
  assert.equal(used({ free_bytes: 0, total_bytes: 0 }), 0);
  assert.equal(used({ free_bytes: 120, total_bytes: 100 }), 0);
});

test("amounts are said in the reader's language", () => {
  speak("en", english);
  assert.deepEqual([durationText(59), durationText(7_300), durationText(3 * 86_400 + 5)], ["59 seconds", "2 hours", "3 days"]);
  assert.deepEqual([durationText(0), durationText(-4)], ["0 seconds", "0 seconds"]);
  assert.equal(agoText(90_000), "yesterday");
  assert.deepEqual([millisecondsText(6.24), millisecondsText(31.7)], ["6.2 ms", "32 ms"]);
  assert.equal(percentText(0.9), "90%");
  assert.equal(bytesText(1.5 * GIB), "1.5 GiB");
  speak("de", german);
  assert.deepEqual([durationText(3 * 86_400), bytesText(1.5 * GIB)], ["3 Tage", "1,5 GiB"]);
  speak("en", english);
});

test("what the server says of a number or a size reads in the reader's words", () => {
  assert.equal(ruleText("must be a number from 10 to 256"), "A number from 10 to 256.");
  assert.equal(ruleText("must be a number of bytes from 1048576 to 1099511627776, or as in 50MiB"), "1 MiB to 1,024 GiB.");
});
