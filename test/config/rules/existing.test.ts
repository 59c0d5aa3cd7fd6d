import { parseProfile } from "../../../config/parse";
import { changed, existing, refuses } from "../stacks";

describe("pools of an existing cluster are refused with", () => {
  refuses(parseProfile, [
    [
      "one name twice",
      changed(existing, "pools[1]", { name: "gpu", count: 1 }),
      [
        "pools[1].name: found the name gpu, which is also pools[0].name; expected each pool's name once; fix: change pools[1].name or pools[0].name",
      ],
    ],
    [
      "GPUs without a card",
      changed(existing, "pools[0]", { name: "gpu", count: 1, gpusPerNode: 8, nvlink: "switch" }),
      [
        "pools[0].gpusPerNode: found number 8, and no card; expected a card with it; fix: add `pools[0].card`, or remove it",
        'pools[0].nvlink: found text "switch", and no card; expected a card with it; fix: add `pools[0].card`, or remove it',
      ],
    ],
    [
      "keys of a pool on Proxmox",
      changed(existing, "pools[0].role", "gpu"),
      [
        "pools[0].role: found an unknown key; expected one of name, count, card, gpusPerNode, nvlink, slot, passthrough, taints, labels; fix: remove it",
      ],
    ],
  ]);
});
