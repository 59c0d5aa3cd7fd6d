import type { Call } from "../../provider";
import { ApiError, ConnectionError, isRefusal } from "../api";
import { messageOf, type Cluster } from "../cluster";
import { NoMatchError } from "../discovery";
import { annotationOf, apiVersionOf, kindOf, listAt, nameOf, numberAt, textAt, type KubeObject } from "../object";
import type { Operations } from "../operations";
import { customWaiter } from "./custom";
import type { Look, Waiter } from "./look";
import { jobWaiter, podWaiter } from "./pods";
import { ingressWaiter, serviceWaiter } from "./services";
import { claimWaiter, quotaWaiter, secretWaiter, volumeWaiter } from "./storage";
import { daemonSetWaiter, deploymentWaiter, statefulSetWaiter } from "./workloads";

/** Kinds that are waited for without being asked. */
const WAITERS: Readonly<Record<string, Waiter>> = {
  "apps/v1/DaemonSet": daemonSetWaiter,
  "apps/v1/Deployment": deploymentWaiter,
  "apps/v1/StatefulSet": statefulSetWaiter,
  "batch/v1/Job": jobWaiter,
  "networking.k8s.io/v1/Ingress": ingressWaiter,
  "v1/PersistentVolume": volumeWaiter,
  "v1/PersistentVolumeClaim": claimWaiter,
  "v1/Pod": podWaiter,
  "v1/ResourceQuota": quotaWaiter,
  "v1/Secret": secretWaiter,
  "v1/Service": serviceWaiter,
};

/** Kinds that a refresh looks at too: one that is not ready is a failure. */
const LOOKED_AT_IN_REFRESH: ReadonlySet<string> = new Set([
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/StatefulSet",
  "batch/v1/Job",
  "networking.k8s.io/v1/Ingress",
  "v1/Pod",
  "v1/Service",
]);

/** Kinds that `skipAwait` also deletes without waiting. @see pulumi-kubernetes v4.32.0, metadata/overrides.go */
const SKIPPED_AT_DELETE: ReadonlySet<string> = new Set([
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/StatefulSet",
  "batch/v1/Job",
  "v1/Namespace",
  "v1/Pod",
  "v1/ReplicationController",
]);

const DEFAULT_TIMEOUT_SECONDS = 600;
/** Looks are this far apart, in ms, for the first 10 s and afterwards. */
const QUICK_LOOKS_MS = 300;
const SLOW_LOOKS_MS = 2000;
const QUICK_FOR_MS = 10_000;

const typeOf = (object: KubeObject): string => `${apiVersionOf(object)}/${kindOf(object)}`;
const skips = (inputs: KubeObject): boolean => annotationOf(inputs, "pulumi.com/skipAwait") === "true";

/** The object is there, but not as it should be. */
export class NotReady extends Error {
  constructor(
    message: string,
    readonly live: KubeObject,
    /** What else is known, one sentence each. */
    readonly more: readonly string[],
  ) {
    super(message);
  }
}

/** `customTimeouts`, else the annotation `pulumi.com/timeoutSeconds`, else 10 minutes; in ms. */
function timeoutOf(call: Call, inputs: KubeObject): number {
  const annotated = Number.parseInt(annotationOf(inputs, "pulumi.com/timeoutSeconds"), 10);
  return (call.timeoutSeconds || annotated || DEFAULT_TIMEOUT_SECONDS) * 1000;
}

/** Waits for objects. */
export class Waiting {
  constructor(
    private readonly cluster: Cluster,
    private readonly operations: Operations,
  ) {}

  /**
   * Until `written` is ready; returns it as it is then.
   * @param before the object before an update @throws NotReady; Error for a `waitFor` that is none
   */
  async untilReady(
    call: Call,
    inputs: KubeObject,
    written: KubeObject,
    before: KubeObject | undefined,
  ): Promise<KubeObject> {
    if (skips(inputs)) {
      call.log("Skipping await logic");
      return written;
    }
    const custom = customWaiter(written);
    const around = { operations: this.operations, written, before, now: () => Date.now() };
    const look = custom ?? WAITERS[typeOf(written)]?.(around);
    if (look === undefined) return written;
    const last = await this.poll(call, timeoutOf(call, inputs), written, look);
    if (last.ready) return last.object;
    const name = nameOf(written);
    if (last.failed === true) throw failedToStart(last);
    if (custom !== undefined) throw new NotReady("timed out waiting for the condition", last.object, last.errors);
    if (last.goodEnough === true) return last.object;
    const cancelled = this.cluster.stopSignal.aborted;
    const message = cancelled
      ? `Resource operation was cancelled for "${name}"`
      : `'${name}' timed out waiting to be Ready`;
    throw new NotReady(message, last.object, last.errors);
  }

  /** The last look: ready, failed, out of time or cancelled. */
  private async poll(
    call: Call,
    timeoutMs: number,
    written: KubeObject,
    look: (live: KubeObject) => Promise<Look> | Look,
  ): Promise<Look> {
    const said = new Set<string>();
    const started = Date.now();
    for (;;) {
      const last = await this.lookAt(written, look);
      for (const line of last.progress.filter((text) => !said.has(text))) call.log(line);
      last.progress.forEach((line) => said.add(line));
      const spent = Date.now() - started;
      if (last.ready || last.failed === true || spent >= timeoutMs) return last;
      const pause = Math.min(spent < QUICK_FOR_MS ? QUICK_LOOKS_MS : SLOW_LOOKS_MS, timeoutMs - spent);
      const goesOn = await this.cluster.sleep(pause).then(
        () => true,
        () => false,
      );
      if (!goesOn) return last;
    }
  }

  private async lookAt(written: KubeObject, look: (live: KubeObject) => Promise<Look> | Look): Promise<Look> {
    const nothingNew = { object: written, ready: false, errors: [] };
    try {
      const live = await this.operations.get(written);
      return isAsNew(live, written) ? await look(live) : { ...nothingNew, progress: [] };
    } catch (error) {
      if (!this.mayPass(error)) throw error;
      return { ...nothingNew, progress: [messageOf(error)] };
    }
  }

  /** A server that is restarted or overloaded while somebody waits is no reason to give up. */
  private mayPass(error: unknown): boolean {
    if (this.cluster.stopSignal.aborted) return false;
    return error instanceof ConnectionError || (error instanceof ApiError && error.status >= 500);
  }

  /** One look during a refresh. @throws NotReady */
  async lookOnce(inputs: KubeObject, live: KubeObject): Promise<void> {
    const waiter = WAITERS[typeOf(live)];
    if (waiter === undefined || !LOOKED_AT_IN_REFRESH.has(typeOf(live)) || skips(inputs)) return;
    // A look has no time to wait until things settle: what it sees counts as settled.
    let now = 0;
    const look = waiter({
      operations: this.operations,
      written: live,
      before: undefined,
      now: () => (now += 3_600_000),
    });
    const found = await look(live);
    const settled = found.ready ? found : await look(live);
    if (!settled.ready && settled.goodEnough !== true) throw failedToStart(settled);
  }

  /** Until the object is gone, or another one of its name is there. @throws Error when it is not in time */
  async untilGone(call: Call, inputs: KubeObject, object: KubeObject): Promise<void> {
    if (skips(inputs) && SKIPPED_AT_DELETE.has(typeOf(object))) return call.log("Skipping await logic");
    const started = Date.now();
    const timeoutMs = timeoutOf(call, inputs);
    for (;;) {
      const live = await this.ifStillThere(object);
      if (live === undefined) return;
      const spent = Date.now() - started;
      if (spent >= timeoutMs) {
        const finalizers = listAt(live, "metadata", "finalizers").map(String).join(", ");
        call.warn(`finalizers might be preventing deletion (${finalizers})`);
        throw new Error("timed out waiting for the condition");
      }
      const pause = spent < QUICK_FOR_MS ? QUICK_LOOKS_MS : SLOW_LOOKS_MS;
      await this.cluster.sleep(Math.min(pause, timeoutMs - spent));
    }
  }

  private async ifStillThere(object: KubeObject): Promise<KubeObject | undefined> {
    try {
      const live = await this.operations.get(object);
      const uid = textAt(object, "metadata", "uid");
      return uid === "" || textAt(live, "metadata", "uid") === uid ? live : undefined;
    } catch (error) {
      if (error instanceof NoMatchError || isRefusal(error, "NotFound")) return undefined;
      if (this.mayPass(error)) return object;
      throw error;
    }
  }
}

const failedToStart = (look: Look): NotReady =>
  new NotReady(`Resource '${nameOf(look.object)}' was created but failed to initialize`, look.object, look.errors);

/** False for an answer of a server that has not seen our write yet. */
const isAsNew = (live: KubeObject, written: KubeObject): boolean =>
  (numberAt(live, "metadata", "generation") ?? 0) >= (numberAt(written, "metadata", "generation") ?? 0);
