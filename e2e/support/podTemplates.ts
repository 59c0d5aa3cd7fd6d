/** The pods that an object will have made, to be shown to the server themselves: of an object it only looks at the outside. */
import { z } from "zod";
import type { Manifest } from "../../render/manifest";
import { titleOf } from "./kubeClient";

const metadataSchema = z.looseObject({ labels: z.record(z.string(), z.string()).optional() });
const specSchema = z.looseObject({ volumes: z.array(z.looseObject({ name: z.string() })).optional() });
const templateSchema = z.looseObject({ metadata: metadataSchema.optional(), spec: specSchema });
type Template = z.output<typeof templateSchema>;

const templated = z.object({ template: templateSchema });
const claimsSchema = z.array(z.looseObject({ metadata: z.object({ name: z.string() }) })).default([]);

const workload = z.object({ spec: templated }).transform(({ spec }) => ({ pod: spec.template }));
const statefulSet = z
  .object({ spec: templated.extend({ volumeClaimTemplates: claimsSchema }) })
  .transform(({ spec: { template, volumeClaimTemplates } }) => ({ pod: withClaims(template, volumeClaimTemplates) }));
const cronJob = z
  .object({ spec: z.object({ jobTemplate: z.object({ spec: templated }) }) })
  .transform(({ spec }) => ({ pod: spec.jobTemplate.spec.template }));
const rayGroups = { headGroupSpec: templated, workerGroupSpecs: z.array(templated.extend({ groupName: z.string() })) };
const rayService = z
  .object({ spec: z.object({ rayClusterConfig: z.object(rayGroups) }) })
  .transform(({ spec: { rayClusterConfig } }) => ({
    head: rayClusterConfig.headGroupSpec.template,
    ...Object.fromEntries(
      rayClusterConfig.workerGroupSpecs.map(({ groupName, template }) => [groupName, template] as const),
    ),
  }));

/** How the templates are found in an object of a kind, by a name each. Kinds that are not here have no pods. */
const kinds: Readonly<Record<string, z.ZodType<Readonly<Record<string, Template>>>>> = {
  Deployment: workload,
  DaemonSet: workload,
  Job: workload,
  StatefulSet: statefulSet,
  CronJob: cronJob,
  RayService: rayService,
};

/** Kubernetes adds the volumes of a StatefulSet's claims when it makes a pod. */
function withClaims(template: Template, claims: z.output<typeof claimsSchema>): Template {
  const volumes = claims.map(({ metadata: { name } }) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...volumes] } };
}

/** @throws Error when it has a template in a place that is not known here */
export function podsOf(object: Manifest): readonly Manifest[] {
  const found = kinds[object.kind]?.parse(object) ?? {};
  if (Object.keys(found).length === 0 && /"containers"/.test(JSON.stringify(object)))
    throw new Error(`${titleOf(object)} has containers: say in e2e/support/podTemplates.ts where`);
  const { namespace = "" } = object.metadata;
  return Object.entries(found).map(
    ([name, { metadata, spec }]) =>
      ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { ...metadata, name: `${object.metadata.name}-${name}`.slice(0, 63), namespace },
        spec,
      }) as Manifest,
  );
}
