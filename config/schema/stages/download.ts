/** `models[].download`: where a model's files come from, where that is not Hugging Face. */
import * as z from "zod";
import { flag, text } from "../values";

const endpointText = "an https address without a path, or http inside the cluster or on the site";
const endpoint = () => text(/^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?\/?$/, endpointText);
const repositoryText = 'an id like "Qwen/Qwen3-8B"';
const repository = () => text(/^(?!.*\.\.)[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/, repositoryText);
const bucketText = "a bucket name: 3 to 63 lower-case letters, digits, dots and dashes";

const hub = {
  /** Address of the hub, such as a mirror's. @default the hub's own */
  endpoint: endpoint().optional(),
  /** Id on that hub. @default the model's `source` */
  repository: repository().optional(),
} as const;

const bucket = {
  /** Of the service, without the bucket: "https://s3.eu-central-1.amazonaws.com". */
  endpoint: endpoint(),
  /** Name of the bucket. */
  bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, bucketText),
  /** As the signature names it. @default "us-east-1", which MinIO and Ceph take */
  region: text(/^[a-z0-9-]{1,64}$/, 'a region like "eu-central-1"').default("us-east-1"),
  /** What stands before the model's file names. @default the whole bucket */
  prefix: text(/^(?!\/)[^\p{Cc}]{0,1000}$/u, "a prefix without a leading slash").default(""),
} as const;

/** `models[].download`: where a model's files come from, where that is not Hugging Face. */
export const downloadSchema = z.discriminatedUnion(
  "from",
  [
    z.strictObject({
      /** From Hugging Face. */
      from: z.literal("huggingFace"),
      ...hub,
    }),
    z.strictObject({
      /** From ModelScope. */
      from: z.literal("modelScope"),
      ...hub,
    }),
    z.strictObject({
      /** From a bucket with an S3 interface. */
      from: z.literal("s3"),
      ...bucket,
      /** The bucket in the path instead of in the host's name; MinIO and Ceph need it. @default false */
      pathStyle: flag().default(false),
    }),
    z.strictObject({
      /** From Alibaba's OSS, by its S3 interface. */
      from: z.literal("oss"),
      ...bucket,
    }),
  ],
  { error: "a group with `from: huggingFace`, `from: modelScope`, `from: s3` or `from: oss`" },
);

/** Keys of an entry of `models` on a cluster. */
export const downloadKeys = {
  /** @default Hugging Face, by `source` */
  download: downloadSchema.optional(),
} as const;
