/** KubeRay, the downloads, the engine. */
import * as z from "zod";
import { GIB } from "../../../catalog/units";
import type { Finding, Judgement } from "../findings";
import type { KubeDeployment, KubeJob, KubePod, KubeRayService } from "../look/objects";
import { engineFix } from "./engineFix";
import { podFix, troublesOf } from "./pods";

/** What was seen of KubeRay's operator. */
export interface KubeRayFacts {
  readonly namespace: string;
  /** Absent: not installed. */
  readonly operator?: KubeDeployment;
  readonly pods: readonly KubePod[];
  /** Whether the API knows RayServices. */
  readonly defined: boolean;
}

/** Judges KubeRay's operator. */
export function judgeKubeRay({ namespace, operator, pods, defined }: KubeRayFacts): Judgement {
  const findings: Finding[] = [];
  if (!defined) {
    const fix = "pulumi up, which brings the definitions along with the operator";
    findings.push({ checked: "the definition of RayService", found: "none", expected: "rayservices.ray.io", fix });
  }
  const checked = `the deployment ${namespace}/kuberay-operator`;
  const troubles = troublesOf(pods);
  if (operator === undefined) {
    findings.push({ checked, found: "none", expected: "one replica", fix: "pulumi up, which installs KubeRay" });
    return { findings, seen: "not installed" };
  }
  const { replicas } = operator.spec;
  const { readyReplicas } = operator.status;
  if (readyReplicas < Math.max(1, replicas)) {
    const why = troubles.map(({ pod, why: its }) => `${pod}: ${its}`).join("; ");
    const found = `${readyReplicas} of ${replicas} ready${why === "" ? "" : `; ${why}`}`;
    const down = replicas === 0 ? `kubectl -n ${namespace} scale deploy/kuberay-operator --replicas=1` : undefined;
    const fix = down ?? podFix(why, `kubectl -n ${namespace} logs deploy/kuberay-operator`);
    findings.push({ checked, found, expected: "1 ready", fix });
  }
  return { findings, seen: `the operator has ${readyReplicas} of ${replicas} replicas ready` };
}

/** One download. */
export interface Download {
  /** Served model name. */
  readonly model: string;
  readonly job: string;
}

/** What was seen of the downloads. */
export interface DownloadFacts {
  readonly namespace: string;
  readonly wanted: readonly Download[];
  readonly jobs: readonly KubeJob[];
  /** Pods of the Jobs. */
  readonly pods: readonly KubePod[];
  /** The last line of each Job that is not done, by its name. */
  readonly said: Readonly<Record<string, string>>;
}

const progressLine = z.looseObject({
  bytesDone: z.number().optional(),
  bytesTotal: z.number().optional(),
  note: z.string().optional(),
});
const gib = (bytes: number): string => (bytes / GIB).toFixed(1);

/** How far a downloader says that it is. @see download/progress.ts, which writes one JSON object a line */
function progressWords(text: string): string {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return text.slice(0, 300);
  }
  const { bytesDone, bytesTotal, note = "" } = progressLine.safeParse(raw).data ?? {};
  const done = bytesDone === undefined || bytesTotal === undefined ? "" : `${gib(bytesDone)} of ${gib(bytesTotal)} GiB`;
  return [done, note].filter((part) => part !== "").join(", ") || text.slice(0, 300);
}

function downloadFinding({ model, job }: Download, facts: DownloadFacts): readonly Finding[] {
  const { namespace, jobs, pods, said } = facts;
  const checked = `the download of ${model}, job ${namespace}/${job}`;
  const expected = "it is done";
  const found = jobs.find(({ metadata }) => metadata.name === job);
  if (found === undefined) return [{ checked, found: "no such job", expected, fix: "pulumi up, which makes it" }];
  const has = (type: string): string | undefined => {
    const one = found.status.conditions.find((each) => each.type === type && each.status === "True");
    return one === undefined ? undefined : [one.reason, one.message].filter((text) => text !== "").join(": ");
  };
  if (has("Complete") !== undefined) return [];
  const line = progressWords(said[job] ?? "");
  const failed = has("Failed");
  if (failed !== undefined) {
    const why = [failed, line].filter((text) => text !== "").join("; ");
    const fix = `mend what its last line says (the token of the hub, room on the volume, the way out), then kubectl -n ${namespace} delete job ${job} and pulumi up: it goes on where it stopped`;
    return [{ checked, found: why, expected, fix }];
  }
  const mine = pods.filter(({ metadata }) => metadata.labels["job-name"] === job);
  const [trouble] = troublesOf(mine);
  if (trouble !== undefined) {
    const fix = podFix(trouble.why, `kubectl -n ${namespace} logs job/${job}`);
    return [{ checked, found: `${trouble.pod}: ${trouble.why}`, expected, fix }];
  }
  return [
    {
      checked,
      found: `still running: ${line || "it has said nothing yet"}`,
      expected,
      fix: "wait: it goes on by itself",
    },
  ];
}

/** Judges the downloads. */
export function judgeDownloads(facts: DownloadFacts): Judgement {
  const findings = facts.wanted.flatMap((one) => downloadFinding(one, facts));
  return {
    findings,
    seen: `${facts.wanted.length - findings.length} of ${facts.wanted.length} models are on the volume`,
  };
}

/** A model and where it is served. */
export interface WantedModel {
  readonly name: string;
  /** Name of its application. */
  readonly application: string;
  /** Pods of its group, for what its engine said. */
  readonly groups: readonly string[];
}

/** What was seen of the RayService. */
export interface EngineFacts {
  readonly namespace: string;
  readonly service: string;
  readonly models: readonly WantedModel[];
  /** Absent: there is none. */
  readonly found?: KubeRayService;
  /** Pods of the Ray cluster. */
  readonly pods: readonly KubePod[];
  /** Error lines of the engines, by served model name. */
  readonly said: Readonly<Record<string, readonly string[]>>;
}

type Part = NonNullable<KubeRayService["status"]["activeServiceStatus"]>;

/** Serve's own reason: of the application, else of its deployments. */
function reasonOf(part: Part | undefined, name: string): { readonly status: string; readonly message: string } {
  const one = part?.applicationStatuses[name];
  if (one === undefined) return { status: "", message: "" };
  const inner = Object.values(one.serveDeploymentStatuses).map(({ message }) => message);
  const message = [one.message, ...inner].find((text) => text !== "") ?? "";
  return { status: one.status, message: message.replace(/\s+/g, " ").trim().slice(0, 900) };
}

function modelFinding(model: WantedModel, facts: EngineFacts, part: Part | undefined): readonly Finding[] {
  const { status, message } = reasonOf(part, model.application);
  if (status === "RUNNING") return [];
  const mine = facts.pods.filter(({ metadata: { labels } }) => {
    const group = labels["ray.io/group"] ?? "";
    return labels["ray.io/node-type"] === "head" || model.groups.includes(group);
  });
  const troubles = troublesOf(mine).slice(0, 3);
  const waits = troubles.map(({ pod, why }) => `${pod}: ${why}`).join("; ");
  const state = `${status || "no application yet"}${message === "" ? "" : `: ${message}`}`;
  const lines = (facts.said[model.name] ?? []).join(" ");
  const fallback = `kubectl -n ${facts.namespace} describe rayservice ${facts.service}, and the logs of its pods`;
  return [
    {
      checked: `model ${model.name}, application ${model.application} of ${facts.namespace}/${facts.service}`,
      found: waits === "" ? state : `${state}; ${waits}`,
      expected: "RUNNING",
      fix: engineFix(`${state} ${waits} ${lines}`) ?? fallback,
    },
  ];
}

/** Judges the RayService. */
export function judgeEngine(facts: EngineFacts): Judgement {
  const { namespace, service, models, found } = facts;
  const checked = `the RayService ${namespace}/${service}`;
  if (found === undefined) {
    const fix = "pulumi up, which makes it";
    return { findings: [{ checked, found: "none", expected: "one", fix }], seen: "no RayService" };
  }
  const { status, metadata } = found;
  const refused = status.conditions.find(({ reason }) => reason === "ValidationFailed");
  if (refused !== undefined) {
    const fix = "correct the stack, or report it";
    const finding = { checked, found: refused.message, expected: "a RayService that KubeRay takes", fix };
    return { findings: [finding], seen: "KubeRay refuses the RayService" };
  }
  if (status.observedGeneration < metadata.generation) {
    const kept = `its last change is not taken in (generation ${metadata.generation}, seen ${status.observedGeneration})`;
    const fix = "kubectl -n kuberay-system logs deploy/kuberay-operator: it works on it, or says why not";
    return { findings: [{ checked, found: kept, expected: "the last generation", fix }], seen: kept };
  }
  const { activeServiceStatus: active, pendingServiceStatus: pending } = status;
  // Beside a cluster that answers, a new one may still be coming up: that is a change, not a fault.
  const part = active?.rayClusterName ? active : pending;
  const findings = models.flatMap((model) => modelFinding(model, facts, part));
  const cluster = part?.rayClusterName ? `Ray cluster ${part.rayClusterName}` : "no Ray cluster yet";
  const coming = part === active && pending?.rayClusterName ? `, ${pending.rayClusterName} is coming up beside it` : "";
  return { findings, seen: `${cluster}${coming}; ${models.length - findings.length} of ${models.length} models run` };
}
