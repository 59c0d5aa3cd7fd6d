/** ModuleConfigs: Deckhouse's switches and their settings. */
import { moduleNames, type ModuleName } from "../../catalog/deckhouse";
import { defaultStorageClass, tolerationKeys, tolerationsOn } from "../../plan/deckhouse/groups";
import type { DeckhouseInput } from "../../plan/deckhouse/types";
import { sortKeys, type JsonObject } from "../text";
import { clusterObject, type ClusterObject } from "./objects";
import { registrySettings } from "./registry";

/** Version of a module's settings; a module without settings has none. @see the modules' `x-config-version` */
const settingsVersions: Readonly<Partial<Record<ModuleName, number>>> = {
  "cert-manager": 1,
  "cni-cilium": 1,
  deckhouse: 1,
  global: 2,
  "ingress-nginx": 1,
  metallb: 2,
  "user-authn": 2,
};

/** Modules that have to be known before the first pod of the platform runs. */
export const firstModules: readonly ModuleName[] = ["cni-cilium", "deckhouse", "global"];

const some = (list: readonly unknown[] | undefined): boolean => (list ?? []).length > 0;

/** Whether a module is on when nobody switched it. */
function wanted(input: DeckhouseInput, name: ModuleName): boolean {
  switch (name) {
    case "deckhouse":
    case "global":
    case "cni-cilium":
    case "cert-manager":
      return true;
    case "user-authn":
      return some(input.users);
    case "ingress-nginx":
      return some(input.ingress);
    case "metallb":
      return some(input.ingress);
    case "csi-ceph":
      return some(input.cephClasses);
    case "console":
    case "multitenancy-manager":
    case "operator-trivy":
    case "runtime-audit-engine":
      return false;
  }
}

/** Whether a module is on. */
export const isOn = (input: DeckhouseInput, name: ModuleName): boolean => input.modules?.[name] ?? wanted(input, name);

function globalSettings(input: DeckhouseInput): JsonObject {
  const { publicDomainTemplate } = input.cluster;
  const storage = defaultStorageClass(input);
  const ingressClass = input.platformIngressClass ?? input.ingress?.[0]?.ingressClass;
  const issuer = input.platformIssuer ?? input.internalCa?.name;
  const keys = tolerationKeys(input);
  return {
    ...(storage === undefined ? {} : { defaultClusterStorageClass: storage }),
    modules: {
      ...(publicDomainTemplate === undefined ? {} : { publicDomainTemplate }),
      ...(ingressClass === undefined ? {} : { ingressClass }),
      ...(keys.length === 0 ? {} : { placement: { customTolerationKeys: keys } }),
      https: {
        mode: "CertManager",
        ...(issuer === undefined ? {} : { certManager: { clusterIssuerName: issuer } }),
      },
    },
  };
}

/** Where MetalLB answers: on the controllers' nodes, or on all where controllers differ; each class narrows it to its own. */
function speaker({ ingress = [], pools }: DeckhouseInput): JsonObject {
  const [first, ...others] = ingress.map(({ nodeSelector }) => nodeSelector);
  const same = others.every((one) => JSON.stringify(sortKeys(one)) === JSON.stringify(sortKeys(first ?? {})));
  const nodeSelector = same ? (first ?? {}) : {};
  const tolerations = tolerationsOn(pools, ingress);
  return { nodeSelector, ...(tolerations.length === 0 ? {} : { tolerations }) };
}

function settingsOf(input: DeckhouseInput, name: ModuleName): JsonObject | undefined {
  switch (name) {
    case "deckhouse": {
      const registry = registrySettings(input);
      return {
        bundle: "Default",
        logLevel: "Info",
        releaseChannel: input.cluster.releaseChannel,
        ...(registry === undefined ? {} : { registry }),
      };
    }
    case "global":
      return globalSettings(input);
    case "cni-cilium":
      return { tunnelMode: "VXLAN" };
    case "cert-manager":
      // Its default issuers ask Let's Encrypt, which cannot reach a cluster at home.
      return { disableLetsencrypt: !(input.letsEncrypt ?? input.internalCa === undefined) };
    case "ingress-nginx":
      // No defaultControllerVersion: Deckhouse then takes its own, and an upgrade is not blocked by an old one.
      return { highAvailability: input.pools.some(({ role, nodes }) => role === "master" && nodes.length > 1) };
    case "metallb":
      return { speaker: speaker(input) };
    case "user-authn":
      return {
        // The API server asks Dex, whose certificate is the internal CA's then.
        controlPlaneConfigurator: { dexCAMode: input.internalCa === undefined ? "DoNotNeed" : "FromIngressSecret" },
        publishAPI:
          input.publishApi === true
            ? { enabled: true, https: { mode: "Global", global: { kubeconfigGeneratorMasterCA: "" } } }
            : { enabled: false },
      };
    case "console":
    case "csi-ceph":
    case "multitenancy-manager":
    case "operator-trivy":
    case "runtime-audit-engine":
      return undefined;
  }
}

function moduleConfig(input: DeckhouseInput, name: ModuleName): ClusterObject {
  const enabled = isOn(input, name);
  const settings = enabled ? settingsOf(input, name) : undefined;
  const version = settingsVersions[name];
  const spec = {
    // `global` is no module: it has settings and nothing to switch.
    ...(name === "global" ? {} : { enabled }),
    ...(settings === undefined || version === undefined ? {} : { settings, version }),
  };
  return clusterObject({
    apiVersion: "deckhouse.io/v1alpha1",
    kind: "ModuleConfig",
    name,
    fields: { spec },
    keep: firstModules.includes(name),
  });
}

/** Whether a module has to be spoken of: it is on, or was switched off by hand. */
const isNamed = (input: DeckhouseInput, name: ModuleName): boolean =>
  isOn(input, name) || input.modules?.[name] !== undefined;

/** The ModuleConfigs, by name. */
export const moduleConfigs = (input: DeckhouseInput): readonly ClusterObject[] =>
  moduleNames.filter((name) => isNamed(input, name)).map((name) => moduleConfig(input, name));

/** Id of the ModuleConfig that brings an object's kind; undefined where it is on by Deckhouse itself. */
export const moduleId = (input: DeckhouseInput, name: ModuleName): string | undefined =>
  isNamed(input, name) ? `ModuleConfig/${name}` : undefined;
