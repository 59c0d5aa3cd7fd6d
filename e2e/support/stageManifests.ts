/**
 * Every object of the stages after the cluster that is ours and not a chart's, for tests that hold all of them against
 * something. A stage that is new, or has a new kind of object, gets its lines in `stages`.
 */
import { formatFault } from "../../config/errors";
import { planStages, type StagesPlan } from "../../plan/stages";
import type { StageInput } from "../../plan/stages/types";
import { bundle } from "../../program/bundles";
import { namespaceManifest, type Manifest } from "../../render/manifest";
import { chatNamespace, chatSecret } from "../../render/stages/chat";
import { lobeChatManifests } from "../../render/stages/chatLobeChat";
import {
  gatewayConfigManifest,
  gatewayDeployment,
  gatewayManifests,
  gatewayProgramManifest,
  gatewaySecretManifest,
} from "../../render/stages/gateway";
import { ingressManifests } from "../../render/stages/ingress";
import { quotaStoreManifests } from "../../render/stages/quotaStore";
import { gpuNamespaces, powerLimit } from "../../render/stages/gpuStack";
import { kubeRayNamespace } from "../../render/stages/kubeRay";
import {
  configManifest,
  credentialsManifest,
  downloadJob,
  programManifest,
  volumeManifests,
} from "../../render/stages/modelStore";
import { monitoringNamespace, monitoringObjects } from "../../render/stages/monitoring/objects";
import { networkPolicies } from "../../render/stages/networkPolicy";
import { rayServiceManifest, tokenSecretManifest } from "../../render/stages/served/rayService";
import { storeManifests } from "../../render/stages/served/store";
import { warmJobManifest } from "../../render/stages/served/warmJob";

type Stage = (plan: StagesPlan) => readonly Manifest[];

const gpuStack: Stage = ({ gpuStack: plan, images }) => {
  const { operator, pools } = plan;
  const limited = operator === undefined ? [] : pools.filter(({ powerLimitWatts }) => powerLimitWatts !== undefined);
  return [...gpuNamespaces(plan), ...limited.map((pool) => powerLimit(pool, operator?.namespace ?? "", images.node))];
};

const kubeRay: Stage = ({ kubeRay: plan }) => [kubeRayNamespace(plan)];

const serving: Stage = ({ modelStore: { namespace } }) => [namespaceManifest(namespace, "restricted")];

/** With credentials for every hub: without them there is less. */
const modelStore: Stage = ({ modelStore: plan }) => [
  ...volumeManifests(plan),
  programManifest(plan, bundle("download")),
  ...[...new Set(plan.models.map(({ hub }) => hub))].map((hub) => credentialsManifest(plan, hub)),
  ...plan.models.flatMap((model) => [configManifest(plan, model, true), downloadJob(plan, model, true)]),
];

const served: Stage = ({ served: plan }) => {
  const store = storeManifests(plan);
  return [
    tokenSecretManifest(plan),
    ...(store === undefined ? [] : [store.secret, ...store.others]),
    ...plan.models.flatMap((model) => warmJobManifest(plan, model) ?? []),
    rayServiceManifest(plan),
  ];
};

const gateway: Stage = ({ gateway: plan }) => {
  const program = bundle("gateway");
  const { service, budget } = gatewayManifests(plan);
  return [
    ...Object.values(quotaStoreManifests(plan) ?? {}),
    gatewayConfigManifest(plan),
    gatewayProgramManifest(plan, program),
    gatewaySecretManifest(plan, "keys"),
    gatewaySecretManifest(plan, "users"),
    gatewayDeployment(plan, program),
    service,
    ...(budget === undefined ? [] : [budget]),
    ...ingressManifests(plan),
  ];
};

const chat: Stage = ({ chat: plan }) => [
  ...(plan === undefined ? [] : [chatNamespace(plan), chatSecret(plan)]),
  ...(plan?.kind === "lobeChat" ? Object.values(lobeChatManifests(plan)) : []),
];

const monitoring: Stage = ({ monitoring: plan }) =>
  plan === undefined ? [] : [monitoringNamespace(plan), ...monitoringObjects(plan)];

const policies: Stage = ({ arrows }) => networkPolicies(arrows);

/** In the order of the bring-up. */
const stages: readonly Stage[] = [gpuStack, kubeRay, serving, modelStore, served, gateway, chat, monitoring, policies];

/**
 * The objects of a stack, namespaces first.
 * @throws Error when its stages have faults, as no such stack is ever brought up
 */
export function stageManifests(input: StageInput): readonly Manifest[] {
  const { plan, faults } = planStages(input);
  if (faults.length > 0) throw new Error(faults.map(formatFault).join("\n"));
  const all = stages.flatMap((stage) => stage(plan));
  return all.toSorted((a, b) => Number(b.kind === "Namespace") - Number(a.kind === "Namespace"));
}
