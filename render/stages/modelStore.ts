/** The volume of the models, and the Jobs that fill it. */
import type { Hub } from "../../plan/stages/modelSource";
import type { ModelStorePlan, StoredModelPlan } from "../../plan/stages/modelStore";
import { cacheDirectory, modelsMount, onVolume, partOf } from "../../plan/stages/names";
import { subPath } from "../volume";
import { containerSecurity, labelsOf, podSecurity, pullSecrets, type Manifest } from "../manifest";
import { sortKeys, toJson, type JsonObject } from "../text";

/** User and group of every pod that mounts the volume: that of the images of Ray. @see docker/base-deps/Dockerfile of Ray (uid 1000) */
export const volumeUser = 1000;

const credentialsMount = "/credentials";
const programMount = "/program";
const configMount = "/config";
const programFile = "download.js";

/** Names of objects of this stage. */
export const storeNames = {
  program: "model-download",
  credentials: (hub: Hub): string => `hub-${hub}`,
} as const;

const meta = (name: string, namespace: string) => ({ name, namespace, labels: labelsOf("model-download") });

/** The volume: a claim, with a volume of ours where it is a directory of a node; nothing where it is given. */
export function volumeManifests({ volume, namespace }: ModelStorePlan): readonly Manifest[] {
  if (volume.kind === "given") return [];
  const labels = { "app.kubernetes.io/part-of": partOf };
  const storage = `${volume.sizeGib}Gi`;
  const claim = (spec: JsonObject): Manifest => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: volume.claim, namespace, labels },
    spec: sortKeys({ ...spec, resources: { requests: { storage } } }),
  });
  if (volume.kind === "made") {
    const { storageClass, accessMode } = volume;
    return [
      claim({ accessModes: [accessMode], ...(storageClass === undefined ? {} : { storageClassName: storageClass }) }),
    ];
  }
  const name = `${namespace}-${volume.claim}`;
  return [
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name, labels },
      spec: sortKeys({
        accessModes: ["ReadWriteOnce"],
        capacity: { storage },
        hostPath: { path: volume.path, type: "DirectoryOrCreate" },
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName: "",
      }),
    },
    claim({ accessModes: ["ReadWriteOnce"], storageClassName: "", volumeName: name }),
  ];
}

/** The downloader as one file, for every Job. @param program text of the bundle */
export const programManifest = ({ namespace }: ModelStorePlan, program: string): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: meta(storeNames.program, namespace),
  data: { [programFile]: program },
});

/** What one download is told. Its keys are those of `download/config.ts`. */
export const downloadConfig = (
  { deadlineSeconds }: ModelStorePlan,
  model: StoredModelPlan,
  withCredentials: boolean,
): JsonObject =>
  sortKeys({
    // Before Kubernetes ends the Job, so that the downloader can say why.
    deadlineSeconds: deadlineSeconds - 60,
    source: { ...model.source },
    volume: modelsMount,
    directory: onVolume(model.directory),
    allowPickle: model.allowPickle,
    size: { minBytes: model.bytes.least, maxBytes: model.bytes.most },
    ...(withCredentials ? { secretDirectory: credentialsMount } : {}),
  });

/** The same as an object beside its Job. */
export const configManifest = (plan: ModelStorePlan, model: StoredModelPlan, withCredentials: boolean): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: meta(model.job, plan.namespace),
  data: { "config.json": toJson(downloadConfig(plan, model, withCredentials)) },
});

/** Of a Secret whose fields the component knows. */
export const credentialsManifest = ({ namespace }: ModelStorePlan, hub: Hub): Manifest => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: meta(storeNames.credentials(hub), namespace),
});

/** Exit codes of the downloader. @see download/exits.ts; a test holds them together */
export const exits = { fault: 1, transient: 75 } as const;
/** Times that Kubernetes starts a download again that may work the next time. Each goes on where the last one ended. */
const retries = 10;

function volumesOf({ volume }: ModelStorePlan, model: StoredModelPlan, withCredentials: boolean): JsonObject[] {
  return [
    { name: "models", persistentVolumeClaim: { claimName: volume.claim } },
    { name: "program", configMap: { name: storeNames.program } },
    { name: "config", configMap: { name: model.job } },
    ...(withCredentials
      ? [{ name: "credentials", secret: { secretName: storeNames.credentials(model.hub), defaultMode: 0o440 } }]
      : []),
  ];
}

const directoryOf = ({ volume }: ModelStorePlan): string | undefined =>
  volume.kind === "given" ? volume.directory : undefined;

/** The download of one model as a Job. */
export function downloadJob(plan: ModelStorePlan, model: StoredModelPlan, withCredentials: boolean): Manifest {
  const { scheduling } = plan;
  const readOnly = (name: string, mountPath: string): JsonObject => ({ name, mountPath, readOnly: true });
  const container = {
    name: "download",
    image: plan.image,
    // The directory of compile caches is made by its user: the kubelet would make it for root, and on NFS it would stay so.
    command: [
      "/bin/sh",
      "-c",
      `mkdir -p ${modelsMount}/${cacheDirectory} && exec node ${programMount}/${programFile} ${configMount}/config.json`,
    ],
    resources: { requests: { cpu: "500m", memory: "256Mi" }, limits: { memory: "1Gi" } },
    securityContext: containerSecurity(),
    // What it said last is why the Job failed.
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [
      { name: "models", mountPath: modelsMount, ...subPath(directoryOf(plan)) },
      readOnly("program", programMount),
      readOnly("config", configMount),
      ...(withCredentials ? [readOnly("credentials", credentialsMount)] : []),
    ],
  };
  const fatal = {
    action: "FailJob",
    onExitCodes: { containerName: "download", operator: "In", values: [exits.fault] },
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      ...meta(model.job, plan.namespace),
      // Whoever waits for it tells its progress, which the provider would not.
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: sortKeys({
      backoffLimit: retries,
      activeDeadlineSeconds: plan.deadlineSeconds,
      podFailurePolicy: { rules: [fatal] },
      template: {
        metadata: { labels: labelsOf("model-download") },
        spec: {
          automountServiceAccountToken: false,
          ...pullSecrets(plan),
          restartPolicy: "Never",
          securityContext: podSecurity(volumeUser),
          nodeSelector: scheduling.nodeSelector,
          tolerations: scheduling.tolerations.map((one) => ({ ...one })),
          // The downloader stops within 5 s, and keeps what it has.
          terminationGracePeriodSeconds: 30,
          containers: [container],
          volumes: volumesOf(plan, model, withCredentials),
        },
      },
    }),
  };
}
