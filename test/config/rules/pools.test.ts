import { parseProfile } from "../../../config/parse";
import { changed, proxmox, refuses } from "../stacks";

describe("pools of a stack are refused with", () => {
  refuses(parseProfile, [
    [
      "19: a GPU that no host has",
      changed(proxmox, "pools[1].nodes", [{ gpus: ["gpu9"] }]),
      [
        'pools[1].nodes[0].gpus[0]: found text "gpu9", and no such name under hosts[*].gpus; expected one of gpu0, gpu1; fix: did you mean `gpu0`? Or add gpu9 under hosts[*].gpus',
      ],
    ],
    [
      "20: one GPU in two VMs",
      changed(proxmox, "pools[1].nodes", [{ gpus: ["gpu0"] }, { gpus: ["gpu0"] }]),
      [
        "pools[1].nodes[1].gpus[0]: found GPU gpu0, which is also pools[1].nodes[0].gpus[0]; expected each GPU in one VM; fix: change pools[1].nodes[1].gpus[0] or pools[1].nodes[0].gpus[0]",
      ],
    ],
    [
      "21: a VM here and its GPU there",
      changed(proxmox, "pools[1].nodes", [{ host: "pve2", gpus: ["gpu0"] }]),
      [
        "pools[1].nodes[0].gpus[0]: found gpu0, which is on pve1, and the node on pve2; expected GPUs of the node's own host; fix: write `host: pve1`, or name a GPU of pve2",
      ],
    ],
    [
      "29: a small master",
      changed(changed(proxmox, "pools[0].diskGib", 20), "pools[0].cores", 2),
      [
        "pools[0].cores: found 2 threads for a master; expected at least 4 threads: Deckhouse's installer refuses less; fix: write `cores: 4` or more",
        "pools[0].diskGib: found 20 GiB for a master; expected at least 56 GiB: Deckhouse's installer refuses less; fix: write `diskGib: 56` or more",
      ],
    ],
    [
      "36: two masters",
      changed(changed(proxmox, "pools[0].count", 2), "pools[0].addresses", ["192.168.2.51-192.168.2.52"]),
      [
        "pools[0].count: found 2 masters; expected 1, 3 or 5: etcd needs a majority, and an even number survives no more losses than one less; fix: write `count: 3`, or 1 without failover",
      ],
    ],
    [
      "no masters",
      changed(proxmox, "pools", [proxmox.pools[1]]),
      [
        "pools: found no pool with role master; expected exactly one pool of masters; fix: add a pool with `role: master` and `count: 3`",
      ],
    ],
    [
      "two control planes",
      changed(proxmox, "pools[1]", { ...proxmox.pools[0], name: "m2", addresses: ["192.168.2.52"] }),
      [
        "pools: found 2 pools with role master; expected exactly one pool of masters; fix: put all masters into one pool",
      ],
    ],
    [
      "one name twice",
      changed(changed(proxmox, "pools[1].name", "master"), "pools[1].nodes", [{ name: "a" }, { name: "b" }]),
      [
        "pools[1].name: found the name master, which is also pools[0].name; expected each pool's name once; fix: change pools[1].name or pools[0].name",
      ],
    ],
    [
      "a GPU pool without a card, and a card without a GPU pool",
      changed(changed(proxmox, "pools[1].card", undefined), "pools[0].card", "rtx-3090"),
      [
        'pools[0].card: found text "rtx-3090" with role master; expected GPUs only with role gpu; fix: write `role: gpu`, or remove it',
        "pools[1].card: found nothing; expected the card of its GPUs, like `card: rtx-3090`; fix: add it, or change the role",
      ],
    ],
    [
      "fewer addresses than nodes, and more pins",
      changed(changed(proxmox, "pools[1].addresses", ["192.168.2.61"]), "pools[0].nodes", [{}, {}]),
      [
        "pools[0].nodes: found 2 entries for 1 node; expected at most 1; fix: raise `count`, or remove entries",
        "pools[1].addresses: found 1 address for 2 nodes; expected at least 2; fix: add addresses at the end, or lower `count`",
      ],
    ],
    [
      "hosts that are not there",
      changed(changed(proxmox, "pools[1].hosts", ["pve3"]), "pools[0].nodes", [{ host: "pve-1" }]),
      [
        'pools[0].nodes[0].host: found text "pve-1", and no such name under hosts; expected one of pve1, pve2; fix: did you mean `pve1`? Or add pve-1 under hosts',
        'pools[1].hosts[0]: found text "pve3", and no such name under hosts; expected one of pve1, pve2; fix: did you mean `pve1`? Or add pve3 under hosts',
      ],
    ],
    [
      "GPUs in a wrong number",
      changed(changed(proxmox, "pools[1].nodes", [{ gpus: ["gpu0", "gpu1"] }]), "pools[0].nodes", [{ gpus: ["gpu1"] }]),
      [
        "pools[1].nodes[0].gpus[1]: found GPU gpu1, which is also pools[0].nodes[0].gpus[0]; expected each GPU in one VM; fix: change pools[1].nodes[0].gpus[1] or pools[0].nodes[0].gpus[0]",
        "pools[0].nodes[0].gpus: found 1 GPU, and 0 a node in pools[0]; expected 0 GPUs; fix: remove it, or write `role: gpu` and a card",
        "pools[1].nodes[0].gpus: found 2 GPUs, and 1 a node in pools[1]; expected 1 GPU; fix: name as many as `gpusPerNode` says",
      ],
    ],
    [
      "a pool that a model names and nobody has",
      changed(proxmox, "models[0].pools", ["w-gqu", "other"]),
      [
        'models[0].pools[0]: found text "w-gqu", and no such pool; expected one of master, w-gpu; fix: did you mean `w-gpu`?',
        'models[0].pools[1]: found text "other", and no such pool; expected one of master, w-gpu; fix: name one of `pools`, or remove it',
      ],
    ],
    [
      "one served name twice",
      changed(proxmox, "models[1]", { source: "Qwen/Qwen3-8B-AWQ" }),
      [
        'models[1].name: found text "Qwen/Qwen3-8B-AWQ", which is also served by models[0]; expected each served name once; fix: give models[1] a `name` of its own, or raise `replicas` of models[0]',
      ],
    ],
  ]);
});
