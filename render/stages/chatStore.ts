/**
 * The Valkey by which replicas of Open WebUI tell each other what happens. The chart's own takes no certificate, no login of a
 * registry and no place. It keeps nothing on a disk, and has no password: only the page's pods reach it.
 */
import type { OpenWebUiPlan } from "../../plan/stages/chat";
import { ports } from "../../plan/stages/names";
import { containerSecurity, labelsOf, podBase, type Manifest } from "../manifest";
import { sortKeys, type JsonObject } from "../text";
import { name as page } from "./chat";
import { ownCertificate } from "./ownCertificate";

const name = `${page}-valkey`;
const labels = labelsOf("chat-redis");
const mount = "/var/run/tls";

/** User `valkey` of its image. @see https://github.com/valkey-io/valkey-container (Dockerfile) */
const valkeyUser = 999;

/** Secret that cert-manager puts its certificate into, and the key there of what signed it: itself. */
export const storeTls = { secret: `${name}-tls`, ca: "ca.crt" } as const;

const host = ({ namespace }: OpenWebUiPlan): string => `${name}.${namespace}.svc`;

/**
 * Where the page finds it; undefined for one replica. What the address asks for at its end is an argument of redis-py's
 * connection. @see https://redis.readthedocs.io/en/stable/connections.html#redis.Redis.from_url
 * @param directory of `storeTls.secret` in the page's pods
 */
export const chatStoreUrl = (plan: OpenWebUiPlan, directory: string): string | undefined => {
  if (plan.store === undefined) return undefined;
  const { tls } = plan.store;
  const at = `${host(plan)}:${ports.valkey}/0`;
  return tls ? `rediss://${at}?ssl_ca_certs=${directory}/${storeTls.ca}` : `redis://${at}`;
};

/** What it is started with. */
export const chatStoreArguments = (tls: boolean, directory = mount): readonly string[] => [
  ...(tls ? ["--port", "0", "--tls-port", String(ports.valkey), "--tls-auth-clients", "no"] : []),
  ...(tls ? ["--tls-cert-file", `${directory}/tls.crt`, "--tls-key-file", `${directory}/tls.key`] : []),
  ...(tls ? ["--tls-ca-cert-file", `${directory}/${storeTls.ca}`] : ["--port", String(ports.valkey)]),
  // It is asked from other pods, without a password.
  ...["--protected-mode", "no", "--save", "", "--appendonly", "no", "--maxmemory", "128mb"],
];

function podSpec(plan: OpenWebUiPlan, { image, tls }: NonNullable<OpenWebUiPlan["store"]>): JsonObject {
  const { scheduling } = plan;
  const container = {
    name: "valkey",
    image,
    command: ["valkey-server", ...chatStoreArguments(tls)],
    workingDir: "/tmp",
    ports: [{ name: "valkey", containerPort: ports.valkey }],
    readinessProbe: { tcpSocket: { port: "valkey" }, periodSeconds: 5 },
    livenessProbe: { tcpSocket: { port: "valkey" }, periodSeconds: 15 },
    resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    securityContext: containerSecurity(),
    volumeMounts: [
      ...(tls ? [{ name: "tls", mountPath: mount, readOnly: true }] : []),
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
  return {
    ...podBase(scheduling, plan, valkeyUser),
    containers: [container],
    volumes: [
      ...(tls ? [{ name: "tls", secret: { secretName: storeTls.secret, defaultMode: 0o440 } }] : []),
      { name: "tmp", emptyDir: { sizeLimit: "1Mi" } },
    ],
  };
}

/** Its objects in the order in which they are made; none for one replica. */
export function chatStoreManifests(plan: OpenWebUiPlan): readonly Manifest[] {
  const { namespace, store } = plan;
  if (store === undefined) return [];
  const metadata = { name, namespace, labels };
  return [
    ...(store.tls ? ownCertificate(storeTls.secret, host(plan), { namespace, labels }) : []),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: sortKeys({
        replicas: 1,
        selector: { matchLabels: labels },
        strategy: { type: "Recreate" },
        template: { metadata: { labels }, spec: podSpec(plan, store) },
      }),
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: labels, ports: [{ name: "valkey", port: ports.valkey, targetPort: "valkey" }] },
    },
  ];
}
