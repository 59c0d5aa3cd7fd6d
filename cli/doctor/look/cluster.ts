/** What a cluster says of each layer on it. Nodes and pods are asked for once. */
import type * as z from "zod";
import { kubernetesMinorFloor } from "../../../catalog/versions";
import { objectNames, type Component } from "../../../plan/stages/names";
import { onPool } from "../../../plan/stages/scheduling";
import type { ClusterPlan } from "../../../plan/types";
import type { LogTail } from "../findings";
import type { GatewayFacts } from "../judge/gateway";
import { driverPods, pluginPods, type GpuFacts } from "../judge/gpu";
import type { NodeFacts, WantedPool } from "../judge/nodes";
import { troublesOf } from "../judge/pods";
import type { DownloadFacts, EngineFacts, KubeRayFacts } from "../judge/serving";
import type { Answer, Cluster } from "./kubectl";
import * as objects from "./objects";

/** Lines of a log that are kept: the archive has all of them. */
const tailLines = 40;
/** Pods whose logs are read: more of them say the same. */
const mostLogs = 4;

/** A question that nobody answered, after the API had answered others. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

function valueOf<T>(answer: Answer<T>): T | undefined {
  if (answer.kind === "failed") throw new Unanswered(answer.said);
  return answer.kind === "given" ? answer.value : undefined;
}

const wantedPools = ({ pools, stages }: ClusterPlan): readonly WantedPool[] =>
  pools.map((pool) => ({
    name: pool.name,
    count: pool.count,
    labels: onPool(pool).nodeSelector,
    gpus: stages.gpuStack.pools.find(({ name }) => name === pool.name)?.allocatable ?? 0,
  }));

const componentOf = ({ metadata }: objects.KubePod): string => metadata.labels["app.kubernetes.io/component"] ?? "";

/** Facts, and the logs that belong to them. */
export interface Seen<F> {
  readonly facts: F;
  readonly logs: readonly LogTail[];
}

/** Pods of these components of ours. */
const ofComponents = (pods: readonly objects.KubePod[], ...names: readonly Component[]): readonly objects.KubePod[] =>
  pods.filter((pod) => names.some((name) => name === componentOf(pod)));

/** The end of a line of a log may be a whole traceback. */
const longestLine = 400;

/** Looks at a cluster, as a plan wants it. */
export class ClusterLook {
  private nodeList: Promise<readonly objects.KubeNode[]> | undefined;
  private readonly podLists = new Map<string, Promise<readonly objects.KubePod[]>>();

  constructor(
    private readonly cluster: Cluster,
    private readonly plan: ClusterPlan,
  ) {}

  /** Undefined where there is none. @throws Unanswered */
  private async get<T>(schema: z.ZodType<T>, ...args: readonly string[]): Promise<T | undefined> {
    return valueOf(await this.cluster.json(schema, ...args));
  }

  private allNodes(): Promise<readonly objects.KubeNode[]> {
    this.nodeList ??= this.get(objects.nodeList, "nodes").then((list) => list?.items ?? []);
    return this.nodeList;
  }

  private pods(namespace: string): Promise<readonly objects.KubePod[]> {
    const known = this.podLists.get(namespace);
    if (known !== undefined) return known;
    const asked = this.get(objects.podList, "pods", "-n", namespace).then((list) => list?.items ?? []);
    this.podLists.set(namespace, asked);
    return asked;
  }

  /** What pods that do not work said last. */
  private async tails(pods: readonly objects.KubePod[]): Promise<readonly LogTail[]> {
    const all = await Promise.all(
      troublesOf(pods)
        .slice(0, mostLogs)
        .map(async ({ namespace, name, pod }) => ({
          of: pod,
          lines: await this.cluster.logs(namespace, name, tailLines),
        })),
    );
    return all
      .filter(({ lines }) => lines.length > 0)
      .map(({ of, lines }) => ({ of, lines: lines.map((line) => line.slice(0, longestLine)) }));
  }

  async nodes(): Promise<NodeFacts> {
    const about = { minorFloor: kubernetesMinorFloor, pools: wantedPools(this.plan) };
    const ready = await this.cluster.text("get", "--raw", "/readyz");
    if (ready.kind !== "given") {
      return { ...about, version: "", nodes: [], silent: ready.kind === "failed" ? ready.said : "no /readyz" };
    }
    const version = await this.cluster.text("get", "--raw", "/version");
    const text = version.kind === "given" ? version.value : "";
    const nodes = await this.allNodes();
    return { ...about, version: /"gitVersion":\s*"([^"]*)"/.exec(text)?.[1] ?? "", nodes };
  }

  /** Of the driver, and of the device plugin: the same facts. */
  private async gpus(): Promise<GpuFacts> {
    const { gpuStack } = this.plan.stages;
    const rooms = [gpuStack.operator?.namespace, gpuStack.hami?.namespace].filter((name) => name !== undefined);
    const pods = await Promise.all(rooms.map((room) => this.pods(room)));
    return {
      resource: gpuStack.resource,
      pools: wantedPools(this.plan).filter(({ gpus }) => gpus > 0),
      nodes: await this.allNodes(),
      pods: pods.flat(),
      namespaces: rooms,
    };
  }

  async driver(): Promise<Seen<GpuFacts>> {
    const facts = await this.gpus();
    return { facts, logs: await this.tails(driverPods(facts.pods)) };
  }

  async devicePlugin(): Promise<Seen<GpuFacts>> {
    const facts = await this.gpus();
    return { facts, logs: await this.tails(pluginPods(facts.pods)) };
  }

  async kubeRay(): Promise<Seen<KubeRayFacts>> {
    const { namespace } = this.plan.stages.kubeRay;
    const operator = await this.get(objects.deployment, "deployment", "kuberay-operator", "-n", namespace);
    const definition = valueOf(await this.cluster.text("get", "crd", "rayservices.ray.io", "-o", "name"));
    const pods = await this.pods(namespace);
    const found = operator === undefined ? {} : { operator };
    return { facts: { namespace, ...found, pods, defined: definition !== undefined }, logs: await this.tails(pods) };
  }

  async downloads(): Promise<DownloadFacts> {
    const { namespace, models } = this.plan.stages.modelStore;
    const jobs = (await this.get(objects.jobList, "jobs", "-n", namespace))?.items ?? [];
    const pods = ofComponents(await this.pods(namespace), "model-download");
    const open = jobs.filter(
      ({ metadata, status }) =>
        models.some(({ job }) => job === metadata.name) &&
        !status.conditions.some(({ type, status: is }) => type === "Complete" && is === "True"),
    );
    const said: Record<string, string> = {};
    for (const { metadata } of open) {
      said[metadata.name] = (await this.cluster.logs(namespace, `job/${metadata.name}`, 1)).at(-1) ?? "";
    }
    return { namespace, wanted: models.map(({ name, job: its }) => ({ model: name, job: its })), jobs, pods, said };
  }

  async engine(): Promise<Seen<EngineFacts>> {
    const { namespace, models, groups } = this.plan.stages.served;
    const service = objectNames.rayService;
    const found = await this.get(objects.rayService, "rayservice", service, "-n", namespace);
    const pods = ofComponents(await this.pods(namespace), "ray-head", "ray-worker", "ray-store");
    const logs = await this.tails(pods);
    const wanted = models.map(({ name, application }) => ({
      ...{ name, application },
      groups: groups.filter(({ model }) => model === name).map((group) => group.name),
    }));
    const about = found === undefined ? {} : { found };
    return { facts: { namespace, service, models: wanted, ...about, pods, said: saidBy(logs, wanted, pods) }, logs };
  }

  async gateway(): Promise<Seen<GatewayFacts>> {
    const { namespace, replicas } = this.plan.stages.gateway;
    const found = await this.get(objects.deployment, "deployment", objectNames.gateway, "-n", namespace);
    const pods = ofComponents(await this.pods(namespace), "gateway", "valkey");
    return {
      facts: { namespace, replicas, ...(found === undefined ? {} : { found }), pods },
      logs: await this.tails(pods),
    };
  }
}

/** What the pods of each model said. */
function saidBy(
  logs: readonly LogTail[],
  models: EngineFacts["models"],
  pods: readonly objects.KubePod[],
): EngineFacts["said"] {
  const groupOf = new Map(
    pods.map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`, metadata.labels["ray.io/group"] ?? ""]),
  );
  const of = (groups: readonly string[]): readonly string[] =>
    logs.flatMap((log) => (groups.includes(groupOf.get(log.of) ?? "") ? log.lines : []));
  return Object.fromEntries(models.map(({ name, groups }) => [name, of(groups)]));
}
