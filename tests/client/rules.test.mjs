/** What the server says of a field, in the reader's words. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ruleText } from "../../static/lib/rules.js";
import { speak } from "../../static/lib/words.js";
import { german } from "./words.mjs";

test("rules that people may break have words in their language", () => {
  speak("de", german);
  const said = {
    "username must be 2 to 32 characters": "2 bis 32 Zeichen.",
    "username may hold only the letters a to z, digits, '_' and '.'": "Nur Buchstaben a bis z, Ziffern, Punkt und Unterstrich.",
    "new_password must be at least 10 characters": "Mindestens 10 Zeichen.",
    "bio must be at most 190 characters": "Höchstens 190 Zeichen.",
    "display_name must not be only white space": "Das fehlt noch.",
    "password must not be the username": "Es darf nicht dein Benutzername sein.",
    "avatar is not an image": "avatar is not an image",
  };
  for (const [rule, words] of Object.entries(said)) assert.equal(ruleText(rule), words);
  assert.match(ruleText("password is one of the passwords that are tried first: choose another"), /^Das ist eines der Passwörter/);
});
