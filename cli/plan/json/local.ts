/** The plan of stack `local`, as `--json` prints it. */
import * as z from "zod";
import { positive, text, whole } from "./values";

const port = z.int().min(1).max(65535);
const loopback = z.literal("127.0.0.1");

/** This machine's side. */
export const local = z.strictObject({
  accelerator: z.enum(["cpu", "cuda"]),
  gpu: z
    .strictObject({ index: whole("in PCI order"), name: text("as nvidia-smi names it"), memoryMib: positive("in MiB") })
    .optional(),
  host: loopback,
  ports: z.record(z.string(), port),
  paths: z.record(z.string(), z.string()),
  python: z.strictObject({ lock: z.enum(["cpu", "cuda"]), hash: text("of the lock file") }),
  ray: z.strictObject({
    numCpus: whole("CPUs that Ray counts"),
    numGpus: whole("GPUs that Ray counts"),
    ompThreads: positive("threads for the model's arithmetic"),
    reservedCores: whole("cores left to others"),
    objectStoreMib: positive("in MiB"),
  }),
});

/** One model on this machine. */
export const localModel = z.strictObject({
  name: text("served model name"),
  source: text("as the user wrote it"),
  kind: z.string(),
  revision: z.string().optional(),
  maxModelLen: positive("context in tokens"),
  maxNumSeqs: positive("requests at the same time"),
  kvCacheGib: z.number().min(0),
  kvCacheExact: z.boolean(),
  tensorParallel: z.literal(1),
  pipelineParallel: z.literal(1),
  replicas: z.literal(1),
  dtype: z.literal("auto"),
  enforceEager: z.boolean(),
  gpuMemoryUtilization: z.number().optional(),
  toolParser: text("vLLM's name").optional(),
  reasoningParser: text("vLLM's name").optional(),
});

const policy = {
  audience: text("the tokens' aud"),
  lifetimeSeconds: positive("of a token"),
  limits: z.record(z.string(), z.int()),
  corsOrigins: z.array(z.string()),
  readinessModel: text("model that must answer first"),
  firstUser: text("who asks for the first token"),
} as const;

/** The gateway on this machine. */
export const gateway = z.strictObject({
  host: loopback,
  port,
  issuer: text("where a client reaches it"),
  upstreamUrl: text("Ray Serve's proxy"),
  ...policy,
});

/** The gateway on a cluster. */
export const clusterGateway = z.strictObject({
  publicHost: text("where a client reaches it").optional(),
  ingressClass: z.string().optional(),
  tlsIssuer: z.string().optional(),
  ...policy,
});
