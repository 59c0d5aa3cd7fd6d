/**
 * Ray's names of cards, for `accelerator_type`. Only names of Ray's own list are allowed there; GeForce cards and A800 are
 * not in it. @see ray 2.60.0, ray/util/accelerators/accelerators.py
 */
const rayNames: Readonly<Record<string, string>> = {
  "a100-80g-sxm": "A100",
  "a100-80g-pcie": "A100",
  "h100-80g-sxm": "H100",
  "h100-80g-pcie": "H100",
  "h200-141g-sxm": "H200",
  "h200-141g-nvl": "H200",
  l40s: "L40S",
};

/** Ray's name of a card, by our id; undefined where Ray's list has none. */
export const rayAccelerator = (card: string): string | undefined => rayNames[card];
