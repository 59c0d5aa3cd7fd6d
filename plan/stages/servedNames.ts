/** Names of a model's parts in the Ray cluster: short enough for all that is made of them. */
import { createHash } from "node:crypto";
import { slug } from "./names";

/**
 * Longest short name. KubeRay makes pod names "<cluster>-<group>-worker-<id>" of a cluster's name of up to 53 characters,
 * and cuts them in front; a label value holds 63. @see ray-operator/controllers/ray/utils (PodName)
 */
const longest = 40;

/** The beginning of a text's SHA-256, in hex digits. */
export const digest = (text: string, digits: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, digits);

/** A model's name as part of others: its slug, cut and told apart by a digest where it is too long. */
export function shortName(model: string): string {
  const whole = slug(model);
  if (whole.length <= longest) return whole;
  return `${whole.slice(0, longest - 9).replace(/-+$/, "")}-${digest(model, 8)}`;
}
