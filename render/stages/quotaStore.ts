/**
 * The Valkey in which the gateway's replicas count together. It keeps nothing on a disk: when it starts anew, so does the
 * minute, and while it is gone each replica serves its share.
 */
import type { GatewayPlan } from "../../plan/stages/gateway";
import { objectNames, ports } from "../../plan/stages/names";
import { containerSecurity, labelsOf, podSecurity, type Manifest } from "../manifest";
import { sortKeys, type JsonObject } from "../text";

const name = objectNames.valkey;
const labels = labelsOf("valkey");
const mount = "/var/run/quota";

/** User `valkey` of its image. @see https://github.com/valkey-io/valkey-container (Dockerfile) */
const valkeyUser = 999;

/** Key of its Secret. */
export const quotaPasswordFile = "password";

/** Where the gateway finds it. The password goes over the cluster's network in the clear, to one pod that only the gateway reaches. */
export const quotaStoreUrl = ({ namespace }: GatewayPlan): string => `redis://${name}.${namespace}.svc:${ports.valkey}`;

/** What the gateway asks it for, and what its client does when it connects. @see gateway/sharingConfig.ts */
const commands = ["eval", "evalsha", "hmget", "hset", "pexpire", "time", "info", "ping", "select"];

/**
 * The password is read from a file by the shell: it is in no command line and no environment. Every key has a time to live,
 * so the soonest to end makes room.
 */
export const quotaStoreStart = (memoryMib: number, passwordFile = `${mount}/${quotaPasswordFile}`): string => `umask 077
acl=$(mktemp)
printf 'user default on >%s ~tokenrack:* resetchannels -@all ${commands.map((one) => `+${one}`).join(" ")}\\n' "$(cat ${passwordFile})" >"$acl"
exec valkey-server --port ${ports.valkey} --aclfile "$acl" --save '' --appendonly no --maxmemory ${memoryMib}mb --maxmemory-policy volatile-ttl`;

const metadata = ({ namespace }: GatewayPlan) => ({ name, namespace, labels });

const container = (image: string, memoryMib: number): JsonObject => ({
  name,
  image,
  command: ["/bin/sh", "-c", quotaStoreStart(memoryMib)],
  ports: [{ name: "valkey", containerPort: ports.valkey }],
  readinessProbe: { tcpSocket: { port: "valkey" }, periodSeconds: 5 },
  livenessProbe: { tcpSocket: { port: "valkey" }, periodSeconds: 15 },
  // Twice what it may keep: a copy of its tables while they grow.
  resources: { requests: { cpu: "50m", memory: `${memoryMib}Mi` }, limits: { memory: `${2 * memoryMib}Mi` } },
  securityContext: containerSecurity(),
  volumeMounts: [
    { name: "quota", mountPath: mount, readOnly: true },
    { name: "tmp", mountPath: "/tmp" },
  ],
});

/** Annotation of its pod with the revision of its password, which it reads once. */
const revisionAnnotation = "tokenrack/secret-revision";

/** Spec of its Deployment. @param revision of its password */
export function quotaStoreSpec({ quotaStore, scheduling }: GatewayPlan, revision: string): JsonObject {
  const { image = "", memoryMib = 0 } = quotaStore ?? {};
  return sortKeys({
    replicas: 1,
    selector: { matchLabels: labels },
    strategy: { type: "Recreate" },
    template: {
      metadata: { labels, annotations: { [revisionAnnotation]: revision } },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: podSecurity(valkeyUser),
        nodeSelector: scheduling.nodeSelector,
        tolerations: scheduling.tolerations.map((one) => ({ ...one })),
        containers: [container(image, memoryMib)],
        volumes: [
          { name: "quota", secret: { secretName: name, defaultMode: 0o440 } },
          { name: "tmp", emptyDir: { sizeLimit: "1Mi" } },
        ],
      },
    },
  });
}

/** Its objects, the Secret without its password; undefined where each replica counts alone. */
export function quotaStoreManifests(
  plan: GatewayPlan,
): Readonly<Record<"secret" | "deployment" | "service", Manifest>> | undefined {
  if (plan.quotaStore === undefined) return undefined;
  return {
    secret: { apiVersion: "v1", kind: "Secret", metadata: metadata(plan), type: "Opaque" },
    deployment: { apiVersion: "apps/v1", kind: "Deployment", metadata: metadata(plan), spec: quotaStoreSpec(plan, "") },
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(plan),
      spec: { selector: labels, ports: [{ name: "valkey", port: ports.valkey, targetPort: "valkey" }] },
    },
  };
}
