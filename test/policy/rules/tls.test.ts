import { tlsRule } from "../../../policy/rules/tls";
import { holds, object, resource } from "../fixtures";

const proxmox = (props: Record<string, unknown>) => resource("pulumi:providers:proxmoxve", props);
const cluster = (line: string) =>
  resource("pulumi:providers:kubernetes", { kubeconfig: `clusters:\n- cluster: { ${line} }\nusers: [CANARY]` });
const ingress = (tls: readonly object[], annotations = {}) =>
  object("networking.k8s.io/v1:Ingress", { metadata: { annotations }, spec: { tls, rules: [{ host: "llm.my.org" }] } });
const covered = [{ hosts: ["llm.my.org"] }];

holds(
  tlsRule,
  {
    "providers that check": [
      proxmox({ endpoint: "https://pve1:8006", insecure: "false" }),
      cluster("server: https://a"),
    ],
    "a name with its certificate": [ingress(covered)],
  },
  {
    "Proxmox unchecked, and without TLS": [
      [proxmox({ insecure: "true" }), proxmox({ endpoint: "http://pve1:8006" })],
      [/^proxmoxve: takes any certificate/, /^proxmoxve: reaches Proxmox's API without TLS/],
    ],
    "a cluster unchecked": [[cluster("insecure-skip-tls-verify: true")], [/^kubernetes: takes any certificate/]],
    "a name without a certificate": [[ingress([])], [/^ingress: serves llm\.my\.org without TLS/]],
    "a name that is served without it, too": [
      [ingress(covered, { "nginx.ingress.kubernetes.io/ssl-redirect": "false" })],
      [/^ingress: answers without TLS/],
    ],
    "a chart over plain http": [
      [object("helm.sh/v3:Release", { repositoryOpts: { repo: "http://charts.my.org" } })],
      [/^release: takes its chart without TLS/],
    ],
  },
);
