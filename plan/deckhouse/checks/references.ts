/** Names that have to be there, values that examples leave open, and switches that nobody wants in earnest. */
import { moduleNames } from "../../../catalog/deckhouse";
import type { Fault } from "../../../config/errors";
import { defaultStorageClass, selectsPool } from "../groups";
import type { DeckhouseInput, ModuleName } from "../types";

/** A name that must be one of some others. */
function named(path: string, name: string, known: readonly string[], what: string): Fault[] {
  if (known.includes(name)) return [];
  const needed = known.length === 0 ? `${what}, of which there is none` : `one of ${known.join(", ")}`;
  return [{ path, found: `${name}, and no ${what} by that name`, needed, fix: "correct the name, or add it" }];
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const monitor = /^\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}$/;

function cephFaults({ cephConnections = [], cephClasses = [] }: DeckhouseInput): Fault[] {
  const connections = cephConnections.map(({ name }) => name);
  return [
    ...cephConnections.flatMap(({ clusterId, monitors }, index) => {
      const path = `cluster.ceph.connections[${index}]`;
      const id = uuid.test(clusterId)
        ? []
        : [
            {
              path: `${path}.clusterId`,
              found: clusterId,
              needed: "the Ceph cluster's id, a UUID",
              fix: "copy the output of `ceph fsid`",
            },
          ];
      const wrong = monitors.filter((one) => !monitor.test(one));
      const list =
        wrong.length === 0 && monitors.length > 0
          ? []
          : [
              {
                path: `${path}.monitors`,
                found: wrong.join(", ") || "an empty list",
                needed: 'addresses with ports, like "192.168.2.3:6789"',
                fix: "copy them from the output of `ceph mon dump`",
              },
            ];
      return [...id, ...list];
    }),
    ...cephClasses.flatMap(({ connection }, index) =>
      named(`cluster.ceph.classes[${index}].connection`, connection, connections, "Ceph connection"),
    ),
  ];
}

function storageFaults(input: DeckhouseInput): Fault[] {
  const { cephClasses = [], localPaths = [], pools } = input;
  const groups = pools.map(({ name }) => name);
  const wanted = defaultStorageClass(input);
  const classes = [...cephClasses, ...localPaths].map(({ name }) => name);
  return [
    ...localPaths.flatMap(({ pools: names = [] }, index) =>
      names.flatMap((name) => named(`cluster.localPaths[${index}].pools`, name, groups, "pool")),
    ),
    ...(wanted === undefined ? [] : named("cluster.defaultStorageClass", wanted, classes, "storage class")),
  ];
}

/** A controller without a node to run on stays Pending, and one that kills its own pods breaks streams at random. */
function ingressFaults({ ingress = [], pools }: DeckhouseInput): Fault[] {
  return ingress.flatMap(({ name, nodeSelector, chaosMonkey }, index) => {
    const path = `cluster.ingress[${index}]`;
    const selected = pools.some((pool) => selectsPool(nodeSelector, pool));
    const labels = Object.entries(nodeSelector)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    return [
      ...(selected
        ? []
        : [
            {
              path: `${path}.nodeSelector`,
              found: `${labels}, which no pool's labels have`,
              needed: "labels of at least one pool: the controller's pods would stay Pending",
              fix: "add the labels to a pool",
            },
          ]),
      ...(chaosMonkey === true
        ? [
            {
              path: `${path}.chaosMonkey`,
              found: `true for ${name}`,
              needed:
                "nothing: it ends the controller's pods at random, and with them every answer that is being streamed",
              fix: "remove it",
            },
          ]
        : []),
    ];
  });
}

/** Modules that others of the stack's wishes stand on, by where those stand. */
const needs: Readonly<Partial<Record<ModuleName, (input: DeckhouseInput) => string | undefined>>> = {
  "cert-manager": ({ internalCa }) => (internalCa === undefined ? undefined : "cluster.internalCa"),
  "csi-ceph": ({ cephClasses = [] }) => (cephClasses.length === 0 ? undefined : "cluster.ceph.classes"),
  "ingress-nginx": ({ ingress = [] }) => (ingress.length === 0 ? undefined : "cluster.ingress"),
  metallb: ({ ingress = [] }) => (ingress.length === 0 ? undefined : "cluster.ingress"),
  "user-authn": ({ users = [] }) => (users.length === 0 ? undefined : "cluster.users"),
  deckhouse: () => "the whole cluster",
  "cni-cilium": () => "the whole cluster",
  global: () => "the whole cluster",
};

/** A kind of a module that is off never comes, and its objects would be waited for in vain. */
const moduleFaults = (input: DeckhouseInput): Fault[] =>
  moduleNames.flatMap((name) => {
    const by = input.modules?.[name] === false ? needs[name]?.(input) : undefined;
    if (by === undefined) return [];
    const path = `cluster.modules.${name}`;
    const fix = by.startsWith("cluster.") ? `remove it, or ${by}` : "remove it";
    return [{ path, found: `false, and ${by} needs it`, needed: "the module on", fix }];
  });

/** Faults in names and switches. */
export const referenceFaults = (input: DeckhouseInput): readonly Fault[] => [
  ...moduleFaults(input),
  ...cephFaults(input),
  ...storageFaults(input),
  ...ingressFaults(input),
];
