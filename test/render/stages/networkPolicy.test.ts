import assert from "node:assert/strict";
import { planArrows } from "../../../plan/stages/arrows";
import { components, type Component } from "../../../plan/stages/names";
import { labelsOf } from "../../../render/manifest";
import { networkPolicies } from "../../../render/stages/networkPolicy";
import { changed, existing, proxmox } from "../../config/stacks";
import { committedInput, stageInput } from "../../plan/stages/cases";
import { assertGolden } from "./golden";
import { reaches, type End } from "./reach";

const hub = { ports: [443], onSite: false };
const withChat = { ...existing, chat: { kind: "openWebUi", host: "chat.my.org" } };
const given = networkPolicies(planArrows(stageInput(withChat), hub));
const homelab = networkPolicies(planArrows(committedInput("homelab"), hub));

const homeOf = (component: Component): string => {
  if (component === "kuberay-operator") return "kuberay-system";
  return ["open-webui", "chat-redis", "lobe-chat"].includes(component) ? "tokenrack-chat" : "tokenrack";
};
const pod = (component: Component): End => ({ namespace: homeOf(component), labels: labelsOf(component) });
const stranger: End = { namespace: "default", labels: {} };
const ingress: End = { namespace: "d8-ingress-nginx", labels: {} };
const neighbour: End = { namespace: "tokenrack", labels: { app: "debug" } };
const at = (address: string): End => ({ address });

/** Every pair of pods of ours that may talk, on one of the ports that anything listens on. */
const allowed: readonly (readonly [from: Component, to: Component, port: number])[] = [
  ...(["ray-head", "ray-worker"] as const).flatMap((from) =>
    (["ray-head", "ray-worker"] as const).flatMap((to) =>
      [6379, 8000, 8080, 8265, 10001].map((port) => [from, to, port] as const),
    ),
  ),
  ["ray-head", "ray-store", 6379],
  ["kuberay-operator", "ray-head", 8265],
  ["kuberay-operator", "ray-head", 8000],
  ["gateway", "ray-head", 8000],
  ["gateway", "ray-worker", 8000],
  ["gateway", "valkey", 6379],
  ["open-webui", "gateway", 8080],
];

describe("network policies", () => {
  it("let pods of ours reach exactly each other as listed", () => {
    const ports = [22, 6379, 8000, 8080, 8265, 10001];
    const found = components.flatMap((from) =>
      components.flatMap((to) =>
        ports.flatMap((port) => (reaches(given, pod(from), pod(to), port) ? [`${from} ${to} ${port}`] : [])),
      ),
    );
    const rayPairs = (["ray-head", "ray-worker"] as const).flatMap((from) =>
      (["ray-head", "ray-worker"] as const).map((to) => `${from} ${to} 22`),
    );
    // Ray's own pods may use every port among themselves.
    assert.deepEqual(found.sort(), [...allowed.map((row) => row.join(" ")), ...rayPairs].sort());
  });

  it("let nobody else at Ray, the stores or a pod that is none of ours", () => {
    for (const from of [stranger, ingress, neighbour, at("203.0.113.7")])
      for (const to of ["ray-head", "ray-worker", "ray-store", "valkey", "model-download", "cache-warmer"] as const)
        for (const port of [22, 6379, 8000, 8080, 8265, 10001])
          assert.ok(!reaches(homelab, from, pod(to), port), `${JSON.stringify(from)} ${to} ${port}`);
    assert.ok(!reaches(given, stranger, neighbour, 80));
    assert.ok(!reaches(given, neighbour, pod("gateway"), 9));
  });

  it("let clients in through the gateway, by the ingress controller where it is known", () => {
    assert.ok(reaches(homelab, ingress, pod("gateway"), 8080));
    assert.ok(!reaches(homelab, stranger, pod("gateway"), 8080));
    // A given cluster's controller may be anywhere in it.
    assert.ok(reaches(given, stranger, pod("gateway"), 8080));
    assert.ok(!reaches(given, at("203.0.113.7"), pod("gateway"), 8080));
  });

  it("let downloads out to the internet, not to the site, and never to a cloud's metadata", () => {
    const from = pod("model-download");
    assert.ok(reaches(given, from, at("18.1.2.3"), 443));
    for (const address of ["10.0.0.5", "192.168.2.3", "172.20.0.1", "169.254.169.254"])
      assert.ok(!reaches(given, from, at(address), 443), address);
    const onSite = networkPolicies(planArrows(stageInput(existing), { ports: [443, 9000], onSite: true }));
    assert.ok(reaches(onSite, from, at("192.168.2.3"), 9000));
    assert.ok(!reaches(onSite, from, at("169.254.169.254"), 443));
  });

  it("let nothing else out: no engine, no gateway, no page", () => {
    for (const from of components.filter((one) => !["model-download", "kuberay-operator"].includes(one)))
      for (const address of ["18.1.2.3", "10.0.0.5", "169.254.169.254"])
        assert.ok(!reaches(given, pod(from), at(address), 443), from);
  });

  it("let Ray out for what a model asks for, and for nothing else", () => {
    const out = (key: string, value: object) =>
      networkPolicies(planArrows(stageInput(changed(existing, `models[0].${key}`, value)), hub));
    const scaling = out("autoscaling", { minReplicas: 0 });
    assert.ok(reaches(scaling, pod("ray-head"), at("10.0.0.1"), 6443));
    assert.ok(!reaches(scaling, pod("ray-worker"), at("10.0.0.1"), 6443));
    const adapting = out("lora", { path: "s3://bucket/adapters" });
    assert.ok(reaches(adapting, pod("ray-worker"), at("18.1.2.3"), 443));
    assert.ok(!reaches(adapting, pod("ray-worker"), at("169.254.169.254"), 443));
  });

  it("let a chat page at its issuer, its database and the store of its replicas, and nowhere else", () => {
    const chat = {
      ...withChat.chat,
      replicas: 2,
      oidc: { issuer: "https://dex.my.org:8443", clientId: "chat", addresses: ["203.0.113.7/32"] },
      database: { addresses: ["10.0.0.8/32"] },
    };
    const policies = networkPolicies(planArrows(stageInput({ ...existing, chat }), hub));
    const page = pod("open-webui");
    assert.ok(reaches(policies, page, at("203.0.113.7"), 8443));
    assert.ok(reaches(policies, page, at("10.0.0.8"), 5432));
    assert.ok(reaches(policies, page, pod("chat-redis"), 6379));
    for (const [address, port] of [
      ["203.0.113.7", 443],
      ["203.0.113.8", 8443],
      ["10.0.0.8", 8443],
      ["169.254.169.254", 8443],
    ] as const)
      assert.ok(!reaches(policies, page, at(address), port), `${address}:${port}`);
    assert.ok(!reaches(policies, page, pod("ray-head"), 8000));
    assert.ok(!reaches(policies, stranger, pod("chat-redis"), 6379));
  });

  it("let people at a page behind a Gateway from wherever its pods are", () => {
    const gateway = { name: "web", namespace: "infra" };
    const attached = { host: "llm.lan", kind: "gatewayApi", gateway };
    const policies = networkPolicies(
      planArrows(stageInput({ ...proxmox, chat: withChat.chat, ingress: attached }), hub),
    );
    assert.ok(reaches(policies, stranger, pod("open-webui"), 8080));
    const by = networkPolicies(planArrows(stageInput({ ...proxmox, chat: withChat.chat }), hub));
    assert.ok(!reaches(by, stranger, pod("open-webui"), 8080));
    assert.ok(reaches(by, ingress, pod("open-webui"), 8080));
  });

  it("let metrics be scraped by who is said to, on their ports alone", () => {
    const scraper: End = { namespace: "d8-monitoring", labels: {} };
    assert.ok(reaches(homelab, scraper, pod("ray-worker"), 8080));
    assert.ok(!reaches(homelab, scraper, pod("ray-worker"), 8000));
    assert.ok(!reaches(given, scraper, pod("ray-worker"), 8080));
  });

  it("of the homelab are as they were", () => {
    assertGolden("networkPolicy.homelab.yaml", homelab);
  });
});
