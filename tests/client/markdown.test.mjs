/** Message text as a tree: the examples shared with the server, all marks, and hostile input. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { lex, parse } from "../../static/lib/markdown.js";

/** A tree in one line: `strong{a}`, `link(words→address)`. */
function short(nodes) {
  return nodes.map((node) => {
    if (node.type === "text") return node.text;
    if (node.type === "list") return `${node.first ?? "ul"}[${node.items.map(short).join("; ")}]`;
    if (node.type === "link") return `link(${short(node.children)}→${node.href}${node.misleading ? " !" : ""})`;
    if (node.type === "code-block") return `block:${node.language}{${node.text}}`;
    return node.children ? `${node.type}{${short(node.children)}}` : `<${node.type} ${node.id ?? ""}>`;
  }).join("");
}

const same = (pairs) => {
  for (const [text, tree] of pairs) assert.equal(short(parse(text)), tree, JSON.stringify(text));
};

/** All nodes, outer before inner. */
function* all(nodes) {
  for (const node of nodes) {
    yield node;
    for (const inner of node.items ?? [node.children ?? []]) yield* all(inner);
  }
}

const depth = (nodes) => 1 + Math.max(0, ...nodes.flatMap((node) => (node.items ?? [node.children ?? []]).filter((list) => list.length).map(depth)));

test("the examples that the server shares", () => {
  const examples = JSON.parse(readFileSync(new URL("../markdown.json", import.meta.url), "utf8"));
  assert.ok(examples.length > 20);
  for (const { text, users = [], roles = [], everyone = false } of examples) {
    const nodes = [...all(parse(text))];
    const ids = (type) => [...new Set(nodes.filter((node) => node.type === type).map((node) => node.id))];
    const found = [ids("user"), ids("role"), nodes.some((node) => node.type === "everyone")];
    assert.deepEqual(found, [users, roles, everyone], text);
  }
});

test("whatever the server takes for a mention stands in the tree, wherever it is", () => {
  for (const mention of ["<@1>", "<@&2>", "@everyone"]) {
    for (const around of ["%", "> %", "- %", "**%**", "||%||", "[%](https://a.example)", "[a](https://b.example/%)",
      "https://a.example/%", "[a](%)", "_%_", "> - **a\n> %**", "|||%", "1. %\n  %", "~~~%~~~", "[[%]]", "`%", "``%`"]) {
      const text = around.replaceAll("%", mention);
      const lexed = lex(text).filter((atom) => ["user", "role", "everyone"].includes(atom.type)).length;
      const shown = [...all(parse(text))].filter((node) => ["user", "role", "everyone"].includes(node.type)).length;
      assert.equal(shown, lexed, text);
    }
  }
});

test("emphasis in all its forms", () => {
  same([
    ["**a** *b* _c_ __d__ ~~e~~ ||f||", "strong{a} em{b} em{c} underline{d} strike{e} spoiler{f}"],
    ["***a***", "em{strong{a}}"], ["___a___", "em{underline{a}}"], ["**a*b*c**", "strong{aem{b}c}"],
    ["*a **b** c*", "em{a strong{b} c}"], ["*foo**bar*", "em{foo**bar}"],
    ["snake_case_name __init__ 2*3*4", "snake_case_name underline{init} 2em{3}4"],
    ["a * b * c ** d", "a * b * c ** d"], ["**open", "**open"], ["**a _b** c_", "strong{a _b} c_"], ["****", "****"],
    ["~a~ |b|", "~a~ |b|"], ["**a\nb**", "strong{a\nb}"], ["\\*a\\* \\", "*a* \\"], ["\\\\*a*", "\\em{a}"],
  ]);
});

test("spoilers may touch spaces, and none is empty", () => {
  same([
    ["|| a ||", "spoiler{ a }"], ["||a||||b||", "spoiler{a}spoiler{b}"], ["||||", "||||"],
    ["|||c|||", "spoiler{|c}|"], ["||**a** `b`||", "spoiler{strong{a} code{b}}"], ["||a", "||a"],
  ]);
});

test("code is left alone", () => {
  same([
    ["`**a**`", "code{**a**}"], ["`` ` ``", "code{`}"], ["` a`", "code{ a}"], ["`  `", "code{  }"], ["**`a**`", "**code{a**}"],
    ["```js\nlet a;\n```\nmore", "block:js{let a;}more"], ["a\n```\ncode\n```\nb", "ablock:{code}b"],
    ["```one line```", "block:{one line}"], ["```js\n```", "block:{js}"], ["```c++\nx\n\n```", "block:c++{x\n}"],
    ["````\n```\n````", "block:{```}"], ["> ```\n> x\n>  y\n> ```\nout", "quote{block:{x\n y}}out"],
    ["- ```\n  a\n    b\n  ```", "ul[block:{a\n  b}]"], ["`a\n> b`", "code{a\n> b}"], ["```\n- a\n```", "block:{- a}"],
  ]);
});

test("quotes and lists", () => {
  same([
    ["> a\n> **b**\nc", "quote{a\nstrong{b}}c"], [">a\n>\n>> b", ">aquote{}>> b"], ["> > a\n> b", "quote{quote{a}b}"],
    ["- a\n  - b\n    - c\n- d\n  more\ne", "ul[aul[bul[c]]; d\nmore]e"], ["* a *b*", "ul[a em{b}]"],
    ["2. a\n3. b\n- c", "2[a; b]ul[c]"], ["- > a", "ul[quote{a}]"], ["> - a", "quote{ul[a]}"], ["a\n\n- b", "a\nul[b]"],
    ["-a\n1.b\n- \n1234567890. a", "-a\n1.b\n- \n1234567890. a"], ["\\- a\n1\\. b", "- a\n1. b"],
  ]);
});

test("links: where they end, and which are none", () => {
  const to = (address) => `link(${address}→${new URL(address).href})`;
  same([
    ["see (https://a.b/c(d)?x=[1]).", `see (${to("https://a.b/c(d)?x=[1]")}).`],
    ["**https://a.b/c_d_e**, _https://a.b_", `strong{${to("https://a.b/c_d_e")}}, em{${to("https://a.b")}}`],
    ["||https://a.b/||", `spoiler{${to("https://a.b/")}}`], ["HTTP://a.b!", to("HTTP://a.b") + "!"],
    ["https://a.b/c\\_d", `${to("https://a.b/c")}_d`], ["http://[::1]:8080/x", to("http://[::1]:8080/x")],
    ["[**t**](https://x.y/z(1)) [m](mailto:a@b.org)", "link(strong{t}→https://x.y/z(1)) link(m→mailto:a@b.org)"],
    ["[x [a](http://b.c) y]", "[x link(a→http://b.c/) y]"], ["[a](http://[::1]/)", "link(a→http://[::1]/)"],
    ["[](https://a.b) [ ](https://a.b)", `[](${to("https://a.b")}) [ ](${to("https://a.b")})`],
    ["[\u200b](https://a.b)", `[\u200b](${to("https://a.b")})`], ["[<@1>](https://a.b)", `[<user 1>](${to("https://a.b")})`],
  ]);
  for (const plain of ["javascript:alert(1)", "[a](javascript:alert(1))", "[a](data:text/html,x)", "[a](//b.c)", "[a](b)",
    "[a] (b)", "http://", "xhttps://a.b", "[a](vbscript:x)", "[a](JaVaScRiPt:x)", "http://%", "ftp://a.b", "[", "]", "](", "<b>"]) {
    assert.ok(![...all(parse(plain))].some((node) => node.type === "link"), plain);
    assert.equal(short(parse(plain)), plain);
  }
});

test("a link whose words show another host misleads", () => {
  const misleading = (text) => [...all(parse(text))].find((node) => node.type === "link").misleading;
  for (const bad of ["[paypal.com](https://evil.example)", "[https://paypal.com/login](https://evil.example/paypal.com)",
    "https://paypal.com@evil.example/", "[visit PayPal.com now](http://evil.example)", "[pay**pal**.com](https://evil.example)",
    "[pay\u200bpal.com](https://evil.example)", "[ｐａｙｐａｌ．ｃｏｍ](https://evil.example)", "[paypal。com](https://evil.example)",
    "[https://bank.example@evil.example](https://evil.example)", "[x/bank.example](https://evil.example)", "[a\u202emoc](https://evil.example)", "[evil.example](https://a.evil.example)", "[10.0.0.1](http://10.0.0.2)",
    "[a@b.org](mailto:a@c.org)", "[пример.рф](https://evil.example)", `[${"a.".repeat(200)}com](https://evil.example)`]) {
    assert.equal(misleading(bad), true, bad);
  }
  for (const good of ["[docs](https://a.example)", "[a.example](https://www.a.example/x)", "https://a.example/b.c.d?e=f.example",
    "[A.Example/path](https://a.example)", "[v1.2 e.g. 3.5](https://a.example)", "[пример.рф](https://xn--e1afmkfd.xn--p1ai)",
    "[a@b.org](mailto:a@b.org)", "http://10.0.0.7:8080/x",
    "http://localhost/index.html", "[http://localhost/index.html](http://localhost/)", "[ann.lee@b.org](mailto:ann.lee@b.org)",
    "[(https://a.example/x.html)](https://a.example)"]) {
    assert.equal(misleading(good), false, good);
  }
});

test("each piece of text knows where it stands in the message", () => {
  for (const text of ["> a **b**\n> `c`\n- \\* d\n  e ||f||", "> ```js\n> x\n> y\n> ```", "[a *b*](https://a.b) 👍 `` ` ``", "***a** b* __c"]) {
    let end = 0;
    for (const node of all(parse(text))) {
      assert.ok(node.start < node.end, `${node.type} in ${text}`);
      if (node.type !== "text") continue;
      assert.equal(node.text, text.slice(node.start, node.end), text);
      assert.ok(node.start >= end, text);
      ({ end } = node);
    }
  }
});

const HOSTILE = {
  stars: "*".repeat(1e5), openers: "*a _b ".repeat(2e4), both: "a*a_a~~a||".repeat(1e4), nested: "**a _b ".repeat(5e3) + "_ **".repeat(5e3),
  quotes: "> ".repeat(5e4), quoted: "> > > > > > > > > > a\n".repeat(4e3), items: "- ".repeat(5e4), list: "- a\n".repeat(2e4),
  stairs: Array.from({ length: 400 }, (_, n) => `${" ".repeat(n)}- a`).join("\n"), brackets: "[".repeat(1e5), half: "[a](http://x".repeat(1e4),
  links: "[a](http://x)".repeat(5e3), closers: "[[".repeat(5e3) + "](http://x)".repeat(5e3), ticks: Array.from({ length: 400 }, (_, n) => "`".repeat(n)).join(" "),
  addresses: "http://".repeat(2e4), parens: `https://a${")".repeat(1e5)}`, everyone: "https://a/@everyone/".repeat(5e3), escapes: "\\*".repeat(5e4),
  spoilers: "||a".repeat(3e4), spaces: `- ${" ".repeat(1e5)}`, lines: "\n".repeat(1e5), code: "`a` ".repeat(2e4), blocks: "```a``` ".repeat(1e4),
  fences: "> ```\n".repeat(1e4), balanced: `[a](http://x${"(a)".repeat(3e4)}`, names: `[${"a.".repeat(5e4)}](http://x/)`,
  dashes: `[${"a-".repeat(5e4)}](http://x/)`, digits: `[${"1".repeat(1e5)}](http://x/)`, mentions: "<@1>".repeat(2e4), lone: "\ud800<@1>\udc00@everyone\ud83d".repeat(3e3),
};

test("no text takes long, or nests without end", () => {
  for (const [name, text] of Object.entries(HOSTILE)) {
    const started = performance.now();
    const tree = parse(text);
    const took = performance.now() - started;
    assert.ok(took < 2_000, `${name}: ${took.toFixed()} ms`); // linear is some 100 ms, quadratic is minutes
    assert.ok(depth(tree) < 30, `${name}: ${depth(tree)} deep`);
  }
});

test("random marks break nothing, and lose no mention", () => {
  const parts = ["*", "**", "_", "__", "~~", "||", "`", "``", "```", "> ", "- ", "1. ", "\n", "  ", "[", "](https://a.b)", "\\", "<@1>", "@everyone", "a", " ", "é", "👍", "http://x.y"];
  let seed = 7;
  const random = (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  for (let round = 0; round < 5_000; round += 1) {
    const text = Array.from({ length: random(24) }, () => parts[random(parts.length)]).join("");
    const nodes = [...all(parse(text))];
    const count = (list) => list.filter((one) => one.type === "user" || one.type === "everyone").length;
    assert.equal(count(nodes), count(lex(text)), JSON.stringify(text));
    for (const node of nodes) {
      if (node.type === "text") assert.equal(node.text, text.slice(node.start, node.end), JSON.stringify(text));
    }
  }
});
