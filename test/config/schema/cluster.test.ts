import { parseProfile } from "../../../config/parse";
import { clusterModelSchema, keysOf } from "../../../config/schema";
import { servingSchema } from "../../../config/schema/stages/serving";
import { changed, proxmox, refuses } from "../stacks";

const known = keysOf("proxmox").join(", ");
const modelKeys = Object.keys(clusterModelSchema.shape).join(", ");
const servingKeys = Object.keys(servingSchema.shape).join(", ");

describe("a stack on Proxmox refuses, of its cluster,", () => {
  refuses(parseProfile, [
    [
      "36: masters in the wrong place",
      changed(proxmox, "cluster.masters", 2),
      [
        "cluster.masters: found an unknown key; expected one of kubernetesVersion, releaseChannel, edition, podSubnetCIDR, serviceSubnetCIDR, clusterDomain, publicDomainTemplate, customTolerationKeys, sshUser, masterHostKey, bootstrap, registry, registryCertificates, proxy, defaultCRI, nvidia, modules, users, publishAPI, internalCa, ingress, ceph, localPaths, defaultStorageClass; fix: remove it: masters are a pool with `role: master` and a `count` of 1, 3 or 5",
      ],
    ],
    [
      "37: a domain without %s",
      changed(proxmox, "cluster.publicDomainTemplate", "k8s.lan"),
      [
        'cluster.publicDomainTemplate: found text "k8s.lan"; expected a domain with one %s for the name of the application, like "%s.k8s.my.org"; fix: write `%s.` and a domain that your DNS serves, in quotes',
      ],
    ],
    [
      "38: a licence key in the stack file",
      changed(proxmox, "cluster.registry", { licenseKey: "CANARY" }),
      [
        "cluster.registry.licenseKey: found an unknown key; expected one of imagesRepo, scheme, ca, mode, version; fix: remove it: the licence key is set with `pulumi config set --secret tokenrack:deckhouseLicenseKey`",
      ],
    ],
    [
      "40: a version that YAML read as a number",
      changed(proxmox, "cluster.kubernetesVersion", 1.3),
      [
        'cluster.kubernetesVersion: found number 1.3; expected a quoted text, one of "Automatic", "1.32", "1.33", "1.34", "1.35", "1.36"; fix: write `"Automatic"`, or the version in quotes: YAML reads 1.30 as the number 1.3',
      ],
    ],
    [
      "a network that does not begin where it says",
      changed(proxmox, "network.subnet", "192.168.2.1/23"),
      [
        'network.subnet: found text "192.168.2.1/23"; expected a network by its first address and its prefix, like "192.168.2.0/23"; fix: correct it',
      ],
    ],
    [
      "no network",
      changed(proxmox, "network", undefined),
      [
        "network: found nothing; expected a group of keys: gbitPerSecond, subnet, gateway; fix: write what joins the nodes, such as `gbitPerSecond: 10`",
      ],
    ],
    [
      "49: a published dashboard",
      changed(proxmox, "dashboard", { expose: true }),
      [`dashboard: found an unknown key; expected one of ${known}; fix: remove it: Ray's dashboard is never published`],
    ],
    [
      "41: tolerations, wherever they are looked for",
      changed(changed(proxmox, "serving", { tolerations: [] }), "models[0].tolerations", []),
      [
        `models[0].tolerations: found an unknown key; expected one of ${modelKeys}; fix: remove it: tolerations are taken from the taints of \`pools\``,
        `serving.tolerations: found an unknown key; expected one of ${servingKeys}; fix: remove it: tolerations are taken from the taints of \`pools\``,
      ],
    ],
  ]);
});
