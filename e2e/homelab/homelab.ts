/**
 * The homelab on this machine: made hosts behind real SSH, a simulated Proxmox, an installer that hands over a real cluster, and
 * the program of the homelab on the real engine. Everything of it is in one directory and ends with `stop`.
 */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { parseDocument } from "yaml";
import type { EngineStack } from "../../engine/engineStack";
import { findHelm, findKubernetes } from "../../engine/kubernetesTools";
import { openStack } from "../../engine/stack";
import { writeTinyLlama } from "../../local/tinyLlama";
import type { ProxmoxPlan } from "../../plan/plan";
import { realClusterFile, type RealCluster } from "../../sim/dhctl/handover";
import { EXAMPLE_IMAGE, exampleToken, tokenText } from "../../sim/proxmox/exampleWorld";
import { CACHE_DIR, findEngine } from "../../test/engine/harness";
import { gpuHost, Site } from "../../test/engine/scenarios/site";
import type { Rack } from "../node/rack";
import { ClusterApi } from "./api";
import { makeCa, serverPair } from "./certificates";
import { writeCharts } from "./charts";
import { SimulatedDeckhouse } from "./deckhouse";
import type { InsideSettings } from "./inside";
import { forward, startInside } from "./beside";
import { firstDefinitions } from "./modules";
import type { Machine } from "./nodes";
import { homelabProgram } from "./program";
import { sizesWebhook } from "./sizes";
import {
  committedStack,
  fillStack,
  makeSecrets,
  stackName,
  user as firstUser,
  writeProject,
  type RunSecrets,
} from "./stack";
import { User } from "./user";

/** Where the first master's VM answers: of loopback, and no other address has its ports. */
const masterAddress = "127.43.64.1";
const ports = { hub: 9000, ingress: 443, sizes: 9443, api: 6443 } as const;
/** ClusterIssuer of the stack: its CA is made for the run. */
const issuer = "inter-ca";

export interface HomelabOptions {
  readonly rack: Rack;
  /** Of the run: everything is in there. */
  readonly directory: string;
  readonly say: (line: string) => void;
  /** Called when the run cannot succeed any more. */
  readonly fail: (error: unknown) => void;
}

/** What is started, to be ended in reverse. */
type Ending = () => unknown;

export class Homelab {
  /** Of the stack. Others count for what is opened from then on. */
  secrets: RunSecrets;
  readonly api: ClusterApi;
  /** PEM of the CA that users of this site trust. */
  readonly ca: string;
  private readonly endings: Ending[] = [];
  private isReleased = false;
  private accompanied: Promise<void> | undefined;

  private constructor(
    readonly options: HomelabOptions,
    readonly site: Site,
    private readonly tools: { readonly kubectl: string; readonly helm: string },
    secrets: RunSecrets,
  ) {
    this.secrets = secrets;
    this.ca = makeCa(options.directory, issuer).certificate;
    this.api = new ClusterApi(options.rack.kubeconfigFile);
  }

  /** Starts all but the stack. */
  static async start(options: HomelabOptions): Promise<Homelab> {
    const found = { cacheDir: CACHE_DIR, env: process.env, progress: options.say };
    const tools = { kubectl: await findKubernetes("kubectl", found), helm: await findHelm(found) };
    const hosts = [
      gpuHost("pve1"),
      gpuHost("pve2", { cpu: "amd", loader: "systemd-boot" }),
      gpuHost("pve3", { gpus: [] }),
    ];
    const site = await Site.start(hosts, {}, { address: masterAddress, kubectl: tools.kubectl });
    const keys = { proxmoxApiToken: tokenText(exampleToken()), ssh: site.master.key };
    const lab = new Homelab(options, site, tools, await makeSecrets(keys));
    try {
      await lab.begin();
      return lab;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  private async begin(): Promise<void> {
    const { directory, rack } = this.options;
    this.endings.push(() => this.site.end());
    mkdirSync(this.path("project"), { recursive: true });
    const tiny = this.path("tiny-llama");
    writeTinyLlama(tiny);
    const document = committedStack();
    fillStack(document, {
      endpoint: this.site.proxmox.endpoint,
      caCert: this.site.proxmox.caCert,
      image: { url: EXAMPLE_IMAGE.url, checksum: EXAMPLE_IMAGE.sha256 },
      ssh: Object.fromEntries(["pve1", "pve2", "pve3"].map((name) => [name, this.site.ssh(name)])),
      stateDirectory: this.site.master.state,
      modelConfig: join(tiny, "config.json"),
      hub: `http://${rack.gatewayAddress}:${ports.hub}`,
      charts: await writeCharts(join(directory, "charts")),
    });
    writeProject(this.path("project"), document);
    this.handOver();
    this.endings.push(await forward(masterAddress, ports.api, rack.server));
  }

  private path(...parts: string[]): string {
    return join(this.options.directory, ...parts);
  }

  /** Tells the installer which cluster it brings up. */
  private handOver(): void {
    const kubeconfig = parseDocument(this.options.rack.kubeconfig);
    // The program puts the master's address in, which the certificate of the server does not have; it has this name in every cluster.
    kubeconfig.setIn(["clusters", 0, "cluster", "tls-server-name"], "kubernetes");
    writeFileSync(this.path("admin.conf"), kubeconfig.toString({ lineWidth: 0 }), { mode: 0o600 });
    const real: RealCluster = {
      kubectl: this.tools.kubectl,
      kubeconfig: this.path("admin.conf"),
      definitions: [...firstDefinitions],
    };
    writeFileSync(join(this.site.master.world, realClusterFile), JSON.stringify(real));
  }

  /** Starts what needs the plan: what is inside the rack, and Deckhouse's controllers. */
  private async accompany(plan: ProxmoxPlan): Promise<void> {
    const { directory, rack, say, fail } = this.options;
    await this.startNetwork(plan);
    const deckhouse = new SimulatedDeckhouse({
      ...{ api: this.api, ca: this.ca, rack, directory, say, fail },
      master: plan.bootstrap.master.name,
      machineAt: (address) => this.machineAt(address),
    });
    deckhouse.start();
    this.endings.push(() => deckhouse.stop());
  }

  /** The VM that cloud-init gave the address to, while it runs. */
  private machineAt(address: string): Machine | undefined {
    const vm = this.site.proxmox.world.vms.find(({ config }) => config["ipconfig0"]?.includes(`ip=${address}/`));
    if (vm?.running === undefined) return undefined;
    return { gpus: Object.keys(vm.config).filter((key) => /^hostpci\d+$/.test(key)).length };
  }

  private async startNetwork(plan: ProxmoxPlan): Promise<void> {
    const { directory, rack } = this.options;
    const address = rack.gatewayAddress;
    const sizesCertificate = serverPair(directory, issuer, [address]);
    const settings: InsideSettings = {
      kubeconfig: rack.kubeconfigFile,
      address,
      ports,
      model: this.path("tiny-llama"),
      keys: {
        accessKeyId: this.secrets.s3AccessKeyId,
        secretAccessKey: this.secrets.s3SecretAccessKey,
        region: "us-east-1",
      },
      sizesCertificate,
      sizes: Object.fromEntries(
        plan.placement.vms.map(({ name, cores, memoryGib }) => [
          name,
          { cpu: String(cores), memory: `${memoryGib}Gi` },
        ]),
      ),
    };
    this.endings.push(await startInside(rack, directory, settings));
    await this.api.apply(sizesWebhook(`https://${address}:${ports.sizes}/`, this.ca));
  }

  /** From now on the program protects nothing: the volume with the models has no key in a stack file that says so. */
  release(): void {
    this.isReleased = true;
  }

  /** A user of this site. */
  user(endpoint: string): User {
    const { firstUserPassword: password } = this.secrets;
    return new User({ endpoint, address: this.options.rack.gatewayAddress, ca: this.ca, name: firstUser, password });
  }

  /** Runs `kubectl <args>` with all rights. @returns what it printed @throws Error with what it wrote to stderr */
  async kubectl(...args: readonly string[]): Promise<string> {
    const all = ["--kubeconfig", this.options.rack.kubeconfigFile, ...args];
    return (await promisify(execFile)(this.tools.kubectl, all, { maxBuffer: 2 ** 28 })).stdout;
  }

  /** The environment of the engine, its plugins, and the scripts that they run. */
  private env(): NodeJS.ProcessEnv {
    const env = this.site.env();
    const own = [this.tools.kubectl, this.tools.helm].map(dirname);
    return { ...env, PATH: [...own, env["PATH"] ?? ""].join(delimiter) };
  }

  /** Opens the stack, with the secrets as they are now; its program is the homelab's. */
  async open(): Promise<EngineStack> {
    const run = homelabProgram({
      directory: this.path("project"),
      site: this.site,
      before: (plan) => (this.accompanied ??= this.accompany(plan)),
      isReleased: () => this.isReleased,
    });
    const config = Object.fromEntries(
      Object.entries(this.secrets).map(([name, value]) => [`tokenrack:${name}`, { secret: true, value } as const]),
    );
    return openStack({
      ...(await findEngine("command", "proxmoxve", "kubernetes")),
      stackName,
      projectDir: this.path("project"),
      stateDir: this.path("state"),
      cacheDir: CACHE_DIR,
      program: run,
      config,
      env: this.env(),
      caCerts: [this.site.proxmox.caCert],
      progress: this.options.say,
    });
  }

  /** Ends everything but the rack. */
  async stop(): Promise<void> {
    this.api.close();
    for (const end of this.endings.splice(0).reverse()) await end();
  }
}
