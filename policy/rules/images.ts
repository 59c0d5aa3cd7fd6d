/** Images by digest: what runs is what was looked at, whatever the registry says later. */
import { imageReference, images } from "../../catalog/images";
import {
  at,
  containersOf,
  groupsIn,
  kindOf,
  podsIn,
  textAt,
  unknownText,
  type PolicyResource,
  type Rule,
} from "../resource";

/** Images of the catalogue without a digest, each of which says there why. */
const exceptions: ReadonlySet<string> = new Set(Object.values(images).map((row) => imageReference(row)));

const isPinned = (image: string): boolean =>
  image === unknownText || /@sha256:[0-9a-f]{64}$/.test(image) || exceptions.has(image);

/** Charts take an image in two: `image: { repository, tag }`. */
const ofChart = ({ props }: PolicyResource): readonly string[] =>
  groupsIn(at(props, "values")).flatMap(({ value }) => {
    const [repository, tag] = [textAt(value, "repository"), textAt(value, "tag")];
    return repository === "" || tag === "" ? [] : [`${repository}:${tag}`];
  });

const imagesOf = (resource: PolicyResource): readonly string[] => [
  ...podsIn(resource)
    .flatMap(containersOf)
    .map(({ value }) => textAt(value, "image")),
  ...(kindOf(resource) === "Release" ? ofChart(resource) : []),
];

/** Containers and charts with an image that no digest pins. */
export const imageRule: Rule = {
  name: "images-by-digest",
  description: "Every image has a digest, or is one that catalog/images.ts excepts.",
  scope: "resource",
  check: (resources) =>
    resources.flatMap((resource) =>
      [...new Set(imagesOf(resource))]
        .filter((image) => !isPinned(image))
        .map((image) => ({
          name: resource.name,
          message: `image "${image}" has no digest: write it as repository:tag@sha256:..., by \`images\` in the stack`,
        })),
    ),
};
