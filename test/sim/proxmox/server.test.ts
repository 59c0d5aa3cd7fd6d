import assert from "node:assert/strict";
import { request } from "node:https";
import { exampleToken } from "../../../sim/proxmox/exampleWorld";
import type { ProxmoxSim } from "../../../sim/proxmox/server";
import { data, send, startSim } from "./harness";

describe("sim/proxmox/server", () => {
  let sim: ProxmoxSim;
  beforeEach(async () => (sim = await startSim()));
  afterEach(() => sim.close());

  it("speaks TLS 1.3 to those who trust its certificate, on loopback", async () => {
    assert.match(sim.endpoint, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual(await data(sim, "GET", "version"), { version: "9.0.10", release: "9.0", repoid: "5eed5eed" });
    const refused = (tls: object): Promise<string> =>
      new Promise((resolve) => {
        const asked = request(`${sim.endpoint}/api2/json/version`, { agent: false, ...tls }, () => resolve("answered"));
        asked.on("error", (error) => resolve(Reflect.get(error, "code") as string));
        asked.end();
      });
    assert.equal(await refused({}), "DEPTH_ZERO_SELF_SIGNED_CERT");
    assert.match(await refused({ ca: sim.caCert, maxVersion: "TLSv1.2" }), /PROTOCOL_VERSION|ECONNRESET|EPROTO/);
  });

  const tokens: readonly (readonly [string, string, string])[] = [
    ["no token", "", "No ticket"],
    ["an unknown token", "other@pve!x=1", "no such user ('other@pve')"],
    ["a wrong secret", `${exampleToken().id}=wrong`, "invalid token value!"],
  ];
  for (const [what, token, message] of tokens)
    it(`refuses ${what} before it does anything`, async () => {
      const reply = await send(sim, "POST", "pools", { poolid: "x" }, token);
      assert.deepEqual([reply.status, reply.message], [401, message]);
      assert.deepEqual(sim.world.pools, []);
    });

  it("says which call it does not know, and which parameter", async () => {
    const unknown = await send(sim, "GET", "nodes/pve1/lxc");
    assert.deepEqual([unknown.status, unknown.message], [501, "Method 'GET /nodes/pve1/lxc' not implemented"]);
    const reply = await send(sim, "POST", "pools", { poolid: "x", colour: "red" });
    assert.deepEqual([reply.status, reply.message], [400, "Parameter verification failed."]);
    assert.deepEqual(Object.keys(reply.errors as object), ["colour"]);
  });

  it("keeps a log without secrets, and tells what was written", async () => {
    await data(sim, "POST", "pools", { poolid: "x" });
    await data(sim, "GET", "pools", { poolid: "x" });
    await send(sim, "POST", "pools", { poolid: "x" });
    const token = exampleToken().id;
    const post = { method: "POST", path: "pools", form: { poolid: "x" }, token };
    const taken = { ...post, status: 500, message: "create pool failed: pool 'x' already exists" };
    assert.deepEqual(sim.requests, [{ ...post, status: 200 }, { ...post, method: "GET", status: 200 }, taken]);
    assert.deepEqual(sim.writes, [{ ...post, status: 200 }]);
    assert.ok(!JSON.stringify(sim.requests).includes(exampleToken().secret));
    assert.equal(sim.takeRequests().length, 3);
    assert.deepEqual(sim.requests, []);
  });

  it("fails on demand: before or after the work, so often as asked, with or without an answer", async () => {
    const statuses = async (): Promise<number[]> => {
      const pools = ["a", "b", "c"];
      const replies: number[] = [];
      for (const poolid of pools)
        replies.push(
          await send(sim, "POST", "pools", { poolid }).then(
            (one) => one.status,
            () => 0,
          ),
        );
      return replies;
    };
    sim.fail({ method: "POST", path: "pools", skip: 1, status: 503, message: "busy" });
    assert.deepEqual(await statuses(), [200, 503, 200]);
    assert.deepEqual(
      sim.world.pools.map(({ id }) => id),
      ["a", "c"],
    );
    sim.world.pools = [];
    sim.fail({ path: /^pools/, times: 2, when: "after" });
    assert.deepEqual(await statuses(), [500, 500, 200]);
    assert.deepEqual(
      sim.world.pools.map(({ id }) => id),
      ["a", "b", "c"],
    );
    sim.world.pools = [];
    sim.fail({ hangUp: true });
    assert.deepEqual(await statuses(), [0, 200, 200]);
    sim.world.pools = [];
    sim.fail({ times: 100 });
    sim.heal();
    assert.deepEqual(await statuses(), [200, 200, 200]);
  });

  it("gives equal worlds for equal requests, and a copy that no request changes", async () => {
    const before = sim.exportWorld();
    await data(sim, "POST", "pools", { poolid: "x" });
    assert.deepEqual(before.pools, []);
    const other = await startSim();
    await data(other, "POST", "pools", { poolid: "x" });
    assert.deepEqual(other.exportWorld(), sim.exportWorld());
    await other.close();
  });

  it("can be asked and told by those who run it as a process of its own", async () => {
    const control = (method: string, verb: string, body = ""): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const asked = request(`${sim.endpoint}/sim/${verb}`, { method, ca: sim.caCert, agent: false }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (part: string) => (text += part));
          response.on("end", () => resolve((JSON.parse(text) as { data: unknown }).data ?? response.statusCode));
        });
        asked.on("error", reject);
        asked.end(body);
      });
    assert.deepEqual(await control("GET", "world"), JSON.parse(JSON.stringify(sim.world)));
    assert.equal(await control("POST", "fail", '{"path":"^version$","status":502,"message":"gone"}'), 200);
    assert.equal((await send(sim, "GET", "version")).status, 502);
    assert.equal(await control("POST", "fail", '{"colour":"red"}'), 400);
    assert.equal(((await control("GET", "requests")) as unknown[]).length, 1);
  });
});
