/** Which image each container runs: the stack's own, or the catalogue's. */
import { imageReference, images, type ImageName } from "../../catalog/images";
import type { StageProfile } from "../../config/schema";

/** Images by their names in the catalogue. */
export type ImagesPlan = Readonly<Record<ImageName, string>>;

const names = Object.keys(images) as ImageName[];

/** @returns every image as Kubernetes takes it */
export const planImages = (profile: StageProfile): ImagesPlan => ({
  ray: profile.images.ray ?? imageReference(images.ray),
  node: profile.images.node ?? imageReference(images.node),
  valkey: profile.images.valkey ?? imageReference(images.valkey),
  kubeRay: profile.images.kubeRay ?? imageReference(images.kubeRay),
  openWebUi: profile.images.openWebUi ?? imageReference(images.openWebUi),
  lobeChat: profile.images.lobeChat ?? imageReference(images.lobeChat),
});

/** Secret by which pods pull their images. */
export interface PullPlan {
  /** @default none */
  readonly pullSecret?: string;
}

/** The same for every pod of ours. */
export const planPull = ({ imagePullSecret }: StageProfile): PullPlan =>
  imagePullSecret === undefined ? {} : { pullSecret: imagePullSecret };

/**
 * An image in two, as charts take it that join the two with a colon. "repo:tag@sha256:hex" is "repo" and "tag@sha256:hex";
 * "repo@sha256:hex" is "repo@sha256" and "hex"; without either, Kubernetes' own default is written out.
 */
export function imageParts(reference: string): { repository: string; tag: string } {
  // A colon before the last slash is a registry's port.
  const colon = reference.indexOf(":", reference.lastIndexOf("/"));
  if (colon < 0) return { repository: reference, tag: "latest" };
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

/** Images of the pages that are not made. */
const unused = ({ chat }: StageProfile): readonly ImageName[] =>
  (["openWebUi", "lobeChat"] as const).filter((kind) => chat.kind !== kind);

/** One warning for all images that run and that no digest pins. */
export function imageWarnings(plan: ImagesPlan, profile: StageProfile): readonly string[] {
  const without = unused(profile);
  const loose = names.filter((name) => !plan[name].includes("@sha256:") && !without.includes(name));
  if (loose.length === 0) return [];
  const which = loose.map((name) => `images.${name}`).join(", ");
  return [`${which}: pinned by a version and not by a digest, so what runs is what the registry says it is today`];
}
