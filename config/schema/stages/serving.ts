/** `serving`: the Ray cluster that runs the models. */
import * as z from "zod";
import { domainName, label, whole, word } from "../values";

/** `serving`: the Ray cluster that runs the models. */
export const servingSchema = z.strictObject(
  {
    /** Namespace of models, Ray and gateway. @default "tokenrack" */
    namespace: label().default("tokenrack"),
    /**
     * What happens to running models when Ray's head dies. `off`: they are started again with a new head, which takes
     * minutes. `redis`: they answer on, because the head's state is kept in a store of its own. @default "off"
     */
    faultTolerance: word(["off", "redis"]).default("off"),
    /** Size in GiB (1 to 64) of that store's volume; needed with `faultTolerance: redis`. */
    redisStorageGib: whole(1, 64, "GiB").optional(),
    /** Storage class of that store's volume. @default the cluster's own */
    redisStorageClass: domainName("the name of a storage class").optional(),
    /**
     * How a change of the Ray cluster is brought in. `newCluster`: beside the old one, without a lost request, which takes
     * as many free GPUs again. `inPlace`: the old one stops first. @default "auto", by the GPUs that are free
     */
    upgrade: word(["auto", "newCluster", "inPlace"]).default("auto"),
    /** Fills the compile caches before the first bring-up: where it is worth it, or never. @default "auto" */
    warmCompileCache: word(["auto", "never"]).default("auto"),
    /** Minutes (1 to 1440) that all models together get until each has answered. @default by the size of their weights */
    startTimeoutMinutes: whole(1, 1440, "minutes").optional(),
    /** What Kubernetes keeps free for Ray's head, which runs no model. @see docs.ray.io, Kubernetes "config" (8 GB for a head in production) */
    head: z
      .strictObject(
        {
          /** CPUs (1 to 64). @default 2 */
          cpus: whole(1, 64, "CPUs").default(2),
          /** Memory in GiB (2 to 512), also its limit. @default 8 */
          memoryGib: whole(2, 512, "GiB").default(8),
        },
        { error: "a group of keys: cpus, memoryGib" },
      )
      .prefault({}),
    /** Name of a PriorityClass that is there, for Ray's pods. @default none */
    priorityClass: domainName("the name of a priority class").optional(),
  },
  { error: "a group of keys, such as `namespace: tokenrack`" },
);

export const servingKeys = { serving: servingSchema.prefault({}) } as const;
