import assert from "node:assert/strict";
import { detailedDiff } from "../../../../engine/standins/detailedDiff";
import { clusterPaths, rayServiceManifest } from "../../../../render/stages/served/rayService";
import { changed, existing } from "../../../config/stacks";
import { servedOf } from "../../../plan/stages/servedCases";

type Data = Record<string, unknown>;
type Fate = "nothing" | "in place" | "new cluster";

const copy = (data: unknown): Data => JSON.parse(JSON.stringify(data)) as Data;
const specOf = (raw: unknown): Data => {
  const { spec } = copy(rayServiceManifest(servedOf(raw)));
  return (spec as Data)["rayClusterConfig"] as Data;
};
const groupsOf = (spec: Data): Data[] => spec["workerGroupSpecs"] as Data[];

/** What KubeRay 1.6.2 compares. @see ray-operator/controllers/ray/utils/util.go, GenerateHashWithoutReplicasAndWorkersToDelete */
function compared(spec: Data): string {
  const own = copy(spec);
  for (const group of [own["headGroupSpec"] as Data, ...groupsOf(own)]) {
    for (const key of ["replicas", "minReplicas", "maxReplicas"]) delete group[key];
    delete ((group["template"] as Data)["spec"] as Data)["tolerations"];
  }
  return JSON.stringify(own);
}

/** What KubeRay 1.6.2 does of its own accord. @see rayservice_controller.go, isClusterSpecHashEqual and who calls it */
function kubeRay(before: Data, after: Data): Fate {
  if (compared(before) === compared(after)) return "nothing";
  const count = groupsOf(before).length;
  if (groupsOf(after).length < count) return "new cluster";
  const first = { ...after, workerGroupSpecs: groupsOf(after).slice(0, count) };
  return compared(first) === compared(before) ? "in place" : "new cluster";
}

/** What Pulumi does where KubeRay may make no second cluster: paths that hold a changed one. @see pulumi, PropertyPath.Contains */
function pulumi(before: unknown, after: unknown): Fate {
  const [old, next] = [before, after].map((raw) => copy(rayServiceManifest(servedOf(raw))));
  const paths = [...detailedDiff(old as never, next as never).keys()];
  const cluster = paths.filter((path) => path.startsWith("spec.rayClusterConfig"));
  const replacing = clusterPaths(servedOf(after)).map(
    (path) => new RegExp(`^${path.replace(/[.[\]()]/g, "\\$&").replace("\\[*\\]", "\\[\\d+\\]")}(?![^.[])`),
  );
  if (paths.some((path) => replacing.some((one) => one.test(path)))) return "new cluster";
  return cluster.length > 0 ? "in place" : "nothing";
}

const model = (name: string, more: object = {}): object => ({
  ...{ source: "Qwen/Qwen3-8B", name, contextTokens: 4096, replicas: 1 },
  ...more,
});
const models = (...list: readonly object[]): unknown => changed(changed(existing, "pools[0].count", 8), "models", list);
const [a, b, c] = [model("a"), model("b"), model("c")];
const base = models(a, b) as object;

describe("a change of the Ray cluster", () => {
  const table: readonly (readonly [what: string, after: unknown, fate: Fate])[] = [
    ["none", models(a, b), "nothing"],
    ["another context", models(a, model("b", { contextTokens: 8192 })), "nothing"],
    ["a model after the others", models(a, b, c), "in place"],
    ["two models after the others", models(a, b, c, model("d")), "in place"],
    ["a model before the others", models(c, a, b), "new cluster"],
    ["a model between the others", models(a, c, b), "new cluster"],
    ["the last model gone", models(a), "new cluster"],
    ["the first model gone", models(b), "new cluster"],
    ["another model instead of the last", models(a, c), "new cluster"],
    ["a replica more", models(a, model("b", { replicas: 2 })), "new cluster"],
    ["fewer replicas than may stay", models(a, model("b", { autoscaling: { minReplicas: 0 } })), "new cluster"],
    ["a toleration more of the workers", changed(base, "pools[0].taints", [{ key: "gpu" }]), "new cluster"],
    ["larger pods", models(a, model("b", { pod: { memoryGib: 64 } })), "new cluster"],
    ["a head with more memory", changed(base, "serving.head", { memoryGib: 16 }), "new cluster"],
  ];
  for (const [what, after, fate] of table)
    it(`${what}: ${fate}, by KubeRay and by Pulumi`, () => {
      assert.equal(kubeRay(specOf(base), specOf(after)), fate);
      assert.equal(pulumi(base, after), fate);
    });
});
