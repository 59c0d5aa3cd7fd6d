import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { makePlan } from "../../plan/plan";
import { parseProfile } from "../../config/parse";
import { program } from "../../program";
import { outputs as localOutputs, plan as localPlan, secrets as localSecrets } from "../components/cases";
import { proxmoxSecrets, secrets as commonSecrets } from "../config/stacks";
import { record, type Recorder } from "../support/mocks";
import { requestsDone } from "../support/settle";
import { homelab, kubeconfig, outputs, rented } from "./homelab";

/** Who waits for whom, by name: for its inputs, for `dependsOn` and for its provider. Components are left out. */
class Waits {
  private readonly direct: ReadonlyMap<string, readonly string[]>;

  constructor({ registered }: Recorder) {
    const names = new Map(registered.map(({ urn, name, custom }) => [urn, custom ? name : undefined]));
    this.direct = new Map(
      registered
        .filter(({ custom }) => custom)
        .map(({ name, dependencies, provider }) => {
          // A provider is named by its URN and its id.
          const urns = [...dependencies, provider.split("::").slice(0, -1).join("::")];
          return [name, urns.flatMap((urn) => names.get(urn) ?? [])];
        }),
    );
  }

  /** All that has to be there before a resource, sorted. */
  of(name: string): readonly string[] {
    const found = new Set<string>();
    const visit = (one: string): void => {
      for (const other of this.direct.get(one) ?? []) {
        if (found.has(other)) continue;
        found.add(other);
        visit(other);
      }
    };
    visit(name);
    return [...found].sort();
  }

  get names(): readonly string[] {
    return [...this.direct.keys()];
  }
}

/** The secrets of a stack, as outputs. */
const wrapped = <T extends object>(plain: T): { readonly [K in keyof T]: pulumi.Output<string> } =>
  Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, pulumi.secret(String(value))])) as {
    readonly [K in keyof T]: pulumi.Output<string>;
  };

/** Public keys of a stack. */
const planOf = (stack: Record<string, unknown>) => {
  const secretNames = [...Object.keys(proxmoxSecrets), "kubeconfig", "cephKeys"];
  const open = Object.fromEntries(Object.entries(stack).filter(([key]) => !secretNames.includes(key)));
  return makePlan(parseProfile(open, { stack: "dev" }), { modelConfigs: {} });
};

/** The program's registrations under mocks, until nothing more is asked for. */
async function watch(run: () => unknown, how: { outputs: typeof outputs }): Promise<Recorder> {
  const recorder = await record({ preview: false, ...how });
  run();
  await Promise.race([recorder.refused, requestsDone()]);
  return recorder;
}

describe("who waits for whom in the program of the homelab", () => {
  let waits: Waits;
  let recorder: Recorder;
  before(async () => {
    const plan = planOf(homelab());
    recorder = await watch(
      () => program(plan, wrapped({ ...proxmoxSecrets, cephKeys: String(homelab()["cephKeys"]) })),
      { outputs },
    );
    waits = new Waits(recorder);
  });
  const stages = (host: string, ...names: readonly string[]): string[] => names.map((stage) => `vfio-${host}-${stage}`);
  const all = ["inspect", "apply", "reboot", "verify"] as const;
  const vms = (): readonly string[] => waits.names.filter((name) => name.endsWith("-vm"));

  it("the token is looked at before anything is touched", () => {
    for (const name of waits.names) assert.ok(name === "proxmox" || waits.of(name).includes("proxmox"), name);
    assert.deepEqual(recorder.get("proxmox").hooks, [["token-privileges"], ["token-privileges"], []]);
  });

  it("a host's stages come one after the other, and hosts wait only for the reboot before theirs", () => {
    for (const host of ["srv1", "srv2", "srv4"]) {
      const own = stages(host, ...all);
      own.forEach((name, index) => assert.deepEqual(waits.of(name), ["proxmox", ...own.slice(0, index)].sort(), name));
    }
    // Two hosts may be rebooted: one at a time. Looking and writing wait for nothing.
    const [inspect = "", apply = "", reboot = ""] = stages("srv3", ...all);
    assert.deepEqual(waits.of(inspect), ["proxmox"]);
    assert.deepEqual(waits.of(apply), ["proxmox", inspect]);
    assert.deepEqual(waits.of(reboot), ["proxmox", inspect, apply, ...stages("srv1", ...all)].sort());
  });

  /** What a host is settled by: all its stages, and those of the host that reboots before it. */
  const settledBy = (host: string): readonly string[] => {
    const before = host === "srv3" ? stages("srv1", ...all) : [];
    return ["srv1", "srv2", "srv3", "srv4"].includes(host) ? [...stages(host, ...all), ...before].sort() : [];
  };

  it("every VM waits for its own host where that is readied, for no other host, and none for another VM", () => {
    assert.equal(vms().length, 16);
    const hosts = vms().map((name) => {
      const { nodeName: host } = recorder.get(name).inputs as { nodeName: string };
      const others = waits.of(name).filter((one) => one.startsWith("vfio-") || one.endsWith("-vm"));
      assert.deepEqual(others, settledBy(host), `${name} on ${host}`);
      return [host, name.startsWith("w-gpu")] as const;
    });
    // Plain VMs beside GPUs, and VMs on hosts without any.
    assert.ok(hosts.some(([host, withGpu]) => !withGpu && settledBy(host).length > 0));
    assert.ok(hosts.some(([host]) => settledBy(host).length === 0));
  });

  it("an image is downloaded to a host that will not reboot any more", () => {
    const images = waits.names.filter((name) => name.startsWith("vms-image-"));
    assert.ok(images.includes("vms-image-srv1") && images.includes("vms-image-nuc1"), images.join(", "));
    for (const name of images)
      assert.deepEqual(waits.of(name), ["proxmox", ...settledBy(name.slice("vms-image-".length))].sort(), name);
  });

  it("the first master is asked for its key once its host is settled", async () => {
    const plan = planOf(homelab());
    assert.ok(plan.platform === "proxmox");
    const onSrv1 = plan.placement.vms.map((vm) => (vm.name === "master-1" ? { ...vm, host: "srv1" } : vm));
    const moved = { ...plan, placement: { ...plan.placement, vms: onSrv1 } };
    const secrets = { ...proxmoxSecrets, cephKeys: String(homelab()["cephKeys"]) };
    const others = new Waits(await watch(() => program(moved, wrapped(secrets)), { outputs }));
    for (const name of ["master-1-vm", "master-host-key", "cluster-bootstrap"])
      for (const stage of stages("srv1", ...all)) assert.ok(others.of(name).includes(stage), `${name}: ${stage}`);
  });

  it("the installer waits for the first master's VM alone, and each node for its own", () => {
    const machines = (name: string): readonly string[] => waits.of(name).filter((one) => one.endsWith("-vm"));
    assert.deepEqual(machines("cluster-bootstrap"), ["master-1-vm"]);
    assert.ok(waits.of("cluster-bootstrap").includes("master-host-key"));
    for (const name of ["cluster-identity", "cluster-kubeconfig", "cluster-version", "cluster-moduleconfig-global"])
      assert.deepEqual(machines(name), ["master-1-vm"], name);
    assert.deepEqual(machines("cluster-staticinstance-w-gpu-2"), ["master-1-vm", "w-gpu-2-vm"]);
    assert.deepEqual(machines("cluster-nodegroup-w-db"), ["master-1-vm", "w-db-1-vm", "w-db-2-vm", "w-db-3-vm"]);
    assert.deepEqual(machines("cluster-ready"), [...vms()].sort());
  });

  it("the installer waits for its host where that is one of the stack's, and may reboot", async () => {
    const stack = homelab();
    const { address, ssh } = (stack["hosts"] as { name: string; address: string; ssh: object }[]).find(
      ({ name }) => name === "srv1",
    ) ?? { address: "", ssh: {} };
    const cluster = { ...(stack["cluster"] as object), bootstrap: { host: { address, ssh } } };
    const plan = planOf({ ...stack, cluster });
    const given = wrapped({ ...proxmoxSecrets, cephKeys: String(stack["cephKeys"]) });
    const on = new Waits(await watch(() => program(plan, given), { outputs }));
    const more = on.of("cluster-bootstrap").filter((name) => !waits.of("cluster-bootstrap").includes(name));
    assert.deepEqual(more, stages("srv1", ...all).sort());
  });

  it("all that is inside the cluster is gone with the first master's VM; what the installer keeps on its host is not", () => {
    const { urn } = recorder.get("master-1-vm");
    const inside = recorder.registered.filter(({ name, custom }) => custom && name.startsWith("cluster-"));
    assert.ok(inside.length > 20);
    for (const { name, deletedWith } of inside)
      assert.equal(deletedWith, name === "cluster-bootstrap" ? "" : urn, name);
    // Children would have it from their parent.
    assert.equal(recorder.get("cluster").deletedWith, "");
  });
});

describe("who waits for whom in the other programs", () => {
  for (const name of ["a100", "qwen3-235b"])
    it(`nothing is made on ${name} before its cluster was looked at`, async () => {
      const plan = planOf(rented(name));
      const all = { ...commonSecrets, kubeconfig };
      const waits = new Waits(await watch(() => program(plan, wrapped(all)), { outputs }));
      assert.deepEqual(waits.of("cluster-check"), []);
      for (const other of waits.names.filter((one) => one !== "cluster-check"))
        assert.ok(waits.of(other).includes("cluster-check"), other);
    });

  it("on this machine Ray waits for Python and the model, and the gateway's first token for the model being served", async () => {
    const waits = new Waits(await watch(() => program(localPlan, localSecrets()), { outputs: localOutputs }));
    assert.deepEqual(
      ["ray-python", "ray-model", "gateway-process"].flatMap((name) => waits.of(name)),
      [],
    );
    assert.deepEqual(waits.of("ray-ray"), ["ray-python"]);
    assert.deepEqual(waits.of("ray-serve"), ["ray-model", "ray-python", "ray-ray"]);
    const before = ["gateway-process", "ray-model", "ray-python", "ray-ray", "ray-serve"];
    assert.deepEqual(waits.of("gateway-first-token"), before);
  });
});
