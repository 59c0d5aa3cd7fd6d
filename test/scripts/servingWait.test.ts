import assert from "node:assert/strict";
import { Place } from "../support/fixtures";
import { makeWorld, runScript } from "./clusterScript";
import { faultsOf } from "./support";

const expectation = "the plan counts on 16.2 GiB of weights on a GPU";
const models = [
  `gemma|llm-gemma|/gemma|gemma|/cache/gemma/aa|${expectation}`,
  `org/qwen|llm-org-qwen|/org-qwen|org-qwen|/cache/org-qwen/bb|${expectation}`,
].join("\n");

/** Status of a RayService as KubeRay 1.6 writes it. */
const rayService = (status: object, generation = 2) => ({ metadata: { generation }, status });
const application = (status: string, message = "") => ({ status, message, serveDeploymentStatuses: {} });
const apps = (gemma: object, qwen: object) => ({ "llm-gemma": gemma, "llm-org-qwen": qwen });

const running = rayService({
  observedGeneration: 2,
  activeServiceStatus: {
    rayClusterName: "llm-abc",
    applicationStatuses: apps(application("RUNNING"), application("RUNNING")),
  },
  conditions: [{ type: "Ready", reason: "NonZeroServeEndpoints", status: "True", message: "" }],
});

const starting = rayService({
  observedGeneration: 2,
  pendingServiceStatus: {
    rayClusterName: "llm-abc",
    applicationStatuses: apps(application("DEPLOYING"), application("RUNNING")),
  },
});

/** What the made kubectl answers, and what came of it. */
interface World {
  /** RayServices, one a look; the last one stays. */
  readonly looks: readonly object[];
  readonly pods?: object;
  /** What a request for a token ends with, one a request; the last one stays. */
  readonly tokens?: readonly { readonly code: number; readonly out: string }[];
  readonly engine?: string;
  readonly deadline?: string;
}

const noPods = { items: [{ metadata: { name: "llm-abc-head" }, status: { phase: "Running" } }] };

describe("serving-wait.sh, with a made kubectl", function () {
  this.timeout(30_000);
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  const wait = async ({
    looks,
    pods = noPods,
    tokens = [{ code: 0, out: "0.42" }],
    engine = "",
    deadline = "60",
  }: World) => {
    makeWorld(place, { looks, pods, tokens, engine });
    const settings = { namespace: "tokenrack", service: "llm", deadline, poll: "0", spec: "1", models };
    return runScript(place, ["servingWait", "wait"], settings);
  };

  it("is ready when every model has given a token, and tells the way there", async () => {
    const { code, out, err } = await wait({ looks: [starting, running] });
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), {
      endpoint: "http://llm-serve-svc.tokenrack.svc:8000",
      tokens: { gemma: 0.42, "org/qwen": 0.42 },
    });
    assert.match(err, /Ray cluster llm-abc, gemma DEPLOYING, org\/qwen RUNNING\n/);
    assert.match(err, /gemma: its first token after 0\.42 s/);
  });

  it("waits until KubeRay has looked at the newest spec, and until an old cluster has gone", async () => {
    const stale = rayService(running.status, 3);
    const beside = rayService({ ...running.status, pendingServiceStatus: { rayClusterName: "llm-new" } });
    const { code, err } = await wait({ looks: [stale, beside, running] });
    assert.equal(code, 0, err);
    assert.match(err, /Ray cluster llm-new, gemma waiting/);
  });

  it("asks again while Serve runs the config of before, or an answer has no token", async () => {
    const tokens = [
      { code: 2, out: "" },
      { code: 1, out: "HTTP 500: no" },
      { code: 0, out: "1.00" },
    ];
    const { code, err } = await wait({ looks: [running], tokens });
    assert.equal(code, 0, err);
    assert.match(err, /gemma: Serve still runs the config of before\ngemma: HTTP 500: no\n/);
  });

  it("stops at once when a model cannot start: Serve's reason, the plan beside it, the engine's last words", async () => {
    const message =
      "The deployment failed to start 3 times in a row.\nValueError: No available memory for the KV cache";
    const failed = rayService({
      ...starting.status,
      pendingServiceStatus: {
        rayClusterName: "llm-abc",
        applicationStatuses: apps(application("DEPLOY_FAILED", message), application("RUNNING")),
      },
    });
    const { code, out, err } = await wait({ looks: [failed], engine: "ERROR core.py: 3.1 GiB of KV cache is needed" });
    assert.deepEqual([code, out], [3, ""]);
    assert.deepEqual(faultsOf(err), [
      {
        checked: "model gemma (application llm-gemma)",
        found: `DEPLOY_FAILED: ${message.replace("\n", " ")}`,
        expected: `one token within 60 s; ${expectation}`,
        fix: "lower contextTokens or raise gpuMemoryUtilization; a cold compile cache leaves less: run again",
      },
    ]);
    assert.match(err, /its engine said last:\n {4}llm-abc-head: ERROR core\.py: 3\.1 GiB/);
  });

  it("names the pods that find no node when the time is up", async () => {
    const why = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.";
    const item = {
      metadata: { name: "llm-abc-gemma-worker" },
      status: { phase: "Pending", conditions: [{ type: "PodScheduled", reason: "Unschedulable", message: why }] },
    };
    const { code, err } = await wait({ looks: [starting], pods: { items: [item] }, deadline: "0" });
    assert.equal(code, 3);
    const [fault, ...more] = faultsOf(err);
    assert.deepEqual(more, []);
    assert.equal(fault?.found, `DEPLOYING; llm-abc-gemma-worker: ${why}`);
    assert.equal(fault?.fix, "free the GPUs, or correct the pool's labels, taint or gpusPerNode");
  });

  it("names an image that cannot be had", async () => {
    const waiting = { state: { waiting: { reason: "ImagePullBackOff" } } };
    const item = { metadata: { name: "w" }, status: { phase: "Pending", containerStatuses: [waiting] } };
    const { err } = await wait({ looks: [starting], pods: { items: [item] }, deadline: "0" });
    assert.match(faultsOf(err)[0]?.fix ?? "", /^check images\.ray/);
  });

  it("tells a spec that KubeRay refuses", async () => {
    const refused = rayService({
      conditions: [{ type: "Ready", reason: "ValidationFailed", status: "False", message: "no such field" }],
    });
    const { code, err } = await wait({ looks: [refused] });
    assert.equal(code, 3);
    assert.equal(faultsOf(err)[0]?.found, "no such field");
  });

  it("tells a RayService that is not there", async () => {
    const { code, err } = await wait({ looks: [], deadline: "0" });
    assert.equal(code, 3);
    assert.match(faultsOf(err)[0]?.found ?? "", /rayservices\.ray\.io "llm" not found/);
  });

  it("tells a model that runs and gives no token", async () => {
    const { code, err } = await wait({
      looks: [running],
      tokens: [{ code: 1, out: "TimeoutError: timed out" }],
      deadline: "1",
    });
    assert.equal(code, 3);
    assert.equal(faultsOf(err)[0]?.found, "TimeoutError: timed out");
  });
});
