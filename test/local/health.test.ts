import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { findBroken, type Broken } from "../../local/health";
import { markOf, referenceTo } from "../../local/processes";
import { rayTokenFile } from "../../local/rayEnvironment";
import { privateDirectory } from "../../local/runFiles";
import { writePrivate } from "../../system/privateFile";
import { Children, freePort, Place, waits } from "../support/fixtures";
import { application, fake, type Fake } from "./fakes";

/** A gateway that gives out a token for the right password, and answers chats. */
const gatewayScript = `
const http = require("node:http");
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () => {
    const reply = (status, value) => response.writeHead(status).end(JSON.stringify(value));
    if (request.url === "/healthz") return reply(200, {});
    if (body.includes("limited")) return reply(429, {});
    if (body.includes("dead")) return reply(502, { error: "engine" });
    if (request.url === "/token") return body.includes("password=right") ? reply(200, { access_token: "t" }) : reply(400, { error: "invalid_grant" });
    reply(200, { usage: { completion_tokens: 1 } });
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(server.address().port + "\\n"));`;

describe("what is broken", () => {
  const children = new Children();
  let place: Place;
  let run: string;
  let dashboard: Fake;
  let daemon: number;
  let gateway: { pid: number; port: number };
  let state: ReturnType<typeof application> | undefined;

  beforeEach(async () => {
    place = new Place();
    run = place.path("run");
    privateDirectory(run);
    privateDirectory(place.path("run", "ray"));
    writePrivate(rayTokenFile(run), "token");
    state = application("RUNNING");
    dashboard = await fake(() => state);
    daemon = (await children.run(waits)).pid;
    writeDaemons();
    const env = { PATH: process.env["PATH"], ...markOf(run, "gateway") };
    const { pid, line } = await children.run(gatewayScript, { env });
    gateway = { pid, port: Number(line) };
  });
  afterEach(async () => {
    await children.killAll();
    await dashboard.close();
    place.remove();
  });

  const writeDaemons = (): void => {
    const daemons = [{ ...referenceTo(daemon), name: "/venv/bin/raylet --head" }];
    writeFileSync(place.path("run", "ray", "daemons.json"), JSON.stringify(daemons));
  };
  const look = (change: { gatewayPort?: number; password?: string; model?: string } = {}): Promise<Broken[]> =>
    findBroken({
      runDirectory: run,
      dashboardPort: dashboard.port,
      gatewayPort: gateway.port,
      endpoint: `http://127.0.0.1:${gateway.port}`,
      model: "tiny",
      user: "admin",
      password: "right",
      ...change,
    });

  it("is nothing when all is well", async () => {
    assert.deepEqual(await look(), []);
  });

  it("is Ray, when a daemon of its start is gone; what stands on it is not named", async () => {
    process.kill(daemon, "SIGKILL");
    await children.end(daemon);
    assert.deepEqual(await look(), [{ part: "ray", reason: `gone: raylet (${daemon})` }]);
  });

  it("is Ray, when another process has the number of its daemon", async () => {
    writeFileSync(
      place.path("run", "ray", "daemons.json"),
      JSON.stringify([{ pid: daemon, started: "1", name: "gcs_server" }]),
    );
    assert.deepEqual(await look(), [{ part: "ray", reason: `gone: gcs_server (${daemon})` }]);
  });

  it("is Ray, when it was never started here", async () => {
    const reason = "it was never started here";
    place.remove();
    assert.deepEqual(await look(), [{ part: "ray", reason }]);
  });

  it("is Serve, when it knows no application or reports another state", async () => {
    state = undefined;
    assert.deepEqual(await look(), [{ part: "serve", reason: "Ray Serve knows no application" }]);
    state = application("UNHEALTHY");
    assert.deepEqual(await look(), [{ part: "serve", reason: "the application is UNHEALTHY" }]);
  });

  it("is Serve, when everything says that it runs and the engine fails", async () => {
    assert.deepEqual(await look({ model: "dead" }), [
      { part: "serve", reason: 'no token comes: the gateway answered 502: {"error":"engine"}' },
    ]);
  });

  it("is the gateway, when it refuses the user it should know", async () => {
    assert.deepEqual(await look({ password: "wrong" }), [
      { part: "gateway", reason: 'no token comes: /token answered 400: {"error":"invalid_grant"}' },
    ]);
  });

  it("is nothing, when the user is at a limit: a busy stack is not replaced", async () => {
    assert.deepEqual(await look({ password: "limited" }), []);
    assert.deepEqual(await look({ model: "limited" }), []);
  });

  const gone = { part: "gateway", reason: "its process is gone or does not answer" } as const;

  it("is the gateway, when its process is gone, also next to a broken Serve or Ray", async () => {
    process.kill(gateway.pid, "SIGKILL");
    await children.end(gateway.pid);
    assert.deepEqual(await look(), [gone]);
    state = application("DEPLOY_FAILED");
    assert.deepEqual(await look(), [gone, { part: "serve", reason: "the application is DEPLOY_FAILED" }]);
    process.kill(daemon, "SIGKILL");
    await children.end(daemon);
    assert.deepEqual(await look(), [gone, { part: "ray", reason: `gone: raylet (${daemon})` }]);
  });

  it("is the gateway, when it lives and does not answer", async () => {
    assert.deepEqual(await look({ gatewayPort: await freePort() }), [gone]);
  });
});
