import assert from "node:assert/strict";
import type { KubeObject } from "../../../engine/standins/kubernetes/object";
import {
  askedCertificates,
  inTurn,
  routeOf,
  routesOf,
  signerOf,
  wantedCertificates,
  withAddress,
} from "../../../e2e/homelab/access";
import { sizeReview } from "../../../e2e/homelab/sizes";
import { provisioner, released, volumeFor } from "../../../e2e/homelab/storage";

const claim = (phase: string, storageClassName = "ceph-fs"): KubeObject => ({
  metadata: { name: "models", namespace: "tokenrack", uid: "u1" },
  spec: { storageClassName, accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } },
  status: { phase },
});
const classes: readonly KubeObject[] = [
  { metadata: { name: "ceph-fs" }, provisioner, reclaimPolicy: "Delete" },
  { metadata: { name: "others" }, provisioner: "others", reclaimPolicy: "Delete" },
];
const directoryOf = (name: string): string => `/volumes/${name}`;

describe("volumes of the simulated Ceph", () => {
  it("gives a claim that waits a volume of its own, and no other claim", () => {
    const volume = volumeFor(claim("Pending"), classes, directoryOf);
    assert.deepEqual(volume?.["spec"], {
      storageClassName: "ceph-fs",
      accessModes: ["ReadWriteMany"],
      capacity: { storage: "1Gi" },
      persistentVolumeReclaimPolicy: "Delete",
      claimRef: { namespace: "tokenrack", name: "models", uid: "u1" },
      hostPath: { path: "/volumes/pvc-u1", type: "Directory" },
    });
    assert.equal(volumeFor(claim("Bound"), classes, directoryOf), undefined);
    assert.equal(volumeFor(claim("Pending", "others"), classes, directoryOf), undefined);
  });

  it("takes away what is released and not to be kept, of its own alone", () => {
    const volume = (name: string, by: string, phase: string, policy: string): KubeObject => ({
      metadata: { name, annotations: { "pv.kubernetes.io/provisioned-by": by } },
      spec: { persistentVolumeReclaimPolicy: policy },
      status: { phase },
    });
    const volumes = [
      volume("a", provisioner, "Released", "Delete"),
      volume("b", provisioner, "Bound", "Delete"),
      volume("c", provisioner, "Released", "Retain"),
      volume("d", "others", "Released", "Delete"),
    ];
    assert.deepEqual(released(volumes), ["a"]);
  });
});

const ingress = (name: string, path: string, pathType: string, annotations: KubeObject = {}): KubeObject => ({
  metadata: { name, namespace: "tokenrack", annotations },
  spec: {
    ingressClassName: "external",
    tls: [{ hosts: ["llm.lan"], secretName: "gateway-tls" }],
    rules: [
      {
        host: "llm.lan",
        http: { paths: [{ path, pathType, backend: { service: { name: "gateway", port: { name: "http" } } } }] },
      },
    ],
  },
});
const ingresses = [
  ingress("v1", "/v1", "Prefix", { "cert-manager.io/cluster-issuer": "inter-ca" }),
  ingress("token", "/token", "Exact"),
];
const service: KubeObject = {
  metadata: { name: "gateway", namespace: "tokenrack" },
  spec: {
    ports: [
      { name: "metrics", port: 9090 },
      { name: "http", port: 80 },
    ],
  },
};

describe("the simulated ingress", () => {
  const slice = (name: string, endpoints: KubeObject[]): KubeObject => ({
    metadata: { name: `${name}-x`, namespace: "tokenrack", labels: { "kubernetes.io/service-name": name } },
    ports: [
      { name: "metrics", port: 9100 },
      { name: "http", port: 8080 },
    ],
    endpoints,
  });
  const pod = (address: string, ready: boolean): KubeObject => ({ addresses: [address], conditions: { ready } });
  const slices = [
    slice("gateway", [pod("10.1.0.2", true), pod("10.1.0.3", false)]),
    slice("gateway", [pod("10.1.0.4", true)]),
    slice("other", [pod("10.1.0.5", true)]),
  ];
  const routes = routesOf(ingresses, [service], slices);

  it("sends what an Ingress opens to the ready pods of its service, and nothing else", () => {
    const to = (url: string, host = "llm.lan"): string | undefined => {
      const route = routeOf(routes, host, url);
      if (route === undefined) return undefined;
      return `${route.path} ${route.targets.map(({ address, port }) => `${address}:${port}`).join(" ")}`;
    };
    assert.equal(to("/v1/models?x=1"), "/v1 10.1.0.2:8080 10.1.0.4:8080");
    assert.equal(to("/v1"), "/v1 10.1.0.2:8080 10.1.0.4:8080");
    assert.equal(to("/token"), "/token 10.1.0.2:8080 10.1.0.4:8080");
    for (const closed of ["/v10", "/token/x", "/metrics", "/"]) assert.equal(to(closed), undefined);
    assert.equal(to("/v1", "other.lan"), undefined);
    assert.deepEqual(routesOf(ingresses, [], slices), []);
  });

  it("tries every pod once, each time another one first", () => {
    const targets = routes[0]?.targets ?? [];
    const order = (turn: number): readonly string[] => inTurn(targets, turn).map(({ address }) => address);
    assert.deepEqual(
      [order(4), order(5)],
      [
        ["10.1.0.2", "10.1.0.4"],
        ["10.1.0.4", "10.1.0.2"],
      ],
    );
    assert.deepEqual(inTurn([], 3), []);
  });

  it("asks for the certificate of the one Ingress that names an issuer", () => {
    assert.deepEqual(wantedCertificates(ingresses), [
      { namespace: "tokenrack", secretName: "gateway-tls", hosts: ["llm.lan"], issuer: "inter-ca" },
    ]);
  });

  it("makes what Certificate objects ask for, signed as their issuer says", () => {
    const certificate = (name: string, spec: KubeObject): KubeObject => ({
      metadata: { name, namespace: "tokenrack" },
      spec: { secretName: `${name}-tls`, issuerRef: { name }, ...spec },
    });
    const asked = askedCertificates([
      certificate("store", { dnsNames: ["store.svc"] }),
      certificate("ca", { isCA: true }),
    ]);
    assert.deepEqual(asked, [
      {
        ...{ namespace: "tokenrack", secretName: "store-tls", hosts: ["store.svc"], issuer: "store" },
        certificate: "store",
      },
    ]);
    const issuer = (namespace: string, spec: KubeObject): KubeObject => ({
      metadata: { name: "store", ...(namespace === "" ? {} : { namespace }) },
      spec,
    });
    const [one] = asked;
    assert.ok(one !== undefined);
    assert.equal(signerOf(one, [issuer("tokenrack", { selfSigned: {} })]), "self");
    assert.equal(signerOf(one, [issuer("", { ca: { secretName: "x" } })]), "ca");
    assert.equal(signerOf(one, [issuer("other", { selfSigned: {} })]), undefined);
  });

  it("gives an Ingress the address of its class's controller, once", () => {
    const annotations = { "metallb.universe.tf/loadBalancerIPs": "192.168.3.220" };
    const controllers: readonly KubeObject[] = [
      { metadata: { name: "public" }, spec: { ingressClass: "external", loadBalancer: { annotations } } },
    ];
    const [one = {}] = ingresses;
    const addressed = withAddress(one, controllers);
    assert.deepEqual(addressed?.["status"], { loadBalancer: { ingress: [{ ip: "192.168.3.220" }] } });
    assert.equal(withAddress({ ...one, ...addressed, spec: one["spec"] ?? {} }, controllers), undefined);
    assert.equal(withAddress(one, []), undefined);
  });
});

describe("sizes of the made VMs", () => {
  const sizes = { "gpu-1": { cpu: "16", memory: "64Gi" } };
  const review = (name: string, status?: KubeObject): KubeObject => ({
    request: { uid: "u", object: { metadata: { name }, ...(status === undefined ? {} : { status }) } },
  });
  const patchOf = (answer: KubeObject): unknown => {
    const { patch } = answer["response"] as { patch?: string };
    return patch === undefined ? undefined : JSON.parse(Buffer.from(patch, "base64").toString());
  };

  it("puts the VM's size in place of the machine's, in what the kubelet has told", () => {
    const answer = sizeReview(review("gpu-1", { capacity: { cpu: "2", pods: "110" } }), sizes);
    assert.deepEqual(patchOf(answer), [
      { op: "add", path: "/status/capacity/cpu", value: "16" },
      { op: "add", path: "/status/capacity/memory", value: "64Gi" },
    ]);
  });

  it("lets a node alone that is none of its VMs, or has told nothing yet", () => {
    for (const one of [review("other", { capacity: { cpu: "2" } }), review("gpu-1")]) {
      const answer = sizeReview(one, sizes);
      assert.equal(patchOf(answer), undefined);
      assert.deepEqual(answer["response"], { uid: "u", allowed: true });
    }
  });
});
