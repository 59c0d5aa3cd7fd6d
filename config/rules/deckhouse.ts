/** Rules over what stands in the cluster: names once, choices that agree, certificates that can do what they are for. */
import { ownIssuers } from "../../catalog/deckhouse";
import { nvidiaDriverFloor } from "../../catalog/versions";
import { certificatesOf } from "../certificates";
import type { Fault } from "../errors";
import type { Cluster, Ingress } from "./parts";
import { repeated } from "./unique";

/** Objects of one kind by one name: the second would replace the first. */
function nameFaults({ users, ingress, ceph, localPaths, registryCertificates }: Cluster): Fault[] {
  const named = (path: string, list: readonly { readonly name: string }[]) =>
    list.map(({ name }, index) => ({ path: `cluster.${path}[${index}].name`, value: name }));
  const emails = users.map(({ email }, index) => ({ path: `cluster.users[${index}].email`, value: email }));
  const hosts = registryCertificates.map(({ host }, index) => ({
    path: `cluster.registryCertificates[${index}].host`,
    value: host,
  }));
  const classes = [...named("ceph.classes", ceph.classes), ...named("localPaths", localPaths)];
  return [
    ...repeated(named("users", users), "the name", "each user's name once"),
    ...repeated(emails, "the e-mail address", "each address once: users log in with it"),
    ...repeated(named("ingress", ingress), "the name", "each controller's name once"),
    ...repeated(named("ceph.connections", ceph.connections), "the name", "each connection's name once"),
    ...repeated(classes, "the name", "each storage class's name once"),
    ...repeated(hosts, "the registry", "each registry once"),
  ];
}

/** Packages by an exact name, and a driver new enough for what is served. */
function driverFaults({ nvidia }: Cluster): Fault[] {
  const { driver, driverPackages: packages } = nvidia;
  const path = "cluster.nvidia.driverPackages";
  const example = "write them as `name=version`; `apt-cache madison nvidia-driver-580-server` lists the versions";
  if (driver === "node" && packages.length === 0) {
    return [{ path, found: "nothing", needed: "the packages of the driver that the nodes install", fix: example }];
  }
  if (driver === "operator" && packages.length > 0) {
    const found = "packages, and cluster.nvidia.driver is operator: nobody would install them";
    return [{ path, found, needed: "packages only with `driver: node`", fix: "write `driver: node`, or remove them" }];
  }
  return packages.flatMap((one, index) => {
    const [, name = "", version = ""] = /^([^=]*)=(?:\d+:)?(\d+)/.exec(one) ?? [];
    const isDriver = /^(?:nvidia-(?:driver|headless|open)|cuda-drivers)/.test(name);
    if (!isDriver || Number(version) >= nvidiaDriverFloor) return [];
    const needed = `${nvidiaDriverFloor} or newer: vLLM is built for CUDA 13`;
    return [{ path: `${path}[${index}]`, found: `driver ${version}`, needed, fix: "name a newer driver" }];
  });
}

function caFaults({ internalCa }: Cluster): Fault[] {
  if (internalCa === undefined) return [];
  const { name, certificate } = internalCa;
  const own = ownIssuers.includes(name)
    ? [
        {
          path: "cluster.internalCa.name",
          found: `${name}, a ClusterIssuer that Deckhouse makes`,
          needed: "another name",
          fix: "write a name of your own, like internal-ca",
        },
      ]
    : [];
  const [first] = certificate === undefined ? [] : (certificatesOf(certificate) ?? []);
  if (first === undefined || first.ca) return own;
  return [
    ...own,
    {
      path: "cluster.internalCa.certificate",
      found: "the certificate of no CA: it may not sign others",
      needed: "a certificate with `CA:TRUE`, before those that signed it",
      fix: "put the CA's own certificate first; `openssl x509 -noout -ext basicConstraints` tells which it is",
    },
  ];
}

const hostOf = (repository: string): string => repository.split("/")[0] ?? "";

/** What Deckhouse is told of its own registry it tells the nodes itself. */
function registryFaults({ registry, registryCertificates }: Cluster): Fault[] {
  const own = registry?.imagesRepo === undefined ? undefined : hostOf(registry.imagesRepo);
  return registryCertificates.flatMap(({ host }, index) =>
    host === own
      ? [
          {
            path: `cluster.registryCertificates[${index}].host`,
            found: `${host}, the registry of cluster.registry.imagesRepo`,
            needed: "registries besides Deckhouse's own",
            fix: "write its CA as `cluster.registry.ca`, which the installer and the nodes read",
          },
        ]
      : [],
  );
}

function proxyFaults({ proxy }: Cluster): Fault[] {
  if (proxy === undefined || proxy.httpProxy !== undefined || proxy.httpsProxy !== undefined) return [];
  const needed = "httpProxy, httpsProxy or both";
  return [{ path: "cluster.proxy", found: "no proxy in it", needed, fix: "add one, or remove `cluster.proxy`" }];
}

/** The API's class is one that a controller serves; without any of ours somebody else's may. */
function classFaults({ ingress }: Cluster, api: Ingress | undefined): Fault[] {
  const classes = [...new Set(ingress.map(({ ingressClass }) => ingressClass))];
  const wanted = api?.class;
  if (wanted === undefined || classes.length === 0 || classes.includes(wanted)) return [];
  const needed = `one of ${classes.join(", ")}, which cluster.ingress serves`;
  return [{ path: "ingress.class", found: wanted, needed, fix: "correct it, or add a controller to cluster.ingress" }];
}

/** Rules over `cluster` of a stack on Proxmox. */
export function deckhouseFaults(cluster: Cluster | undefined, api: Ingress | undefined): Fault[] {
  if (cluster === undefined) return [];
  return [
    ...nameFaults(cluster),
    ...driverFaults(cluster),
    ...caFaults(cluster),
    ...registryFaults(cluster),
    ...proxyFaults(cluster),
    ...classFaults(cluster, api),
  ];
}
