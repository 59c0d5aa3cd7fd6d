/**
 * What has to agree across the objects of a cluster before any of them is made. Rules of one value, and those over hosts and
 * VMs, are `config/`'s; these need to know what Deckhouse makes of the values.
 */
import type { Fault } from "../../config/errors";
import { addressFaults } from "./checks/addresses";
import { machineFaults } from "./checks/machines";
import { referenceFaults } from "./checks/references";
import { taintFaults } from "./checks/taints";
import type { DeckhouseInput } from "./types";

/** Every fault, in the order of the stack's parts. Paths are those of the stack file: `pools[0].count`. */
export const crossChecks = (input: DeckhouseInput): readonly Fault[] => [
  ...machineFaults(input),
  ...taintFaults(input),
  ...addressFaults(input),
  ...referenceFaults(input),
];
