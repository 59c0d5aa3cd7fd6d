/** A whole site that no test machine has: Proxmox hosts, their API and a first master, all simulated behind real protocols. */
import { rmSync } from "node:fs";
import { userInfo } from "node:os";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import * as pulumi from "@pulumi/pulumi";
import type { ProxmoxSecrets } from "../../../config/load";
import { parseProfile } from "../../../config/parse";
import type { EngineStack } from "../../../engine/engineStack";
import { makePlan, type ProxmoxPlan } from "../../../plan/plan";
import { proxmoxCluster } from "../../../program/proxmox";
import { startHost, type SimHost, type SimOptions } from "../../../sim/host/simHost";
import { EXAMPLE_IMAGE, exampleToken, node, tokenText } from "../../../sim/proxmox/exampleWorld";
import type { LoggedRequest, ProxmoxSim } from "../../../sim/proxmox/server";
import type { PciDevice, World } from "../../../sim/proxmox/world";
import { secrets as commonSecrets } from "../../config/stacks";
import { cephKey } from "../../program/homelab";
import { licence, MadeMaster, type MadeMasterOptions } from "../../scripts/deckhouse/madeMaster";
import { startSim } from "../../sim/proxmox/harness";
import type { TestProject } from "../harness";

/** Where every simulated host has its GPU. */
export const slot = "0000:65:00";

const functionIds = {
  "rtx-3090": ["0x2204", "0x1aef"],
  "rtx-3060": ["0x2503", "0x228e"],
  "rtx-2080-ti": ["0x1e07", "0x10f7", "0x1ad6", "0x1ad7"],
} as const;
const classes = ["0x030000", "0x040300", "0x0c0330", "0x0c8000"] as const;

/** The GPUs of a simulated host, as the simulated Proxmox of it has them. */
const devicesOf = ({ gpus }: SimOptions): readonly PciDevice[] =>
  gpus.flatMap(({ pci, card }, index) =>
    functionIds[card].map((device, position) => ({
      ...{ vendor: "0x10de", subsystemVendor: "0x1458", subsystemDevice: "0x403b", iommuGroup: 20 + index },
      ...{ id: pci.replace(/\d$/, String(position)), class: classes[position] ?? "", device, name: card },
    })),
  );

/** A host with one RTX 3090, in a cluster that is well. */
export const gpuHost = (name: string, change: Partial<SimOptions> = {}): SimOptions => ({
  ...{ name, cpu: "intel", loader: "grub", kernel: "6.8", quorate: true, ceph: "HEALTH_OK" },
  gpus: [{ pci: `${slot}.0`, card: "rtx-3090" }],
  ...change,
});

/** Two hosts of unlike make, each with a GPU, which both have to reboot; and one without, for the master. */
export const threeHosts: readonly SimOptions[] = [
  gpuHost("pve1"),
  gpuHost("pve2", { cpu: "amd", loader: "systemd-boot" }),
  gpuHost("pve3", { gpus: [] }),
];

type Stack = Record<string, unknown>;

/** A change of the plan before it becomes the program. */
export type PlanChange = (plan: ProxmoxPlan) => ProxmoxPlan;

export interface OpenSite {
  /** @default `rack(site)` */
  readonly stack?: Stack;
  readonly plan?: PlanChange;
  readonly secrets?: Partial<ProxmoxSecrets>;
  /** In the environment of the engine, and so of its plugins and of what they run. */
  readonly env?: NodeJS.ProcessEnv;
  /** Called before the program, in the program: a place for transformations. */
  readonly first?: () => void;
  readonly progress?: (line: string) => void;
}

export class Site {
  readonly master: MadeMaster;
  readonly hosts: SimHost[] = [];
  proxmox!: ProxmoxSim;
  private readonly names: string[] = [];
  private rebootsBefore: number[] = [];

  private constructor(
    private readonly made: readonly SimOptions[],
    private readonly world: Partial<World>,
    master: MadeMasterOptions,
  ) {
    this.master = new MadeMaster(master);
  }

  /**
   * Powers all on.
   * @param world of Proxmox, where it is not that of the hosts alone
   */
  static async start(
    made: readonly SimOptions[] = threeHosts,
    world: Partial<World> = {},
    master: MadeMasterOptions = {},
  ): Promise<Site> {
    const site = new Site(made, world, master);
    try {
      await site.master.start();
      site.hosts.push(...(await Promise.all(made.map(startHost))));
      site.names.push(...made.map(({ name = "" }) => name));
      for (const host of site.hosts) {
        // One key opens all hosts of a stack.
        host.write("root/.ssh/authorized_keys", site.master.place.read("node.pub"));
        host.snapshot("new");
      }
      site.rebootsBefore = site.hosts.map(({ reboots }) => reboots);
      await site.newProxmox();
    } catch (error) {
      await site.end();
      throw error;
    }
    return site;
  }

  /** All as new, without another sshd. @param changes of the simulated Proxmox */
  async reset(changes: Partial<World> = {}): Promise<void> {
    this.master.reset();
    await Promise.all(
      this.hosts.map(async (host, index) => {
        host.change({ neverReturns: false, ...this.made[index] });
        host.rollBack("new");
        host.write(".sim/log", "");
        await host.reboot();
        this.rebootsBefore[index] = host.reboots;
      }),
    );
    await this.proxmox.close();
    await this.newProxmox(changes);
  }

  /** Puts another machine, an empty one, under the first master's address; what its installer noted elsewhere stays. */
  replaceMaster(): void {
    rmSync(this.master.world, { recursive: true });
    this.master.place.make("world");
    this.master.change((world) => (world.licence = licence));
  }

  private async newProxmox(changes: Partial<World> = {}): Promise<void> {
    const hosts = this.made.map((host) => node(host.name ?? "", devicesOf(host)));
    const { nodes = [], ...others } = this.world;
    this.proxmox = await startSim({ nodes: [...hosts, ...structuredClone(nodes)], ...others, ...changes });
  }

  async end(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stop()));
    await this.master.end();
    // Absent where the start failed.
    await (this.proxmox as ProxmoxSim | undefined)?.close();
  }

  host(name: string): SimHost {
    const host = this.hosts[this.names.indexOf(name)];
    if (host === undefined) throw new RangeError(`no host ${name}`);
    return host;
  }

  /** Reboots of each host since the last reset. */
  reboots(): number[] {
    return this.hosts.map(({ reboots }, index) => reboots - (this.rebootsBefore[index] ?? 0));
  }

  /** Everything that was ever written anywhere: equal before and after a run that wrote nothing. */
  writes(): unknown {
    const hosts = this.hosts.map((host) => [host.log(), host.fingerprint()]);
    return [hosts, this.proxmox.writes.map(inWords), this.master.writes()];
  }

  ssh(name: string): { readonly port: number; readonly hostKey: string } {
    const { port, hostKey } = this.host(name);
    return { port, hostKey };
  }

  /** As a stack file would have the host. */
  hostEntry(name: string, more: object = {}): object {
    const index = this.names.indexOf(name);
    const gpus = this.made[index]?.gpus ?? [];
    const address = `192.168.2.${11 + index}`;
    return { name, address, ssh: this.ssh(name), cores: 32, memoryGib: 128, reboot: "ifNeeded", gpus, ...more };
  }

  /** The plan, with everything that is reached over SSH on loopback, at a port of its own. */
  planned(stack: Stack): ProxmoxPlan {
    const plan = makePlan(parseProfile(stack, { stack: "dev" }), { modelConfigs: {} });
    if (plan.platform !== "proxmox") throw new Error("not a stack on Proxmox");
    return this.placed(plan);
  }

  /** The same for a plan that was made elsewhere. */
  placed(plan: ProxmoxPlan): ProxmoxPlan {
    const { hosts, deckhouse, bootstrap, fleet } = plan;
    const { name, hostKey } = bootstrap.master;
    const here = { address: "127.0.0.1" } as const;
    return {
      ...plan,
      hosts: hosts.map((one) => ({
        ...one,
        vfio: { ...one.vfio, settleSeconds: 5, lingerSeconds: 0.2 },
        ssh: { ...one.ssh, ...here },
      })),
      fleet: { ...fleet, api: { ...fleet.api, caCert: this.proxmox.caCert } },
      deckhouse: { ...deckhouse, ssh: { user: userInfo().username, port: this.master.port } },
      bootstrap: {
        ...bootstrap,
        stateDirectory: this.master.state,
        master: { name, address: this.master.address, ...(hostKey === undefined ? {} : { hostKey }) },
        masterHost: { ...bootstrap.masterHost, ...here },
      },
    };
  }

  private secrets(): ProxmoxSecrets {
    const secret = (text: string): pulumi.Output<string> => pulumi.secret(text);
    return {
      rayToken: secret(commonSecrets.rayToken),
      signingKey: secret(commonSecrets.signingKey),
      users: secret(commonSecrets.users),
      firstUserPassword: secret(commonSecrets.firstUserPassword),
      proxmoxApiToken: secret(tokenText(exampleToken())),
      hostSshKey: secret(this.master.key),
      nodeSshKey: secret(this.master.key),
      deckhouseLicenseKey: secret(licence),
      cephKeys: secret(JSON.stringify({ "pve-rbd": cephKey, "pve-fs": cephKey })),
    };
  }

  /** The environment that an engine has at this site. */
  env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      TOKENRACK_SIM_WORLD: this.master.world,
      PATH: `${this.master.place.path("host-bin")}:${process.env["PATH"] ?? ""}`,
    };
  }

  /** Opens the stack of this site: its stages up to a cluster. No Kubernetes is simulated here for what follows one. */
  open(project: TestProject, how: OpenSite = {}): Promise<EngineStack> {
    const plan = (how.plan ?? same)(this.planned(how.stack ?? rack(this)));
    const run: PulumiFn = () => {
      how.first?.();
      return Promise.resolve({ ...proxmoxCluster(plan, { ...this.secrets(), ...how.secrets }).outputs });
    };
    const progress = how.progress === undefined ? {} : { progress: how.progress };
    // The provider has no argument for a CA: the engine hands it on.
    const caCerts = [this.proxmox.caCert];
    return project.open(run, { env: { ...this.env(), ...how.env }, caCerts, ...progress });
  }
}

/** A stack whose VMs may be deleted. */
export const unprotected = (stack: Stack): Stack => ({
  ...stack,
  pools: (stack["pools"] as readonly object[]).map((pool) => ({ ...pool, protect: false })),
});

const same: PlanChange = (plan) => plan;

export const inWords = ({ method, path }: LoggedRequest): string => `${method} ${path}`;

/** A stack of a node with a GPU on each of the first hosts, and one master on the last. */
export function rack(site: Site, changes: Readonly<Record<string, object>> = {}): Stack {
  const hosts = ["pve1", "pve2", "pve3"].map((name) => site.hostEntry(name, changes[name]));
  return {
    platform: {
      kind: "proxmox",
      endpoint: site.proxmox.endpoint,
      image: { url: EXAMPLE_IMAGE.url, checksum: EXAMPLE_IMAGE.sha256 },
    },
    hosts,
    pools: [
      {
        ...{ name: "master", role: "master", count: 1, cores: 4, memoryGib: 8, diskGib: 60 },
        ...{ addresses: ["192.168.3.51"], hosts: ["pve3"] },
      },
      {
        ...{ name: "gpu", role: "gpu", count: 2, cores: 8, memoryGib: 32, diskGib: 100 },
        ...{ addresses: ["192.168.3.61-192.168.3.62"], card: "rtx-3090" },
      },
    ],
    network: { gbitPerSecond: 10, subnet: "192.168.2.0/23", gateway: "192.168.2.1" },
    cluster: { publicDomainTemplate: "%s.k8s.lan", edition: "EE" },
    models: [{ source: "Qwen/Qwen3-8B-AWQ", revision: "v1" }],
  };
}

/** What a run that has nothing to do counts. */
export const none = { create: 0, update: 0, replace: 0, delete: 0 } as const;
