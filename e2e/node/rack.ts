/**
 * A whole Kubernetes cluster on this machine: control plane, nodes that run pods, network and DNS, in namespaces of its
 * own, which end with the process that started it. Only its control groups and its files may be left then; both carry its
 * mark, and the next start removes them.
 *
 * Nodes share the rack's network namespace, so pods on the host's network share their ports. Nothing enforces a
 * NetworkPolicy. Programs inside, pods included, may do all on the kubelets' ports.
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import * as path from "node:path";
import { buildImage, type BuiltImage } from "../images/build";
import { pauseReference, recipeFor } from "../images/recipes";
import { leftCgroups, removeCgroup } from "./cgroups";
import { Control, findTools } from "./control";
import { storeImages } from "./imageStore";
import { isLeftOver, newMark } from "./marks";
import { Namespaces } from "./namespaces";
import { connect, disconnect } from "./network";
import { Nodes } from "./nodes";
import { Programs } from "./programs";

/** A node to be. Its kubelet registers it with these labels and taints. */
export interface RackNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { key: string; value?: string; effect: string }[];
}

export interface Rack {
  /** Content of a kubeconfig with all rights; its server is reachable from the machine's own network namespace. */
  readonly kubeconfig: string;
  /** Path of the same as a file. */
  readonly kubeconfigFile: string;
  /** https://<address>:<port> of the API as the machine sees it. */
  readonly server: string;
  /** Address by which pods and the machine reach a program bound inside the rack's network namespace (a model hub, say). */
  readonly gatewayAddress: string;
  /** Command prefix that runs a program inside the rack's namespaces (nsenter ...). */
  readonly enter: readonly string[];
  /** Folder of the logs, each `<program>.log` or `<program>-<node>.log`. */
  readonly logs: string;
  /** Starts kubelet + containerd for a node and resolves when it is Ready. Images are there already. */
  addNode(node: RackNode): Promise<void>;
  /** Ends its pods at once and deletes the node, as when a machine is given up. */
  removeNode(name: string): Promise<void>;
  /** Ends the API server and starts it again, on the same address with the same data; resolves when it answers. */
  restartServer(): Promise<void>;
  /** Ends everything and removes what it made. */
  stop(): Promise<void>;
}

export interface RackOptions {
  /** For the rack's files, in a folder named by its mark: on a disk, and not below /run, /var/lib or /var/log. */
  readonly directory: string;
  /** Images that pods ask for, as a stack names them; each needs a recipe in e2e/images/recipes.ts. */
  readonly images: readonly string[];
  /** A line for the person who waits. */
  readonly onProgress?: (line: string) => void;
}

/** Removes what racks have left whose process was killed. */
async function removeLeftovers(directory: string, onProgress: (line: string) => void): Promise<void> {
  for (const mark of leftCgroups()) {
    onProgress(`removing what ${mark} has left`);
    await removeCgroup(mark);
  }
  for (const name of readdirSync(directory).filter(isLeftOver)) {
    rmSync(path.join(directory, name), { recursive: true, force: true });
  }
}

async function buildAll(images: readonly string[], onProgress: (line: string) => void) {
  const built: (readonly [reference: string, image: BuiltImage])[] = [];
  // One after the other: each of them uses all cores.
  for (const reference of new Set([pauseReference, ...images])) {
    built.push([reference, await buildImage(recipeFor(reference), onProgress)]);
  }
  return built;
}

/**
 * Starts a cluster without nodes; resolves when its API answers. Programs and images that are not in the cache are built
 * first, which takes from minutes to half an hour.
 * @throws Error when a program is missing, an image cannot be built or a part of the cluster ends early
 */
export async function startRack(options: RackOptions): Promise<Rack> {
  const { images, onProgress = () => undefined } = options;
  const base = path.resolve(options.directory);
  if (/^\/(?:run|var\/lib|var\/log)(?:\/|$)/.test(base)) throw new Error(`a rack cannot keep its files in ${base}`);
  mkdirSync(base, { recursive: true });
  await removeLeftovers(base, onProgress);
  const tools = await findTools(onProgress);
  const built = await buildAll(images, onProgress);

  const mark = newMark();
  const directory = path.join(base, mark);
  let namespaces: Namespaces | undefined;
  const stop = async (): Promise<void> => {
    await namespaces?.end();
    await disconnect(mark);
    await removeCgroup(mark);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    namespaces = await Namespaces.make(directory);
    const ranges = await connect(mark, namespaces);
    const logs = path.join(directory, "logs");
    const programs = new Programs(namespaces, logs);
    const control = new Control(tools, programs, ranges, directory);
    const kubeconfig = await control.start();
    const stored = await storeImages(path.join(directory, "images"), built);
    const nodes = new Nodes({ mark, directory, tools, ranges, namespaces, programs, control, images: stored });
    return {
      kubeconfig,
      kubeconfigFile: control.kubeconfigFile,
      server: control.server,
      gatewayAddress: ranges.gateway,
      enter: namespaces.enter,
      logs,
      addNode: (node) => nodes.add(node),
      removeNode: (name) => nodes.remove(name),
      restartServer: () => control.restartServer(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
