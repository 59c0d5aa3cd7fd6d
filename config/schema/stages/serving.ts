/** `serving`: the Ray cluster that runs the models. */
import * as z from "zod";
import { label } from "../values";

/** `serving`. */
export const servingSchema = z.strictObject(
  {
    /** Namespace of models, Ray and gateway. @default "tokenrack" */
    namespace: label().default("tokenrack"),
  },
  { error: "a group of keys, such as `namespace: tokenrack`" },
);

export const servingKeys = { serving: servingSchema.prefault({}) } as const;
