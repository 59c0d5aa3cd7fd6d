/**
 * Every object of the stages after the cluster that is ours and not a chart's. A stage that is new, or has a new kind of
 * object, gets its lines in `stages`. The components register the same objects one by one.
 */
import type { StagesPlan } from "../../plan/stages";
import { namespaceManifest, type Manifest } from "../manifest";
import { chatNamespace, chatSecret } from "./chat";
import { lobeChatManifests } from "./chatLobeChat";
import { openWebUiManifests, openWebUiValues } from "./chatOpenWebUi";
import type { JsonObject } from "../text";
import {
  gatewayConfigManifest,
  gatewayDeployment,
  gatewayManifests,
  gatewayProgramManifest,
  gatewaySecretManifest,
} from "./gateway";
import { ingressManifests } from "./ingress";
import { quotaStoreManifests } from "./quotaStore";
import { gpuNamespaces, gpuOperatorValues, hamiValues, powerLimit } from "./gpuStack";
import { kubeRayNamespace, kubeRayValues } from "./kubeRay";
import { configManifest, credentialsManifest, downloadJob, programManifest, volumeManifests } from "./modelStore";
import { monitoringNamespace, monitoringObjects } from "./monitoring/objects";
import { networkPolicies } from "./networkPolicy";
import { rayServiceManifest, tokenSecretManifest } from "./served/rayService";
import { storeManifests } from "./served/store";
import { warmJobManifest } from "./served/warmJob";

/** Texts of the programs that ConfigMaps hold. */
export interface Programs {
  readonly download: string;
  readonly gateway: string;
}

type Stage = (plan: StagesPlan, programs: Programs) => readonly Manifest[];

const gpuStack: Stage = ({ gpuStack: plan, images }) => {
  const { operator, pools } = plan;
  const limited = pools.filter(({ powerLimitWatts }) => powerLimitWatts !== undefined);
  const kept =
    operator === undefined ? [] : limited.map((pool) => powerLimit(pool, operator.namespace, images.node, operator));
  return [...gpuNamespaces(plan), ...kept];
};

const kubeRay: Stage = ({ kubeRay: plan }) => [kubeRayNamespace(plan)];

const serving: Stage = ({ modelStore: { namespace } }) => [namespaceManifest(namespace, "restricted")];

/** With credentials for every hub: without them there is less. */
const modelStore: Stage = ({ modelStore: plan }, programs) => [
  ...volumeManifests(plan),
  programManifest(plan, programs.download),
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

const gateway: Stage = ({ gateway: plan }, { gateway: program }) => {
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
  ...(plan?.kind === "openWebUi" ? Object.values(openWebUiManifests(plan)).flat() : []),
  ...(plan?.kind === "lobeChat" ? Object.values(lobeChatManifests(plan)) : []),
];

const monitoring: Stage = ({ monitoring: plan }) =>
  plan === undefined ? [] : [monitoringNamespace(plan), ...monitoringObjects(plan)];

const policies: Stage = ({ arrows }) => networkPolicies(arrows);

/** In the order of the bring-up. */
const stages: readonly Stage[] = [gpuStack, kubeRay, serving, modelStore, served, gateway, chat, monitoring, policies];

/** The objects of a plan, namespaces first. */
export function stageObjects(plan: StagesPlan, programs: Programs): readonly Manifest[] {
  const all = stages.flatMap((stage) => stage(plan, programs));
  return all.toSorted((a, b) => Number(b.kind === "Namespace") - Number(a.kind === "Namespace"));
}

/** Values of the charts of a plan, by the chart's name. */
export const chartValues = ({
  gpuStack: { operator, hami },
  kubeRay,
  chat: page,
}: StagesPlan): Readonly<Record<string, JsonObject>> => ({
  ...(operator === undefined ? {} : { gpuOperator: gpuOperatorValues(operator) }),
  ...(hami === undefined ? {} : { hami: hamiValues(hami) }),
  kubeRay: kubeRayValues(kubeRay),
  ...(page?.kind === "openWebUi" ? { openWebUi: openWebUiValues(page) } : {}),
});
