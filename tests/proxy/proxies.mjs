/** Real proxies, set up with the README's own lines: what stands there is what is tried. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
/** Who runs the proxy where the tests are root: nobody. */
const NOBODY = 65_534;
/** The README's host, to which nothing on this machine leads. */
export const HOST = "chat.example";

/** The block of this language in the README's section. @param {string} language */
export function block(language) {
  const section = README.split("\n### ").find((part) => part.startsWith("Behind a proxy\n"))?.split("\n## ")[0] ?? "";
  const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, name]) => name === language);
  assert.equal(blocks.length, 1, `the README has one block of ${language} for proxies`);
  return blocks[0][2];
}

/** Puts one thing for another, which must be there. @param {string} text @param {...[string, string]} pairs */
function filled(text, ...pairs) {
  return pairs.reduce((before, [from, to]) => {
    assert.ok(before.includes(from), `the README still says ${from}`);
    return before.replaceAll(from, to);
  }, text);
}

/** What the README lets chatd know. @param {string} path empty, or like `/chat` @returns {Record<string, string>} */
export function environment(path) {
  const url = `CHATD_PUBLIC_URL=https://${HOST}`;
  const text = block("sh");
  assert.ok(!path || README.includes(`\`${url}${path}\``), "the README says how a path is set");
  const lines = (path ? filled(text, [url, `${url}${path}`]) : text).trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split("=", 2)));
}

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((found, failed) => {
    const probe = createServer().once("error", failed).listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}

/** Where chatd listens, as the README has it. */
export const UPSTREAM = "127.0.0.1:8080";

const KINDS = {
  nginx: {
    program: "nginx",
    options: (folder) => ["-p", folder, "-c", join(folder, "config"), "-e", "stderr"],
    listens: "start worker process",
    /** What Debian's own file has around the snippet, as far as somebody without rights needs it. */
    config: (folder, path, port, upstream) => {
      const users = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
      const temporary = users.map((name) => `${name}_temp_path ${name};\n`);
      const [at, below] = ["location / {", `location ${path}/ {`];
      assert.ok(!path || README.includes(`\`${below}\``), "the README says how a path is set");
      const site = filled(block("nginx"), [at, below], [UPSTREAM, `127.0.0.1:${upstream}`],
        ["    listen [::]:443 ssl;\n", ""], ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
        ["/etc/ssl/chat.example.pem", join(folder, "certificate")], ["/etc/ssl/chat.example.key", join(folder, "key")]);
      const http = `access_log off;\n${temporary.join("")}${site}`;
      return `daemon off; pid pid; error_log stderr notice;\nevents {}\nhttp {\n${http}}\n`;
    },
  },
  caddy: {
    program: "caddy",
    options: (folder) => ["run", "--adapter", "caddyfile", "--config", join(folder, "config")],
    listens: "serving initial configuration",
    /** Without its own way to a certificate, and without what it opens beside the site. */
    config: (folder, path, port, upstream) => {
      const [at, below] = [`reverse_proxy ${UPSTREAM}`, `reverse_proxy ${path}/* ${UPSTREAM}`];
      assert.ok(!path || README.includes(`\`${below}\``), "the README says how a path is set");
      const site = filled(block("caddy"), ...(path ? [[at, below]] : []), [UPSTREAM, `127.0.0.1:${upstream}`]);
      const certificate = `bind 127.0.0.1\n    tls ${join(folder, "certificate")} ${join(folder, "key")}`;
      return `{\n    admin off\n    auto_https off\n    https_port ${port}\n}\n${
        filled(site, [`${HOST} {`, `https://${HOST} {\n    ${certificate}`])}`;
    },
  },
};

/** A certificate for the README's host that nobody else trusts. @param {string} folder */
function certify(folder) {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", join(folder, "key")];
  const about = ["-days", "2", "-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST}`];
  execFileSync("openssl", ["req", "-x509", ...key, ...about, "-out", join(folder, "certificate")], { stdio: "ignore" });
  return readFileSync(join(folder, "certificate"), "utf8");
}

/** A proxy on loopback, with TLS, in front of a chatd. */
export class Proxy {
  #process = null;
  #said = [];

  /**
   * @param {"nginx" | "caddy"} kind @param {string} path empty, or like `/chat` @param {number} upstream chatd's port
   * @param {number} [port]
   */
  static async start(kind, path, upstream, port) {
    const proxy = new Proxy();
    proxy.port = port ?? await freePort();
    proxy.folder = mkdtempSync(join(tmpdir(), `chatd-${kind}-`));
    proxy.certificate = certify(proxy.folder);
    proxy.config = KINDS[kind].config(proxy.folder, path, proxy.port, upstream);
    writeFileSync(join(proxy.folder, "config"), proxy.config);
    const rights = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    if (rights.uid) {
      for (const name of ["", "key", "certificate", "config"]) chownSync(join(proxy.folder, name), NOBODY, NOBODY);
    }
    chmodSync(join(proxy.folder, "key"), 0o600);
    try {
      await proxy.#run(KINDS[kind], rights);
    } catch (error) {
      await proxy.remove();
      throw error;
    }
    return proxy;
  }

  async #run({ program, options, listens }, rights) {
    // Both are where only root looks on Debian.
    const homes = Object.fromEntries(["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map((name) => [name, this.folder]));
    const env = { ...process.env, ...homes, PATH: `${process.env.PATH}:/usr/sbin` };
    const how = { ...rights, env, cwd: this.folder, stdio: ["ignore", "ignore", "pipe"] };
    const child = this.#process = spawn(program, options(this.folder), how);
    await new Promise((ready, failed) => {
      createInterface(child.stderr).on("line", (line) => {
        this.#said = [...this.#said, line].slice(-30);
        if (line.includes(listens)) ready();
      });
      child.once("error", failed);
      child.once("exit", (code) => failed(new Error(`${program} ended with ${code}:\n${this.#said.join("\n")}`)));
    });
  }

  async remove() {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => { child.once("exit", resolve); });
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
