/** The gateway's objects: what it runs, what it is told, and how it is reached in the cluster. */
import { createHash } from "node:crypto";
import type { GatewayPlan } from "../../plan/stages/gateway";
import { objectNames, ports } from "../../plan/stages/names";
import { renderClusterGatewayConfig, type ClusterGateway } from "../gatewayConfig";
import { containerSecurity, labelsOf, podBase, type Manifest } from "../manifest";
import { sortKeys, toJson, type JsonObject } from "../text";
import { gatewayFileNames, gatewayNames, mounts, mountsOf, volumesOf } from "./gatewayVolumes";
import { quotaCaFile, quotaPasswordFile, quotaStoreUrl } from "./quotaStore";

export { gatewayFileNames, gatewayNames } from "./gatewayVolumes";

const name = objectNames.gateway;
const labels = labelsOf("gateway");

/** User `node` of its image. @see https://github.com/nodejs/docker-node (Dockerfile) */
const nodeUser = 1000;

const metadata = (called: string, { namespace }: GatewayPlan) => ({ name: called, namespace, labels });

/** What the gateway is told. */
export function clusterGateway(plan: GatewayPlan): ClusterGateway {
  const { policy, issuer, upstreamUrl, routes, roles, replicas, trustedProxies, gracePeriodSeconds } = plan;
  const { tokensPerMinute, peopleRole, oidc, quotaStore } = plan;
  return {
    policy,
    port: ports.gateway,
    metricsPort: ports.gatewayMetrics,
    issuer,
    upstreamUrl,
    routes,
    mounts: {
      signingKeys: mounts.keys,
      users: `${mounts.users}/${gatewayFileNames.users}`,
      maintenanceFlag: `${mounts.announce}/down`,
    },
    roles,
    replicas,
    trustedProxies,
    gracePeriodSeconds,
    maintenanceRetrySeconds: plan.maintenanceSeconds,
    ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
    ...(peopleRole === undefined ? {} : { peopleRole }),
    ...(oidc === undefined ? {} : { oidc }),
    ...(quotaStore === undefined
      ? {}
      : {
          redis: {
            url: quotaStoreUrl(plan),
            passwordFile: `${mounts.quota}/${quotaPasswordFile}`,
            ...(quotaStore.tls ? { caFile: `${mounts.quota}/${quotaCaFile}` } : {}),
          },
        }),
  };
}

/** Its configuration as a ConfigMap that is mounted as a directory, so that a running gateway sees changes. */
export const gatewayConfigManifest = (plan: GatewayPlan): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: metadata(gatewayNames.config, plan),
  data: {
    [gatewayFileNames.config]: toJson(renderClusterGatewayConfig(clusterGateway(plan))),
    ...(plan.trusted === undefined ? {} : { [gatewayFileNames.trusted]: plan.trusted }),
  },
});

/** The gateway as one file. @param program text of the bundle */
export const gatewayProgramManifest = (plan: GatewayPlan, program: string): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: metadata(gatewayNames.program, plan),
  data: { [gatewayFileNames.program]: program },
});

/** A Secret of the gateway, without what is in it. */
export const gatewaySecretManifest = (plan: GatewayPlan, part: "keys" | "users"): Manifest => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: metadata(gatewayNames[part], plan),
  type: "Opaque",
});

/** What a running gateway takes over from a changed file. @see gateway/liveConfig.ts; a test holds the two together */
const live = { keys: ["roles", "readiness", "maintenance"], limits: ["requestsPerMinute", "tokensPerMinute"] };

const without = (group: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(group).filter(([key]) => !keys.includes(key)));

/** Names what needs other pods: the program, and what of the configuration a running gateway does not follow. */
export function restartHash(plan: GatewayPlan, program: string): string {
  const config = without(renderClusterGatewayConfig(clusterGateway(plan)), live.keys);
  const limits = without({ ...plan.policy.limits }, live.limits);
  const text = toJson({ ...config, limits });
  return createHash("sha256")
    .update(program)
    .update("\n")
    .update(text)
    .update(plan.trusted ?? "")
    .digest("hex")
    .slice(0, 16);
}

/** Annotation of the pods with what they cannot follow. */
export const restartAnnotation = "tokenrack/restart";

const probe = (path: string, periodSeconds: number, failureThreshold: number): JsonObject => ({
  httpGet: { path, port: "http" },
  periodSeconds,
  failureThreshold,
  timeoutSeconds: 5,
});

/** Certificates beside its configuration. Node.js reads them once, when it starts. */
const trusting = ({ trusted }: GatewayPlan): JsonObject =>
  trusted === undefined
    ? {}
    : { env: [{ name: "NODE_EXTRA_CA_CERTS", value: `${mounts.config}/${gatewayFileNames.trusted}` }] };

function container(plan: GatewayPlan): JsonObject {
  const { image, resources } = plan;
  const { cpu, memoryMib, memoryLimitMib } = resources;
  return {
    name,
    image,
    command: [
      "node",
      `${mounts.program}/${gatewayFileNames.program}`,
      "--config",
      `${mounts.config}/${gatewayFileNames.config}`,
    ],
    ...trusting(plan),
    ports: [
      { name: "http", containerPort: ports.gateway },
      { name: "metrics", containerPort: ports.gatewayMetrics },
    ],
    // Not whether the engine is alive: only a gateway that is reached can say that it is not.
    readinessProbe: probe("/readyz/gateway", 5, 1),
    livenessProbe: probe("/healthz", 15, 4),
    resources: { requests: { cpu, memory: `${memoryMib}Mi` }, limits: { memory: `${memoryLimitMib}Mi` } },
    securityContext: containerSecurity(),
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: mountsOf(plan),
  };
}

const apart: JsonObject = {
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: labels } },
      },
    ],
  },
};

/** Its pods. It needs no preStop: told to end, it is not ready and still takes requests until balancers have noticed. */
export function gatewayDeployment(plan: GatewayPlan, program: string): Manifest {
  const { scheduling, gracePeriodSeconds } = plan;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(name, plan),
    spec: sortKeys({
      replicas: plan.replicas,
      selector: { matchLabels: labels },
      // Never fewer than wanted.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: { [restartAnnotation]: restartHash(plan, program) } },
        spec: {
          ...podBase(scheduling, plan, nodeUser),
          affinity: apart,
          terminationGracePeriodSeconds: gracePeriodSeconds,
          containers: [container(plan)],
          volumes: volumesOf(plan),
        },
      },
    }),
  };
}

/** Where it is reached in the cluster; a disruption budget only where one pod may go and another stays. */
export function gatewayManifests(plan: GatewayPlan): { service: Manifest; budget: Manifest | undefined } {
  const service: Manifest = {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(name, plan),
    spec: {
      selector: labels,
      ports: [
        { name: "http", port: 80, targetPort: "http" },
        { name: "metrics", port: ports.gatewayMetrics, targetPort: "metrics" },
      ],
    },
  };
  if (plan.replicas === 1) return { service, budget: undefined };
  const budget: Manifest = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metadata(name, plan),
    spec: { minAvailable: 1, selector: { matchLabels: labels } },
  };
  return { service, budget };
}

/** Base of its API in the cluster. */
export const clusterUrl = ({ namespace }: GatewayPlan): string => `http://${name}.${namespace}.svc/v1`;
