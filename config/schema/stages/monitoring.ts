/** `monitoring`: who scrapes metrics, and what they are told. */
import * as z from "zod";
import { word } from "../values";

/** `monitoring`. */
export const monitoringSchema = z.strictObject(
  {
    /** Who scrapes: Prometheus Operator's monitors, Deckhouse's, or nobody. @default Deckhouse's on Proxmox, else "none" */
    kind: word(["none", "prometheusOperator", "deckhouse"]).optional(),
  },
  { error: "a group of keys, such as `kind: prometheusOperator`" },
);

export const monitoringKeys = { monitoring: monitoringSchema.prefault({}) } as const;
