import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import type { Report } from "../../../cli/doctor/findings";
import type { ClusterPlan } from "../../../plan/types";
import { secretKeys } from "../../../config/schema";
import { rented } from "../../program/homelab";
import { Bench, goodReplies, type Replies } from "./bench";
import { assertGolden } from "./golden";
import { deployment, job, node, pod, rayService, type World } from "./worlds";

const kubeconfig = "clusters: []\nusers: [{ name: a, user: { token: CANARY-kube-token } }]\n";
const secrets = { kubeconfig, firstUserPassword: "CANARY-first-password" };
const stack = Object.fromEntries(Object.entries(rented("a100")).filter(([key]) => !secretKeys.includes(key)));

/** kubectl and the models are made, TLS and HTTP are real. */
describe("a doctor for a cluster that is there already", function () {
  this.timeout(30_000);
  let bench: Bench;
  let plan: ClusterPlan;
  let world: World;
  beforeEach(async () => {
    bench = new Bench();
    plan = await bench.stack("a100", stack, secrets);
    world = bench.well(plan, kubeconfig);
    await bench.gateway("llm.lan");
  });
  afterEach(() => bench.close());

  const report = async (): Promise<Report> => {
    bench.kubectl(world);
    return JSON.parse((await bench.ask({ stack: "a100", json: true })).text) as Report;
  };
  /** Layers that are not well: "driver broken". */
  const unwell = ({ layers }: Report): string[] =>
    layers.flatMap(({ id, state }) => (state === "well" ? [] : [`${id} ${state}`]));
  const first = ({ layers }: Report, id: string) => layers.find((layer) => layer.id === id)?.findings[0];
  const stable = (text: string): string =>
    text
      .replace(/after \d+\.\d\d s/g, "after 0.12 s")
      .replace(/until \d{4}-\d\d-\d\d \(\d+ days\)/g, "until 2027-01-01 (89 days)")
      .replaceAll(`127.0.0.1:${bench.at.port}`, "127.0.0.1:443");

  it("finds nothing where all is well, asks only, and leaves no kubeconfig behind", async () => {
    bench.kubectl(world);
    const { text, exitCode } = await bench.ask({ stack: "a100" });
    assertGolden("a100-well", stable(text));
    assert.equal(exitCode, 0);
    const calls = bench.place.read("world.json.calls").trim().split("\n");
    assert.deepEqual([...new Set(calls.map((line) => line.split(" ")[0]))], ["get"]);
    assert.deepEqual(readdirSync(bench.place.path("tmp")), []);
  });

  it("shows the failing operand with the end of its log, and does not look at what stands on it", async () => {
    world.pods["gpu-operator"] = (world.pods["gpu-operator"] ?? []).map((one) =>
      JSON.stringify(one).includes("nvidia-driver-daemonset-gpu-2")
        ? pod("gpu-operator", "nvidia-driver-daemonset-gpu-2", { node: "gpu-2", waiting: "CrashLoopBackOff", exit: 1 })
        : one,
    );
    world.logs["gpu-operator/nvidia-driver-daemonset-gpu-2"] =
      "Resolving Linux kernel version...\nCould not resolve Linux kernel version\n";
    bench.kubectl(world);
    const { text, exitCode } = await bench.ask({ stack: "a100" });
    assertGolden("a100-driver", stable(text));
    assert.equal(exitCode, 1);
  });

  it("shows Serve's reason, beside a token that does not come", async () => {
    const [model] = plan.stages.served.models;
    assert.ok(model !== undefined);
    const message =
      "ValueError: To serve at least one request with the model's max seq len (8192), 2.50 GiB KV cache is needed";
    world.rayService = rayService({ [model.application]: { status: "DEPLOY_FAILED", message } });
    bench.replies = { ...goodReplies, "/v1/chat/completions": [503, { error: { message: "The engine is down." } }] };
    bench.kubectl(world);
    const { text, exitCode } = await bench.ask({ stack: "a100" });
    assertGolden("a100-engine", stable(text));
    assert.equal(exitCode, 1);
  });

  type Break = readonly [what: string, change: (all: World) => void, broken: string[], found: RegExp, fix: RegExp];
  const above = [
    "driver skipped",
    "devicePlugin skipped",
    "kubeRay skipped",
    "download skipped",
    "engine skipped",
    "gateway skipped",
  ];
  const room = "gpu-operator";
  const breaks: readonly Break[] = [
    [
      "an API that nothing answers",
      (all) => (all.refuse["get --raw /readyz"] = "dial tcp 10.0.0.1:6443: connect: connection refused"),
      ["node broken", ...above],
      /connection refused/,
      /masters/,
    ],
    [
      "a kubeconfig that ran out",
      (all) => (all.refuse["get --raw /readyz"] = "error: You must be logged in to the server (Unauthorized)"),
      ["node broken", ...above],
      /Unauthorized/,
      /take a new one/,
    ],
    [
      "a kubeconfig that may not read pods",
      (all) => (all.refuse["get pods -n gpu-operator"] = "Error from server (Forbidden): pods is forbidden"),
      ["driver closed", "devicePlugin skipped", "engine skipped"],
      /forbidden/,
      /administrator/,
    ],
    ["a node that is gone", (all) => all.nodes.pop(), ["node broken", ...above], /1 \(gpu-1\)/, /labels or count/],
    [
      "a node that is not Ready",
      (all) =>
        (all.nodes[0] = node(
          "gpu-1",
          { "nvidia.com/gpu.present": "true" },
          1,
          "Unknown",
          "Kubelet stopped posting node status.",
        )),
      ["node broken", ...above],
      /NodeStatusUnknown: Kubelet stopped/,
      /journalctl -u kubelet/,
    ],
    ["an old Kubernetes", (all) => (all.version = "v1.28.3"), ["node broken", ...above], /v1\.28\.3/, /upgrade/],
    [
      "no GPU Operator",
      (all) => (all.pods[room] = []),
      ["driver broken", "devicePlugin skipped", "engine skipped"],
      /none/,
      /pulumi up/,
    ],
    [
      "a device plugin that offers nothing",
      (all) => (all.nodes[1] = node("gpu-2", { "nvidia.com/gpu.present": "true" }, 0)),
      ["devicePlugin broken", "engine skipped"],
      /^0$/,
      /start again/,
    ],
    [
      "KubeRay not installed",
      (all) => delete all.deployments["kuberay-system/kuberay-operator"],
      ["kubeRay broken", "engine skipped"],
      /none/,
      /pulumi up/,
    ],
    [
      "KubeRay's operator down",
      (all) => (all.deployments["kuberay-system/kuberay-operator"] = deployment(0)),
      ["kubeRay broken", "engine skipped"],
      /0 of 0 ready/,
      /--replicas=1/,
    ],
  ];
  for (const [what, change, broken, found, fix] of breaks) {
    it(`names the layer: ${what}`, async () => {
      change(world);
      const seen = await report();
      assert.deepEqual(unwell(seen), broken);
      const finding = first(seen, broken[0]?.split(" ")[0] ?? "");
      assert.match(finding?.found ?? "", found);
      assert.match(finding?.fix ?? "", fix);
    });
  }

  it("names the layer: a download that failed, with its last line", async () => {
    const [model] = plan.stages.modelStore.models;
    const { namespace } = plan.stages.modelStore;
    assert.ok(model !== undefined);
    world.jobs[namespace] = [job(model.job, "Failed", "Job has reached the specified backoff limit")];
    world.logs[`${namespace}/job/${model.job}`] =
      '{"stage":"failed","bytesDone":1073741824,"bytesTotal":2147483648,"note":"401 of the hub"}\n';
    const seen = await report();
    assert.deepEqual(unwell(seen), ["download broken", "engine skipped"]);
    assert.match(first(seen, "download")?.found ?? "", /backoff limit; 1\.0 of 2\.0 GiB, 401 of the hub/);
  });

  it("names the layer: a gateway whose image cannot be had", async () => {
    const { namespace, replicas } = plan.stages.gateway;
    world.deployments[`${namespace}/gateway`] = deployment(replicas, 0);
    const labels = { "app.kubernetes.io/component": "gateway" };
    world.pods[namespace] = [
      pod(namespace, "gateway-0", { labels, waiting: "ImagePullBackOff", message: "no such host" }),
    ];
    const seen = await report();
    assert.deepEqual(unwell(seen), ["gateway broken"]);
    assert.match(first(seen, "gateway")?.found ?? "", /ImagePullBackOff: no such host/);
    assert.match(first(seen, "gateway")?.fix ?? "", /registry/);
  });

  const refusals: readonly (readonly [string, Replies, RegExp, RegExp])[] = [
    ["a wrong password", { "/token": [400, { error: "invalid_grant" }] }, /\/token answered 400/, /firstUserPassword/],
    ["a user without the model", { ...goodReplies, "/v1/chat/completions": [403, {}] }, /answered 403/, /chat:write/],
    ["an engine that is down", { ...goodReplies, "/v1/chat/completions": [502, {}] }, /answered 502/, /layers below/],
    ["a name that leads elsewhere", {}, /\/token answered 404/, /Ingress/],
  ];
  for (const [what, replies, found, fix] of refusals) {
    it(`names the token: ${what}`, async () => {
      bench.replies = replies;
      const seen = await report();
      assert.deepEqual(unwell(seen), ["token broken"]);
      assert.match(first(seen, "token")?.found ?? "", found);
      assert.match(first(seen, "token")?.fix ?? "", fix);
    });
  }

  it("sends no password to a certificate that nobody believes", async () => {
    bench.env.set("SSL_CERT_FILE", undefined);
    const seen = await report();
    assert.deepEqual(unwell(seen), ["tls broken", "token skipped"]);
    assert.match(first(seen, "tls")?.found ?? "", /DEPTH_ZERO_SELF_SIGNED_CERT, issued by Made CA/);
  });

  it("says what it could not look at without a passphrase, and that this is no broken layer", async () => {
    bench.kubectl(world);
    bench.env.set("PULUMI_CONFIG_PASSPHRASE", undefined);
    const { text, exitCode } = await bench.ask({ stack: "a100" });
    assertGolden("a100-closed", stable(text));
    assert.equal(exitCode, 2);
  });

  it("says that there is no kubectl", async () => {
    bench.kubectl(world);
    bench.env.set("PATH", bench.place.path("nothing"));
    const seen = JSON.parse((await bench.ask({ stack: "a100", json: true })).text) as Report;
    assert.equal(first(seen, "node")?.found, "no kubectl");
    assert.equal(unwell(seen)[0], "node closed");
  });
});
