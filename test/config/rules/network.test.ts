import { parseProfile } from "../../../config/parse";
import { changed, proxmox, refuses } from "../stacks";

describe("addresses of a stack are refused with", () => {
  refuses(parseProfile, [
    [
      "23: one VM id twice",
      changed(proxmox, "pools[1].firstVmid", 10000),
      [
        "pools[1].nodes[0].vmid: found VM id 10000, which is also pools[0].nodes[0].vmid; expected each VM id once; fix: change pools[1].nodes[0].vmid or pools[0].nodes[0].vmid (both may follow from `firstVmid`)",
      ],
    ],
    [
      "31: one address twice",
      changed(proxmox, "pools[0].addresses", ["192.168.2.61"]),
      [
        "pools[1].addresses: found the address 192.168.2.61, which is also pools[0].addresses; expected each address once; fix: change pools[1].addresses or pools[0].addresses",
      ],
    ],
    [
      "31: a node at a host's address, and one at the router's",
      changed(proxmox, "pools[1].addresses", ["192.168.2.11", "192.168.2.1"]),
      [
        "pools[1].addresses: found the address 192.168.2.11, which is also hosts[0].address; expected each address once; fix: change pools[1].addresses or hosts[0].address",
        "pools[1].addresses: found the address 192.168.2.1, which is also network.gateway; expected each address once; fix: change pools[1].addresses or network.gateway",
      ],
    ],
    [
      "32: a router outside the subnet",
      changed(proxmox, "network.gateway", "192.168.4.1"),
      [
        "network.gateway: found 192.168.4.1, which is not in network.subnet 192.168.2.0/23; expected an address of the subnet; fix: correct the one or the other",
      ],
    ],
    [
      "nodes outside the subnet, and at its ends",
      changed(proxmox, "pools[1].addresses", ["192.168.4.1", "192.168.3.255"]),
      [
        "pools[1].addresses: found 192.168.4.1, which is not in network.subnet 192.168.2.0/23; expected addresses of the subnet; fix: correct it, or network.subnet",
        "pools[1].addresses: found 192.168.3.255, which is the network itself or its broadcast address; expected addresses of the subnet; fix: correct it, or network.subnet",
      ],
    ],
    [
      "34: pods among services",
      changed(proxmox, "cluster.podSubnetCIDR", "10.222.0.0/15"),
      [
        "cluster.podSubnetCIDR: found 10.222.0.0/15, which overlaps cluster.serviceSubnetCIDR 10.222.0.0/16; expected networks that share no address; fix: move cluster.podSubnetCIDR or cluster.serviceSubnetCIDR",
      ],
    ],
    [
      "35: pods among hosts",
      changed(proxmox, "cluster.podSubnetCIDR", "192.168.0.0/16"),
      [
        "cluster.podSubnetCIDR: found 192.168.0.0/16, which overlaps network.subnet 192.168.2.0/23; expected networks that share no address; fix: move cluster.podSubnetCIDR or network.subnet",
      ],
    ],
    [
      "37: the inner domain as the public one",
      changed(proxmox, "cluster.publicDomainTemplate", "%s.cluster.local"),
      [
        "cluster.publicDomainTemplate: found %s.cluster.local, which is cluster.clusterDomain cluster.local; expected another domain than the cluster's own; fix: write the domain that your DNS serves",
      ],
    ],
    [
      "41: a taint that the platform's pods do not tolerate",
      changed(changed(proxmox, "pools[1].taint", { key: "dedicated.example.com" }), "cluster.customTolerationKeys", [
        "dedicated.apiac.ru",
      ]),
      [
        "cluster.customTolerationKeys: found dedicated.apiac.ru, and pools[1].taint.key is dedicated.example.com: pods would stay Pending; expected the taint key of every pool; fix: add dedicated.example.com, or remove cluster.customTolerationKeys to get those of all pools",
      ],
    ],
  ]);
});
