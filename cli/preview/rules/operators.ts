/** Operators and drivers: what their upgrades evict. */
import type { ResourceChange } from "../changes";
import { danger, named, nothing, ofKind, reasonsOf, together, type Rule } from "./rule";

const changes = ({ changed }: ResourceChange, test: RegExp): boolean => changed.some(({ path }) => test.test(path));

/** NVIDIA's operator loads a driver only where no pod has a GPU. */
export const gpuOperatorRule: Rule = (all) => {
  const release = named(all, "gpus-operator");
  if (release?.op !== "update") return nothing;
  const why = reasonsOf(release);
  if (changes(release, /^(?:version$|values\.driver)/)) {
    const text =
      "GPU driver: node by node, pods with GPUs are evicted and the driver is loaded anew; models on them stop";
    return { dangers: [danger("downtime", text, why)] };
  }
  if (changes(release, /^values\.(?:toolkit|cdi|mig|operator)/)) {
    const text = "GPU Operator's operands start again: GPUs may not be allocatable meanwhile, and pods that start wait";
    return { dangers: [danger("downtime", text, why)] };
  }
  if (changes(release, /^values\.devicePlugin/)) {
    return {
      dangers: [danger("downtime", "GPUs are offered in another way: pods that ask for the old one wait", why)],
    };
  }
  return { notes: [`GPU Operator: ${why.join(", ")}; pods with GPUs run on`] };
};

/** Definitions are upgraded before the operator; what runs is not touched. */
export const kubeRayRule: Rule = (all) => {
  const release = named(all, "kuberay-operator");
  if (release?.op !== "update") return nothing;
  const why = reasonsOf(release);
  if (!changes(release, /^version$/))
    return { notes: [`KubeRay's operator starts again: ${why.join(", ")}; models run on`] };
  const text =
    "KubeRay is upgraded: models run on, but where the new operator renders other pods it makes a new Ray cluster";
  return { dangers: [danger("downtime", text, why)] };
};

const lost: Readonly<Record<string, string>> = {
  "gpus-operator": "no node offers GPUs: pods with them stop",
  "gpus-hami": "no node offers shared GPUs: pods with them stop",
  "kuberay-operator": "nobody looks after the Ray cluster: what fails stays down",
};

/** Releases of the cluster's inside that go; the chat page has a rule of its own. */
export const releaseRule: Rule = (all) => ({
  dangers: ofKind(all, ["Helm release"], ["replace", "delete"])
    .filter(({ stage }) => stage !== "chat")
    .map((change) => {
      const gone = change.op === "delete" ? "is deleted" : "is deleted and made anew";
      return danger(
        "downtime",
        `Helm release ${change.name} ${gone}: ${lost[change.name] ?? "it does not answer meanwhile"}`,
        reasonsOf(change),
      );
    }),
});

/** Pods on all GPU nodes that keep power limits. */
export const powerRule: Rule = (all) => {
  const limits = ofKind(all, ["DaemonSet"], ["create", "update", "delete"]).filter(({ stage }) => stage === "gpus");
  return together(
    limits.map((change) => ({ notes: [`power limit ${change.name}: ${change.op}d; models slow down or speed up`] })),
  );
};
