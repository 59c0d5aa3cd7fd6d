/** What was found (facts) and what was decided (plan): plain data, printable as JSON. */
import type { Fault } from "../config/errors";
import type { ModelKind } from "../config/forms";
import type { Paths, Ports } from "../config/schema";
import type { Hardware } from "./cluster/hardware";
import type { ClusterFacts } from "./cluster/fromProfile";
import type { ServingPlans } from "./cluster/types";
import type { BootstrapPlan } from "./deckhouse";
import type { DeckhouseInput } from "./deckhouse/types";
import type { HostPlan } from "./hosts";
import type { Placement } from "./placement/types";
import type { FleetPlan } from "./site";
import type { StagesPlan } from "./stages";

/** One NVIDIA GPU of this machine, in the order of `nvidia-smi` (by PCI address). */
export interface GpuFacts {
  /** As `nvidia-smi` names it. */
  readonly name: string;
  /** Whole memory in MiB. */
  readonly memoryMib: number;
  /** Driver version, such as "580.105.08". */
  readonly driver: string;
}

/** What an inspector found out about a model; what it does not know yet (before a download) is left out. */
export interface ModelFacts {
  readonly kind: ModelKind;
  /** Largest context in tokens. */
  readonly contextLimit?: number | undefined;
  /** Transformer layers. */
  readonly layers?: number | undefined;
  /** Key and value heads. */
  readonly kvHeads?: number | undefined;
  /** Width of one head. */
  readonly headDim?: number | undefined;
  /** Size of the weights in bytes. */
  readonly weightsBytes?: number | undefined;
  /** Bytes of one KV cache entry: 2 for 16-bit floats. */
  readonly dtypeBytes?: number | undefined;
}

/** What was found on this machine. */
export interface LocalFacts {
  /** Cores this process may use (at least 1). */
  readonly cpus: number;
  /** Memory of the machine, or of the container's limit, in GiB. */
  readonly memoryGib: number;
  readonly gpus: readonly GpuFacts[];
  /** By served model name. */
  readonly models: Readonly<Record<string, ModelFacts>>;
  /** Names what the locked Python environments hold: another lock file, another hash. */
  readonly lockHashes: { readonly cpu: string; readonly cuda: string };
}

export type { ClusterFacts } from "./cluster/fromProfile";

/** Facts for any platform. */
export type Facts = LocalFacts | ClusterFacts;

/** How one model is served. */
export interface ModelPlan {
  /** Served model name. */
  readonly name: string;
  /** As the user wrote it: `builtin:..`, a Hugging Face id or a directory. */
  readonly source: string;
  readonly kind: ModelKind;
  /** Hugging Face commit, tag or branch; only there for that kind. */
  readonly revision?: string;
  /** Longest context in tokens, prompt and answer together. */
  readonly maxModelLen: number;
  /** Requests answered at the same time. */
  readonly maxNumSeqs: number;
  /** Memory for the KV cache in GiB, in steps of 1/16. */
  readonly kvCacheGib: number;
  /** True: vLLM takes exactly `kvCacheGib`. False: at least that, namely what is left of its share of the GPU. */
  readonly kvCacheExact: boolean;
  readonly tensorParallel: 1;
  readonly pipelineParallel: 1;
  readonly replicas: 1;
  /** vLLM's `dtype`. `auto`: as the model's own configuration says. */
  readonly dtype: "auto";
  /** True: no compilation and no CUDA graphs, for a fast start where speed does not matter. */
  readonly enforceEager: boolean;
  /** Share of the GPU's memory for vLLM (0 to 1); only there on a GPU. */
  readonly gpuMemoryUtilization?: number;
  /** Names of vLLM's parsers, by the catalogue; absent where the model has none, or nobody knows it. */
  readonly toolParser?: string;
  readonly reasoningParser?: string;
}

/** This machine's side of the plan. */
export interface LocalPlan {
  readonly accelerator: "cpu" | "cuda";
  /** The GPU to use; only there when the accelerator is `cuda`. `index` counts in PCI order. */
  readonly gpu?: { readonly index: number; readonly name: string; readonly memoryMib: number };
  /** Address everything binds to. */
  readonly host: "127.0.0.1";
  readonly ports: Ports;
  readonly paths: Paths;
  /** Which locked Python environment to install, and the hash of its lock. */
  readonly python: { readonly lock: "cpu" | "cuda"; readonly hash: string };
  readonly ray: {
    /** CPUs that Ray counts (not cores): what its actors ask for, so that they are always placed. */
    readonly numCpus: number;
    /** GPUs that Ray counts. */
    readonly numGpus: 0 | 1;
    /** Threads for the model's arithmetic: one a core, on the cores that are not reserved. */
    readonly ompThreads: number;
    /** Cores that vLLM leaves to others: all but `ompThreads`. */
    readonly reservedCores: number;
    /** Ray's shared-memory store in MiB; Ray's own default is 30 % of all memory. */
    readonly objectStoreMib: number;
  };
}

/** What the gateway lets through, on any platform. */
export interface GatewayPolicy {
  /** The `aud` of its tokens: names the stack, so that a token of one stack does not open another. */
  readonly audience: string;
  /** Life of a token. */
  readonly lifetimeSeconds: number;
  readonly limits: {
    /** Largest request body in bytes. */
    readonly bodyBytes: number;
    /** Most answers (`n`) to one request. */
    readonly n: number;
    /** Most tokens in one answer; at most the longest context of a model. */
    readonly maxTokens: number;
    /** Requests of one user at the same time. */
    readonly concurrencyPerSubject: number;
    readonly requestsPerMinute: number;
    /** Requests of all users at the same time; more are refused at once. */
    readonly inFlight: number;
  };
  /** Web origins whose pages may call the gateway; empty is none. */
  readonly corsOrigins: readonly string[];
  /** Served name of the model that must answer before the gateway is ready. */
  readonly readinessModel: string;
  /** Name of the user that asks for the first token. */
  readonly firstUser: string;
}

/** The gateway's side of the plan on this machine. */
export interface GatewayPlan extends GatewayPolicy {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Where a client reaches it: also the `iss` of its tokens. */
  readonly issuer: string;
  /** Ray Serve's HTTP proxy. */
  readonly upstreamUrl: string;
}

/** The gateway's side of the plan on a cluster. */
export interface ClusterGatewayPlan extends GatewayPolicy {
  /** Where a client reaches it; absent while `ingress.host` is not set, which a plan can do without. */
  readonly publicHost?: string;
  readonly ingressClass?: string;
  readonly tlsIssuer?: string;
}

/** The plan of a stack on this machine. */
export interface LocalStackPlan {
  readonly stack: string;
  readonly platform: "local";
  readonly local: LocalPlan;
  /** At least one. */
  readonly models: readonly [ModelPlan, ...ModelPlan[]];
  readonly gateway: GatewayPlan;
  /** What the user should know; nothing that stops the bring-up. */
  readonly warnings: readonly string[];
}

/** A taint of a pool's nodes. Tolerations are rendered from this same field, so that the two cannot differ. */
export interface TaintPlan {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** One node pool. */
export interface PoolPlan {
  readonly name: string;
  /** `nodes`: nodes of a cluster that is there already. */
  readonly role: "master" | "system" | "worker" | "gpu" | "nodes";
  readonly count: number;
  /** GPUs of one node; 0 without. */
  readonly gpusPerNode: number;
  readonly taints: readonly TaintPlan[];
  readonly labels: Readonly<Record<string, string>>;
}

interface ClusterPlanOf<Platform extends string> {
  readonly stack: string;
  readonly platform: Platform;
  readonly pools: readonly PoolPlan[];
  /** The GPUs there are. */
  readonly hardware: Hardware;
  /** How each model is served. */
  readonly serving: ServingPlans;
  readonly gateway: ClusterGatewayPlan;
  /** What follows the cluster. */
  readonly stages: StagesPlan;
  /** What has to be there before anything is made, and what a plan did without. */
  readonly unmet: readonly Fault[];
  /** What the user should know; nothing that stops the bring-up. */
  readonly warnings: readonly string[];
}

/** The plan of a stack on Proxmox hosts. */
export interface ProxmoxPlan extends ClusterPlanOf<"proxmox"> {
  /** Hosts with GPUs, in the order in which they may reboot. */
  readonly hosts: readonly HostPlan[];
  /** Which VM runs where, with which GPUs. */
  readonly placement: Placement;
  /** What all VMs have in common. */
  readonly fleet: FleetPlan;
  /** The Kubernetes cluster on them. */
  readonly deckhouse: DeckhouseInput;
  /** How it is installed. */
  readonly bootstrap: BootstrapPlan;
}

/** The plan of a stack on a cluster that is there already. */
export type ExistingPlan = ClusterPlanOf<"existing">;

/** A plan on any cluster. */
export type ClusterPlan = ProxmoxPlan | ExistingPlan;

/** One member per platform, told apart by `platform`. */
export type Plan = LocalStackPlan | ClusterPlan;
