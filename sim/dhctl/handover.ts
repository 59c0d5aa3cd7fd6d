/**
 * A real control plane in place of the simulated API: what the installer would have put on the master is then put into a real
 * Kubernetes, and the master's `kubectl` is the real one. The installer itself and Deckhouse's controllers stay simulated.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import type { Document } from "./documents";
import { worldDirectory } from "./world";

/** The cluster that is handed over, as `real.json` in the directory of the world. */
const realClusterSchema = z.strictObject({
  /** Path of the real kubectl. */
  kubectl: z.string(),
  /** Path of a kubeconfig with all rights. */
  kubeconfig: z.string(),
  /** Files with the definitions that Deckhouse brings whatever modules are on. */
  definitions: z.array(z.string()),
});
export type RealCluster = z.output<typeof realClusterSchema>;

/** Name of that file. */
export const realClusterFile = "real.json";

/** The cluster to hand over; undefined where the API is simulated. @throws Error when the file is not whole */
export function realCluster(): RealCluster | undefined {
  const file = join(worldDirectory(), realClusterFile);
  return existsSync(file) ? realClusterSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
}

/** Seconds that one call may take: the server may have started this moment. */
const patience = "30s";

function kubectl({ kubectl: command, kubeconfig }: RealCluster, args: readonly string[], input = ""): string {
  const all = ["--kubeconfig", kubeconfig, `--request-timeout=${patience}`, ...args];
  const { status, stdout, stderr } = spawnSync(command, all, { input, encoding: "utf8" });
  if (status !== 0) throw new Error(`kubectl ${args[0] ?? ""}: ${stderr.trim()}`);
  return stdout;
}

const apply = (cluster: RealCluster, objects: readonly object[]): string =>
  kubectl(
    cluster,
    ["apply", "--server-side", "--force-conflicts", "--field-manager=deckhouse", "-f", "-"],
    objects.map((object) => stringify(object)).join("---\n"),
  );

/** What the installer leaves on the master's disk as its administrator's kubeconfig. */
export const adminConfOf = ({ kubeconfig }: RealCluster): string => readFileSync(kubeconfig, "utf8");

/** uid of the cluster, as everybody tells clusters apart. */
export const uidOf = (cluster: RealCluster): string =>
  kubectl(cluster, ["get", "ns", "kube-system", "-o", "jsonpath={.metadata.uid}"]);

const labels = { app: "deckhouse" } as const;

/** The Deployment by which a master is seen to have Deckhouse; it has no pods, as nothing of Deckhouse runs. */
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "deckhouse", namespace: "d8-system" },
  spec: {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "deckhouse", image: "simulated" }] } },
  },
} as const;

/** Brings Deckhouse's own objects into the cluster, as the installer does; done again, it changes nothing. */
export function installInto(cluster: RealCluster, documents: readonly Document[]): void {
  const text = cluster.definitions.map((file) => readFileSync(file, "utf8")).join("---\n");
  kubectl(cluster, ["apply", "--server-side", "--force-conflicts", "--field-manager=deckhouse", "-f", "-"], text);
  kubectl(cluster, ["wait", "--for=condition=Established", "--timeout=60s", "-f", "-"], text);
  const configuration = documents.find(({ kind }) => kind === "ClusterConfiguration");
  apply(cluster, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "d8-system" } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "d8-cluster-configuration", namespace: "kube-system" },
      data: { "cluster-configuration.yaml": Buffer.from(stringify(configuration)).toString("base64") },
    },
    ...documents.filter(({ kind }) => kind === "ModuleConfig"),
    // Deckhouse makes the masters' group by itself.
    { apiVersion: "deckhouse.io/v1", kind: "NodeGroup", metadata: { name: "master" }, spec: { nodeType: "Static" } },
    deployment,
  ]);
}
