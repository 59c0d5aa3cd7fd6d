import assert from "node:assert/strict";
import { parse } from "yaml";
import type { ServedPlan } from "../../../../plan/stages/served";
import { commandOf } from "../../../../components/scripts";
import { waitSettings, warming } from "../../../../render/stages/served/check";
import { rayServiceManifest } from "../../../../render/stages/served/rayService";
import { serveConfigOf } from "../../../../render/stages/served/serveConfig";
import { storeManifests } from "../../../../render/stages/served/store";
import { warmJobManifest } from "../../../../render/stages/served/warmJob";
import { crowd } from "../../../../bench/support/crowd";
import { changed, existing } from "../../../config/stacks";
import { committed, committedServed, servedInput, servedOf, staged } from "../../../plan/stages/servedCases";
import { assertGolden } from "../golden";
import { everything, kept, mixed } from "./cases";

type Data = Record<string, unknown>;

/** A value inside plain data, which has to be there. */
const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );

const clusterOf = (plan: ServedPlan): unknown => at(rayServiceManifest(plan), "spec", "rayClusterConfig");
const listAt = (value: unknown, ...path: readonly (string | number)[]): readonly Data[] =>
  (at(value, ...path) ?? []) as Data[];
const groupsOf = (plan: ServedPlan) => listAt(clusterOf(plan), "workerGroupSpecs");

const plans = [...committed.map(committedServed), ...[everything, mixed, kept].map(servedOf)];

/** Every pod of a plan: head, workers, Jobs, store. */
const podsOf = (plan: ServedPlan): readonly unknown[] => [
  at(clusterOf(plan), "headGroupSpec", "template", "spec"),
  ...groupsOf(plan).map((group) => at(group, "template", "spec")),
  ...plan.models.flatMap((model) => {
    const job = warmJobManifest(plan, model);
    return job === undefined ? [] : [at(job, "spec", "template", "spec")];
  }),
  ...(storeManifests(plan)?.others ?? []).flatMap((one) =>
    one.kind === "StatefulSet" ? [at(one, "spec", "template", "spec")] : [],
  ),
];

describe("the RayService", () => {
  for (const stack of committed)
    it(`of ${stack} is as it was`, () => {
      assertGolden(`served/rayService.${stack}.yaml`, rayServiceManifest(committedServed(stack)));
    });

  it("has the Serve config as text", () => {
    for (const plan of plans)
      assert.deepEqual(parse(String(at(rayServiceManifest(plan), "spec", "serveConfigV2"))), serveConfigOf(plan));
  });

  it("has a name and groups that KubeRay takes", () => {
    for (const plan of plans) {
      const name = rayServiceManifest(plan).metadata.name;
      assert.ok(name.length <= 47 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name));
      const names = groupsOf(plan).map((group) => String(group["groupName"]));
      assert.equal(new Set(names).size, names.length);
      for (const one of names) assert.match(one, /^[a-z0-9]([-a-z0-9]{0,45}[a-z0-9])?$/);
    }
  });

  it("says counts and resources of each group once, as KubeRay wants them", () => {
    for (const plan of plans) {
      for (const [index, group] of groupsOf(plan).entries()) {
        const planned = plan.groups[index];
        assert.ok(planned !== undefined);
        assert.deepEqual([group["replicas"], group["maxReplicas"]], [planned.replicas, planned.replicas]);
        assert.equal(group["minReplicas"], plan.autoscaling ? planned.minReplicas : planned.replicas);
        const { resources } = group;
        assert.deepEqual(resources, {
          CPU: String(planned.gpus + 2),
          GPU: String(planned.gpus),
          [planned.resource]: String(planned.gpus + 1),
        });
        assert.deepEqual(Object.keys(group["rayStartParams"] as Data), ["object-store-memory"]);
        const [container] = listAt(group, "template", "spec", "containers");
        assert.equal(at(container, "resources", "limits", "nvidia.com/gpu"), String(planned.gpus));
      }
    }
  });

  it("has a head without GPU and work, and a dashboard that nobody publishes", () => {
    for (const plan of plans) {
      const head = at(clusterOf(plan), "headGroupSpec");
      assert.deepEqual(
        [at(head, "resources"), at(head, "serviceType"), at(head, "enableIngress")],
        [{ CPU: "0" }, "ClusterIP", false],
      );
      assert.doesNotMatch(JSON.stringify(at(head, "template")), /nvidia/);
      assert.equal(at(rayServiceManifest(plan), "spec", "excludeHeadPodFromServeSvc"), true);
    }
  });

  it("asks for Ray's token, and holds none", () => {
    assert.deepEqual(at(clusterOf(servedOf(existing)), "authOptions"), { mode: "token", secretName: "ray-token" });
  });

  it("comes up beside the old one, or not, as the plan says", () => {
    const type = (raw: unknown): unknown => at(rayServiceManifest(servedOf(raw)), "spec", "upgradeStrategy", "type");
    assert.equal(type(existing), "None");
    assert.equal(type(changed(existing, "models[0].replicas", 1)), "NewCluster");
  });

  it("shows KubeRay every change of its cluster: hashes stand in the pods of the head and of each group", () => {
    const annotations = ["template", "metadata", "annotations"];
    const head = (raw: unknown): unknown =>
      at(clusterOf(servedOf(raw)), "headGroupSpec", ...annotations, "tokenrack-cluster");
    const group = (raw: unknown): unknown => at(groupsOf(servedOf(raw))[0], ...annotations, "tokenrack-group");
    const fewer = changed(existing, "models[0].replicas", 1);
    assert.match(`${String(head(existing))} ${String(group(existing))}`, /^[0-9a-f]{16} [0-9a-f]{16}$/);
    assert.equal(head(fewer), head(existing));
    assert.notEqual(group(fewer), group(existing));
  });
});

describe("every pod of stage 7", () => {
  const every = plans.flatMap(podsOf);

  it("keeps the level restricted, with no token of Kubernetes", () => {
    assert.ok(every.length > 15);
    for (const pod of every) {
      assert.deepEqual(
        [at(pod, "securityContext", "runAsNonRoot"), at(pod, "securityContext", "seccompProfile", "type")],
        [true, "RuntimeDefault"],
      );
      for (const container of [...listAt(pod, "containers"), ...listAt(pod, "initContainers")]) {
        assert.equal(at(container, "securityContext", "allowPrivilegeEscalation"), false);
        assert.deepEqual(at(container, "securityContext", "capabilities"), { drop: ["ALL"] });
      }
      for (const volume of listAt(pod, "volumes")) {
        const [kind] = Object.keys(volume).filter((key) => key !== "name");
        assert.ok(["emptyDir", "persistentVolumeClaim", "secret", "projected"].includes(kind ?? ""), kind);
      }
      assert.doesNotMatch(JSON.stringify(pod), /serviceAccountToken"/);
    }
    const withToken = every.filter((pod) => at(pod, "automountServiceAccountToken") !== false);
    // The head of the stack whose pods come and go: its autoscaler asks Kubernetes for them.
    assert.equal(withToken.length, 1);
  });

  it("with a model reads its weights and writes only its caches, offline", () => {
    const plan = servedOf(existing);
    for (const pod of podsOf(plan).slice(1)) {
      const [container] = listAt(pod, "containers");
      const mounts = listAt(container, "volumeMounts").filter(({ name }) => name === "models");
      assert.deepEqual(mounts, [
        { name: "models", mountPath: "/models", readOnly: true },
        { name: "models", mountPath: "/cache", subPath: "cache" },
      ]);
      const env = new Map(listAt(container, "env").map(({ name, value }) => [name, value]));
      assert.equal(env.get("HF_HUB_OFFLINE"), "1");
      assert.equal(env.get("RAY_USAGE_STATS_ENABLED"), "0");
    }
  });

  it("of Ray listens for ranks on its own address, and ends answers before it stops", () => {
    const [container] = listAt(groupsOf(servedOf(existing))[0], "template", "spec", "containers");
    const host = listAt(container, "env").find(({ name }) => name === "VLLM_HOST_IP");
    assert.deepEqual(host?.["valueFrom"], { fieldRef: { fieldPath: "status.podIP" } });
    assert.match(String(at(container, "lifecycle", "preStop", "exec", "command", 2)), /ray_vllm_num_requests_running/);
    const pod = at(groupsOf(servedOf(existing))[0], "template", "spec");
    assert.equal(at(pod, "terminationGracePeriodSeconds"), 180);
    const shm = listAt(pod, "volumes").find(({ name }) => name === "shared-mem");
    assert.deepEqual(shm?.["emptyDir"], { medium: "Memory", sizeLimit: "2048Mi" });
  });

  it("with GPUs asks for them as the GPU stage says", () => {
    const gpu = {
      runtimeClass: "nvidia",
      resource: "nvidia.com/gpu",
      scheduler: "hami-scheduler",
    };
    const { plan } = staged({
      ...servedInput(changed(existing, "gpu", { podResources: { gpu: { "nvidia.com/gpumem": 8000 } } })),
      gpu,
    });
    const pod = at(groupsOf(plan)[0], "template", "spec");
    assert.deepEqual([at(pod, "runtimeClassName"), at(pod, "schedulerName")], ["nvidia", "hami-scheduler"]);
    assert.deepEqual(at(pod, "containers", 0, "resources", "limits"), {
      "nvidia.com/gpu": "1",
      "nvidia.com/gpumem": "8000",
    });
    assert.equal(at(clusterOf(plan), "headGroupSpec", "template", "spec", "runtimeClassName"), undefined);
  });

  it("has the priority that is wanted", () => {
    const plan = servedOf(changed(existing, "serving", { priorityClass: "high" }));
    for (const pod of podsOf(plan)) assert.equal(at(pod, "priorityClassName"), "high");
  });
});

describe("what stage 7 has only where it is asked for", () => {
  it("is a store of the head's state, over TLS alone and with its password from a Secret", () => {
    const plan = servedOf(kept);
    assertGolden("served/store.yaml", storeManifests(plan));
    assert.deepEqual(at(clusterOf(plan), "gcsFaultToleranceOptions"), {
      redisAddress: "rediss://ray-store.tokenrack.svc:6379",
      redisPassword: { valueFrom: { secretKeyRef: { name: "ray-store", key: "password" } } },
    });
    const env = listAt(clusterOf(plan), "headGroupSpec", "template", "spec", "containers", 0, "env");
    assert.ok(env.some(({ name, value }) => name === "RAY_REDIS_CA_CERT" && value === "/var/run/ray-store/ca.crt"));
    assert.equal(storeManifests(servedOf(existing)), undefined);
    assert.equal(at(clusterOf(servedOf(existing)), "gcsFaultToleranceOptions"), undefined);
  });

  it("is Ray's autoscaler, with the security of every container", () => {
    const cluster = clusterOf(servedOf(everything));
    assert.equal(at(cluster, "enableInTreeAutoscaling"), true);
    assert.deepEqual(at(cluster, "autoscalerOptions", "securityContext", "capabilities"), { drop: ["ALL"] });
    assert.equal(at(clusterOf(servedOf(existing)), "enableInTreeAutoscaling"), undefined);
  });

  it("is the file of an adapter's credentials", () => {
    const [small, gemma] = groupsOf(servedOf(everything)).map((group) => JSON.stringify(group));
    assert.match(small ?? "", /AWS_SHARED_CREDENTIALS_FILE.*"secretName":"adapters"/);
    assert.doesNotMatch(gemma ?? "", /adapters/);
  });
});

describe("the Job that fills a compile cache", () => {
  const plan = servedOf(everything);
  const [, gemma] = plan.models;

  it("starts the engine with the arguments of the Serve config, on GPUs like the model's", () => {
    assert.ok(gemma !== undefined);
    const job = warmJobManifest(plan, gemma);
    assertGolden("served/warmJob.yaml", job);
    const [container] = listAt(job, "spec", "template", "spec", "containers");
    const engine = listAt(container, "env").find(({ name }) => name === "TOKENRACK_ENGINE")?.["value"];
    const kwargs = JSON.parse(String(engine)) as Data;
    assert.deepEqual(
      [kwargs["model"], kwargs["tensor_parallel_size"], kwargs["distributed_executor_backend"]],
      [gemma.directory, 2, "mp"],
    );
    assert.equal(at(container, "resources", "limits", "nvidia.com/gpu"), "2");
  });

  it("has the model's whole environment, which is part of vLLM's own key", () => {
    assert.ok(gemma !== undefined);
    const [container] = listAt(warmJobManifest(plan, gemma), "spec", "template", "spec", "containers");
    const env = new Map(listAt(container, "env").map(({ name, value }) => [name, value]));
    for (const [name, value] of Object.entries(gemma.environment)) assert.equal(env.get(name), value);
  });

  it("has no arguments of the API server", () => {
    const [small] = plan.models;
    assert.ok(small !== undefined);
    assert.doesNotMatch(JSON.stringify(warmJobManifest(plan, small)), /tool_call_parser|enable_auto_tool_choice/);
  });
});

describe("settings of the scripts of stage 7", () => {
  it("name each model with what the plan expects of it", () => {
    const { models = "", namespace, service } = waitSettings(servedOf(everything));
    assert.deepEqual([namespace, service], ["tokenrack", "llm"]);
    const lines = models.split("\n").map((line) => line.split("|"));
    assert.deepEqual(
      lines.map((fields) => fields.slice(0, 4)),
      [
        ["small", "llm-small", "/small", "small"],
        ["gemma.27b/it", "llm-gemma-27b-it", "/gemma-27b-it", "gemma-27b-it"],
      ],
    );
    assert.match(
      lines[0]?.[5] ?? "",
      /^the plan counts on [\d.]+ GiB of weights on a GPU, [\d.]+ GiB of KV cache for [\d,]+ tokens/,
    );
  });

  it("are others, so that the script runs again, when the Serve config or the cluster changes, and only then", () => {
    const spec = (raw: unknown): string | undefined => waitSettings(servedOf(raw))["spec"];
    assert.equal(spec(existing), spec(changed(existing, "gateway", { tokenLifetimeMinutes: 10 })));
    assert.notEqual(spec(existing), spec(changed(existing, "models[0].contextTokens", 4096)));
    assert.notEqual(spec(existing), spec(changed(existing, "serving", { priorityClass: "high" })));
  });

  it("have a Job on each line, and are not there without one", () => {
    const { settings, input = [] } = warming(servedOf(everything)) ?? {};
    const manifests = input.map((line) => JSON.parse(line) as { kind: string; metadata: { name: string } });
    assert.deepEqual(
      manifests.map(({ kind }) => kind),
      ["Job", "Job"],
    );
    const lines = (settings?.["jobs"] ?? "").split("\n");
    assert.deepEqual(
      lines.map((line) => line.split(" ")[0]),
      manifests.map(({ metadata }) => metadata.name),
    );
    for (const line of lines) assert.match(line, /^\S+ [0-9a-f]{16}$/);
    assert.equal(warming(servedOf(changed(existing, "serving", { warmCompileCache: "never" }))), undefined);
  });

  it("fit a command line, however many models there are", () => {
    const { settings, input = [] } = warming(servedOf(crowd(100, 2))) ?? {};
    assert.equal(input.length, 100);
    // Linux takes 128 KiB for one argument. @see execve(2), MAX_ARG_STRLEN
    assert.ok(Buffer.byteLength(commandOf("servingWarm", "warm", settings ?? {})) < 32 * 1024);
    assert.ok(Buffer.byteLength(commandOf("servingWait", "wait", waitSettings(servedOf(crowd(100, 2))))) < 128 * 1024);
  });
});
