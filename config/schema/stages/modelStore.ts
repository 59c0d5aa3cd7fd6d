/** `modelStore`: the volume that the models are downloaded to once. */
import * as z from "zod";
import { domainName, whole } from "../values";

/** `modelStore`. */
export const modelStoreSchema = z.strictObject(
  {
    /** Storage class of the volume; one that many nodes can mount where more than one does. @default the cluster's own */
    storageClass: domainName("the name of a storage class").optional(),
    /** Size of the volume in GiB (1 to 65536). @default what the models take, and room for their next revision */
    sizeGib: whole(1, 65536, "GiB").optional(),
  },
  { error: "a group of keys, such as `storageClass: cephfs`" },
);

export const modelStoreKeys = { modelStore: modelStoreSchema.prefault({}) } as const;
