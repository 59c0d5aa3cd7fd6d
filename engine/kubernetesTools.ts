import { versions } from "../catalog/versions";
import { UserError } from "../config/errors";
import { findOnPath, parseVersion, satisfies } from "./executables";
import { buildWithGo, type BuildOptions, type GoTool } from "./goBuild";
import { cachedCommand, isCached, versionOf } from "./toolCache";

/** Parts of Kubernetes that a cluster on this machine is made of. */
export type KubernetesPart =
  "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kube-proxy" | "kubelet" | "kubectl";

/** For the person who waits; the first one compiles what all share. Twice as long at the lowest priority. */
const TAKES: Readonly<Record<KubernetesPart, string>> = {
  "kube-apiserver": "4 minutes",
  "kube-controller-manager": "90 s",
  "kube-scheduler": "1 minute",
  "kube-proxy": "1 minute",
  kubelet: "2 minutes",
  kubectl: "30 s",
};

function kubernetesTool(part: KubernetesPart): GoTool {
  const [major = "", minor = ""] = versions.kubernetes.split(".");
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  const variables = packages.flatMap((name) => [
    [`${name}.gitVersion`, `v${versions.kubernetes}`],
    [`${name}.gitMajor`, major],
    [`${name}.gitMinor`, minor],
  ]);
  return {
    name: part,
    version: versions.kubernetes,
    versionArgs: part === "kubectl" ? ["version", "--client"] : ["--version"],
    label: part,
    module: "kubernetes",
    package: `k8s.io/kubernetes/cmd/${part}`,
    variables: Object.fromEntries(variables) as Record<string, string>,
    takes: TAKES[part],
  };
}

const CORE_DNS: GoTool = {
  name: "coredns",
  version: versions.coreDns,
  versionArgs: ["-version"],
  label: "CoreDNS",
  module: "coredns",
  package: ".",
  variables: {},
  takes: "1 minute",
};

const HELM: GoTool = {
  name: "helm",
  version: versions.helm,
  versionArgs: ["version", "--short"],
  label: "Helm",
  module: "helm",
  package: "helm.sh/helm/v3/cmd/helm",
  variables: { "helm.sh/helm/v3/internal/version.version": `v${versions.helm}` },
  takes: "2 minutes",
};

/** The first with `helm get metadata`, which the stand-in asks. @see https://github.com/helm/helm/releases/tag/v3.13.0 */
const OLDEST_HELM = { major: 3, minor: 13, patch: 0 };

/**
 * The path of a part of Kubernetes, of exactly our version: from the cache, else built by Go.
 * @throws UserError when it cannot be built
 */
export const findKubernetes = (part: KubernetesPart, options: BuildOptions): Promise<string> =>
  fromCache(kubernetesTool(part), options);

/**
 * The path of CoreDNS, of exactly our version and with few plugins: from the cache, else built by Go.
 * @throws UserError when it cannot be built
 */
export const findCoreDns = (options: BuildOptions): Promise<string> => fromCache(CORE_DNS, options);

/**
 * The path of Helm: on PATH (3.13 or newer 3.x), else in the cache, else built by Go.
 * @throws UserError when there is none and it cannot be built
 */
export async function findHelm(options: BuildOptions): Promise<string> {
  const ambient = findOnPath("helm", options.env["PATH"]);
  if (ambient !== undefined) {
    const version = parseVersion((await versionOf(ambient, HELM.versionArgs, options.env)) ?? "");
    if (version !== undefined && satisfies(version, OLDEST_HELM)) return ambient;
  }
  return fromCache(HELM, options);
}

async function fromCache(tool: GoTool, options: BuildOptions): Promise<string> {
  const command = cachedCommand(tool, options.cacheDir);
  if (isCached(tool, options.cacheDir)) return command;
  const reason = await buildWithGo(tool, options);
  if (reason === undefined) return command;
  throw new UserError(
    `${tool.label} ${tool.version} is not in ${options.cacheDir} and cannot be built: ${reason}\n` +
      `Fix: install Go 1.26 or newer (https://go.dev/doc/install) and run again.`,
  );
}
