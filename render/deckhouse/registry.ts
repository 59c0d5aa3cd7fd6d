/** Where Deckhouse's images come from: the installer's, and what the cluster is told. */
import type { JsonObject } from "../text";
import { secretRef } from "./objects";
import type { DeckhouseInput } from "../../plan/deckhouse/types";

/** Name of the secret with the licence key. */
export const licenceSecret = "deckhouseLicenseKey";
/** Name of the secret with `{"auths":{...}}` in base64, as InitConfiguration wants it. */
export const dockerConfigSecret = "deckhouseDockerConfig";

const publicRegistry = "registry.deckhouse.io/deckhouse";

/** Repository of the edition's images. */
export const imagesRepo = ({ registry, cluster }: DeckhouseInput): string =>
  registry?.imagesRepo ?? `${publicRegistry}/${cluster.edition.toLowerCase()}`;

/** Whether pulling needs the licence key. */
export const needsLicence = ({ cluster }: DeckhouseInput): boolean => cluster.edition !== "CE";

const channels = {
  Alpha: "alpha",
  Beta: "beta",
  EarlyAccess: "early-access",
  Stable: "stable",
  RockSolid: "rock-solid",
} as const;

/** The installer's image: of the channel, so that a new cluster starts with what the channel has now. */
export function installerImage(input: DeckhouseInput): string {
  const tag = input.registry?.version ?? channels[input.cluster.releaseChannel];
  return `${imagesRepo(input)}/install:${tag}`;
}

/** Host, and port where it has one, of the registry. */
export const registryHost = (input: DeckhouseInput): string => imagesRepo(input).split("/")[0] ?? "";

/**
 * Whether the version takes registry access only in InitConfiguration: before 1.75.
 * @see https://github.com/deckhouse/deckhouse CHANGELOG/CHANGELOG-v1.75.md
 */
export function isLegacy({ registry }: DeckhouseInput): boolean {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(registry?.version ?? "") ?? [];
  return major !== undefined && (Number(major) < 1 || (Number(major) === 1 && Number(minor) < 75));
}

const isDefault = (input: DeckhouseInput): boolean => input.cluster.edition === "CE" && input.registry === undefined;

/** `settings.registry` of the module `deckhouse`; undefined where Deckhouse's own default is right. @see modules/002-deckhouse/openapi/config-values.yaml */
export function registrySettings(input: DeckhouseInput): JsonObject | undefined {
  if (isLegacy(input) || isDefault(input)) return undefined;
  const { mode = "Unmanaged", scheme = "HTTPS", ca } = input.registry ?? {};
  const access = {
    imagesRepo: imagesRepo(input),
    scheme,
    ...(ca === undefined ? {} : { ca }),
    ...(needsLicence(input) ? { license: secretRef(licenceSecret) } : {}),
  };
  return { mode, [mode.toLowerCase()]: access };
}

/** InitConfiguration, for versions that need it; undefined for all others. */
export function initConfiguration(input: DeckhouseInput): JsonObject | undefined {
  if (!isLegacy(input)) return undefined;
  const { scheme = "HTTPS", ca } = input.registry ?? {};
  return {
    apiVersion: "deckhouse.io/v1",
    kind: "InitConfiguration",
    deckhouse: {
      imagesRepo: imagesRepo(input),
      registryScheme: scheme,
      ...(ca === undefined ? {} : { registryCA: ca }),
      ...(needsLicence(input) ? { registryDockerCfg: secretRef(dockerConfigSecret) } : {}),
    },
  };
}
