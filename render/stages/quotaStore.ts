/**
 * The Valkey in which the gateway's replicas count together. It keeps nothing on a disk: when it starts anew, so does the
 * minute, and while it is gone each replica serves its share.
 */
import type { GatewayPlan, QuotaStorePlan } from "../../plan/stages/gateway";
import { objectNames, ports } from "../../plan/stages/names";
import { containerSecurity, labelsOf, podBase, type Manifest } from "../manifest";
import { sortKeys, type JsonObject } from "../text";
import { ownCertificate } from "./ownCertificate";

const name = objectNames.valkey;
const labels = labelsOf("valkey");
const mount = "/var/run/quota";

/** User `valkey` of its image. @see https://github.com/valkey-io/valkey-container (Dockerfile) */
const valkeyUser = 999;

/** Key of its Secret. */
export const quotaPasswordFile = "password";

const host = ({ namespace }: GatewayPlan): string => `${name}.${namespace}.svc`;

/** Where the gateway finds it. Without TLS the password goes in the clear, to one pod that only the gateway reaches: that is told. */
export const quotaStoreUrl = (plan: GatewayPlan): string =>
  `${plan.quotaStore?.tls === true ? "rediss" : "redis"}://${host(plan)}:${ports.valkey}`;

/** Secret that cert-manager puts its certificate into. */
export const quotaTlsName = `${name}-tls`;
/** Key there of what signed it: itself. */
export const quotaCaFile = "ca.crt";

/** What the gateway asks it for, and what its client does when it connects. @see gateway/sharingConfig.ts */
const commands = ["eval", "evalsha", "hmget", "hset", "pexpire", "time", "info", "ping", "select"];

const tlsFlags = (directory: string): string =>
  `--port 0 --tls-port ${ports.valkey} --tls-auth-clients no --tls-cert-file ${directory}/tls.crt --tls-key-file ${directory}/tls.key --tls-ca-cert-file ${directory}/${quotaCaFile}`;

/**
 * The password is read from a file by the shell: it is in no command line and no environment. Every key has a time to live,
 * so the soonest to end makes room.
 */
export const quotaStoreStart = (
  { memoryMib, tls }: Pick<QuotaStorePlan, "memoryMib" | "tls">,
  directory = mount,
): string => `umask 077
acl=$(mktemp)
printf 'user default on >%s ~tokenrack:* resetchannels -@all ${commands.map((one) => `+${one}`).join(" ")}\\n' "$(cat ${directory}/${quotaPasswordFile})" >"$acl"
exec valkey-server ${tls ? tlsFlags(directory) : `--port ${ports.valkey}`} --aclfile "$acl" --save '' --appendonly no --maxmemory ${memoryMib}mb --maxmemory-policy volatile-ttl`;

const metadata = ({ namespace }: GatewayPlan) => ({ name, namespace, labels });

const container = ({ image, memoryMib, tls }: QuotaStorePlan): JsonObject => ({
  name,
  image,
  command: ["/bin/sh", "-c", quotaStoreStart({ memoryMib, tls })],
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

/** Secrets as one directory. */
const secrets = (...names: readonly string[]): JsonObject =>
  names.length === 1
    ? { secret: { secretName: names[0] ?? "", defaultMode: 0o440 } }
    : { projected: { defaultMode: 0o440, sources: names.map((one) => ({ secret: { name: one } })) } };

/** Spec of its Deployment. @param revision of its password */
export function quotaStoreSpec(plan: GatewayPlan, revision: string): JsonObject {
  const { quotaStore, scheduling } = plan;
  if (quotaStore === undefined) return {};
  return sortKeys({
    replicas: 1,
    selector: { matchLabels: labels },
    strategy: { type: "Recreate" },
    template: {
      metadata: { labels, annotations: { [revisionAnnotation]: revision } },
      spec: {
        ...podBase(scheduling, plan, valkeyUser),
        containers: [container(quotaStore)],
        volumes: [
          { name: "quota", ...secrets(name, ...(quotaStore.tls ? [quotaTlsName] : [])) },
          { name: "tmp", emptyDir: { sizeLimit: "1Mi" } },
        ],
      },
    },
  });
}

/** Its objects, the Secret without its password; undefined where each replica counts alone. */
export function quotaStoreManifests(
  plan: GatewayPlan,
):
  | Readonly<
      Record<"secret" | "deployment" | "service", Manifest> & Partial<Record<"issuer" | "certificate", Manifest>>
    >
  | undefined {
  if (plan.quotaStore === undefined) return undefined;
  const [issuer, certificate] = ownCertificate(quotaTlsName, host(plan), { namespace: plan.namespace, labels });
  return {
    secret: { apiVersion: "v1", kind: "Secret", metadata: metadata(plan), type: "Opaque" },
    ...(plan.quotaStore.tls ? { issuer, certificate } : {}),
    deployment: { apiVersion: "apps/v1", kind: "Deployment", metadata: metadata(plan), spec: quotaStoreSpec(plan, "") },
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(plan),
      spec: { selector: labels, ports: [{ name: "valkey", port: ports.valkey, targetPort: "valkey" }] },
    },
  };
}
