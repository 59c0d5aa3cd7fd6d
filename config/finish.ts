/** From what the schema let through to the Profile: names and identities filled in. */
import { join } from "node:path";
import type * as z from "zod";
import { identityOf } from "./rules/identities";
import { gpuName } from "./rules/hosts";
import { nameModel } from "./rules/models";
import type {
  existingStackSchema,
  ExistingProfile,
  LocalProfile,
  localStackSchema,
  Paths,
  ProxmoxProfile,
  proxmoxStackSchema,
  StageProfile,
} from "./schema";

/** The paths that hold when a stack names none: relative to the project. */
const pathDefaults = (stack: string): Paths => ({
  run: join(".tokenrack", "run", stack),
  cache: join(".tokenrack", "cache"),
  gatewayBundle: join("gateway", "dist", "gateway.js"),
});

const named = <Model extends { readonly name?: string | undefined; readonly source: string }>(
  models: readonly Model[],
) =>
  models.flatMap((model) => {
    const naming = nameModel(model);
    return naming === undefined ? [] : [{ ...model, ...naming }];
  });

/** The Profile of a stack on this machine. */
export function finishLocal(stack: string, data: z.output<typeof localStackSchema>): LocalProfile {
  const { platform, models, gateway, ports, paths } = data;
  const fallback = pathDefaults(stack);
  return {
    stack,
    platform,
    models: named(models),
    gateway,
    ports,
    paths: {
      run: paths.run ?? fallback.run,
      cache: paths.cache ?? fallback.cache,
      gatewayBundle: paths.gatewayBundle ?? fallback.gatewayBundle,
    },
  };
}

type Bootstrap = z.output<typeof proxmoxStackSchema>["cluster"]["bootstrap"];

function finishBootstrap(stack: string, bootstrap: Bootstrap): ProxmoxProfile["cluster"]["bootstrap"] {
  const fallback =
    bootstrap.host === undefined ? join(".tokenrack", "bootstrap", stack) : `/var/lib/tokenrack/${stack}`;
  return { ...bootstrap, stateDirectory: bootstrap.stateDirectory ?? fallback };
}

/** The groups of the stages after the cluster, as they were read. */
const stagesOf = (data: StageProfile): StageProfile => {
  const { gpu, modelStore, serving, chat, monitoring, images, charts, imagePullSecret } = data;
  return { gpu, modelStore, serving, chat, monitoring, images, charts, imagePullSecret };
};

/** The Profile of a stack on Proxmox: every GPU has its name, and every node its name, id and address. */
export function finishProxmox(stack: string, data: z.output<typeof proxmoxStackSchema>): ProxmoxProfile {
  const { platform, hosts, pools, network, cluster, ingress, models, gateway } = data;
  return {
    stack,
    platform,
    hosts: hosts.map((host) => ({
      ...host,
      gpus: host.gpus.map((gpu, index) => ({ ...gpu, name: gpuName(host, index) })),
    })),
    pools: pools.map(({ nodes, addresses, ...pool }, index) => ({
      ...pool,
      nodes: Array.from({ length: pool.count }, (_, node) => ({
        ...identityOf({ ...pool, nodes, addresses }, index, node),
        host: nodes[node]?.host,
        gpus: nodes[node]?.gpus,
      })),
    })),
    network: { ...network, dns: network.dns.length === 0 ? [network.gateway] : network.dns },
    cluster: { ...cluster, bootstrap: finishBootstrap(stack, cluster.bootstrap) },
    ingress,
    models: named(models),
    gateway,
    ...stagesOf(data),
  };
}

/** The Profile of a stack on a cluster that is there already. */
export function finishExisting(stack: string, data: z.output<typeof existingStackSchema>): ExistingProfile {
  const { platform, pools, network, ingress, models, gateway } = data;
  return { stack, platform, pools, network, ingress, models: named(models), gateway, ...stagesOf(data) };
}
