import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { houseOf, type House } from "../../../cli/house";
import type { Report } from "../../../cli/doctor/findings";
import { answer } from "../../../cli/doctor/run";
import { markOf, referenceTo } from "../../../local/processes";
import { rayTokenFile } from "../../../local/rayEnvironment";
import { privateDirectory, rayTempDirectory } from "../../../local/runFiles";
import { writePrivate } from "../../../system/privateFile";
import { application, fake, type Fake } from "../../local/fakes";
import { Children, freePort, Place, waits } from "../../support/fixtures";
import { assertGolden } from "./golden";

/** A gateway that gives out a token for the right password, and answers chats as the environment says. */
const gatewayScript = `
const http = require("node:http");
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () => {
    const reply = (status, value) => response.writeHead(status).end(JSON.stringify(value));
    if (request.url === "/healthz") return reply(200, {});
    if (request.url === "/token") return body.includes("password=right") ? reply(200, { access_token: "t" }) : reply(400, { error: "invalid_grant" });
    reply(Number(process.env.CHAT), { usage: { completion_tokens: 1 } });
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(server.address().port + "\\n"));`;

/** Ray's API and the gateway are fakes over real HTTP; the daemons are real processes. */
describe("a doctor for this machine", () => {
  const children = new Children();
  let place: Place;
  let house: House;
  let run: string;
  let dashboard: Fake;
  let daemon: number;
  let gateway: number;
  let state: ReturnType<typeof application> | undefined;

  beforeEach(async () => {
    place = new Place();
    house = houseOf(place.directory);
    run = house.run("local");
    const stack =
      'config:\n  tokenrack:platform: { kind: local, accelerator: cpu }\n  tokenrack:models: [{ source: "builtin:tiny-llama" }]\n';
    place.write("Pulumi.local.yaml", stack);
    place.make(".tokenrack", "run");
    privateDirectory(run);
    privateDirectory(`${run}/ray`);
    writePrivate(rayTokenFile(run), "ray-token");
    writePrivate(house.password, "right");
    state = application("RUNNING");
    dashboard = await fake(() => state);
    daemon = (await children.run(waits)).pid;
    writePrivate(
      `${run}/ray/daemons.json`,
      JSON.stringify([{ ...referenceTo(daemon), name: "/venv/bin/raylet --head" }]),
    );
    await startGateway("200");
  });
  afterEach(async () => {
    await children.killAll();
    await dashboard.close();
    place.remove();
  });

  const choose = (port: number): void =>
    writePrivate(
      house.choices,
      JSON.stringify({ ports: { gateway: port, rayDashboard: dashboard.port }, firstUser: "ann" }),
    );
  const startGateway = async (chat: string): Promise<void> => {
    const env = { PATH: process.env["PATH"], CHAT: chat, ...markOf(run, "gateway") };
    const { pid, line } = await children.run(gatewayScript, { env });
    gateway = pid;
    choose(Number(line));
  };
  const end = async (pid: number): Promise<void> => {
    process.kill(pid, "SIGKILL");
    await children.end(pid);
  };
  const ask = (json: boolean) => answer({ stack: "local", json, timeout: 10 }, {}, () => undefined, house);
  const report = async (): Promise<Report> => JSON.parse((await ask(true)).text) as Report;
  const unwell = ({ layers }: Report): string[] =>
    layers.flatMap(({ id, state: is }) => (is === "well" ? [] : [`${id} ${is}`]));
  const first = ({ layers }: Report, id: string) => layers.find((layer) => layer.id === id)?.findings[0];

  it("finds nothing where all is well", async () => {
    const { text, exitCode } = await ask(false);
    assertGolden(
      "local-well",
      text.replace(/after \d+\.\d\d s/, "after 0.12 s").replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:8080"),
    );
    assert.equal(exitCode, 0);
    assert.deepEqual(
      dashboard.seen.map(({ method }) => method),
      ["GET"],
    );
  });

  it("names Ray, whose daemon is gone, and asks no engine of it", async () => {
    await end(daemon);
    const seen = await report();
    assert.deepEqual(unwell(seen), ["ray broken", "engine skipped"]);
    assert.equal(first(seen, "ray")?.found, `gone: raylet (${daemon})`);
    assert.deepEqual(dashboard.seen, []);
  });

  it("names the engine with Serve's reason and its own last error lines", async () => {
    state = application("DEPLOY_FAILED", "The deployment failed to start.");
    const logs = `${rayTempDirectory(run)}/session_latest/logs`;
    try {
      privateDirectory(rayTempDirectory(run));
      privateDirectory(`${rayTempDirectory(run)}/session_latest`);
      privateDirectory(logs);
      writePrivate(`${logs}/worker-1.err`, "RuntimeError: CUDA out of memory, password=right\n");
      const { text, exitCode } = await ask(false);
      assert.equal(exitCode, 1);
      assert.match(text, /✗ engine +tiny-llama is DEPLOY_FAILED/);
      assert.match(text, /its engine said last:\n +RuntimeError: CUDA out of memory, password=<redacted>/);
      assert.match(text, /fix +lower gpuMemoryUtilization/);
    } finally {
      rmSync(rayTempDirectory(run), { recursive: true, force: true });
    }
  });

  it("names the engine when Serve knows no application", async () => {
    state = undefined;
    const seen = await report();
    assert.deepEqual(unwell(seen), ["engine broken"]);
    assert.match(first(seen, "engine")?.fix ?? "", /npm start/);
  });

  it("names the gateway: gone, or another program in its place", async () => {
    await end(gateway);
    choose(await freePort());
    const seen = await report();
    assert.deepEqual(unwell(seen), ["gateway broken", "token skipped"]);
    assert.equal(first(seen, "gateway")?.found, "no process");
    const other = await fake(() => ({ status: 200, body: {} }));
    choose(other.port);
    const again = await report();
    await other.close();
    assert.equal(first(again, "gateway")?.found, "another program answers there");
  });

  it("names the token: a password that does not hold, an engine that fails though all says that it runs", async () => {
    writePrivate(house.password, "wrong-password");
    const seen = await report();
    assert.deepEqual(unwell(seen), ["token broken"]);
    assert.match(first(seen, "token")?.found ?? "", /\/token answered 400/);
    writePrivate(house.password, "right");
    await end(gateway);
    await startGateway("502");
    assert.match(first(await report(), "token")?.found ?? "", /answered 502/);
  });

  it("does not call a user at a limit broken", async () => {
    await end(gateway);
    await startGateway("429");
    assert.deepEqual(unwell(await report()), []);
  });

  it("says that nothing was started here", async () => {
    rmSync(run, { recursive: true });
    choose(await freePort());
    const seen = await report();
    assert.deepEqual(unwell(seen), ["ray broken", "engine skipped", "gateway broken", "token skipped"]);
    assert.equal(first(seen, "ray")?.found, "it was never started here");
  });
});
