/**
 * What runs in a cluster of Deckhouse and cannot run here, on the real API of the rack: its node-manager, which brings real
 * nodes up, and as much of csi-ceph, ingress-nginx and cert-manager as the stack asks for. It looks every second, and each
 * look makes what the one before has left undone.
 */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { nameOf, textAt, type KubeObject } from "../../engine/standins/kubernetes/object";
import type { Rack } from "../node/rack";
import { askedCertificates, ingressClass, signerOf, tlsSecret, wantedCertificates, withAddress } from "./access";
import { rootOf, type ClusterApi } from "./api";
import { serverPair } from "./certificates";
import { modulesOn, objectsOf } from "./modules";
import { groupStatus, nodeSteps, rackNode, type Machine } from "./nodes";
import { released, storageClass, volumeFor } from "./storage";

export interface DeckhouseOptions {
  readonly api: ClusterApi;
  readonly rack: Pick<Rack, "addNode" | "removeNode">;
  /** Name of the first master's node: the installer makes it. */
  readonly master: string;
  /** The VM behind an address; undefined while it does not run. */
  readonly machineAt: (address: string) => Machine | undefined;
  /** Where volumes are, and the files of the CA, by the name of its ClusterIssuer. */
  readonly directory: string;
  /** PEM of that CA. */
  readonly ca: string;
  readonly say: (line: string) => void;
  /** Called when a node cannot be brought up: nothing that comes after can be. */
  readonly fail: (error: unknown) => void;
}

/** Between two looks, in ms. */
const POLL_MS = 1000;

const lists = {
  configs: "/apis/deckhouse.io/v1alpha1/moduleconfigs",
  groups: "/apis/deckhouse.io/v1/nodegroups",
  instances: "/apis/deckhouse.io/v1alpha2/staticinstances",
  nodes: "/api/v1/nodes",
  cephClasses: "/apis/storage.deckhouse.io/v1alpha1/cephstorageclasses",
  classes: "/apis/storage.k8s.io/v1/storageclasses",
  claims: "/api/v1/persistentvolumeclaims",
  volumes: "/api/v1/persistentvolumes",
  controllers: "/apis/deckhouse.io/v1/ingressnginxcontrollers",
  ingresses: "/apis/networking.k8s.io/v1/ingresses",
  clusterIssuers: "/apis/cert-manager.io/v1/clusterissuers",
  issuers: "/apis/cert-manager.io/v1/issuers",
  certificates: "/apis/cert-manager.io/v1/certificates",
} as const;

export class SimulatedDeckhouse {
  private readonly made = new Set<string>();
  private readonly joining = new Map<string, Promise<void>>();
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private lastFault = "";

  constructor(private readonly options: DeckhouseOptions) {}

  start(): void {
    this.running = this.run();
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await Promise.allSettled(this.joining.values());
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.look().catch((error: unknown) => this.tell(error));
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  /** Says once what goes wrong again and again. */
  private tell(error: unknown): void {
    const fault = error instanceof Error ? error.message : String(error);
    if (fault !== this.lastFault) this.options.say(`simulated Deckhouse: ${fault}`);
    this.lastFault = fault;
  }

  private list(name: keyof typeof lists): Promise<readonly KubeObject[]> {
    return this.options.api.list(lists[name]);
  }

  private async look(): Promise<void> {
    const configs = await this.list("configs");
    if (configs.length === 0) return;
    await this.modules(configs);
    await this.nodes();
    await this.storage(configs);
    await this.access();
  }

  /** Applies what is to be there once. @param mark names the object in the state that it is wanted in */
  private async once(object: KubeObject, mark: string): Promise<void> {
    if (this.made.has(mark)) return;
    await this.options.api.apply(object);
    this.made.add(mark);
  }

  private async modules(configs: readonly KubeObject[]): Promise<void> {
    for (const module of modulesOn(configs)) {
      if (this.made.has(module)) continue;
      for (const object of await objectsOf(module)) await this.options.api.apply(object);
      this.made.add(module);
      this.options.say(`simulated Deckhouse: module ${module}`);
    }
  }

  private async nodes(): Promise<void> {
    const { api, machineAt, master } = this.options;
    const [groups, instances, nodes] = await Promise.all(
      (["groups", "instances", "nodes"] as const).map((name) => this.list(name)),
    );
    if (groups === undefined || instances === undefined || nodes === undefined) return;
    const has = (name: string): boolean => nodes.some((node) => nameOf(node) === name);
    if (groups.some((group) => nameOf(group) === "master") && !has(master)) this.join(master, "master", groups);
    const isUp = (address: string): boolean => machineAt(address) !== undefined;
    const { phases, add, remove } = nodeSteps({ groups, instances, nodes, isUp });
    for (const { name, group } of add) this.join(name, group, groups, instances);
    for (const name of remove) await this.leave(name);
    for (const { name, phase } of phases) {
      // A node that is not there yet is not running.
      if (phase === "Running" && !has(name)) continue;
      await api.apply(
        {
          apiVersion: "deckhouse.io/v1alpha2",
          kind: "StaticInstance",
          metadata: { name },
          status: { currentStatus: { phase } },
        },
        "/status",
      );
    }
    for (const group of groups) {
      const status = groupStatus(group, nodes);
      if (status === undefined) continue;
      const metadata = { name: nameOf(group) };
      await api.apply({ apiVersion: "deckhouse.io/v1", kind: "NodeGroup", metadata, status }, "/status");
    }
  }

  /** Brings a node up, beside whatever else is done. */
  private join(
    name: string,
    group: string,
    groups: readonly KubeObject[],
    instances: readonly KubeObject[] = [],
  ): void {
    const { rack, machineAt, say, fail } = this.options;
    const own = groups.find((one) => nameOf(one) === group);
    if (this.joining.has(name) || own === undefined) return;
    const instance = instances.find((one) => nameOf(one) === name);
    const machine = machineAt(textAt(instance, "spec", "address")) ?? { gpus: 0 };
    say(`simulated Deckhouse: node ${name} joins group ${group}`);
    const joined = rack.addNode(rackNode(name, own, machine)).then(() => say(`node ${name} is Ready`), fail);
    this.joining.set(name, joined);
  }

  private async leave(name: string): Promise<void> {
    await this.joining.get(name);
    this.options.say(`simulated Deckhouse: node ${name} leaves`);
    await this.options.rack.removeNode(name);
    this.joining.delete(name);
  }

  private async storage(configs: readonly KubeObject[]): Promise<void> {
    const { api, directory } = this.options;
    const global = configs.find((config) => nameOf(config) === "global");
    const standard = textAt(global, "spec", "settings", "defaultClusterStorageClass");
    for (const ceph of await this.list("cephClasses"))
      await this.once(storageClass(ceph, nameOf(ceph) === standard), `class ${textAt(ceph, "metadata", "uid")}`);
    const classes = await this.list("classes");
    const directoryOf = (name: string): string => join(directory, "volumes", name);
    for (const claim of await this.list("claims")) {
      const volume = volumeFor(claim, classes, directoryOf);
      if (volume === undefined || this.made.has(nameOf(volume))) continue;
      // As fsGroup would make it on Ceph: whatever user a pod has can write.
      mkdirSync(directoryOf(nameOf(volume)), { recursive: true });
      chmodSync(directoryOf(nameOf(volume)), 0o777);
      await this.once(volume, nameOf(volume));
    }
    for (const name of released(await this.list("volumes"))) {
      rmSync(directoryOf(name), { recursive: true, force: true });
      await api.delete(`${lists.volumes}/${name}`);
    }
  }

  private async access(): Promise<void> {
    const { api } = this.options;
    const [controllers, ingresses] = [await this.list("controllers"), await this.list("ingresses")];
    for (const controller of controllers) await this.once(ingressClass(controller), `ingress ${nameOf(controller)}`);
    for (const ingress of ingresses) {
      const addressed = withAddress(ingress, controllers);
      if (addressed !== undefined) await api.apply(addressed, "/status");
    }
    await this.certificates(ingresses);
  }

  private async certificates(ingresses: readonly KubeObject[]): Promise<void> {
    const { api, directory, ca } = this.options;
    const issuers = [...(await this.list("clusterIssuers")), ...(await this.list("issuers"))];
    const asked = askedCertificates(await this.list("certificates"));
    for (const wanted of [...asked, ...wantedCertificates(ingresses)]) {
      const signer = signerOf(wanted, issuers);
      const { namespace, secretName, hosts, issuer, certificate } = wanted;
      const path = `${rootOf("v1")}/namespaces/${namespace}/secrets/${secretName}`;
      if (signer === undefined || (await api.get(path)) !== undefined) continue;
      const pair = serverPair(directory, signer === "ca" ? issuer : undefined, hosts);
      await api.apply(tlsSecret(wanted, { ...pair, ca: signer === "ca" ? ca : pair.certificate }));
      if (certificate === undefined) continue;
      const [metadata, now] = [{ name: certificate, namespace }, new Date().toISOString()];
      const status = { conditions: [{ type: "Ready", status: "True", reason: "Issued", lastTransitionTime: now }] };
      await api.apply({ apiVersion: "cert-manager.io/v1", kind: "Certificate", metadata, status }, "/status");
    }
  }
}
