/** What a browser says about itself, in words. */
import { t } from "./words.js";

/** The first that matches counts: most browsers claim to be several. @type {[RegExp, string][]} */
const BROWSERS = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\b(OPR|Opera)\//, "Opera"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome|Chromium)\//, "Chrome"],
  [/\bVersion\/[\d.]+.*\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
];

/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\b(Macintosh|Mac OS X)\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/** @param {[RegExp, string][]} kinds @param {string} agent */
const find = (kinds, agent) => kinds.find(([sign]) => sign.test(agent))?.[1] ?? "";

/** "Firefox on Linux" @param {string} agent the User-Agent */
export function deviceText(agent) {
  const browser = find(BROWSERS, agent);
  const system = find(SYSTEMS, agent);
  if (browser && system) return t("settings.device", { browser, system });
  // A program's name is its first word: "chat-bot/1.2 (…)".
  return browser || system || /^[\w.-]{1,40}/.exec(agent)?.[0] || t("settings.device_unknown");
}

/** @param {string} agent */
export function isPhone(agent) {
  return /\b(Mobi|Mobile|Android|iPhone|iPad)\b/.test(agent);
}
