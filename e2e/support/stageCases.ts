/** Stacks whose objects are shown to a real API server: the committed ones, and such that ask for what those do not. */
import assert from "node:assert/strict";
import type { StageInput } from "../../plan/stages/types";
import type { Manifest } from "../../render/manifest";
import { changed, existing } from "../../test/config/stacks";
import { committedInput, stageInput } from "../../test/plan/stages/cases";
import { everything, kept, mixed } from "../../test/render/stages/served/cases";
import { titleOf } from "./kubeClient";

const oneNode = changed(existing, "pools[0].count", 1);
const page = { host: "chat.lan", adminEmail: "admin@my.org" };

/** A committed stack by its name, or one as it is written, without the namespace of its keys. */
export type Stack = "homelab" | "a100" | "qwen3-235b" | Readonly<Record<string, unknown>>;

/** What its stages are planned from. */
export const inputOf = (stack: Stack): StageInput =>
  typeof stack === "string" ? committedInput(stack) : stageInput(stack);

/** Title and stack. */
export const stageCases: readonly (readonly [title: string, stack: Stack])[] = [
  ["homelab", "homelab"],
  ["a100", "a100"],
  ["qwen3-235b", "qwen3-235b"],
  ["two models, autoscaled, with adapters and several modalities", everything],
  ["unequal cards in one replica", mixed],
  ["the head's state kept", changed(kept, "serving.priorityClass", "high")],
  ["models in a directory of the node", changed(oneNode, "modelStore", { hostPath: "/data/models" })],
  [
    "a claim that is given, Open WebUI",
    { ...existing, modelStore: { existingClaim: "weights" }, chat: { kind: "openWebUi", ...page } },
  ],
  ["LobeChat", { ...existing, chat: { kind: "lobeChat", host: "chat.lan" } }],
  ["Prometheus Operator", { ...existing, monitoring: { kind: "prometheusOperator", labels: { release: "kps" } } }],
  [
    "the Gateway API",
    changed(existing, "ingress", {
      host: "llm.lan",
      kind: "gatewayApi",
      gateway: { name: "public", namespace: "gateways", listener: "tls" },
    }),
  ],
  ["HAMi, with a power limit", { ...existing, gpu: { mode: "hami", powerLimitWatts: { gpu: 250 } } }],
  ["nodes that came with all", { ...existing, gpu: { mode: "preinstalled", runtimeClass: "nvidia" } }],
];

/** What the cluster's owner or a chart has made before our pods come. */
export const given: readonly Manifest[] = [
  // Of the GPU Operator's toolkit, or of the nodes' own.
  { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "nvidia" }, handler: "nvidia" },
  { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "high" }, value: 1000 },
];

/** Kubernetes' controllers make one in each namespace, and they do not run here. */
export const account = (namespace: string): Manifest => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: "default", namespace },
});

/** A copy of the object with one value set, by a path like "spec.template.spec.hostPID". */
export function broken(object: Manifest | undefined, path: string, value: unknown): Manifest {
  assert.ok(object !== undefined);
  const copy = structuredClone(object);
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const group = keys.reduce<object>((at, key) => Reflect.get(at, key) as object, copy);
  assert.ok(typeof group === "object" && group !== null, `${titleOf(object)} has no ${path}`);
  Reflect.set(group, last, value);
  return copy;
}
