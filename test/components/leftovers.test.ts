import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { leftoverHooks, ownerMark } from "../../components/leftovers";
import { exampleToken, tokenText } from "../../sim/proxmox/exampleWorld";
import type { ProxmoxSim } from "../../sim/proxmox/server";
import type { MappingState, PoolState, VmState, World } from "../../sim/proxmox/world";
import { startSim } from "../sim/proxmox/harness";
import { record } from "../support/mocks";

const apiToken = tokenText(exampleToken());
const name = "gpu-pve1-0000-01-00-0";
const comment = "rtx-3090 of w-gpu-1, Tokenrack stack dev";
const place = { node: "pve1", path: "0000:01:00" };
const news = {
  pool: { poolId: "tokenrack-dev", comment: ownerMark("dev") },
  mapping: { name, comment, maps: [{ ...place, id: "10de:2204", subsystemId: "1043:87af", iommuGroup: 14 }] },
} as const;

const ours = "id=10de:2204,iommugroup=14,node=pve1,path=0000:01:00,subsystem-id=1043:87af";
const pool = (changes: Partial<PoolState> = {}): PoolState => ({
  ...{ id: "tokenrack-dev", comment: "Tokenrack stack dev", vmids: [] },
  ...changes,
});
const mapping = (changes: Partial<MappingState> = {}): MappingState => ({
  ...{ id: name, description: comment, map: [ours] },
  ...changes,
});
const vm = (config: Record<string, string>): VmState => ({ vmid: 101, node: "pve1", config: { name: "x", ...config } });

describe("components/leftovers, against the simulator", () => {
  let sim: ProxmoxSim;
  afterEach(() => sim.close());

  /** Runs a hook as the engine does, before the resource is made. */
  async function before(kind: keyof typeof news, world: Partial<World>): Promise<void> {
    sim = await startSim(world);
    const recorder = await record({ preview: false });
    const { endpoint, caCert } = sim;
    leftoverHooks("leftover", { endpoint, caCert, apiToken: pulumi.secret(apiToken) });
    while (recorder.hooks.size < 2) await new Promise((done) => setImmediate(done));
    const hook = recorder.hooks.get(`leftover-${kind}`);
    assert.ok(hook !== undefined);
    await hook({ urn: "u", id: "", name: kind, type: "t", newInputs: news[kind] });
  }
  const writes = (): readonly string[] => sim.writes.map(({ method, path }) => `${method} ${path}`);

  it("only looks where nothing of that name is left", async () => {
    const others = { pools: [pool({ id: "tokenrack-dev2" })], mappings: [mapping({ id: "other" })] };
    for (const kind of ["pool", "mapping"] as const) {
      await before(kind, others);
      assert.deepEqual([sim.requests.length, writes()], [1, []]);
      if (kind === "pool") await sim.close();
    }
  });

  it("takes an empty pool of ours away", async () => {
    await before("pool", { pools: [pool()] });
    assert.deepEqual([sim.world.pools, writes()], [[], ["DELETE pools"]]);
  });

  it("takes an unused mapping of ours away, also where another card is in the slot by now", async () => {
    await before("mapping", { mappings: [mapping({ map: [ours.replace("2204", "2503")] })], vms: [vm({})] });
    assert.deepEqual([sim.world.mappings, writes()], [[], [`DELETE cluster/mapping/pci/${name}`]]);
  });

  const refusals: readonly [string, keyof typeof news, Partial<World>, string][] = [
    [
      "a pool of somebody else",
      "pool",
      { pools: [pool({ comment: "backups" })] },
      'platform.pool: found a Proxmox pool tokenrack-dev with the comment "backups"; expected none of that name, or an empty one ' +
        'with the comment "Tokenrack stack dev"; fix: name another pool in platform.pool, or remove that one. Nothing was changed.',
    ],
    [
      "a pool of another stack",
      "pool",
      { pools: [pool({ comment: "Tokenrack stack dev2" })] },
      'found a Proxmox pool tokenrack-dev with the comment "Tokenrack stack dev2"; expected',
    ],
    [
      "a pool of ours with a VM in it",
      "pool",
      { pools: [pool({ vmids: [101] })], vms: [vm({})] },
      "found the pool tokenrack-dev of this stack, which the state does not know, with qemu/101 in it; expected none of that name, " +
        'or an empty one with the comment "Tokenrack stack dev"; fix: where the stack\'s state was lost, bring it back',
    ],
    [
      "a mapping of somebody else",
      "mapping",
      { mappings: [mapping({ description: "mine" })] },
      `hosts[*].gpus: found a PCI mapping ${name} of pve1 0000:01:00 with the comment "mine"; expected none of that name, or an ` +
        `unused one of pve1 0000:01:00 alone with the comment "${comment}"; fix: where nothing uses it, as root on a Proxmox host: ` +
        `pvesh delete /cluster/mapping/pci/${name}; else take the GPU out of this stack. Nothing was changed.`,
    ],
    [
      "a mapping of another VM of the stack, which the engine would delete by its name later",
      "mapping",
      { mappings: [mapping({ description: comment.replace("w-gpu-1", "w-gpu-2") })] },
      "fix: take the GPU from the VM that has it in a run of its own, before another gets it; where no VM has it, as root",
    ],
    [
      "a mapping that somebody gave another host",
      "mapping",
      { mappings: [mapping({ map: [ours, ours.replace("pve1", "pve2")] })] },
      `found a PCI mapping ${name} of pve1 0000:01:00, pve2 0000:01:00 with the comment "${comment}"`,
    ],
    [
      "a mapping of ours that a VM uses",
      "mapping",
      { mappings: [mapping()], vms: [vm({ hostpci0: `mapping=${name},pcie=1` })] },
      `found the PCI mapping ${name} of this stack, which the state does not know, in use by VM 101; expected`,
    ],
  ];
  for (const [what, kind, world, text] of refusals)
    it(`stops before ${what}`, async () => {
      const error: unknown = await before(kind, world).then(
        () => assert.fail("it went on"),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof Error && error.message.includes(text), String(error));
      assert.deepEqual(writes(), []);
    });

  it("says what Proxmox refuses, and never the token", async () => {
    const without = (...names: readonly string[]) =>
      exampleToken(exampleToken().acl.flatMap(({ privileges }) => privileges.filter((one) => !names.includes(one))));
    await assert.rejects(before("mapping", { mappings: [mapping()], tokens: [without("Mapping.Modify")] }), {
      message: `Proxmox refused DELETE cluster/mapping/pci/${name}: 403 Permission check failed (/mapping/pci, Mapping.Modify)`,
    });
    await sim.close();
    const other = { ...exampleToken(), secret: "another" };
    await assert.rejects(before("pool", { tokens: [other] }), {
      message: "Proxmox refused GET pools: 401 invalid token value!",
    });
  });
});
