import assert from "node:assert/strict";
import { parseProfile } from "../../../config/parse";
import { selfSigned } from "../madeCertificates";
import { changed, proxmox, refuses } from "../stacks";

const { certificate: leaf } = selfSigned("leaf", false);
const { certificate: ca } = selfSigned("ca", true);

const user = { name: "ann", email: "ann@my.org", accessLevel: "User" };
const controller = {
  ...{ name: "in", ingressClass: "inside", addresses: "192.168.3.70-192.168.3.80" },
  nodeSelector: { a: "b" },
};
const optional = "fix: correct it, or remove it to get the default";
const packageText = 'a package by name and exact version, like "nvidia-driver-580-server=580.105.08-0ubuntu0.24.04.1"';

describe("a stack on Proxmox refuses, of what is in its cluster,", () => {
  refuses(parseProfile, [
    [
      "two of one name",
      {
        ...proxmox,
        cluster: {
          ...proxmox.cluster,
          users: [user, { ...user, email: "ann@your.org" }, { ...user, name: "bob" }],
          ingress: [controller, { ...controller, addresses: "192.168.3.90-192.168.3.95" }],
          ceph: {
            connections: [],
            classes: [{ name: "fast", connection: "x", type: "RBD", pool: "p" }],
          },
          localPaths: [{ name: "fast", path: "/data" }],
        },
      },
      [
        "cluster.users[1].name: found the name ann, which is also cluster.users[0].name; expected each user's name once; fix: change cluster.users[1].name or cluster.users[0].name",
        "cluster.users[2].email: found the e-mail address ann@my.org, which is also cluster.users[0].email; expected each address once: users log in with it; fix: change cluster.users[2].email or cluster.users[0].email",
        "cluster.ingress[1].name: found the name in, which is also cluster.ingress[0].name; expected each controller's name once; fix: change cluster.ingress[1].name or cluster.ingress[0].name",
        "cluster.localPaths[0].name: found the name fast, which is also cluster.ceph.classes[0].name; expected each storage class's name once; fix: change cluster.localPaths[0].name or cluster.ceph.classes[0].name",
      ],
    ],
    [
      "S32: a driver without its version, as the article has it",
      changed(proxmox, "cluster.nvidia", { driver: "node", driverPackages: ["nvidia-driver-535-server"] }),
      [
        `cluster.nvidia.driverPackages[0]: found text "nvidia-driver-535-server"; expected ${packageText}; fix: correct it, or remove it from the list`,
      ],
    ],
    [
      "a driver that is too old for what is served",
      changed(proxmox, "cluster.nvidia", {
        driver: "node",
        driverPackages: ["linux-headers-generic=6.8.0-52", "nvidia-driver-535-server=535.183.01-0ubuntu0.24.04.1"],
      }),
      [
        "cluster.nvidia.driverPackages[1]: found driver 535; expected 580 or newer: vLLM is built for CUDA 13; fix: name a newer driver",
      ],
    ],
    [
      "a driver that nobody installs",
      changed(proxmox, "cluster.nvidia.driverPackages", ["nvidia-driver-580-server=580.105.08-1"]),
      [
        "cluster.nvidia.driverPackages: found packages, and cluster.nvidia.driver is operator: nobody would install them; expected packages only with `driver: node`; fix: write `driver: node`, or remove them",
      ],
    ],
    [
      "a driver of the node without its packages",
      changed(proxmox, "cluster.nvidia.driver", "node"),
      [
        "cluster.nvidia.driverPackages: found nothing; expected the packages of the driver that the nodes install; fix: write them as `name=version`; `apt-cache madison nvidia-driver-580-server` lists the versions",
      ],
    ],
    [
      "an operator of another name, and a runtime that Deckhouse has not",
      changed(changed(proxmox, "cluster.nvidia.toolkit", "hami"), "cluster.defaultCRI", "Docker"),
      [
        `cluster.defaultCRI: found text "Docker"; expected Containerd or ContainerdV2; ${optional}`,
        `cluster.nvidia.toolkit: found text "hami"; expected operator or node; ${optional}`,
      ],
    ],
    [
      "a CA that signs nothing, by a name that is taken",
      changed(proxmox, "cluster.internalCa", { name: "selfsigned", certificate: leaf }),
      [
        "cluster.internalCa.name: found selfsigned, a ClusterIssuer that Deckhouse makes; expected another name; fix: write a name of your own, like internal-ca",
        "cluster.internalCa.certificate: found the certificate of no CA: it may not sign others; expected a certificate with `CA:TRUE`, before those that signed it; fix: put the CA's own certificate first; `openssl x509 -noout -ext basicConstraints` tells which it is",
      ],
    ],
    [
      "certificates out of a document, as the article has them",
      changed(
        changed(proxmox, "cluster.internalCa.certificate", "<CRT>"),
        "cluster.registry.ca",
        "-----BEGIN CERTIFICATE-----\n<CERT>\n-----END CERTIFICATE-----\n",
      ),
      [
        `cluster.registry.ca: found text "-----BEGIN CERTIFICATE-----\\n<CERT>\\n-----END CERTIFICAT...; expected certificates in PEM, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----; ${optional}`,
        `cluster.internalCa.certificate: found text "<CRT>"; expected certificates in PEM, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----; ${optional}`,
      ],
    ],
    [
      "a registry twice, and Deckhouse's own among the others",
      {
        ...proxmox,
        cluster: {
          ...proxmox.cluster,
          registry: { imagesRepo: "registry.lan:5000/deckhouse/ce", ca },
          registryCertificates: ["git.lan", "git.lan", "registry.lan:5000"].map((host) => ({ host, ca })),
        },
      },
      [
        "cluster.registryCertificates[1].host: found the registry git.lan, which is also cluster.registryCertificates[0].host; expected each registry once; fix: change cluster.registryCertificates[1].host or cluster.registryCertificates[0].host",
        "cluster.registryCertificates[2].host: found registry.lan:5000, the registry of cluster.registry.imagesRepo; expected registries besides Deckhouse's own; fix: write its CA as `cluster.registry.ca`, which the installer and the nodes read",
      ],
    ],
    [
      "a way out that leads nowhere",
      changed(proxmox, "cluster.proxy", { noProxy: ["my.org"] }),
      [
        "cluster.proxy: found no proxy in it; expected httpProxy, httpsProxy or both; fix: add one, or remove `cluster.proxy`",
      ],
    ],
    [
      "an API of a class that no controller serves",
      changed(changed(proxmox, "cluster.ingress", [controller]), "ingress.class", "outside"),
      [
        "ingress.class: found outside; expected one of inside, which cluster.ingress serves; fix: correct it, or add a controller to cluster.ingress",
      ],
    ],
    [
      "passwords and keys in the stack file",
      changed(changed(proxmox, "cluster.users", [{ ...user, password: "CANARY" }]), "cluster.internalCa.key", "CANARY"),
      [
        "cluster.users[0].password: found an unknown key; expected one of name, email, accessLevel, portForwarding; fix: remove it and run `pulumi config set --secret tokenrack:clusterPasswordHashes` with the hash of a new one: this one has been seen",
        "cluster.internalCa.key: found an unknown key; expected one of name, certificate; fix: remove it, make a new CA, and run `pulumi config set --secret tokenrack:internalCaKey` with its key: this one has been seen",
      ],
    ],
    [
      "a login in a proxy's address",
      changed(proxmox, "cluster.proxy.httpsProxy", "http://me:CANARY@proxy.lan:3128"),
      [
        `cluster.proxy.httpsProxy: found an address with a user or a password in it (not shown); expected a proxy without a login, like "http://proxy.my.org:3128"; ${optional}`,
      ],
    ],
  ]);
});

describe("a stack on Proxmox takes, of what is in its cluster,", () => {
  const taken: readonly (readonly [string, unknown])[] = [
    [
      "a CA of one's own, and registries of one's own",
      {
        internalCa: { certificate: ca },
        registry: { imagesRepo: "registry.lan:5000/deckhouse/ce", ca },
        registryCertificates: [{ host: "git.lan", ca: `${ca}${ca}` }],
      },
    ],
    ["a driver on the node", { nvidia: { driver: "node", driverPackages: ["nvidia-open=1:580.105.08-1"] } }],
    ["a proxy", { proxy: { httpProxy: "http://proxy.lan:3128", noProxy: ["*.lan", "10.0.0.0/8", "git.lan:5050"] } }],
  ];
  for (const [what, keys] of taken) {
    it(what, () => {
      const cluster = Object.assign({}, proxmox.cluster, keys);
      assert.doesNotThrow(() => parseProfile({ ...proxmox, cluster }));
    });
  }
});
