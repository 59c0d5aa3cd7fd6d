import assert from "node:assert/strict";
import type { Judgement } from "../../../../cli/doctor/findings";
import { judgeDownloads, judgeEngine, judgeKubeRay, type EngineFacts } from "../../../../cli/doctor/judge/serving";
import * as objects from "../../../../cli/doctor/look/objects";
import { podsOf, short } from "./facts";
import { deployment, job, pod, rayService, type Json } from "../worlds";

describe("the judgement of KubeRay and the downloads", () => {
  const kubeRay = (replicas: number, ready: number, defined = true): string[] =>
    short(
      judgeKubeRay({
        namespace: "k",
        operator: objects.deployment.parse(deployment(replicas, ready)),
        pods: [],
        defined,
      }),
    );

  it("wants the operator and its definitions", () => {
    assert.deepEqual(kubeRay(1, 1), []);
    assert.deepEqual(kubeRay(1, 0), ["the deployment k/kuberay-operator: 0 of 1 ready"]);
    assert.deepEqual(kubeRay(1, 1, false), ["the definition of RayService: none"]);
  });

  it("tells a download that runs from one that failed, that waits and that is not there", () => {
    const download = (jobs: readonly Json[], said: Record<string, string> = {}, ...pods: readonly Json[]): string[] =>
      short(
        judgeDownloads({
          namespace: "ns",
          wanted: [{ model: "m", job: "j" }],
          jobs: objects.jobList.parse({ items: jobs }).items,
          pods: podsOf(...pods),
          said,
        }),
      );
    const about = "the download of m, job ns/j";
    assert.deepEqual(download([job("j", "Complete")]), []);
    assert.deepEqual(download([]), [`${about}: no such job`]);
    assert.deepEqual(download([job("j")], { j: '{"bytesDone":1073741824,"bytesTotal":4294967296}' }), [
      `${about}: still running: 1.0 of 4.0 GiB`,
    ]);
    assert.deepEqual(download([job("j", "Failed", "backoff")], { j: "no room" }), [`${about}: backoff; no room`]);
    const waits = pod("ns", "p", { labels: { "job-name": "j" }, pending: "unbound PersistentVolumeClaims" });
    assert.deepEqual(download([job("j")], {}, waits), [
      `${about}: ns/p: no node takes it: unbound PersistentVolumeClaims`,
    ]);
  });
});

describe("the judgement of the engine", () => {
  const model = { name: "m", application: "llm-m", groups: ["g"] };
  const judge = (found: Json | undefined, change: Partial<EngineFacts> = {}): Judgement => {
    const seen = found === undefined ? {} : { found: objects.rayService.parse(found) };
    return judgeEngine({ namespace: "ns", service: "llm", models: [model], ...seen, pods: [], said: {}, ...change });
  };
  const about = "model m, application llm-m of ns/llm";

  it("goes by the active cluster; a change beside it is no fault", () => {
    const pending = { pendingServiceStatus: { rayClusterName: "llm-new" } };
    const seen = judge(rayService({ "llm-m": { status: "RUNNING" } }, pending));
    assert.deepEqual(
      [short(seen), seen.seen],
      [[], "Ray cluster llm-abcde, llm-new is coming up beside it; 1 of 1 models run"],
    );
  });

  it("goes by the pending one where none is active", () => {
    const pending = {
      activeServiceStatus: {},
      pendingServiceStatus: { rayClusterName: "llm-new", applicationStatuses: { "llm-m": { status: "DEPLOYING" } } },
    };
    assert.deepEqual(short(judge(rayService({}, pending))), [`${about}: DEPLOYING`]);
  });

  it("shows Serve's reason, of a deployment where the application has none, and the pods of that model alone", () => {
    const status = {
      status: "DEPLOY_FAILED",
      serveDeploymentStatuses: { LLMServer: { message: "CUDA out of memory" } },
    };
    const worker = (name: string, group: string): Json =>
      pod("ns", name, { labels: { "ray.io/group": group }, pending: "Insufficient nvidia.com/gpu" });
    const seen = judge(rayService({ "llm-m": status }), { pods: podsOf(worker("mine", "g"), worker("other", "h")) });
    assert.deepEqual(short(seen), [
      `${about}: DEPLOY_FAILED: CUDA out of memory; ns/mine: no node takes it: Insufficient nvidia.com/gpu`,
    ]);
    assert.match(seen.findings[0]?.fix ?? "", /free the GPUs/);
  });

  it("goes by what the engine said where Serve says nothing of it", () => {
    const said = { m: ["ModuleNotFoundError: No module named 'vllm'"] };
    assert.match(
      judge(rayService({ "llm-m": { status: "UNHEALTHY" } }), { said }).findings[0]?.fix ?? "",
      /lacks a package/,
    );
  });

  it("names a RayService that is not there, that KubeRay refuses, and whose change it has not seen", () => {
    assert.deepEqual(short(judge(undefined)), ["the RayService ns/llm: none"]);
    const refusal = { type: "RayServiceReady", status: "False", reason: "ValidationFailed", message: "spec is wrong" };
    assert.deepEqual(short(judge(rayService({}, { conditions: [refusal] }))), ["the RayService ns/llm: spec is wrong"]);
    assert.match(short(judge(rayService({}, { observedGeneration: 2 })))[0] ?? "", /generation 3, seen 2/);
  });
});
