import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { resolve } from "node:path";
import type { Report } from "../../../cli/doctor/findings";
import { secretKeys } from "../../../config/schema";
import type { ClusterPlan, ProxmoxPlan } from "../../../plan/types";
import { ownerTag } from "../../../render/vm";
import { exampleToken, gpu, node, tokenText } from "../../../sim/proxmox/exampleWorld";
import type { ProxmoxSim } from "../../../sim/proxmox/server";
import type { World as ProxmoxWorld } from "../../../sim/proxmox/world";
import { changed, sshKeys, sshPublicKey } from "../../config/stacks";
import { homelab } from "../../program/homelab";
import { startSim, tokenWithout } from "../../sim/proxmox/harness";
import { freePort } from "../../support/fixtures";
import { Bench, salt, sealed } from "./bench";
import { assertGolden } from "./golden";

const kubeconfig = "clusters: []\nusers: [{ name: a, user: { token: CANARY-kube-token } }]\n";

type Hosts = readonly Readonly<Record<string, unknown>>[];

/** All that the plan wants of Proxmox. */
function worldOf({ placement, stack }: ProxmoxPlan): Partial<ProxmoxWorld> {
  const cards = { "rtx-3090": "10de:2204", "rtx-3060": "10de:2504" } as const;
  const subsystems = { "rtx-3090": "1043:87af", "rtx-3060": "1043:8810" } as const;
  const cardOf = (card: string): keyof typeof cards => (card === "rtx-3060" ? card : "rtx-3090");
  const all = placement.vms.flatMap((vm) => vm.gpus.map((one) => ({ ...one, vm })));
  return {
    nodes: placement.hosts.map(({ name }) =>
      node(name, ...all.filter(({ vm }) => vm.host === name).map(({ card }) => gpu(cardOf(card), "0000:65:00", 14))),
    ),
    mappings: all.map(({ mapping, card, vm }) => ({
      id: mapping,
      map: [
        `id=${cards[cardOf(card)]},node=${vm.host},path=0000:65:00,iommugroup=14,subsystem-id=${subsystems[cardOf(card)]}`,
      ],
    })),
    vms: placement.vms.map((vm, index) => ({
      vmid: vm.vmid,
      node: vm.host,
      config: {
        name: vm.name,
        tags: ["tokenrack", ownerTag(stack, vm.name)].join(";"),
        ...Object.fromEntries(vm.gpus.map(({ mapping }, slot) => [`hostpci${slot}`, `mapping=${mapping},pcie=1`])),
      },
      running: { pid: index + 1, since: 1, config: {}, devices: [] },
    })),
  };
}

/** Proxmox is simulated, its API is real HTTPS; kubectl is made; no host is logged in to. */
describe("a doctor for a stack on Proxmox", function () {
  this.timeout(30_000);
  let bench: Bench;
  let plan: ProxmoxPlan;
  let sim: ProxmoxSim;
  beforeEach(async () => {
    bench = new Bench();
    sim = await startSim();
    const port = await freePort();
    const all = homelab();
    const hosts = (all["hosts"] as Hosts).map((host, index) => ({
      ...host,
      address: `127.0.0.${index + 2}`,
      ssh: { hostKey: sshPublicKey, port },
    }));
    const platform = { ...(all["platform"] as object), endpoint: sim.endpoint, caCert: sim.caCert };
    const open = Object.fromEntries(
      Object.entries(changed({ ...all, hosts, platform }, "ingress.host", "llm.lan")).filter(
        ([key]) => !secretKeys.includes(key),
      ),
    );
    const proxmoxApiToken = tokenText(exampleToken());
    const made: ClusterPlan = await bench.stack("homelab", open, {
      ...{ proxmoxApiToken, hostSshKey: sshKeys.open, firstUserPassword: "CANARY-first-password" },
    });
    assert.ok(made.platform === "proxmox");
    plan = made;
    Object.assign(sim.world, worldOf(plan));
    symlinkSync(resolve(__dirname, "../../../scripts"), bench.place.path("scripts"));
    await bench.gateway("llm.lan");
    bench.kubectl(bench.well(plan, kubeconfig));
    await state(kubeconfig);
  });
  afterEach(async () => {
    await sim.close();
    await bench.close();
  });

  /** What an up would have recorded. */
  const state = async (output: string): Promise<void> => {
    const { secure: ciphertext } = await sealed(JSON.stringify(output));
    const resource = { type: "pulumi:pulumi:Stack", urn: "urn", outputs: { kubeconfig: { ciphertext } } };
    const secrets_providers = { type: "passphrase", state: { salt: await salt() } };
    const latest = { secrets_providers, resources: [resource] };
    bench.place.write(
      "backend/.pulumi/stacks/tokenrack/homelab.json",
      JSON.stringify({ version: 3, checkpoint: { latest } }),
    );
    bench.env.set("PULUMI_BACKEND_URL", `file://${bench.place.path("backend")}`);
  };
  const report = async (): Promise<Report> =>
    JSON.parse((await bench.ask({ stack: "homelab", json: true })).text) as Report;
  const stateOf = ({ layers }: Report, id: string) => layers.find((layer) => layer.id === id)?.state;
  const first = ({ layers }: Report, id: string) => layers.find((layer) => layer.id === id)?.findings[0];

  it("tells hosts that do not answer, sees the rest through the APIs, and changes nothing", async () => {
    const { text, exitCode } = await bench.ask({ stack: "homelab" });
    const stable = text
      .replace(/after \d+\.\d\d s/g, "after 0.12 s")
      .replace(/until \d{4}-\d\d-\d\d \(\d+ days\)/g, "until 2027-01-01 (89 days)")
      .replace(/(127\.0\.0\.\d+)(:| port )\d{4,5}/g, "$1$22222")
      .replace(/\n +2222/g, " 2222");
    assertGolden("homelab-ssh", stable);
    assert.equal(exitCode, 1);
    assert.deepEqual(sim.writes, []);
  });

  it("cannot look at hosts without a key, and looks at all else", async () => {
    bench.env.set("SSH_AUTH_SOCK", undefined);
    const text = bench.place.read("Pulumi.homelab.yaml").replace(/ +tokenrack:hostSshKey:\n +secure: .*\n/, "");
    bench.place.write("Pulumi.homelab.yaml", text);
    const { text: seen, exitCode } = await bench.ask({ stack: "homelab" });
    assert.match(
      seen,
      /\? SSH +could not be looked at\n +– IOMMU +not looked at, since SSH could not be looked at\n +✓ mapping/,
    );
    assert.equal(exitCode, 2);
  });

  type Break = readonly [what: string, id: string, change: (all: ProxmoxWorld) => void, found: RegExp, fix: RegExp];
  const vmid = (all: ProxmoxWorld): number => all.vms.findIndex(({ config }) => config["hostpci0"] !== undefined);
  const breaks: readonly Break[] = [
    [
      "another token",
      "mapping",
      (all) => (all.tokens = [{ ...exampleToken(), secret: "other" }]),
      /401/,
      /proxmoxApiToken/,
    ],
    [
      "a token without a privilege",
      "mapping",
      (all) => (all.tokens = [tokenWithout("VM.PowerMgmt")]),
      /without 1 of the \d+ privileges .*VM\.PowerMgmt on \/vms/,
      /pveum role modify/,
    ],
    ["no mapping", "mapping", (all) => all.mappings.shift(), /none/, /pulumi up/],
    [
      "a mapping of another slot",
      "mapping",
      (all) =>
        (all.mappings[0] = {
          ...all.mappings[0],
          id: all.mappings[0]?.id ?? "",
          map: ["id=10de:2204,node=srv1,path=0000:66:00"],
        }),
      /0000:66:00/,
      /refresh/,
    ],
    [
      "another card in the slot",
      "mapping",
      (all) =>
        (all.mappings[0] = {
          id: all.mappings[0]?.id ?? "",
          map: (all.mappings[0]?.map ?? []).map((one) => one.replace("10de:2204", "10de:2684")),
        }),
      /10de:2684|Invalid configuration/,
      /lspci/,
    ],
    ["no VM", "vm", (all) => all.vms.splice(vmid(all), 1), /none/, /pulumi up/],
    ["a VM that is off", "vm", (all) => delete all.vms[vmid(all)]?.running, /stopped on srv1/, /qm start/],
    [
      "a VM of somebody else",
      "vm",
      (all) => ((all.vms[vmid(all)] ?? { config: {} }).config = { name: "nas", tags: "media" }),
      /"nas" with the tags media/,
      /another id/,
    ],
    ["a VM without its GPU", "vm", (all) => delete all.vms[vmid(all)]?.config["hostpci0"], /without /, /attaches it/],
  ];
  for (const [what, id, change, found, fix] of breaks) {
    it(`names the layer: ${what}`, async () => {
      change(sim.world);
      const seen = await report();
      assert.equal(stateOf(seen, id), "broken");
      assert.match(first(seen, id)?.found ?? "", found);
      assert.match(first(seen, id)?.fix ?? "", fix);
      if (id === "mapping") assert.equal(stateOf(seen, "vm"), "skipped");
      assert.deepEqual([stateOf(seen, "node"), stateOf(seen, "token")], ["well", "well"]);
      assert.ok(!JSON.stringify(seen).includes(exampleToken().secret));
    });
  }

  it("cannot look at a cluster that was never made, and takes a kubeconfig by hand", async () => {
    bench.env.set("PULUMI_BACKEND_URL", `file://${bench.place.path("nothing")}`);
    const seen = await report();
    assert.equal(stateOf(seen, "node"), "closed");
    assert.match(first(seen, "node")?.found ?? "", /no recorded state/);
    const file = bench.place.write("given", kubeconfig);
    const again = await bench.ask({ stack: "homelab", json: true, kubeconfig: file });
    assert.equal(stateOf(JSON.parse(again.text) as Report, "node"), "well");
  });

  it("says how to get a kubeconfig out of a backend that needs a login, without what stands in its address", async () => {
    bench.env.set("PULUMI_BACKEND_URL", "s3://states/CANARY?key=CANARY");
    const finding = first(await report(), "node");
    assert.match(finding?.found ?? "", /s3:\/\/states, which needs a network/);
    assert.match(finding?.fix ?? "", /pulumi stack output kubeconfig/);
    assert.ok(!JSON.stringify(finding).includes("CANARY"));
  });
});
