import assert from "node:assert/strict";
import type { Operation, ResourceChange } from "../../../cli/preview/changes";
import { reachOf } from "../../../cli/preview/reach";
import { toldOf } from "../../../cli/preview/rules";
import type { Known } from "../../../cli/preview/rules/rule";
import { stageOf, thingOf } from "../../../cli/preview/stages";
import { secretText, type PropertyChange } from "../../../engine/preview";

const head = "urn:pulumi:homelab::tokenrack::tokenrack:index";
const types: Readonly<Record<string, string>> = {
  Release: "kubernetes:helm.sh/v3:Release",
  Service: "kubernetes:core/v1:Service",
  Secret: "kubernetes:core/v1:Secret",
  ConfigMap: "kubernetes:core/v1:ConfigMap",
  Namespace: "kubernetes:core/v1:Namespace",
  PersistentVolumeClaim: "kubernetes:core/v1:PersistentVolumeClaim",
  Deployment: "kubernetes:apps/v1:Deployment",
  Ingress: "kubernetes:networking.k8s.io/v1:Ingress",
  NetworkPolicy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  RayService: "kubernetes:ray.io/v1:RayService",
  PodMonitor: "kubernetes:monitoring.coreos.com/v1:PodMonitor",
};

/** "update Gateway/Deployment gateway-pods", with what of it changes. */
function change(text: string, changed: readonly Partial<PropertyChange>[] = [], inputs?: unknown): ResourceChange {
  const [op = "", place = "", name = ""] = text.split(" ");
  const [component = "", kind = ""] = place.split("/");
  const type = types[kind] ?? "";
  const urn = `${head}:${component}$${type}::${name}`;
  const thing = thingOf({ urn, type, name });
  const reach = reachOf(inputs);
  return {
    ...{ op: op as Operation, urn, type, name, stage: stageOf(urn), protect: false },
    changed: changed.map((one) => ({ path: "spec", kind: "update", replaces: false, ...one })),
    ...(thing === undefined ? {} : { thing }),
    ...(reach === undefined ? {} : { reach }),
  };
}

function told(changes: readonly ResourceChange[], known: Partial<Known> = {}): string[] {
  const { dangers = [], notes = [] } = toldOf(changes, { first: false, hidden: false, ...known });
  return [...dangers.map(({ kind, text }) => `${kind}: ${text}`), ...notes.map((note) => `note: ${note}`)];
}

const config = (more: object): string => JSON.stringify({ issuer: "https://llm.lan", ...more });
const configured = (before: object, after: object): ResourceChange =>
  change("update Gateway/ConfigMap gateway-config", [
    { path: 'data["gateway.json"]', before: config(before), after: config(after) },
  ]);
const ingress = (host: string, service: string, port: object): object => ({
  kind: "Ingress",
  spec: { rules: [{ host, http: { paths: [{ backend: { service: { name: service, port } } }] } }] },
});
const secret = (file: string, kind: PropertyChange["kind"] = "update"): Partial<PropertyChange> => ({
  ...{ path: `data["${file}"]`, kind, before: secretText, after: secretText },
});

type Row = readonly [
  title: string,
  changes: readonly ResourceChange[],
  said: readonly string[],
  known?: Partial<Known>,
];

/** What the recorded cases of changes.test.ts do not have. */
const rows: readonly Row[] = [
  [
    "GPU Operator of another version loads its driver anew",
    [change("update GpuStack/Release gpus-operator", [{ path: "version", before: "v26.7.0", after: "v26.8.0" }])],
    [
      "downtime: GPU driver: node by node, pods with GPUs are evicted and the driver is loaded anew; models on them stop",
    ],
  ],
  [
    "GPU Operator with another toolkit",
    [change("update GpuStack/Release gpus-operator", [{ path: "values.toolkit.enabled", before: true, after: false }])],
    ["downtime: GPU Operator's operands start again: GPUs may not be allocatable meanwhile, and pods that start wait"],
  ],
  [
    "GPU Operator goes",
    [change("delete GpuStack/Release gpus-operator")],
    ["downtime: Helm release gpus-operator is deleted: no node offers GPUs: pods with them stop"],
  ],
  [
    "KubeRay is upgraded",
    [change("update KubeRay/Release kuberay-operator", [{ path: "version", before: "1.6.2", after: "1.7.0" }])],
    [
      "downtime: KubeRay is upgraded: models run on, but where the new operator renders other pods it makes a new Ray cluster",
    ],
  ],
  [
    "the state of Ray's head",
    [change("replace ServedModel/PersistentVolumeClaim served-store-persistentvolumeclaim", [{ replaces: true }])],
    ["data: PersistentVolumeClaim served-store-persistentvolumeclaim is deleted and made anew, with the data in it"],
  ],
  [
    "a volume that shrinks",
    [
      change("update ModelStore/PersistentVolumeClaim models-volume", [
        { path: "spec.resources.requests.storage", before: "1Ti", after: "500Gi" },
      ]),
    ],
    ["refused: volume models-volume cannot shrink (1Ti -> 500Gi): the cluster refuses it"],
  ],
  [
    "the serving namespace goes",
    [change("delete ServingNamespace/Namespace serving-namespace")],
    ["data: Namespace serving-namespace is deleted, with the data in it"],
  ],
  [
    "every model goes",
    [change("delete ServedModel/RayService served-service")],
    ["downtime: every model goes: the API answers no request"],
  ],
  [
    "a model after the others",
    [
      change("update ServedModel/RayService served-service", [
        { path: "spec.rayClusterConfig.workerGroupSpecs[1]", kind: "add", after: { groupName: "b" } },
      ]),
    ],
    ["note: new pods join the Ray cluster: the other models answer on"],
  ],
  [
    "the last model's group gone",
    [
      change("update ServedModel/RayService served-service", [
        { path: "spec.rayClusterConfig.workerGroupSpecs[1]", kind: "delete", before: { groupName: "b" } },
      ]),
    ],
    ["note: a new Ray cluster comes up beside the old one: no request is lost"],
  ],
  [
    "Ray's token",
    [change("update ServedModel/Secret served-token", [secret("auth_token")])],
    ["note: Ray's token changes: its pods take it when they start again, and the old one holds until then"],
  ],
  [
    "a role's quota and a new role",
    [
      configured(
        { roles: [{ name: "staff", requestsPerMinute: 60 }] },
        { roles: [{ name: "staff", requestsPerMinute: 30 }, { name: "batch" }] },
      ),
    ],
    ["quota: quota of role staff lowered: requests a minute 60 -> 30", "note: role batch is new"],
  ],
  [
    "a role that goes, and another for people of the page",
    [configured({ roles: [{ name: "staff" }], actAs: { role: "staff" } }, { roles: [], actAs: {} })],
    [
      "quota: role staff is gone: who had it gets the quota of everybody",
      "quota: role of people behind the chat page: staff -> none",
    ],
  ],
  [
    "web origins, proxies and an issuer that are believed",
    [
      configured(
        { trustedProxies: ["10.0.0.0/16"] },
        {
          ...{ corsOrigins: ["https://a.org"], trustedProxies: ["10.0.0.0/16", "192.0.2.0/24"] },
          oidc: { issuer: "https://dex.my.org", audience: "llm" },
        },
      ),
    ],
    [
      "access: tokens of another issuer are believed",
      "exposure: web pages of https://a.org may call the API",
      "exposure: clients' addresses are believed from 192.0.2.0/24 (X-Forwarded-For)",
    ],
  ],
  [
    "a signing key that is rotated with the old one kept",
    [change("update Gateway/Secret gateway-keys", [secret("signing.pem"), secret("previous.pem", "add")])],
    ["note: another signing key; tokens of the one before hold until they end"],
  ],
  [
    "users whose list cannot be read",
    [change("update Gateway/Secret gateway-users", [secret("users.json")])],
    ["access: users of the gateway change: how, is a secret; --base with the stack's passphrase counts it"],
  ],
  [
    "secrets that only the stack file tells apart",
    [],
    [
      "access: another signing key: every token ends, but with the old key as the secret previousSigningKey",
      "access: users of the gateway change: how, is a secret; --base with the stack's passphrase counts it",
      "note: secrets of the stack file that change: rayToken",
    ],
    { hidden: true, changedSecrets: ["rayToken", "signingKey", "users"] },
  ],
  [
    "Ray's dashboard behind a new Ingress",
    [change("create ServedModel/Ingress served-dashboard", [], ingress("ray.lan", "llm-head-svc", { number: 8265 }))],
    ["exposure: Ingress served-dashboard opens Ray's dashboard", "exposure: https://ray.lan is published"],
  ],
  [
    "a public name in a first bring-up",
    [change("create Gateway/Ingress gateway-path-v1", [], ingress("llm.lan", "gateway", { name: "http" }))],
    ["note: https://llm.lan is published"],
    { first: true },
  ],
  [
    "a public name that goes",
    [change("delete Gateway/Ingress gateway-path-v1", [], ingress("llm.lan", "gateway", { name: "http" }))],
    ["exposure: https://llm.lan is published no more"],
  ],
  [
    "a Service that is reached from outside",
    [
      change("update Gateway/Service gateway-service", [
        { path: "spec.type", before: "ClusterIP", after: "LoadBalancer" },
      ]),
      change("create ServedModel/Service served-head", [], { spec: { type: "NodePort", ports: [{ port: 8265 }] } }),
    ],
    [
      "exposure: Service served-head opens Ray's dashboard",
      "exposure: Service gateway-service becomes a LoadBalancer: it is reached past the ingress",
      "exposure: Service served-head becomes a NodePort: it is reached past the ingress",
    ],
  ],
  [
    "NetworkPolicies that go, but those of a namespace that goes with them",
    [
      change("delete ServingNamespace/NetworkPolicy serving-policy-closed"),
      change("delete KubeRay/NetworkPolicy kuberay-policy-closed"),
      change("delete KubeRay/Namespace kuberay-namespace"),
    ],
    [
      "downtime: Namespace kuberay-namespace is deleted, with all that runs in it",
      "exposure: NetworkPolicy serving-policy-closed deleted: what it closed is open",
    ],
  ],
  [
    "the gateway",
    [
      change("update Gateway/Deployment gateway-pods", [{ path: "spec.replicas", before: 2, after: 3 }]),
      change("update Gateway/Deployment gateway-quota-store", [{ path: "spec.template" }]),
    ],
    ["note: gateway: 2 -> 3 pods", "note: the quota store starts anew, and with it everybody's minute"],
  ],
  [
    "a monitor less",
    [change("delete Monitoring/PodMonitor monitoring-podmonitor-ray")],
    ["note: less is monitored: monitoring-podmonitor-ray deleted"],
  ],
];

describe("rules over the stages after the cluster", () => {
  for (const [title, changes, said, known] of rows) it(title, () => assert.deepEqual(told(changes, known), said));
});
