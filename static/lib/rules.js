/** What the server says of a field, in the reader's words. */
import { bytesText } from "./amounts.js";
import { t } from "./words.js";

/** The server's rules that people may break, and their words here. @type {[RegExp, string][]} */
const RULES = [
  [/must be (?<min>\d+) to (?<max>\d+) characters/, "problem.between"],
  [/must be at least (?<min>\d+) characters/, "problem.at_least"],
  [/must be at most (?<max>\d+) characters/, "problem.at_most"],
  [/number of bytes from (?<least>\d+) to (?<most>\d+)/, "problem.bytes_between"],
  [/number from (?<min>\d+) to (?<max>\d+)/, "problem.number_between"],
  [/may hold only the letters/, "problem.username_characters"],
  [/only white space/, "problem.empty"],
  [/control characters/, "problem.control"],
  [/must not be the username/, "problem.password_username"],
  [/tried first/, "problem.password_common"],
];

/** What the server says about a field, in the reader's language if it is a rule known here. @param {string} rule */
export function ruleText(rule) {
  for (const [sign, key] of RULES) {
    const match = sign.exec(rule);
    if (!match) continue;
    const { least, most, ...said } = match.groups ?? {};
    return t(key, least ? { min: bytesText(Number(least)), max: bytesText(Number(most)) } : said);
  }
  return rule;
}
