/** The blocks of docs/requests.md, as they stand there, against the real gateway in front of a fake engine. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { PASSWORD, startRig, type Rig } from "../gateway/harness";
import { docBlocks } from "../support/docBlocks";

const run = promisify(execFile);
const root = resolve(__dirname, "../..");

describe("docs/requests.md", () => {
  let rig: Rig;
  /** Below node_modules, so that the programs of the page find what is installed. */
  let directory: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    rig = await startRig();
    mkdirSync(join(root, "node_modules", ".cache"), { recursive: true });
    directory = mkdtempSync(join(root, "node_modules", ".cache", "docs-"));
    writeFileSync(join(directory, "password"), PASSWORD, { mode: 0o600 });
    const own = { ENDPOINT: `${rig.gateway.url}/v1`, MODEL: "small", LOGIN: "writer" };
    env = { PATH: process.env["PATH"], HOME: directory, ...own, PASSWORD_FILE: join(directory, "password") };
  });
  after(async () => {
    await rig.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The shell blocks from the token on, each after those before it; one answer each. */
  async function shell(): Promise<readonly string[]> {
    const [ownValues = "", ...blocks] = docBlocks("docs/requests.md", "sh");
    assert.match(ownValues, /^export ENDPOINT=/);
    const end = "printf '\\n--end--\\n'";
    const script = ["set -eu", ...blocks.map((block) => `${block}${end}`)].join("\n");
    const { stdout } = await run("bash", ["-c", script], { cwd: directory, env });
    return stdout.split("--end--\n").slice(0, -1);
  }

  it("gives a token, and every curl line its answer", async () => {
    const [models = "", text = "", stream = "", image = "", tools = "", embeddings = "", refused = ""] = await shell();
    assert.match(models, /"id":"small"/);
    assert.match(text, /Hello there\./);
    assert.match(stream, /"content":"Hel"[\s\S]*data: \[DONE\]/);
    for (const answer of [image, tools]) assert.match(answer, /Hello there\./);
    assert.match(embeddings, /"embedding":\[0\.1,0\.2\]/);
    assert.match(refused, /^401\n[\s\S]*"error"/);
    const bodies = rig.upstream.exchanges.map(({ rawBody }) => rawBody);
    assert.ok(bodies.some((body) => body.includes('"url":"data:image/png;base64,iVBORw0KGgo')));
    assert.ok(bodies.some((body) => body.includes('"tools":[{"type":"function","function":{"name":"weather"')));
  });

  it("runs its TypeScript as it is", async () => {
    const [program = ""] = docBlocks("docs/requests.md", "ts");
    writeFileSync(join(directory, "ask.ts"), program);
    const tsx = join(root, "node_modules", ".bin", "tsx");
    const { stdout } = await run(tsx, ["ask.ts"], {
      cwd: directory,
      env: { ...env, TOKEN: await rig.token("writer") },
    });
    assert.equal(stdout, "Hello there. 8\nHello.");
  });

  it("names only answers that the gateway gives", () => {
    const sources = readdirSync(join(root, "gateway")).filter((name) => name.endsWith(".ts"));
    const code = sources.map((name) => readFileSync(join(root, "gateway", name), "utf8")).join("\n");
    const table = readFileSync(join(root, "docs", "requests.md"), "utf8").match(/^\| \d{3}.*$/gm) ?? [];
    const names = table.flatMap((row) => [...row.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, name]) => name ?? ""));
    assert.ok(names.length >= 3);
    for (const name of names) assert.ok(code.includes(`"${name}"`) || code.includes(`\`${name}\``), name);
  });
});
