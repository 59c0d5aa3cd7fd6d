import { at, isMap, listAt, mapAt, nameOf, namespaceOf, textAt, type KubeObject } from "../object";
import type { Look, Waiter } from "./look";

/** Endpoints have to be left alone for this long, in ms, before they count as settled. */
const SETTLED_MS = 10_000;
/** An Ingress whose backends have no endpoints at all goes on after this long, in ms. */
const NO_ENDPOINTS_MS = 60_000;

/** Tells for how long something has stayed as it is. */
class Stillness {
  private seen = "";
  private since: number | undefined;

  constructor(private readonly now: () => number) {}

  /** Notes what is there now; empty text means nothing yet. */
  note(version: string): void {
    if (version === this.seen) return;
    this.seen = version;
    this.since = this.now();
  }

  settled(): boolean {
    return this.since !== undefined && this.now() - this.since >= SETTLED_MS;
  }
}

const versionOf = (object: KubeObject): string => textAt(object, "metadata", "resourceVersion");

const NO_PODS =
  "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels on any Pods";

/**
 * Ready when its pods, if it selects any, have been stable for 10 s and none is unready, and a load balancer has an
 * address. @see pulumi-kubernetes v4.32.0, provider/pkg/await/service.go
 */
export const serviceWaiter: Waiter = ({ operations, written, now }) => {
  const stillness = new Stillness(now);
  return async (service) => {
    const all = needsPods(service) ? await operations.list("v1", "Endpoints", namespaceOf(written)) : [];
    const endpoints = all.find((one) => nameOf(one) === nameOf(written));
    stillness.note(endpoints === undefined ? "" : versionOf(endpoints));
    return serviceLook(service, endpoints, stillness.settled());
  };
};

function needsPods(service: KubeObject): boolean {
  const external = textAt(service, "spec", "type") === "ExternalName";
  const headless = textAt(service, "spec", "clusterIP") === "None";
  return !external && !headless && Object.keys(mapAt(service, "spec", "selector")).length > 0;
}

export function serviceLook(service: KubeObject, endpoints: KubeObject | undefined, settled: boolean): Look {
  const balanced = textAt(service, "spec", "type") === "LoadBalancer";
  const reachable = !balanced || listAt(service, "status", "loadBalancer", "ingress").length > 0;
  const subsets = listAt(endpoints, "subsets");
  const some = subsets.some((subset) => listAt(subset, "addresses").length > 0);
  const pending = subsets.some((subset) => listAt(subset, "notReadyAddresses").length > 0);
  const pods = !needsPods(service) || (settled && !pending);
  const errors: string[] = [];
  if (needsPods(service) && !some) errors.push(NO_PODS);
  if (!reachable) errors.push("Service was not allocated an IP address; does your cloud provider support this?");
  const step =
    settled && some ? "[2/3] Attempting to allocate IP address to Service" : "[1/3] Finding Pods to direct traffic to";
  const ready = reachable && pods;
  const progress = [ready ? "✅ Service initialization complete" : step];
  return { object: service, ready, progress, errors, goodEnough: reachable && !pending };
}

const NO_ADDRESS =
  "Ingress .status.loadBalancer field was not updated with a hostname/IP address. " +
  "\n    for more information about this error, see https://pulumi.io/xdv72s";

/** @see pulumi-kubernetes v4.32.0, provider/pkg/await/ingress.go */
export const ingressWaiter: Waiter = ({ operations, written, now }) => {
  const started = now();
  const stillness = new Stillness(now);
  return async (ingress) => {
    const namespace = namespaceOf(written);
    const [endpoints, services] = await Promise.all([
      operations.list("v1", "Endpoints", namespace),
      operations.list("v1", "Service", namespace),
    ]);
    stillness.note(endpoints.map((one) => `${nameOf(one)}@${versionOf(one)}`).join());
    const none = endpoints.length === 0 && now() - started >= NO_ENDPOINTS_MS;
    const external = services.filter((service) => textAt(service, "spec", "type") === "ExternalName");
    const targets = [...endpoints, ...external].map(nameOf);
    return ingressLook(ingress, targets, none || stillness.settled());
  };
};

export function ingressLook(ingress: KubeObject, targets: readonly string[], settled: boolean): Look {
  const missing = backendsOf(ingress).filter(({ service }) => !targets.includes(service));
  const backed = missing.length === 0 || settled;
  const addressed = listAt(ingress, "status", "loadBalancer", "ingress").length > 0;
  const errors: string[] = [];
  if (!backed) errors.push("Ingress has at least one rule with an unavailable target endpoint.");
  if (!addressed) errors.push(NO_ADDRESS);
  const unmatched = settled ? missing.map(({ text }) => `No matching service found for ingress rule: ${text}`) : [];
  const step = backed
    ? "[2/3] Waiting for update of .status.loadBalancer with hostname/IP"
    : "[1/3] Finding a matching service for each Ingress path";
  const ready = backed && addressed;
  const progress = [...unmatched, ready ? "✅ Ingress initialization complete" : step];
  return { object: ingress, ready, progress, errors };
}

function backendsOf(ingress: KubeObject): readonly { readonly service: string; readonly text: string }[] {
  return listAt(ingress, "spec", "rules").flatMap((rule) =>
    listAt(rule, "http", "paths").flatMap((path) => {
      const service = textAt(path, "backend", "service", "name");
      if (!isMap(at(path, "backend", "service")) || service === "") return [];
      const route = `${textAt(rule, "host")}${textAt(path, "path")}`;
      const shown = route === "" ? '"" (default path)' : `"${route}"`;
      return [{ service, text: `${shown} -> "${service}"` }];
    }),
  );
}
