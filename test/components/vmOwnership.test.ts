import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { findVm, ownershipHook } from "../../components/vmOwnership";
import { exampleToken, tokenText } from "../../sim/proxmox/exampleWorld";
import type { ProxmoxSim } from "../../sim/proxmox/server";
import type { World } from "../../sim/proxmox/world";
import { startSim } from "../sim/proxmox/harness";
import { record } from "../support/mocks";

const apiToken = tokenText(exampleToken());
const tags = ["tokenrack", "tokenrack-w", "tokenrack.dev.w-1"];
const standing = (text: string): Partial<World> => ({
  vms: [{ vmid: 101, node: "pve2", config: { name: "w-1", tags: text } }],
});

describe("components/vmOwnership, against the simulator", () => {
  let sim: ProxmoxSim;
  afterEach(() => sim.close());

  /** Runs the hook as the engine does. */
  const ask = async (args: Partial<pulumi.ResourceHookArgs>): Promise<void> => {
    const recorder = await record({ preview: false });
    const { endpoint, caCert } = sim;
    ownershipHook("ownership", { endpoint, caCert, apiToken: pulumi.secret(apiToken) });
    while (recorder.hooks.size === 0) await new Promise((done) => setImmediate(done));
    const hook = recorder.hooks.get("ownership");
    assert.ok(hook !== undefined);
    await hook({ urn: "u", id: "", name: "w-1-vm", type: "t", ...args });
  };
  const inputs = { vmId: 101, tags };

  it("lets a free id pass, and a VM with the tag that it was made with", async () => {
    sim = await startSim();
    await ask({ newInputs: inputs });
    sim.world.vms = standing("tokenrack;tokenrack.dev.w-1").vms ?? [];
    await ask({ newInputs: inputs });
    // Renamed: what stands there has the old name's tag.
    await ask({ oldInputs: inputs, newInputs: { ...inputs, tags: ["tokenrack.dev.w-2"] } });
    await ask({ oldInputs: inputs });
    assert.deepEqual(sim.writes, []);
  });

  for (const text of ["", "prod", "tokenrack.prod.w-1"])
    it(`stops before a VM tagged "${text}"`, async () => {
      sim = await startSim(standing(text));
      for (const args of [{ newInputs: inputs }, { oldInputs: inputs, newInputs: inputs }, { oldInputs: inputs }]) {
        await assert.rejects(ask(args), /VM 101 on pve2, "w-1", is not ours/);
      }
      assert.deepEqual(sim.writes, []);
    });

  it("sees that an id is taken by what the token may not see", async () => {
    const acl = [...exampleToken().acl, { path: "/vms/101", privileges: [] }];
    sim = await startSim({ ...standing("x"), tokens: [{ ...exampleToken(), acl }] });
    assert.equal(await findVm({ endpoint: sim.endpoint, caCert: sim.caCert, apiToken }, 101), "hidden");
    assert.equal(await findVm({ endpoint: sim.endpoint, caCert: sim.caCert, apiToken }, 102), "nothing");
  });

  it("says why it could not ask, without the token", async () => {
    sim = await startSim();
    const { endpoint, caCert } = sim;
    const wrong = findVm({ endpoint, caCert, apiToken: `${exampleToken().id}=canary` }, 101);
    await assert.rejects(wrong, { message: "Proxmox refused to list its VMs: 401 invalid token value!" });
    await assert.rejects(
      findVm({ endpoint, apiToken }, 101),
      /^Error: Proxmox at https:\/\/127\.0\.0\.1:\d+ did not answer: self-signed certificate/,
    );
    await assert.rejects(
      findVm({ endpoint: "https://127.0.0.1:1", apiToken }, 101),
      /did not answer: connect ECONNREFUSED/,
    );
    assert.equal(await findVm({ endpoint, apiToken, allowInsecureTls: true }, 101), "nothing");
  });
});
