import * as pulumi from "@pulumi/pulumi";
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { proxmoxProvider } from "../../../../components/proxmoxProvider";
import { VmFleet } from "../../../../components/vmFleet";
import { leftoverHooks } from "../../../../components/leftovers";
import { ownershipHook } from "../../../../components/vmOwnership";
import type { EngineStack } from "../../../../engine/engineStack";
import type { VmPlan } from "../../../../plan/placement/types";
import { EXAMPLE_IMAGE, exampleToken, tokenText } from "../../../../sim/proxmox/exampleWorld";
import type { ProxmoxSim } from "../../../../sim/proxmox/server";
import type { LoggedRequest } from "../../../../sim/proxmox/server";
import { TestProject, type Engine } from "../../harness";

export const GPU = { name: "pve1-gpu0", pci: "0000:01:00.0", card: "rtx-3090", mapping: "gpu-pve1-0000-01-00-0" };

export const vm = (name: string, vmid: number, more: Partial<VmPlan> = {}): VmPlan => ({
  name,
  vmid,
  address: `192.168.2.${vmid % 200}`,
  pool: "w",
  role: "worker",
  host: "pve1",
  cores: 4,
  memoryGib: 8,
  diskGib: 60,
  gpus: [],
  ...more,
});

/** One plain VM and one with the GPU of pve1. */
export const twoVms: readonly VmPlan[] = [vm("w-1", 10001), vm("w-gpu-1", 10002, { role: "gpu", gpus: [GPU] })];

/** A project whose program makes VMs on a simulated Proxmox. */
export class Rig {
  readonly project: TestProject;
  readonly caFile: string;
  vms: readonly VmPlan[] = twoVms;
  /** Of all VMs. */
  vlan: number | undefined;
  /** Sees the fleet in each run of the program. */
  watch: (fleet: VmFleet) => unknown = () => undefined;
  /** In place of the fleet. */
  program: ((provider: pulumi.ProviderResource) => void) | undefined;

  constructor(
    engine: Engine,
    readonly sim: ProxmoxSim,
  ) {
    this.project = new TestProject(engine);
    this.caFile = path.join(this.project.dir, "ca.pem");
    writeFileSync(this.caFile, sim.caCert);
  }

  open(env: NodeJS.ProcessEnv = { SSL_CERT_FILE: this.caFile }): Promise<EngineStack> {
    return this.project.open(() => Promise.resolve(this.run()), { env: { ...process.env, ...env } });
  }

  /** Requests since the last call that changed something: "POST nodes/pve1/qemu". */
  takeWrites(): string[] {
    const requests = this.sim.takeRequests();
    return requests.filter(({ method, status }) => method !== "GET" && status === 200).map(inWords);
  }

  private run(): void {
    const { endpoint, caCert } = this.sim;
    const apiToken = pulumi.secret(tokenText(exampleToken()));
    const provider = proxmoxProvider("pve", { endpoint, apiToken, allowInsecureTls: false });
    if (this.program !== undefined) return this.program(provider);
    const ownership = ownershipHook("ownership", { endpoint, caCert, apiToken });
    const leftovers = leftoverHooks("leftover", { endpoint, caCert, apiToken });
    const network = { prefix: 23, gateway: "192.168.2.1", dns: ["192.168.2.1"], bridge: "vmbr0", ...this.tagged() };
    const { url, sha256 } = EXAMPLE_IMAGE;
    const found = [{ pci: GPU.pci, id: "10de:2204", subsystemId: "1043:87af", iommuGroup: 14 }];
    const args = {
      placement: { vms: this.vms, hosts: [], spareGpus: [], warnings: [] },
      site: { stack: "dev", diskStorage: "ceph", network, user: "deckhouse" },
      image: { url, fileName: "debian-13.qcow2", checksum: sha256, checksumAlgorithm: "sha256" as const },
      imageStorage: "local",
      imageShared: false,
      pool: "tokenrack-dev",
      sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 test",
      devices: { pve1: found },
      settled: {},
      protectedPools: [],
      ownership,
      leftovers,
    };
    this.watch(new VmFleet("vms", args, { providers: { proxmoxve: provider } }));
  }

  private tagged(): { readonly vlan?: number } {
    return this.vlan === undefined ? {} : { vlan: this.vlan };
  }
}

export const inWords = ({ method, path: where }: LoggedRequest): string => `${method} ${where}`;
