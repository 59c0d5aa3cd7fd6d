/** Values of KubeRay's chart. Names as in helm-chart/kuberay-operator/values.yaml of v1.6. */
import type { KubeRayPlan } from "../../plan/stages/kubeRay";
import { namespaceManifest, pullSecrets, type Manifest } from "../manifest";
import { sortKeys, type JsonObject } from "../text";

/** User of the operator's image (distroless `nonroot`). @see ray-operator/Dockerfile */
const user = 65532;

/** The values: one operator with a leader election, for one namespace, with nothing it does not need. */
export function kubeRayValues(plan: KubeRayPlan): JsonObject {
  const { image, watchNamespace, scheduling, memoryMib } = plan;
  return sortKeys({
    ...pullSecrets(plan),
    fullnameOverride: "kuberay-operator",
    image: { repository: image.repository, tag: image.tag },
    // More CPU than the chart's 100m: it is idle but for minutes in which everybody waits for it.
    resources: { requests: { cpu: "100m", memory: `${memoryMib}Mi` }, limits: { cpu: "1", memory: `${memoryMib}Mi` } },
    watchNamespace: [watchNamespace],
    leaderElectionEnabled: true,
    batchScheduler: { name: "" },
    featureGates: [
      { name: "RayClusterStatusConditions", enabled: true },
      { name: "RayServiceIncrementalUpgrade", enabled: false },
    ],
    env: [
      { name: "ENABLE_INIT_CONTAINER_INJECTION", value: "true" },
      { name: "ENABLE_PROBES_INJECTION", value: "true" },
    ],
    metrics: { enabled: true },
    podSecurityContext: { runAsUser: user, runAsGroup: user, seccompProfile: { type: "RuntimeDefault" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    },
    nodeSelector: scheduling.nodeSelector,
    tolerations: scheduling.tolerations.map((toleration) => ({ ...toleration })),
  });
}

/** Its namespace, which takes pods of the level `restricted` only. */
export const kubeRayNamespace = ({ namespace }: KubeRayPlan): Manifest => namespaceManifest(namespace, "restricted");
