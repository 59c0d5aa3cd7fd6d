/** `modelStore`: the volume that the models are downloaded to once. */
import * as z from "zod";
import { domainName, flag, text, whole, word } from "../values";

/** `modelStore`: the volume that the models are downloaded to once. */
export const modelStoreSchema = z.strictObject(
  {
    /** Storage class of the volume; one that many nodes can mount where models run on more than one. @default the cluster's own */
    storageClass: domainName("the name of a storage class").optional(),
    /** Size of the volume in GiB (1 to 65536). @default twice what the models take, for their next revision, and their compile caches */
    sizeGib: whole(1, 65536, "GiB").optional(),
    /** How nodes mount it. @default ReadWriteMany where models may run on more than one node, else ReadWriteOnce */
    accessMode: word(["ReadWriteMany", "ReadWriteOnce"]).optional(),
    /** A claim in the serving namespace that is there already, instead of one that is made. */
    existingClaim: domainName("the name of a PersistentVolumeClaim").optional(),
    /** Directory of that claim, instead of all of it; it has to be there, and to belong to user 1000. */
    existingDirectory: text(
      /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w.-]+(?:\/[\w.-]+){0,15}$/,
      'a directory relative to the claim\'s top, like "llm/models"',
    ).optional(),
    /** A directory of the node, instead of a claim; for models on a single node. */
    hostPath: text(/^\/[\w./-]{1,250}$/, 'an absolute directory, like "/data/models"').optional(),
    /**
     * The volume and its claim refuse to be deleted as long as this is true: it took hours to fill. Write false and run `up` once
     * before a destroy; a claim of `existingClaim` is never deleted. @default true
     */
    protect: flag().default(true),
    /** Load weights that are pickles (.bin, .pt) too: they run code when they are read. @default false */
    allowPickle: flag().default(false),
    /** Hours that all downloads may take (1 to 168). @default 24 */
    downloadHours: whole(1, 168, "hours").default(24),
  },
  { error: "a group of keys, such as `storageClass: cephfs`" },
);

export const modelStoreKeys = { modelStore: modelStoreSchema.prefault({}) } as const;
