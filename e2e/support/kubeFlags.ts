/** How the programs of a control plane are called, and how it is reached. */
import { generateKeyPairSync } from "node:crypto";
import * as path from "node:path";

export const accountKey = (): string =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  }).privateKey;

export const etcdFlags = (dataDir: string, client: number, peer: number): readonly string[] => [
  `--data-dir=${dataDir}`,
  `--listen-client-urls=http://127.0.0.1:${client}`,
  `--advertise-client-urls=http://127.0.0.1:${client}`,
  `--listen-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-cluster=default=http://127.0.0.1:${peer}`,
];

/** How programs inside a cluster reach the server; where there are none it is on loopback. */
export interface InCluster {
  /** Of the server, for pods and the machine alike. */
  readonly address: string;
  /** Network of the Services' addresses: "10.0.0.0/24". */
  readonly services: string;
}

export const apiServerFlags = (
  directory: string,
  etcd: number,
  port: number,
  inCluster?: InCluster,
): readonly string[] => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  `--bind-address=${inCluster?.address ?? "127.0.0.1"}`,
  ...(inCluster === undefined ? [] : [`--advertise-address=${inCluster.address}`]),
  `--secure-port=${port}`,
  `--cert-dir=${path.join(directory, "certificates")}`,
  `--token-auth-file=${path.join(directory, "tokens.csv")}`,
  "--authorization-mode=RBAC",
  "--service-account-issuer=https://kubernetes.default.svc",
  `--service-account-signing-key-file=${path.join(directory, "accounts.key")}`,
  `--service-account-key-file=${path.join(directory, "accounts.key")}`,
  `--service-cluster-ip-range=${inCluster?.services ?? "10.0.0.0/24"}`,
  // As every cluster with a network plugin has it: a pod's namespace says what is allowed.
  "--allow-privileged=true",
  ...(inCluster === undefined ? [] : ["--kubelet-preferred-address-types=InternalIP"]),
  // There is one server, and in a cluster without nodes nobody looks for it.
  ...(inCluster === undefined ? ["--endpoint-reconciler-type=none"] : []),
];

export const controllerFlags = (directory: string): readonly string[] => [
  `--kubeconfig=${path.join(directory, "kubeconfig")}`,
  `--service-account-private-key-file=${path.join(directory, "accounts.key")}`,
  `--root-ca-file=${path.join(directory, "certificates", "apiserver.crt")}`,
  "--secure-port=0",
  "--leader-elect=false",
];

export function kubeconfigOf(server: string, ca: string, token: string): string {
  const cluster = { server, "certificate-authority-data": Buffer.from(ca).toString("base64") };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  });
}
