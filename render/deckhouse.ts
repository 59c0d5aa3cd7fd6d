/** A Deckhouse cluster as text and objects: the door of `deckhouse/`. */
import { groupName, nodeCount } from "../plan/deckhouse/groups";
import { caObjects, userObjects } from "./deckhouse/access";
import { clusterConfiguration, staticClusterConfiguration } from "./deckhouse/clusterConfiguration";
import { ingressObjects } from "./deckhouse/ingress";
import { firstModules, moduleConfigs, moduleId } from "./deckhouse/modules";
import { nodeConfigurations } from "./deckhouse/nodeConfigurations";
import { nodeObjects } from "./deckhouse/nodes";
import { secretsIn, toDocuments, type ClusterObject } from "./deckhouse/objects";
import { initConfiguration, installerImage, needsLicence, registryHost } from "./deckhouse/registry";
import { storageObjects } from "./deckhouse/storage";
import type { DeckhouseInput } from "../plan/deckhouse/types";

export { encodePasswordHash, caKeySecret, passwordSecret } from "./deckhouse/access";
export { daySettings } from "./deckhouse/clusterConfiguration";
export { rewriteServer } from "./deckhouse/kubeconfig";
export { nodeKeySecret } from "./deckhouse/nodes";
export type { ClusterObject } from "./deckhouse/objects";
export { dockerConfigSecret, licenceSecret } from "./deckhouse/registry";
export { cephSecret } from "./deckhouse/storage";
export type * from "../plan/deckhouse/types";

/** A cluster, rendered. No secret is in it: `${secret: <name>}` stands where one belongs. */
export interface RenderedDeckhouse {
  /** What the installer gets, several YAML documents. */
  readonly bootstrap: string;
  /** Image of the installer. */
  readonly image: string;
  /** Registry that asks for the licence key, with the host it is asked by; undefined for CE. */
  readonly licensedRegistry: string | undefined;
  /** The registry whose CA the host with the installer has to be told, with that CA (PEM); undefined where every system knows it. */
  readonly privateRegistry: { readonly host: string; readonly ca: string } | undefined;
  /** What is kept in the cluster, in an order that respects `after`. */
  readonly objects: readonly ClusterObject[];
  /** Names of the secrets that stand in `bootstrap`. */
  readonly bootstrapSecrets: readonly string[];
  /** How many nodes each NodeGroup has when it is complete. */
  readonly pools: readonly { readonly name: string; readonly count: number }[];
}

/** All objects that are kept in the cluster. */
function clusterObjects(input: DeckhouseInput): readonly ClusterObject[] {
  const metallb = moduleId(input, "metallb");
  const ingress = moduleId(input, "ingress-nginx");
  const certManager = moduleId(input, "cert-manager");
  return [
    ...moduleConfigs(input),
    ...nodeConfigurations(input),
    ...nodeObjects(input),
    ...storageObjects(input, moduleId(input, "csi-ceph")),
    ...ingressObjects(input, { metallb, ingress }),
    ...caObjects(input.internalCa, certManager),
    ...userObjects(input, moduleId(input, "user-authn")),
  ];
}

/** Renders a cluster. Same input, same bytes. */
export function renderDeckhouse(input: DeckhouseInput): RenderedDeckhouse {
  const objects = clusterObjects(input);
  const first = objects.filter(({ kind, name }) => kind === "ModuleConfig" && firstModules.some((one) => one === name));
  const init = initConfiguration(input);
  const ca = input.registry?.ca;
  const documents = [
    clusterConfiguration(input),
    staticClusterConfiguration(input),
    ...(init === undefined ? [] : [init]),
    ...first.map(({ manifest }) => manifest),
  ];
  return {
    bootstrap: toDocuments(documents),
    image: installerImage(input),
    licensedRegistry: needsLicence(input) ? registryHost(input) : undefined,
    privateRegistry: ca === undefined ? undefined : { host: registryHost(input), ca },
    objects,
    bootstrapSecrets: secretsIn(documents),
    pools: input.pools.map((pool) => ({ name: groupName(pool), count: nodeCount(pool) })),
  };
}
