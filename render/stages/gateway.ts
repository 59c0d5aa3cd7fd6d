/** The gateway's objects: what it runs, what it is told, and how it is reached in the cluster. */
import { createHash } from "node:crypto";
import type { GatewayPlan } from "../../plan/stages/gateway";
import { objectNames, ports } from "../../plan/stages/names";
import { renderClusterGatewayConfig, type ClusterGateway } from "../gatewayConfig";
import { containerSecurity, labelsOf, podSecurity, type Manifest } from "../manifest";
import { sortKeys, toJson, type JsonObject } from "../text";
import { quotaPasswordFile, quotaStoreUrl } from "./quotaStore";

const name = objectNames.gateway;
const labels = labelsOf("gateway");

/** Objects of this stage besides Deployment, Service and disruption budget, which are called as the gateway is. */
export const gatewayNames = {
  config: name,
  program: `${name}-program`,
  keys: `${name}-keys`,
  users: `${name}-users`,
  /** ConfigMap that nobody makes here: with a key `down` in it, every call is answered 503. */
  announce: `${name}-announce`,
} as const;

/** Keys of its ConfigMaps and Secrets. */
export const gatewayFileNames = {
  program: "gateway.js",
  config: "gateway.json",
  signingKey: "signing.pem",
  previousKey: "previous.pem",
  users: "users.json",
} as const;

const mounts = {
  program: "/program",
  config: "/config",
  keys: "/keys",
  users: "/users",
  announce: "/announce",
  quota: "/quota",
} as const;

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
      : { redis: { url: quotaStoreUrl(plan), passwordFile: `${mounts.quota}/${quotaPasswordFile}` } }),
  };
}

/** Its configuration as a ConfigMap that is mounted as a directory, so that a running gateway sees changes. */
export const gatewayConfigManifest = (plan: GatewayPlan): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: metadata(gatewayNames.config, plan),
  data: { [gatewayFileNames.config]: toJson(renderClusterGatewayConfig(clusterGateway(plan))) },
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
  return createHash("sha256").update(program).update("\n").update(text).digest("hex").slice(0, 16);
}

/** Annotation of the pods with what they cannot follow. */
export const restartAnnotation = "tokenrack/restart";

const readOnly = (volume: keyof typeof mounts): JsonObject => ({
  name: volume,
  mountPath: mounts[volume],
  readOnly: true,
});

const probe = (path: string, periodSeconds: number, failureThreshold: number): JsonObject => ({
  httpGet: { path, port: "http" },
  periodSeconds,
  failureThreshold,
  timeoutSeconds: 5,
});

function container({ image, resources, quotaStore }: GatewayPlan): JsonObject {
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
    volumeMounts: (["program", "config", "keys", "users", "announce"] as const)
      .map(readOnly)
      .concat(quotaStore === undefined ? [] : [readOnly("quota")]),
  };
}

const volumes = ({ quotaStore }: GatewayPlan): JsonObject[] => [
  { name: "program", configMap: { name: gatewayNames.program } },
  { name: "config", configMap: { name: gatewayNames.config } },
  { name: "keys", secret: { secretName: gatewayNames.keys, defaultMode: 0o440 } },
  { name: "users", secret: { secretName: gatewayNames.users, defaultMode: 0o440 } },
  { name: "announce", configMap: { name: gatewayNames.announce, optional: true } },
  ...(quotaStore === undefined
    ? []
    : [{ name: "quota", secret: { secretName: objectNames.valkey, defaultMode: 0o440 } }]),
];

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
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: podSecurity(nodeUser),
          nodeSelector: scheduling.nodeSelector,
          tolerations: scheduling.tolerations.map((one) => ({ ...one })),
          affinity: apart,
          terminationGracePeriodSeconds: gracePeriodSeconds,
          containers: [container(plan)],
          volumes: volumes(plan),
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
