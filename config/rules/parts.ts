/** The parts of a stack that are well formed, so that a fault in one part does not hide those of another. */
import type * as z from "zod";
import { clusterSchema, ingressSchema, proxmoxNetworkSchema } from "../schema/cluster";
import type { proxmoxPoolSchema } from "../schema/pools";
import { hostSchema, proxmoxPlatformSchema } from "../schema/proxmox";

/** A host as the schema lets it through. */
export type Host = z.output<typeof hostSchema>;
/** A node pool on Proxmox as the schema lets it through. */
export type Pool = z.output<typeof proxmoxPoolSchema>;
/** `network` on Proxmox. */
export type NodeNetwork = z.output<typeof proxmoxNetworkSchema>;
/** `cluster`. */
export type Cluster = z.output<typeof clusterSchema>;
/** `ingress`. */
export type Ingress = z.output<typeof ingressSchema>;

/** A list entry that is well formed, with its position. */
export interface Entry<T> {
  readonly index: number;
  readonly value: T;
}

/** The value of a key; undefined where there is no group. */
export const field = (raw: unknown, key: string): unknown =>
  typeof raw === "object" && raw !== null ? Reflect.get(raw, key) : undefined;

/** A group of the stack where it is well formed. */
export function part<S extends z.ZodType>(schema: S, raw: unknown): z.output<S> | undefined {
  const parsed = schema.safeParse(raw);
  return parsed.success ? parsed.data : undefined;
}

/** The entries of a list that are well formed. */
export function entries<S extends z.ZodType>(schema: S, raw: unknown): readonly Entry<z.output<S>>[] {
  if (!Array.isArray(raw)) return [];
  return raw.flatMap((entry: unknown, index) => {
    const parsed = schema.safeParse(entry);
    return parsed.success ? [{ index, value: parsed.data }] : [];
  });
}

/** How many entries a list has; 0 where there is none. */
export const lengthOf = (raw: unknown): number => (Array.isArray(raw) ? raw.length : 0);

/** What is well formed of a stack on a cluster; of an existing one only `ingress`. */
export interface ClusterParts {
  readonly platform: z.output<typeof proxmoxPlatformSchema> | undefined;
  readonly hosts: readonly Entry<Host>[];
  readonly network: NodeNetwork | undefined;
  readonly cluster: Cluster | undefined;
  readonly ingress: Ingress | undefined;
}

/** Takes a stack apart. */
export const clusterParts = (raw: unknown): ClusterParts => ({
  platform: part(proxmoxPlatformSchema, field(raw, "platform")),
  hosts: entries(hostSchema, field(raw, "hosts")),
  network: part(proxmoxNetworkSchema, field(raw, "network")),
  cluster: part(clusterSchema, field(raw, "cluster") ?? {}),
  ingress: part(ingressSchema, field(raw, "ingress") ?? {}),
});
