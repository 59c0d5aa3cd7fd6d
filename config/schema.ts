/**
 * The one list of stack keys (namespace `tokenrack`), with their limits and defaults. Limits of one value live in
 * `schema/`, a room a group; rules that need two values live in `rules/`.
 */
import * as z from "zod";
import { clusterSchema, ingressSchema, networkSchema, proxmoxNetworkSchema } from "./schema/cluster";
import { gatewaySchema, type GatewayProfile } from "./schema/gateway";
import { localPlatformSchema, pathsSchema, portsSchema, type Paths, type Ports } from "./schema/local";
import { clusterModelSchema, modelSchema, type ClusterModelProfile, type ModelProfile } from "./schema/models";
import { existingPoolSchema, proxmoxPoolSchema } from "./schema/pools";
import { hostSchema, proxmoxPlatformSchema } from "./schema/proxmox";
import { stageKeys } from "./schema/stages";
import { clusterGatewaySchema, type ClusterGatewayProfile } from "./schema/stages/gateway";
import { existingSecretsSchema, proxmoxSecretsSchema, secretsSchema } from "./schema/secrets";

export { modelKind, type ModelKind } from "./forms";
export { gatewaySchema, userSchema, type GatewayProfile } from "./schema/gateway";
export { clusterGatewaySchema, type ClusterGatewayProfile } from "./schema/stages/gateway";
export { localPlatformSchema, pathsSchema, portDefaults, portsSchema, type Paths, type Ports } from "./schema/local";
export { clusterModelSchema, modelSchema, type ClusterModelProfile, type ModelProfile } from "./schema/models";
export { secretsSchema, type PlainSecrets, type SomeSecrets } from "./schema/secrets";

/** The Pulumi project, and so the namespace of every key. */
export const namespace = "tokenrack";

/** `platform` of kind `existing`: a Kubernetes cluster that is there already. */
export const existingPlatformSchema = z.strictObject(
  {
    /** Brings the stack up on a cluster that a kubeconfig opens. */
    kind: z.literal("existing"),
  },
  { error: "a group with `kind: existing`" },
);

/** What the root of a stack must be. */
export const stackText = "a group of keys with `platform` and `models`";

const models = (entry: typeof clusterModelSchema) =>
  z.array(entry, { error: "a list of models, each with `source`" }).min(1, { error: "at least one model" });

/** The public keys of a stack on this machine. */
export const localStackSchema = z.strictObject(
  {
    platform: localPlatformSchema,
    /** What is served: exactly one. */
    models: z
      .array(modelSchema, { error: "a list of models, each with `source`" })
      .min(1, { error: "at least one model" })
      .max(1, { error: "exactly one model (this version serves one)" }),
    gateway: gatewaySchema.prefault({}),
    ports: portsSchema.prefault({}),
    paths: pathsSchema.prefault({}),
  },
  { error: stackText },
);

const poolsText = "a list of node pools";

/** The public keys of a stack on Proxmox hosts. */
export const proxmoxStackSchema = z.strictObject(
  {
    platform: proxmoxPlatformSchema,
    /** The Proxmox hosts, in the order in which they are filled. */
    hosts: z.array(hostSchema, { error: "a list of hosts" }).min(1, { error: "at least one host" }),
    /** Node pools: the VMs. */
    pools: z.array(proxmoxPoolSchema, { error: poolsText }).min(1, { error: "at least one node pool" }),
    network: proxmoxNetworkSchema,
    cluster: clusterSchema.prefault({}),
    ingress: ingressSchema.prefault({}),
    /** What is served: one or more, each under a name of its own. */
    models: models(clusterModelSchema),
    gateway: clusterGatewaySchema.prefault({}),
    ...stageKeys,
  },
  { error: stackText },
);

/** The public keys of a stack on a cluster that is there already. */
export const existingStackSchema = z.strictObject(
  {
    platform: existingPlatformSchema,
    /** Node pools that models may use. */
    pools: z.array(existingPoolSchema, { error: poolsText }).min(1, { error: "at least one node pool" }),
    network: networkSchema,
    ingress: ingressSchema.prefault({}),
    /** What is served: one or more, each under a name of its own. */
    models: models(clusterModelSchema),
    gateway: clusterGatewaySchema.prefault({}),
    ...stageKeys,
  },
  { error: stackText },
);

/** One shape of a stack a kind of platform, with its secrets; a new kind is a new member. */
export const stacks = {
  local: { schema: localStackSchema, secrets: secretsSchema },
  proxmox: { schema: proxmoxStackSchema, secrets: proxmoxSecretsSchema },
  existing: { schema: existingStackSchema, secrets: existingSecretsSchema },
} as const;

/** A kind of platform. */
export type PlatformKind = keyof typeof stacks;
/** Every kind of platform. */
export const platformKinds: readonly PlatformKind[] = ["local", "proxmox", "existing"];

/** `platform` while its kind is not known: tells what is wrong with the kind. */
export const platformSchema = z.discriminatedUnion(
  "kind",
  [localPlatformSchema, proxmoxPlatformSchema, existingPlatformSchema],
  { error: "`kind: local`, `kind: proxmox` or `kind: existing`" },
);

const everyKind = platformKinds.map((kind) => stacks[kind]);
/** Names of the secret keys of every kind. */
export const secretKeys: readonly string[] = [
  ...new Set(everyKind.flatMap(({ secrets }) => Object.keys(secrets.shape))),
];
/** Every top-level key of the namespace: public ones first. */
export const stackKeys: readonly string[] = [
  ...new Set(everyKind.flatMap(({ schema }) => Object.keys(schema.shape))),
  ...secretKeys,
];
/** The secret keys that a stack of a kind cannot do without. */
export const requiredSecrets = (kind: PlatformKind): readonly string[] =>
  Object.entries(stacks[kind].secrets.shape)
    .filter(([, schema]) => !schema.safeParse(undefined).success)
    .map(([key]) => key);
/** The top-level keys that a kind of platform takes. */
export const keysOf = (kind: PlatformKind): readonly string[] => [
  ...Object.keys(stacks[kind].schema.shape),
  ...Object.keys(stacks[kind].secrets.shape),
];

/** `platform` of this machine. */
export type PlatformProfile = z.output<typeof localPlatformSchema>;
type HostInput = z.output<typeof hostSchema>;
/** One GPU of a host, with its name worked out. */
export type HostGpuProfile = Omit<HostInput["gpus"][number], "name"> & { name: string };
/** One Proxmox host. */
export type HostProfile = Omit<HostInput, "gpus"> & { gpus: readonly HostGpuProfile[] };
/** One node of a pool on Proxmox: what it is known by, and what was pinned of it. */
export interface NodeProfile {
  readonly name: string;
  readonly vmid: number;
  readonly address: string;
  /** Name of the host it has to run on. */
  readonly host?: string | undefined;
  /** Names of the GPUs it has to have. */
  readonly gpus?: readonly string[] | undefined;
}
/** A node pool on Proxmox; `nodes` has `count` entries. */
export type ProxmoxPool = Omit<z.output<typeof proxmoxPoolSchema>, "nodes" | "addresses"> & {
  nodes: readonly NodeProfile[];
};
/** A node pool of a cluster that is there already. */
export type ExistingPool = z.output<typeof existingPoolSchema>;
/** `network` on Proxmox. */
export type ProxmoxNetwork = z.output<typeof proxmoxNetworkSchema>;
/** `ingress`. */
export type IngressProfile = z.output<typeof ingressSchema>;

/** What every Profile has. */
interface ProfileOf<Platform, Model, Gateway> {
  /** Name of the stack; `local` when none was given. */
  readonly stack: string;
  readonly platform: Platform;
  readonly models: readonly Model[];
  readonly gateway: Gateway;
}

/** What the user asked for on this machine: validated, defaults filled in, plain data. */
export interface LocalProfile extends ProfileOf<PlatformProfile, ModelProfile, GatewayProfile> {
  readonly ports: Ports;
  /** Absolute as given; a default is relative to the project until whoever reads the configuration resolves it. */
  readonly paths: Paths;
}

type ClusterSettings = z.output<typeof clusterSchema>;
/** `cluster`, with the directory of the installer's state worked out. */
export type DeckhouseProfile = Omit<ClusterSettings, "bootstrap"> & {
  readonly bootstrap: Omit<ClusterSettings["bootstrap"], "stateDirectory"> & {
    /** Absolute as given; the default on this machine is relative to the project until whoever reads the configuration resolves it. */
    readonly stateDirectory: string;
  };
};

/** What the user asked for of the stages after the cluster. */
export type StageProfile = z.output<z.ZodObject<typeof stageKeys>>;

/** What the user asked for on Proxmox hosts. */
export interface ProxmoxProfile
  extends StageProfile, ProfileOf<z.output<typeof proxmoxPlatformSchema>, ClusterModelProfile, ClusterGatewayProfile> {
  readonly hosts: readonly HostProfile[];
  readonly pools: readonly ProxmoxPool[];
  readonly network: ProxmoxNetwork;
  readonly cluster: DeckhouseProfile;
  readonly ingress: IngressProfile;
}

/** What the user asked for on a cluster that is there already. */
export interface ExistingProfile
  extends StageProfile, ProfileOf<z.output<typeof existingPlatformSchema>, ClusterModelProfile, ClusterGatewayProfile> {
  readonly pools: readonly ExistingPool[];
  readonly network: z.output<typeof networkSchema>;
  readonly ingress: IngressProfile;
}

/** A Profile of any cluster. */
export type ClusterProfile = ProxmoxProfile | ExistingProfile;
/** What the user asked for, one member a kind of platform. */
export type Profile = LocalProfile | ClusterProfile;

/** Whether the stack is on this machine. */
export const isLocal = (profile: Profile): profile is LocalProfile => profile.platform.kind === "local";
/** Whether the stack is on Proxmox hosts. */
export const isProxmox = (profile: Profile): profile is ProxmoxProfile => profile.platform.kind === "proxmox";
