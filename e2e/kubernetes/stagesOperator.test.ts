import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { planStages } from "../../plan/stages";
import type { Manifest } from "../../render/manifest";
import { changed } from "../../test/config/stacks";
import { everything, kept } from "../../test/render/stages/served/cases";
import { installDefinitions } from "../support/definitions";
import { lost } from "../support/differences";
import { KubeClient } from "../support/kubeClient";
import { startControlPlane, type ControlPlane } from "../support/kubeControl";
import { podsOf } from "../support/podTemplates";
import { startRayOperator } from "../support/rayOperator";
import { account, broken, given, inputOf, type Stack } from "../support/stageCases";
import { stageManifests } from "../support/stageManifests";
import { BUILDS_MS } from "./rig";

/** Some seconds on idle cores; in ms. */
const PATIENCE_MS = 120_000;

const envSchema = z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]);
const probeSchema = z.looseObject({
  httpGet: z.unknown().optional(),
  exec: z.object({ command: z.array(z.string()) }).optional(),
});
const containerSchema = z.looseObject({
  name: z.string(),
  args: z.array(z.string()).default([]),
  env: envSchema,
  volumeMounts: z.array(z.looseObject({ mountPath: z.string() })).default([]),
  readinessProbe: probeSchema.optional(),
  livenessProbe: probeSchema.optional(),
  securityContext: z.unknown().optional(),
});
const podSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    containers: z.tuple([containerSchema], containerSchema),
    initContainers: z.array(containerSchema).default([]),
  }),
});
type Pod = z.output<typeof podSchema>;

const podsSchema = z.object({ items: z.array(podSchema) });
const eventsSchema = z.object({
  items: z.array(z.object({ type: z.string(), reason: z.string(), message: z.string() })),
});
const conditionSchema = z.object({ type: z.string(), reason: z.string(), message: z.string() });
const statusSchema = z.object({
  status: z.object({ conditions: z.array(conditionSchema).default([]) }).default({ conditions: [] }),
});

/** Title, namespace of its own, as the operator looks at all of them at once, and stack. */
const cases: readonly (readonly [title: string, namespace: string, stack: Stack])[] = [
  ["homelab", "tokenrack", "homelab"],
  ["two models, autoscaled", "two", changed(everything, "serving.namespace", "two")],
  ["the head's state kept", "kept", changed(kept, "serving.namespace", "kept")],
];
/** Where one is that the operator refuses. */
const elsewhere = "refused";

/** What is the server's own and nobody rendered: the account, its token and a default that the operator overrules. */
const byServer = /kube-api-access-|^\.serviceAccount(?:Name)?: "default"|^\.restartPolicy: "Always"/;

const envOf = (pod: Pod, name: string): unknown => pod.spec.containers[0].env.find((one) => one.name === name);

describe("KubeRay's operator", function () {
  this.timeout(PATIENCE_MS + 60_000);
  let control: ControlPlane;
  let client: KubeClient;
  let isRunning: () => boolean;

  before(async function () {
    this.timeout(BUILDS_MS);
    control = await startControlPlane({ controllers: false });
    client = new KubeClient(control);
    await installDefinitions(client);
    for (const object of given) await client.apply(object);
    const { kubeRay } = planStages(inputOf("homelab")).plan;
    isRunning = await startRayOperator(control, kubeRay, [...cases.map(([, namespace]) => namespace), elsewhere]);
  });

  after(async () => {
    await client?.close();
    await control?.stop();
  });

  /** Puts the RayService into its namespace, which is as it was rendered. */
  async function serve(stack: Stack, change = (service: Manifest): Manifest => service): Promise<Manifest> {
    const objects = stageManifests(inputOf(stack));
    const service = objects.find(({ kind }) => kind === "RayService");
    const namespace = objects.find(
      ({ kind, metadata }) => kind === "Namespace" && metadata.name === service?.metadata.namespace,
    );
    assert.ok(service !== undefined && namespace !== undefined);
    const changedService = change(service);
    for (const object of [namespace, account(namespace.metadata.name), changedService]) await client.apply(object);
    return changedService;
  }

  /** Asks until the answer is what is wanted; else tells what was there, and the end of the operator's log. */
  async function until<T>(ask: () => Promise<T>, isDone: (answer: T) => boolean): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await ask();
      if (isDone(answer)) return answer;
      if (Date.now() > deadline || !isRunning()) {
        const log = readFileSync(path.join(control.directory, "ray-operator.log"), "utf8").slice(-3000);
        assert.fail(
          `not after ${PATIENCE_MS / 1000} s:\n${JSON.stringify(answer, undefined, 1).slice(0, 3000)}\n${log}`,
        );
      }
      await sleep(250);
    }
  }

  /** What the operator lost or changed of a template, in the pods that it made of it. */
  async function lostOf(template: Manifest, pods: readonly Pod[]): Promise<readonly string[]> {
    // As the server writes it, with its defaults.
    const { metadata, spec } = podSchema.parse((await client.judge(template)).object);
    const group = metadata.name === "llm-head" ? "headgroup" : metadata.name.slice("llm-".length);
    const made = pods.filter((pod) => pod.metadata.labels["ray.io/group"] === group);
    assert.ok(made.length > 0, `no pod of ${group}`);
    const found = made.flatMap((pod) => [...lost(metadata.labels, pod.metadata.labels), ...lost(spec, pod.spec)]);
    return found.filter((text) => !byServer.test(text));
  }

  const podsIn = async (namespace: string): Promise<readonly Pod[]> =>
    podsSchema.parse(await client.get(`/api/v1/namespaces/${namespace}/pods`)).items;

  const conditionsIn = async (namespace: string): Promise<readonly z.output<typeof conditionSchema>[]> =>
    statusSchema.parse(await client.get(`/apis/ray.io/v1/namespaces/${namespace}/rayservices/llm`)).status.conditions;

  const warningsIn = async (namespace: string): Promise<readonly string[]> =>
    eventsSchema
      .parse(await client.get(`/api/v1/namespaces/${namespace}/events`))
      .items.filter(({ type }) => type === "Warning")
      .map(({ reason, message }) => `${reason}: ${message}`);

  for (const [title, namespace, stack] of cases)
    it(`takes the RayService, and makes every pod as it was rendered: ${title}`, async () => {
      const { served } = planStages(inputOf(stack)).plan;
      const service = await serve(stack);
      const count = served.groups.reduce((sum, { replicas, hosts }) => sum + replicas * hosts, 1);
      const pods = await until(
        () => podsIn(namespace),
        ({ length }) => length >= count,
      );
      assert.equal(pods.length, count);
      assert.deepEqual(await warningsIn(namespace), []);
      const reasons = (await conditionsIn(namespace)).map(({ reason }) => reason);
      assert.deepEqual(
        reasons.filter((reason) => /Failed|Invalid/.test(reason)),
        [],
      );
      for (const template of podsOf(service)) assert.deepEqual(await lostOf(template, pods), []);
    });

  it("adds what keeps a cluster together: the token, probes, a wait for the head, its resources", async () => {
    const pods = await podsIn("tokenrack");
    const tokenOf = { name: "ray-token", key: "auth_token" };
    for (const pod of pods) {
      assert.deepEqual(envOf(pod, "RAY_AUTH_MODE"), { name: "RAY_AUTH_MODE", value: "token" });
      assert.deepEqual(envOf(pod, "RAY_AUTH_TOKEN"), { name: "RAY_AUTH_TOKEN", valueFrom: { secretKeyRef: tokenOf } });
      const [container] = pod.spec.containers;
      assert.equal(container.volumeMounts.filter(({ mountPath }) => mountPath === "/dev/shm").length, 1);
      assert.deepEqual(container.livenessProbe?.httpGet, { path: "/api/healthz", port: 52365, scheme: "HTTP" });
    }
    const [head, worker] = ["head", "worker"].map((type) =>
      pods.find(({ metadata }) => metadata.labels["ray.io/node-type"] === type),
    );
    assert.ok(head !== undefined && worker !== undefined);
    assert.equal(head.metadata.labels["app.kubernetes.io/component"], "ray-head");
    assert.equal(worker.metadata.labels["app.kubernetes.io/component"], "ray-worker");
    const [started, joined] = [head, worker].map(({ spec }) => spec.containers[0].args.join(" "));
    assert.match(started ?? "", /ray start --head .*--num-cpus=0 /);
    assert.match(joined ?? "", /--num-gpus=1 .*--resources='\{"[^"]+":2\}'/);
    assert.match(worker.spec.containers[0].readinessProbe?.exec?.command.join(" ") ?? "", /:8000\/-\/healthz/);
    assert.deepEqual(
      worker.spec.initContainers.map(({ name, securityContext }) => [name, securityContext]),
      [["wait-gcs-ready", worker.spec.containers[0].securityContext]],
    );
  });

  it("puts an autoscaler of the level `restricted` beside the head, and gives it an account", async () => {
    const [head] = (await podsIn("two")).filter(({ metadata }) => metadata.labels["ray.io/node-type"] === "head");
    assert.deepEqual(
      head?.spec.containers.map(({ name }) => name),
      ["ray-head", "autoscaler"],
    );
    assert.deepEqual([head?.spec["restartPolicy"], head?.spec["serviceAccountName"] !== "default"], ["Never", true]);
  });

  it("tells the head where its state is kept, and workers to wait for a new one", async () => {
    const pods = await podsIn("kept");
    const [head, worker] = ["head", "worker"].map((type) =>
      pods.find(({ metadata }) => metadata.labels["ray.io/node-type"] === type),
    );
    assert.ok(head !== undefined && worker !== undefined);
    const value = "rediss://ray-store.kept.svc:6379";
    assert.deepEqual(envOf(head, "RAY_REDIS_ADDRESS"), { name: "RAY_REDIS_ADDRESS", value });
    assert.deepEqual(Reflect.get(Object(envOf(head, "REDIS_PASSWORD")), "valueFrom"), {
      secretKeyRef: { name: "ray-store", key: "password" },
    });
    assert.equal(Reflect.get(Object(envOf(worker, "RAY_gcs_rpc_server_reconnect_timeout_s")), "value"), "600");
  });

  it("refuses a RayService that its definition lets pass: else the tests above would say nothing", async () => {
    const params = "spec.rayClusterConfig.headGroupSpec.rayStartParams.num-cpus";
    await serve(changed(everything, "serving.namespace", elsewhere), (service) => broken(service, params, "1"));
    const found = await until(
      () => conditionsIn(elsewhere),
      (conditions) => conditions.some(({ reason }) => reason === "ValidationFailed"),
    );
    assert.match(
      found.map(({ message }) => message).join(),
      /resource fields should not be set in both rayStartParams/,
    );
  });
});
