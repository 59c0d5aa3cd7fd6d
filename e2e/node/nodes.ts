/** The nodes of a rack: each a containerd and a kubelet with an address, a network for pods and a control group of its own. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { makeCgroup, removeCgroup } from "./cgroups";
import {
  cniConfig,
  containerdConfig,
  containerdSocket,
  kubeletConfig,
  kubeletFlags,
  proxyFlags,
  type NodePlace,
} from "./configs";
import { controlPrograms, type Control, type Tools } from "./control";
import { importScript, type StoredImage } from "./imageStore";
import type { Namespaces } from "./namespaces";
import type { Programs } from "./programs";
import type { RackNode } from "./rack";
import { mostNodes, type Ranges } from "./ranges";

/** A node takes about 5 s on two idle cores; in ms. */
const READY_TIMEOUT_MS = 180_000;

/** What all nodes of a rack are made with. */
export interface NodeContext {
  readonly mark: string;
  readonly directory: string;
  readonly tools: Tools;
  readonly ranges: Ranges;
  readonly namespaces: Namespaces;
  readonly programs: Programs;
  readonly control: Control;
  readonly images: readonly StoredImage[];
}

const nodeSchema = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
});

const proxy = "proxy";

export class Nodes {
  private readonly places = new Map<string, NodePlace>();
  private made = 0;
  /** The node whose name kube-proxy goes by. */
  private proxied: string | undefined;

  constructor(private readonly context: NodeContext) {}

  private place(node: RackNode): NodePlace {
    if (this.places.has(node.name)) throw new Error(`there is a node ${node.name} already`);
    if (this.made === mostNodes) throw new Error(`a rack has had ${mostNodes} nodes: there are no addresses for more`);
    const { directory, mark, ranges } = this.context;
    const index = this.made;
    this.made += 1;
    const place: NodePlace = {
      node,
      directory: path.join(directory, "nodes", node.name),
      run: `/run/${node.name}`,
      address: ranges.node(index),
      pods: ranges.podsOf(index),
      cgroup: makeCgroup(mark, node.name),
    };
    this.places.set(node.name, place);
    return place;
  }

  /** Resolves when it is Ready. @throws Error when it does not get there, with the ends of the logs: then it can be added anew */
  async add(node: RackNode): Promise<void> {
    const place = this.place(node);
    try {
      await this.bringUp(place);
    } catch (error) {
      await this.takeAway(place);
      throw error;
    }
  }

  private async bringUp(place: NodePlace): Promise<void> {
    const { context } = this;
    const { programs, tools, control, namespaces } = context;
    const { node } = place;
    this.write(place);
    await namespaces.run("ip", "address", "add", `${place.address}/32`, "dev", "lo");
    const [containerd, kubelet] = [`containerd-${node.name}`, `kubelet-${node.name}`];
    programs.start(containerd, tools.containerd, ["--config", path.join(place.directory, "containerd.toml")]);
    const socket = containerdSocket(place);
    const answers = (): Promise<boolean> =>
      namespaces.run(tools.ctr, "--address", socket, "plugins", "list", "--quiet").then(
        () => true,
        () => false,
      );
    await programs.until(`containerd of ${node.name} answers`, [containerd], READY_TIMEOUT_MS, answers);
    await namespaces.run("/bin/sh", "-c", importScript(tools.ctr, socket, context.images));
    programs.start(kubelet, tools.kubelet, kubeletFlags(place, control.kubeconfigFile));
    const isReady = (): Promise<boolean> => this.isReady(node.name);
    const needed = [...controlPrograms, containerd, kubelet];
    await programs.until(`node ${node.name} is Ready`, needed, READY_TIMEOUT_MS, isReady);
    if (this.proxied === undefined) this.startProxy(node.name);
  }

  private write(place: NodePlace): void {
    const { directory } = place;
    const { gateway } = this.context.ranges;
    mkdirSync(path.join(directory, "cni"), { recursive: true });
    const file = (name: string, text: string): void => writeFileSync(path.join(directory, name), text);
    file("containerd.toml", containerdConfig(place));
    file(path.join("cni", "pods.conflist"), cniConfig(place));
    file("kubelet.json", kubeletConfig(place, gateway));
    file("resolv.conf", `nameserver ${gateway}\n`);
  }

  private async isReady(name: string): Promise<boolean> {
    const answer = await this.context.control.ask(`/api/v1/nodes/${name}`);
    if (answer?.status !== 200) return false;
    const { status } = nodeSchema.parse(JSON.parse(answer.body));
    return status.conditions.some((one) => one.type === "Ready" && one.status === "True");
  }

  private startProxy(name: string): void {
    const { programs, tools, control, ranges } = this.context;
    this.proxied = name;
    programs.start(proxy, tools["kube-proxy"], proxyFlags(control.kubeconfigFile, name, ranges));
  }

  /** As when a machine loses power and is given up: its pods end at once. @throws Error when there is no such node */
  async remove(name: string): Promise<void> {
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`there is no node ${name}`);
    await this.takeAway(place);
  }

  /** Also what is there of one that did not come up. */
  private async takeAway(place: NodePlace): Promise<void> {
    const { programs, namespaces, control, tools, mark } = this.context;
    const { name } = place.node;
    this.places.delete(name);
    await programs.end(`kubelet-${name}`);
    const client = `${tools.ctr} --address ${containerdSocket(place)} --namespace k8s.io tasks`;
    // A container that ends by itself meanwhile is none that could be deleted; one that stays would keep its group busy.
    const all = `${client} list --quiet | xargs --no-run-if-empty ${client} delete --force`;
    await namespaces.run("/bin/sh", "-c", `${all} 2>/dev/null || true`);
    await programs.end(`containerd-${name}`);
    await control.ask(`/api/v1/nodes/${name}`, "DELETE");
    // kube-proxy ends with the node that it goes by.
    if (this.proxied === name) {
      await programs.end(proxy);
      this.proxied = undefined;
      const [next] = this.places.keys();
      if (next !== undefined) this.startProxy(next);
    }
    // One that did not come up may not have it.
    await namespaces.run("/bin/sh", "-c", `ip address delete ${place.address}/32 dev lo 2>/dev/null || true`);
    await removeCgroup(mark, name);
    rmSync(place.directory, { recursive: true, force: true });
  }
}
