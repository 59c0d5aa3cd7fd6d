/**
 * The package: what another Pulumi program imports. The program of this project (`index.ts`) is no part of it, nor are the
 * two components of stack `local`, which run this project's own commands on this machine.
 */
export { VfioHost, type VfioHostArgs } from "./components/vfioHost";
export { proxmoxProvider } from "./components/proxmoxProvider";
export { ownershipHook } from "./components/vmOwnership";
export { leftoverHooks } from "./components/leftovers";
export { tokenHook } from "./components/tokenCheck";
export { neededPrivileges } from "./components/tokenPrivileges";
export { VmFleet, type VmFleetArgs } from "./components/vmFleet";
export { masterHostKey, type MasterHostKeyArgs } from "./components/masterHostKey";
export { DeckhouseCluster, type DeckhouseClusterArgs } from "./components/deckhouseCluster";
export { ExistingCluster, type ExistingClusterArgs } from "./components/existingCluster";
export type { SshHost } from "./components/deckhouse/hostCommand";
export type { PullSecret } from "./components/kubernetes/pullSecret";
export { GpuStack, type GpuStackArgs } from "./components/gpuStack";
export { KubeRay, type KubeRayArgs } from "./components/kubeRay";
export { ServingNamespace, type ServingNamespaceArgs } from "./components/servingNamespace";
export { ServedModel, type ServedModelArgs } from "./components/servedModel";
export { ModelStore, type HubCredentials, type ModelStoreArgs } from "./components/modelStore";
export { Gateway, type GatewayArgs } from "./components/gateway";
export { ChatUi, type ChatUiArgs } from "./components/chatUi";
export { Monitoring, type MonitoringArgs } from "./components/monitoring";
export { ServedCluster, type ServedClusterArgs } from "./package/servedCluster";
export type { ServedIngress, ServedModelEntry, ServedNetwork, ServedPool } from "./package/servedCluster";
export { planModels, type ModelsSpec } from "./package/planModels";
export type { ExistingPlan } from "./plan/plan";
export { bundle } from "./program/bundles";
