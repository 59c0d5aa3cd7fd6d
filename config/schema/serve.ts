/** How a model is served on a cluster, besides what the planner decides: groups of keys of an entry of `models`. */
import * as z from "zod";
import { domainName, text, whole } from "./values";

/** `models[].autoscaling`: fewer replicas than planned while there is little to do. The most is what the plan gives. */
export const autoscalingSchema = z.strictObject(
  {
    /** Replicas that stay (0 to 64). 0 frees the GPUs when nobody asks; the next request then waits for a whole start. */
    minReplicas: whole(0, 64, "replicas"),
    /** Requests on one replica, running and waiting, above which another is started (1 to 1024). @default those that the plan's speeds are for */
    targetOngoingRequests: whole(1, 1024, "requests").optional(),
    /** Seconds of little to do before a replica is stopped (60 to 86400). @default 600 */
    idleSeconds: whole(60, 86_400, "seconds").default(600),
  },
  { error: "a group of keys with `minReplicas`" },
);

/** @see vllm 0.29.0 config/lora.py, MaxLoRARanks */
const rankText = "1, 8, 16, 32, 64, 128, 256, 320 or 512";
const bucketText = 'a directory of a bucket whose subdirectories are adapters, like "s3://bucket/adapters"';

/** `models[].lora`: adapters beside the model, each asked for as "<model>:<adapter>". */
export const loraSchema = z.strictObject(
  {
    /** Where they lie: Ray reads them from S3, Google Cloud Storage or Azure, when one is first asked for. */
    path: text(/^(?:s3|gs|abfss|azure):\/\/[^\p{Cc}\s]{1,1000}$/u, bucketText),
    /** Largest rank of an adapter: one of vLLM's (1, 8, 16, 32, 64, 128, 256, 320 or 512). @default 16 */
    maxRank: z.literal([1, 8, 16, 32, 64, 128, 256, 320, 512], { error: rankText }).default(16),
    /** Adapters that one replica holds at the same time (1 to 256). @default 4 */
    maxAdapters: whole(1, 256, "adapters").default(4),
    /** Secret in the serving namespace whose key `credentials` is an AWS credentials file. @default a bucket that anybody may read */
    credentialsSecret: domainName("the name of a Secret").optional(),
  },
  { error: "a group of keys with `path`" },
);

const items = () => whole(0, 256, "items of one request").optional();

/** `models[].multimodal`: what one request may bring besides text. */
export const multimodalSchema = z.strictObject(
  {
    /** Images (0 to 256). @default 1 for a model that sees */
    images: items(),
    /** Videos (0 to 256). @default 0 */
    videos: items(),
    /** Sounds (0 to 256). @default 0 */
    audios: items(),
  },
  { error: "a group of keys, such as `images: 4`" },
);

const nameText = "the name of an environment variable: letters, digits and _";
const valueText = "a text of at most 4096 characters, numbers in quotes";

/** `models[].env`: for vLLM, NCCL and PyTorch. Shown in previews and in the Serve config, so no secret. */
const envSchema = z.record(
  text(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, nameText),
  z.string({ error: valueText }).max(4096, { error: valueText }),
  { error: 'a map of names to texts, such as `NCCL_SOCKET_IFNAME: "eth0"`' },
);

/** `models[].pod`: what Kubernetes keeps free for each of its pods. */
const podSchema = z.strictObject(
  {
    /** CPUs of one pod (1 to 1024). @default two, and one for each GPU */
    cpus: whole(1, 1024, "CPUs").optional(),
    /** Memory of one pod in GiB (4 to 32768), /dev/shm included. @default 6, 6 for each GPU, offloaded weights and /dev/shm */
    memoryGib: whole(4, 32_768, "GiB").optional(),
  },
  { error: "a group of keys: cpus, memoryGib" },
);

/** Keys of an entry of `models` on a cluster. */
export const serveKeys = {
  /** @default as many replicas as planned, always */
  autoscaling: autoscalingSchema.optional(),
  /** @default no adapters */
  lora: loraSchema.optional(),
  /** @default one image where the model sees, else text alone */
  multimodal: multimodalSchema.optional(),
  /** Environment variables of its ranks, besides those of the plan. @default none */
  env: envSchema.default({}),
  /** @default by its GPUs */
  pod: podSchema.default({}),
} as const;
