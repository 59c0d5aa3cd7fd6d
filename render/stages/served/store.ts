/**
 * The store of the state of Ray's head: one Valkey with a password, TLS alone and a volume. One, because it is only asked
 * when a head starts or its state changes: while it restarts, models answer.
 */
import type { FaultTolerancePlan, ServedPlan } from "../../../plan/stages/served";
import { ports } from "../../../plan/stages/names";
import { containerSecurity, labelsOf, podBase, type Manifest } from "../../manifest";
import type { JsonObject } from "../../text";
import { ownCertificate } from "../ownCertificate";
import { storeName, storeTlsName } from "./pods";

/** User `valkey` of its image. @see https://github.com/valkey-io/valkey-container (Dockerfile) */
const valkeyUser = 999;

/** The password is read from a file by the shell: it is in no command line and no environment. Lua and administration are off for it. */
const start = `umask 077
printf 'user default on >%s ~* &* +@all -@admin -@scripting -@dangerous +info +keys +flushdb +client\\n' "$(cat /var/run/store/password)" >/tmp/users.acl
exec valkey-server --port 0 --tls-port ${ports.valkey} --tls-auth-clients no \\
  --tls-cert-file /var/run/store/tls.crt --tls-key-file /var/run/store/tls.key --tls-ca-cert-file /var/run/store/ca.crt \\
  --aclfile /tmp/users.acl --appendonly yes --dir /data`;

const metadata = ({ namespace }: ServedPlan): Manifest["metadata"] => ({
  name: storeName,
  namespace,
  labels: labelsOf("ray-store"),
});

const container = ({ image }: FaultTolerancePlan): JsonObject => ({
  name: "valkey",
  image,
  command: ["/bin/sh", "-c", start],
  ports: [{ name: "store", containerPort: ports.valkey }],
  readinessProbe: { tcpSocket: { port: ports.valkey }, periodSeconds: 5 },
  resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
  securityContext: containerSecurity(),
  volumeMounts: [
    { name: "data", mountPath: "/data" },
    { name: "store", mountPath: "/var/run/store", readOnly: true },
    { name: "tmp", mountPath: "/tmp" },
  ],
});

function statefulSet(plan: ServedPlan, store: FaultTolerancePlan): Manifest {
  const { storageClass } = store;
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: metadata(plan),
    spec: {
      serviceName: storeName,
      replicas: 1,
      selector: { matchLabels: labelsOf("ray-store") },
      template: {
        metadata: { labels: labelsOf("ray-store") },
        spec: {
          ...podBase(store.scheduling, plan, valkeyUser),
          containers: [container(store)],
          volumes: [
            {
              name: "store",
              projected: {
                defaultMode: 0o440,
                sources: [{ secret: { name: storeName } }, { secret: { name: storeTlsName } }],
              },
            },
            { name: "tmp", emptyDir: { sizeLimit: "16Mi" } },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: {
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage: `${store.storageGib}Gi` } },
            ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
          },
        },
      ],
    },
  };
}

/** The objects of the store, and its Secret without what is secret: `password`. */
export function storeManifests(plan: ServedPlan): { secret: Manifest; others: readonly Manifest[] } | undefined {
  const { faultTolerance } = plan;
  if (faultTolerance === undefined) return undefined;
  // cert-manager is there, as it makes the certificate of the API.
  const certificate = ownCertificate(storeTlsName, `${storeName}.${plan.namespace}.svc`, {
    namespace: plan.namespace,
    labels: labelsOf("ray-store"),
  });
  const service: Manifest = {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(plan),
    spec: { selector: labelsOf("ray-store"), ports: [{ name: "store", port: ports.valkey, targetPort: "store" }] },
  };
  const secret: Manifest = { apiVersion: "v1", kind: "Secret", metadata: metadata(plan), type: "Opaque" };
  return { secret, others: [...certificate, service, statefulSet(plan, faultTolerance)] };
}
