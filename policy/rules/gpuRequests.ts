/** Pods ask for the GPUs that the plan gave to their models: with fewer a replica waits for ever, with more GPUs lie idle. */
import { parse } from "yaml";
import { at, containersOf, kindOf, listAt, podsIn, textAt, type PolicyResource, type Rule } from "../resource";

const numberAt = (value: unknown, ...path: readonly (string | number)[]): number => Number(at(value, ...path) ?? 0);

const gpusAt = (container: unknown, kind: "limits" | "requests"): number =>
  numberAt(container, "resources", kind, "nvidia.com/gpu");

/** GPUs that all worker groups ask for when they are at their largest. */
function asked({ props }: PolicyResource): number {
  const groups = listAt(props, "spec", "rayClusterConfig", "workerGroupSpecs");
  return groups.reduce<number>((sum, group) => {
    const containers = listAt(group, "template", "spec", "containers");
    const pod = containers.reduce<number>((gpus, container) => gpus + gpusAt(container, "limits"), 0);
    return sum + pod * numberAt(group, "numOfHosts") * numberAt(group, "maxReplicas");
  }, 0);
}

/** GPUs that the engines use: every replica's bundles. */
function used(serve: unknown): number {
  const models = listAt(serve, "applications").flatMap((application) => listAt(application, "args", "llm_configs"));
  return models.reduce<number>((sum, model) => {
    const bundles = listAt(model, "placement_group_config", "bundles");
    const gpus = bundles.reduce<number>((all, bundle) => all + numberAt(bundle, "GPU"), 0);
    const most = at(model, "deployment_config", "autoscaling_config", "max_replicas");
    return sum + gpus * (most === undefined ? numberAt(model, "deployment_config", "num_replicas") : Number(most));
  }, 0);
}

const uneven = (resource: PolicyResource): readonly string[] =>
  podsIn(resource)
    .flatMap(containersOf)
    .filter(({ value }) => at(value, "resources", "requests", "nvidia.com/gpu") !== undefined)
    .filter(({ value }) => gpusAt(value, "requests") !== gpusAt(value, "limits"))
    .map(({ path }) => `${path} requests another number of GPUs than its limit: Kubernetes refuses the pod`);

function ofService(resource: PolicyResource, planned: unknown): readonly string[] {
  if (kindOf(resource) !== "RayService") return [];
  const serve: unknown = parse(textAt(resource.props, "spec", "serveConfigV2"));
  const [pods, engines] = [asked(resource), used(serve)];
  return [
    ...(pods === engines ? [] : [`its pods ask for ${pods} GPUs, and its engines use ${engines}`]),
    ...(planned === undefined || planned === pods
      ? []
      : [`its pods ask for ${pods} GPUs, and the plan gave it ${Number(planned)}`]),
  ];
}

/** Ray services whose pods and engines do not agree on GPUs, or not with `gpus` of the rule's configuration. */
export const gpuRequestRule: Rule = {
  name: "gpu-requests",
  description: "Pods ask for as many GPUs as their engines use, and as the plan gave to the stack (`gpus`).",
  scope: "resource",
  check: (resources, config) =>
    resources.flatMap((resource) =>
      [...uneven(resource), ...ofService(resource, at(config, "gpus"))].map((message) => ({
        name: resource.name,
        message,
      })),
    ),
};
