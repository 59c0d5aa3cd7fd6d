/** All rules that need two values, or a value and its neighbour. Each fault names both. */
import type { Fault } from "./errors";
import { bringUpFaults } from "./rules/bringUp";
import { chatFaults } from "./rules/chat";
import { deckhouseFaults } from "./rules/deckhouse";
import { existingPoolFaults } from "./rules/existing";
import { hostFaults } from "./rules/hosts";
import { identityFaults } from "./rules/identities";
import { modelFaults, modelPoolFaults, pinFaults, servedNameFaults } from "./rules/models";
import { networkFaults } from "./rules/network";
import { clusterParts, entries, field, lengthOf, part, type ClusterParts } from "./rules/parts";
import { poolFaults } from "./rules/pools";
import { portFaults } from "./rules/ports";
import { registryFaults } from "./rules/registry";
import {
  clusterModelSchema,
  clusterGatewaySchema,
  gatewaySchema,
  modelSchema,
  portsSchema,
  secretKeys,
  type PlatformKind,
  type SomeSecrets,
} from "./schema";
import { existingPoolSchema, proxmoxPoolSchema } from "./schema/pools";
import { chatSchema } from "./schema/stages/chat";
import { secretFaults } from "./secrets";

/** What is looked at. */
export interface RuleRequest {
  readonly raw: unknown;
  readonly kind: PlatformKind;
  /** Also what only a bring-up needs. */
  readonly bringUp: boolean;
}

/** The secrets that are texts. */
const secretsOf = (raw: unknown): SomeSecrets =>
  Object.fromEntries(
    secretKeys.map((key) => [key, field(raw, key)] as const).filter(([, value]) => typeof value === "string"),
  );

function localFaults(raw: unknown): Fault[] {
  const ports = part(portsSchema, field(raw, "ports") ?? {});
  return [
    ...entries(modelSchema, field(raw, "models")).flatMap(({ value, index }) => modelFaults(value, index)),
    ...(ports === undefined ? [] : portFaults(ports)),
  ];
}

function clusterModelFaults(raw: unknown, pools: readonly string[]): Fault[] {
  const models = entries(clusterModelSchema, field(raw, "models"));
  return [
    ...models.flatMap(({ value, index }) => modelFaults(value, index)),
    ...servedNameFaults(models),
    ...pinFaults(models),
    ...modelPoolFaults(models, pools),
  ];
}

function proxmoxFaults(raw: unknown, { hosts, network, cluster, ingress }: ClusterParts): Fault[] {
  const pools = entries(proxmoxPoolSchema, field(raw, "pools"));
  const complete = pools.length === lengthOf(field(raw, "pools")) && pools.length > 0;
  const allHosts = hosts.length === lengthOf(field(raw, "hosts"));
  return [
    ...hostFaults(hosts),
    // A host that is not well formed would make every mention of it a fault.
    ...poolFaults(pools, allHosts ? hosts : undefined, complete),
    ...identityFaults(pools, hosts, network),
    ...networkFaults({ network, cluster, pools }),
    ...deckhouseFaults(cluster, ingress),
    ...(complete
      ? clusterModelFaults(
          raw,
          pools.map(({ value }) => value.name),
        )
      : []),
  ];
}

function existingFaults(raw: unknown): Fault[] {
  const pools = entries(existingPoolSchema, field(raw, "pools"));
  const complete = pools.length === lengthOf(field(raw, "pools")) && pools.length > 0;
  return [
    ...existingPoolFaults(pools),
    ...(complete
      ? clusterModelFaults(
          raw,
          pools.map(({ value }) => value.name),
        )
      : []),
  ];
}

function platformFaults({ raw, kind, bringUp }: RuleRequest): Fault[] {
  if (kind === "local") return localFaults(raw);
  const parts = clusterParts(raw);
  const chat = part(chatSchema, field(raw, "chat") ?? {});
  return [
    ...(kind === "proxmox" ? proxmoxFaults(raw, parts) : existingFaults(raw)),
    ...(bringUp ? bringUpFaults(kind, parts, secretsOf(raw)) : []),
    ...registryFaults(field(raw, "imagePullSecret"), secretsOf(raw)),
    ...(bringUp && chat !== undefined ? chatFaults(chat, secretsOf(raw)) : []),
  ];
}

/** Rules over the parts that are well formed. */
export function ruleFaults(request: RuleRequest): Fault[] {
  const { raw, kind } = request;
  const own = field(raw, "gateway") ?? {};
  const cluster = kind === "local" ? undefined : part(clusterGatewaySchema, own);
  const { firstUser } = (kind === "local" ? part(gatewaySchema, own) : cluster) ?? {};
  const roles = cluster?.roles.map(({ name }) => name);
  return [...platformFaults(request), ...secretFaults(secretsOf(raw), { firstUser, roles }, kind)];
}
