import { z } from "zod";
import type { CheckFailure, Diff } from "../provider";
import { detailedDiff } from "../detailedDiff";
import { hasUnknown, reveal, type Properties } from "../values";
import { activeCluster, isOtherCluster, parseKubeconfig, type Kubeconfig } from "./kubeconfig";
import { isMap } from "./object";

/** Where helm keeps its things; what is not given is helm's own default. */
export interface HelmSettings {
  readonly driver?: string | undefined;
  readonly pluginsPath?: string | undefined;
  readonly registryConfigPath?: string | undefined;
  readonly repositoryConfigPath?: string | undefined;
  readonly repositoryCache?: string | undefined;
}

/** The provider's arguments, each with its environment variable and default. */
export interface Settings {
  /** Content or path; undefined means the kubeconfig of the environment. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
  readonly configMapMutable: boolean;
  readonly secretMutable: boolean;
  readonly patchForce: boolean;
  readonly upsert: boolean;
  readonly deleteUnreachable: boolean;
  readonly skipUpdateUnreachable: boolean;
  readonly helm: HelmSettings;
}

/** What only the official plugin has. */
const REFUSED = ["renderYamlToDirectory", "alwaysRender"];
const IMPLEMENTED_ONLY = "this stand-in does not implement it; it needs the official kubernetes plugin";

const helmSchema = z.object({
  driver: z.string().optional(),
  pluginsPath: z.string().optional(),
  registryConfigPath: z.string().optional(),
  repositoryConfigPath: z.string().optional(),
  repositoryCache: z.string().optional(),
});

/** Arguments travel as text; booleans and objects as JSON in it. Empty text is no value. */
function textOf(config: Properties, name: string): string | undefined {
  const value = reveal(config[name] ?? null);
  if (value === null || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

const isTrue = (config: Properties, name: string, variable: string): boolean =>
  (textOf(config, name) ?? process.env[variable]) === "true";

export function parseSettings(config: Properties): Settings {
  return {
    kubeconfig: textOf(config, "kubeconfig"),
    context: textOf(config, "context"),
    cluster: textOf(config, "cluster"),
    namespace: textOf(config, "namespace"),
    configMapMutable: isTrue(config, "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
    secretMutable: isTrue(config, "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    patchForce: isTrue(config, "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
    upsert: isTrue(config, "upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
    deleteUnreachable: isTrue(config, "deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
    skipUpdateUnreachable: isTrue(config, "skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
    helm: helmSchema.parse(JSON.parse(textOf(config, "helmReleaseSettings") ?? "{}")),
  };
}

/** What is wrong with the provider's arguments. */
export function checkConfig(config: Properties): readonly CheckFailure[] {
  const failures = REFUSED.filter((name) => (textOf(config, name) ?? "false") !== "false").map((property) => ({
    property,
    reason: IMPLEMENTED_ONLY,
  }));
  const serverSideApply = textOf(config, "enableServerSideApply") ?? process.env["PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY"];
  if (serverSideApply === "false") {
    failures.push({ property: "enableServerSideApply", reason: `false: ${IMPLEMENTED_ONLY}` });
  }
  return failures;
}

/**
 * Another cluster behind the kubeconfig's context replaces the provider and so every resource; any other change updates
 * the provider. A `clusterIdentifier` decides instead, where both have one.
 * @see pulumi-kubernetes v4.32.0, provider/pkg/provider/provider.go, DiffConfig
 */
export function diffConfig(olds: Properties, news: Properties): Diff {
  const changes = detailedDiff(withoutInternals(olds), withoutInternals(news));
  const changed = (name: string): boolean => [...changes.keys()].some((path) => path.split(/[.[]/)[0] === name);
  const named = textOf(olds, "clusterIdentifier") !== undefined && textOf(news, "clusterIdentifier") !== undefined;
  if (named) return { changes, replaces: new Set(changed("clusterIdentifier") ? ["clusterIdentifier"] : []) };
  const decisive = ["kubeconfig", "context", "cluster"];
  const unknown = decisive.find((name) => hasUnknown(news[name] ?? null));
  if (unknown !== undefined) return { changes, replaces: new Set([unknown]) };
  const other = isOtherCluster(clusterOf(olds), clusterOf(news));
  return { changes, replaces: new Set(other ? decisive.filter(changed) : []) };
}

function withoutInternals(config: Properties): Properties {
  const hidden = (key: string): boolean => key.startsWith("__") || key === "version" || key === "pluginDownloadURL";
  return Object.fromEntries(Object.entries(config).filter(([key]) => !hidden(key)));
}

function clusterOf(config: Properties): ReturnType<typeof activeCluster> {
  const { kubeconfig, context, cluster } = parseSettings(isMap(config) ? config : {});
  return activeCluster(kubeconfig === undefined ? undefined : tryParse(kubeconfig), { context, cluster });
}

function tryParse(kubeconfig: string): Kubeconfig | undefined {
  try {
    return parseKubeconfig(kubeconfig);
  } catch {
    return undefined;
  }
}
