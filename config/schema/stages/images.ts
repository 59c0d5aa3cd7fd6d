/** `images` and `charts`: where they come from, on a site that has its own registry. */
import * as z from "zod";
import { chartNames, type ChartName } from "../../../catalog/charts";
import { images, type ImageName } from "../../../catalog/images";
import { domainName, text } from "../values";

const imageText =
  'an image with a digest or the tag of a version, like "registry.my.org/ray-llm@sha256:..": without a tag, or with one like latest or nightly, it is another image tomorrow';
/** Tags that are moved on with every build. */
const moving = /^(?:latest|nightly|main|master|edge|dev|devel|canary|rolling|snapshot)$/;
const isFixed = (reference: string): boolean => {
  const [, tag, digest] = /(?::([\w.-]{1,128}))?(@sha256:[0-9a-f]{64})?$/.exec(reference.replace(/^.*\//, "")) ?? [];
  return digest !== undefined || (tag !== undefined && !moving.test(tag));
};
const image = () =>
  text(/^[a-z0-9.-]+(?::\d{1,5})?(?:\/[a-z0-9._-]+)+(?::[\w.-]{1,128})?(?:@sha256:[0-9a-f]{64})?$/, imageText).refine(
    isFixed,
    { error: imageText },
  );

const names = Object.keys(images) as ImageName[];

/** `images`: other images than the catalogue's, by its names. */
export const imagesSchema = z.strictObject(
  Object.fromEntries(names.map((name) => [name, image().optional()])) as Record<ImageName, z.ZodOptional<z.ZodString>>,
  { error: "a map of image names to images" },
);

const chartText = "a chart: an https address or an OCI address of a repository, or a local directory or file";

/** One entry of `charts`. */
const chartSchema = z.strictObject(
  {
    /** A local directory or .tgz, an `oci://` address, or the name in `repository`. */
    chart: text(/^[^\p{Cc}]{1,1024}$/u, chartText).optional(),
    /** Address of the chart repository. */
    repository: text(/^https:\/\/[^\p{Cc}\s]{1,1000}$/u, "an https address").optional(),
    /** Version of the chart. @default the catalogue's */
    version: text(/^v?\d+\.\d+\.\d+[\w.+-]*$/, 'a version like "1.6.2"').optional(),
  },
  { error: "a group of keys: chart, repository, version" },
);

/** `charts`: other places of the charts, by the catalogue's names. */
export const chartsSchema = z.strictObject(
  Object.fromEntries(chartNames.map((name) => [name, chartSchema.optional()])) as Record<
    ChartName,
    z.ZodOptional<typeof chartSchema>
  >,
  { error: "a map of chart names to charts" },
);

export const imageKeys = {
  images: imagesSchema.prefault({}),
  charts: chartsSchema.prefault({}),
  /**
   * Secret by which every pod pulls its images from a registry that asks who it is. With the secret `registryLogins` it is made
   * in each namespace of ours; without, somebody else has to put it there. @default none: registries that anybody may read
   */
  imagePullSecret: domainName("the name of a Secret").optional(),
} as const;
