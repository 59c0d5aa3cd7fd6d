/** Volumes that cannot work. */
import type { Fault } from "../../config/errors";
import { mountingNodes, type VolumePlan } from "./modelStore";
import type { StageInput } from "./types";

/** Keys of which only one can be. */
function contradictions({ profile: { modelStore } }: StageInput): readonly Fault[] {
  const places = (["existingClaim", "hostPath", "storageClass"] as const).filter(
    (key) => modelStore[key] !== undefined,
  );
  if (places.length < 2) return [];
  return [
    {
      path: `modelStore.${places[1] ?? ""}`,
      found: `${places.join(" and ")} together`,
      needed: "one place for the models",
      fix: `remove ${places.slice(1).join(" and ")}, or ${places[0] ?? ""}`,
    },
  ];
}

/** A directory of nothing. */
const misplaced = ({ profile: { modelStore } }: StageInput): readonly Fault[] =>
  modelStore.existingDirectory === undefined || modelStore.existingClaim !== undefined
    ? []
    : [
        {
          path: "modelStore.existingDirectory",
          found: `${modelStore.existingDirectory}, and no modelStore.existingClaim`,
          needed: "the claim that it is a directory of: a volume of ours holds nothing else",
          fix: "add `existingClaim`, or remove it",
        },
      ];

/** One node's volume, and pods on several. */
function tooManyNodes(input: StageInput, volume: VolumePlan): readonly Fault[] {
  const nodes = mountingNodes(input);
  if (nodes < 2) return [];
  if (volume.kind === "hostPath")
    return [
      {
        path: "modelStore.hostPath",
        found: `${volume.path}, a directory of one node, and models that may run on ${nodes}`,
        needed: "a volume that every one of them can mount",
        fix: "name a storage class for ReadWriteMany by modelStore.storageClass (CephFS, NFS ..)",
      },
    ];
  if (volume.kind !== "made" || volume.accessMode === "ReadWriteMany") return [];
  return [
    {
      path: "modelStore.accessMode",
      found: `ReadWriteOnce, and models that may run on ${nodes} nodes`,
      needed: "ReadWriteMany: a pod on another node than the first would wait for the volume for ever",
      fix: "remove it, and name a storage class for ReadWriteMany by modelStore.storageClass (CephFS, NFS ..)",
    },
  ];
}

/** Classes that Deckhouse makes are known: another one is a mistyped name. */
function unknownClass({ deckhouse, profile: { modelStore } }: StageInput, volume: VolumePlan): readonly Fault[] {
  if (deckhouse === undefined || volume.kind !== "made") return [];
  const classes = [
    ...(deckhouse.cephClasses ?? []).map(({ name, type }) => ({ name, many: type === "CephFS" })),
    ...(deckhouse.localPaths ?? []).map(({ name }) => ({ name, many: false })),
  ];
  const many = classes.filter((one) => one.many).map(({ name }) => name);
  const chosen = classes.find(({ name }) => name === modelStore.storageClass);
  const path = "modelStore.storageClass";
  if (modelStore.storageClass !== undefined && chosen === undefined)
    return [
      {
        path,
        found: `${modelStore.storageClass}, which nothing makes`,
        needed: `one of ${classes.map(({ name }) => name).join(", ") || "cluster.ceph.classes or cluster.localPaths: there is none"}`,
        fix: "correct the name, or add the class to cluster.ceph.classes",
      },
    ];
  if (volume.accessMode !== "ReadWriteMany" || chosen?.many === true) return [];
  return [
    {
      path,
      found: chosen === undefined ? "nothing" : `${chosen.name}, which one node at a time can mount`,
      needed: "a class that many nodes can mount (CephFS), as models may run on more than one",
      fix:
        many.length > 0
          ? `write \`storageClass: ${many[0] ?? ""}\``
          : "add a class of type CephFS to cluster.ceph.classes and name it, or name a claim by modelStore.existingClaim",
    },
  ];
}

/** Every fault of stage 6. */
export const storeFaults = (input: StageInput, volume: VolumePlan): readonly Fault[] => [
  ...contradictions(input),
  ...misplaced(input),
  ...tooManyNodes(input, volume),
  ...(input.profile.modelStore.storageClass === undefined ? [] : unknownClass(input, volume)),
];

/** What has to be named before the volume is made. */
export const storeUnmet = (input: StageInput, volume: VolumePlan): readonly Fault[] =>
  input.profile.modelStore.storageClass === undefined ? unknownClass(input, volume) : [];

/** What may still go wrong with the volume. */
export function storeWarnings(input: StageInput, volume: VolumePlan): readonly string[] {
  if (mountingNodes(input) < 2) return [];
  if (volume.kind === "given")
    return [`modelStore.existingClaim: ${volume.claim} has to be ReadWriteMany, as models may run on several nodes`];
  if (volume.kind === "made" && volume.storageClass === undefined && input.deckhouse === undefined)
    return ["modelStore.storageClass is not named: the cluster's own class has to allow ReadWriteMany"];
  return [];
}
