import { parseProfile } from "../../../config/parse";
import { changed, proxmox, refuses } from "../stacks";

const optional = "fix: correct it, or remove it to get the default";

describe("a stack on Proxmox refuses, of its image and its Deckhouse,", () => {
  refuses(parseProfile, [
    [
      "an image without encryption on its way, whose checksum is of another kind",
      changed(changed(proxmox, "platform.image.url", "http://images.lan/x.qcow2"), "platform.image.checksum", "AB"),
      [
        'platform.image.url: found text "http://images.lan/x.qcow2"; expected an https URL of one version, like "https://cloud.debian.org/images/cloud/trixie/<date>/debian-13-generic-amd64-<date>.qcow2"; fix: correct it',
        'platform.image.checksum: found text "AB"; expected a checksum in lower-case hex: 64 digits for sha256, 128 for sha512; fix: correct it',
      ],
    ],
    [
      "a checksum of another length",
      changed(proxmox, "platform.image.checksumAlgorithm", "sha512"),
      [
        `platform.image.checksum: found text "${"ab".repeat(28)}...; expected a checksum in lower-case hex: 64 digits for sha256, 128 for sha512; fix: correct it`,
      ],
    ],
    [
      "an image that is nowhere",
      changed(proxmox, "platform.image.url", "debian"),
      [
        'platform.image.url: found text "debian"; expected an https URL of one version, like "https://cloud.debian.org/images/cloud/trixie/<date>/debian-13-generic-amd64-<date>.qcow2"; fix: correct it',
      ],
    ],
    [
      "an image that has no name in the storage",
      changed(proxmox, "platform.image.url", "https://images.lan/debian.tar.xz"),
      [
        "platform.image.fileName: found nothing; expected a file name that ends with .qcow2, .raw or .vmdk, as the URL does not end so; fix: add `platform.image.fileName`",
      ],
    ],
    [
      "root on the VMs, and a state directory that moves",
      changed(changed(proxmox, "cluster.sshUser", "root"), "cluster.bootstrap", {
        engine: "crio",
        stateDirectory: "state",
      }),
      [
        `cluster.sshUser: found text "root"; expected another user than root: cloud images let root not in; ${optional}`,
        `cluster.bootstrap.engine: found text "crio"; expected auto, docker or podman; ${optional}`,
        `cluster.bootstrap.stateDirectory: found text "state"; expected an absolute directory that outlives a run, like "/var/lib/tokenrack"; ${optional}`,
      ],
    ],
    [
      "a module by another name",
      changed(proxmox, "cluster.modules", { metalb: true }),
      [
        "cluster.modules.metalb: found an unknown key; expected one of cert-manager, cni-cilium, console, csi-ceph, deckhouse, global, ingress-nginx, metallb, multitenancy-manager, operator-trivy, runtime-audit-engine, user-authn; fix: did you mean `metallb`? Rename it, or remove it",
      ],
    ],
    [
      "the key of a Ceph user, and an ingress that ends its own pods",
      changed(
        changed(proxmox, "cluster.ceph.connections", [
          { name: "rbd", clusterId: "x", monitors: [], user: "k8s", userKey: "CANARY" },
        ]),
        "cluster.ingress",
        [
          {
            ...{ name: "in", ingressClass: "in", addresses: "192.168.3.70-192.168.3.80" },
            ...{ nodeSelector: { a: "b" }, chaosMonkey: true },
          },
        ],
      ),
      [
        "cluster.ingress[0].chaosMonkey: found an unknown key; expected one of name, ingressClass, addresses, address, nodeSelector, replicas; fix: remove it: it ends the controller's pods at random, and with them every answer that is being streamed",
        "cluster.ceph.connections[0].userKey: found an unknown key; expected one of name, clusterId, monitors, user; fix: remove it and run `pulumi config set --secret tokenrack:cephKeys` with a new key: this one has been seen",
      ],
    ],
  ]);
});
