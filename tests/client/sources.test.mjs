/** Rules that every file of the client keeps. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../static/", import.meta.url);
const names = readdirSync(root, { recursive: true }).map(String);
const read = (name) => readFileSync(new URL(name, root), "utf8");
const scripts = names.filter((name) => name.endsWith(".js"));

/** Everything that makes markup or code from a string, or reaches beyond this server. */
const FORBIDDEN = [
  /\b(inner|outer)HTML\b/, /insertAdjacentHTML/, /setHTML/, /createContextualFragment/, /DOMParser/, /document\.write/, /srcdoc/,
  /\beval\(/, /new Function\b/, /setTimeout\(\s*["'`]/, /setAttribute\(\s*["'`](style|on)/,
];

test("no script makes markup or code from strings", () => {
  assert.ok(scripts.length > 10, "the sources are found");
  for (const name of scripts) {
    for (const rule of FORBIDDEN) assert.doesNotMatch(read(name), rule, name);
  }
  assert.match("row.innerHTML = text", FORBIDDEN[0], "the rule would notice");
});

test("nothing comes from elsewhere: imports are relative and files, and style sheets load nothing", () => {
  for (const name of scripts) {
    for (const [, from] of read(name).matchAll(/^import (?:.* from )?"([^"]+)"/gm)) {
      assert.match(from, /^\.\.?\//, name);
      assert.ok(names.includes(new URL(from, new URL(name, root)).href.slice(root.href.length)), `${name} imports ${from}`);
    }
  }
  for (const name of names.filter((one) => one.endsWith(".css"))) assert.doesNotMatch(read(name), /@import|url\(/, name);
});

test("modules are written so that the build can join them", () => {
  const atOnce = new Set(["app.js"]);
  for (const name of atOnce) {
    for (const [, from] of read(name).matchAll(/^(?:import |\} from ).*?"([^"]+)";$/gm)) atOnce.add(new URL(from, new URL(name, root)).href.slice(root.href.length));
  }
  assert.ok(atOnce.has("components/chat-shell/chat-shell.js") && !atOnce.has("components/sign-in/sign-in.js"));
  for (const name of scripts) {
    const source = read(name);
    // Those of the first screen end up in lib/: only there do relative addresses stay true.
    if (atOnce.has(name) && !name.startsWith("lib/")) assert.doesNotMatch(source.replace(/\/\*\*.*?\*\//gs, ""), /import\(|import\.meta/, name);
    assert.doesNotMatch(source, /^export (let|var|default (?!\{)|\{|\*)/m, `${name} exports what it declares, for good`);
    assert.doesNotMatch(source, /^import (?!\{|")/m, `${name} imports by name`);
    // Indentation is taken away. What stands in quotes, brackets or a pattern of its own is no template's begin.
    for (const line of source.replace(/\/\*\*.*?\*\/|\/\/ .*/gs, "").split("\n")) {
      const ticks = line.replace(/"`"|\/`\+\/|\[(?:\\.|[^\]\\])*\]/g, "").split("`").length - 1;
      assert.equal(ticks % 2, 0, `${name} has a text over several lines: ${line}`);
    }
  }
});

test("the page has no inline script or style", () => {
  const page = read("index.html");
  assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=/i);
  for (const [, attributes, body] of page.matchAll(/<script([^>]*)>([^<]*)/g)) {
    assert.match(attributes, / src="/);
    assert.equal(body, "");
  }
});

test("state knows no DOM, and a component no other component's insides", () => {
  for (const name of scripts.filter((one) => one.startsWith("state/"))) {
    assert.doesNotMatch(read(name), /\b(document|window)\.|HTMLElement/, name);
  }
  for (const name of scripts.filter((one) => one.startsWith("components/"))) {
    assert.doesNotMatch(read(name), /from "\.\.\/(?!\.\.\/(lib|state)\/)/, name);
  }
});

test("every colour is a token", () => {
  for (const name of names.filter((one) => one.endsWith(".css") && !one.endsWith("tokens.css"))) {
    assert.doesNotMatch(read(name), /#[0-9a-f]{3,8}\b(?![-\w])/i, name);
  }
});

test("files stay small enough to read", () => {
  // But for lists of words and of emoji, which nobody reads from end to end.
  const isRead = (one) => /\.(js|css|ts)$/.test(one) && !one.startsWith("strings/") && !one.endsWith("-data.js");
  for (const name of names.filter(isRead)) assert.ok(read(name).split("\n").length < 400, name);
});
