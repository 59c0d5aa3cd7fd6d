/**
 * The made master of the simulation, as files in one directory: what a real master has on its disk and in its API. Nothing here
 * is Deckhouse: it keeps the contract that the scripts rely on, and says no where the real one does.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An object of the API, as it was applied. */
export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
  status?: { currentStatus: { phase: Phase } };
}

/** Phases of a StaticInstance. @see modules/040-node-manager/crds/staticinstance.yaml */
export type Phase = "Pending" | "Bootstrapping" | "Running" | "Cleaning" | "Error";

/** A Kubernetes node. */
export interface StoredNode {
  readonly name: string;
  readonly group: string;
  ready: boolean;
  readonly gpus?: number;
}

/** Everything about the master. */
export interface World {
  /** Licence key that the registry takes. */
  licence: string;
  /** uid of the cluster, once it has an API. */
  uid?: string;
  /** bashible's steps that are done on the node, with the sum of their content. */
  steps: Record<string, string>;
  deckhouse: boolean;
  /** What the installer was given as ClusterConfiguration. */
  clusterConfiguration: string;
  objects: Record<string, StoredObject>;
  nodes: StoredNode[];
  /** Requests to fail before the API answers again, with what they say. */
  failing?: { times: number; message: string };
  /** Never makes a node ready. */
  stuck?: boolean;
}

/** The directory of the world. @throws Error when it is not given */
export function worldDirectory(): string {
  const directory = process.env["TOKENRACK_SIM_WORLD"];
  if (directory === undefined) throw new Error("TOKENRACK_SIM_WORLD names no directory");
  return directory;
}

const file = (...parts: string[]): string => join(worldDirectory(), ...parts);

/** Path of what lies on the master's disk. */
export const onMaster = (name: "admin.conf" | "bashible"): string => file(name);

const empty: World = { licence: "", steps: {}, deckhouse: false, clusterConfiguration: "", objects: {}, nodes: [] };

/** The world as it is. */
export function readWorld(): World {
  const path = file("world.json");
  return existsSync(path) ? { ...structuredClone(empty), ...(JSON.parse(readFileSync(path, "utf8")) as World) } : empty;
}

/** Changes the world. One process at a time does: the lock is a directory, which only one can make. */
export function changeWorld(change: (world: World) => void): World {
  const lock = file("world.lock");
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  try {
    const world = readWorld();
    change(world);
    writeFileSync(file("world.json.partial"), JSON.stringify(world, null, 1));
    renameSync(file("world.json.partial"), file("world.json"));
    return world;
  } finally {
    rmSync(lock, { recursive: true });
  }
}

/** Notes what was asked of the master that changes it: what a run that changes nothing must not add to. */
export function noteWrite(what: string): void {
  writeFileSync(file("writes.log"), `${what}\n`, { flag: "a" });
}
