import { isDeepStrictEqual } from "node:util";
import { mapAt, nameOf, textAt } from "../object";
import type { Look, Waiter } from "./look";

const phaseLook = (object: Look["object"], ready: boolean): Look => {
  const phase = textAt(object, "status", "phase") || "unknown";
  const kind = textAt(object, "kind");
  const progress = ready ? [] : [`Waiting for ${kind} "${nameOf(object)}" (phase ${phase})`];
  return { object, ready, progress, errors: [] };
};

export const volumeWaiter: Waiter = () => (volume) =>
  phaseLook(volume, ["Available", "Bound"].includes(textAt(volume, "status", "phase")));

/** A class that binds at the first consumer leaves a new claim pending. @see pulumi-kubernetes v4.32.0, await/awaiters.go */
export const claimWaiter: Waiter = ({ operations, before }) => {
  let mode: string | undefined;
  return async (claim) => {
    const phase = textAt(claim, "status", "phase");
    if (phase === "Bound") return phaseLook(claim, true);
    const storageClass = textAt(claim, "spec", "storageClassName");
    if (mode === undefined && storageClass !== "") {
      const classes = await operations.list("storage.k8s.io/v1", "StorageClass", "");
      mode = textAt(
        classes.find((one) => nameOf(one) === storageClass),
        "volumeBindingMode",
      );
    }
    return phaseLook(claim, before === undefined && mode === "WaitForFirstConsumer" && phase === "Pending");
  };
};

export const quotaWaiter: Waiter = () => (quota) =>
  phaseLook(quota, isDeepStrictEqual(mapAt(quota, "spec", "hard"), mapAt(quota, "status", "hard")));

/** The controller fills in the token of a service account. */
export const secretWaiter: Waiter = () => (secret) =>
  phaseLook(
    secret,
    textAt(secret, "type") !== "kubernetes.io/service-account-token" || Object.keys(mapAt(secret, "data")).length > 0,
  );
