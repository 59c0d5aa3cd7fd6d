/** The package's components, in bring-up order. */
export { LocalRay, type LocalRayArgs } from "./localRay";
export { VfioHost, type VfioHostArgs } from "./vfioHost";
export { proxmoxProvider } from "./proxmoxProvider";
export { ownershipHook } from "./vmOwnership";
export { tokenHook } from "./tokenCheck";
export { neededPrivileges } from "./tokenPrivileges";
export { VmFleet, type VmFleetArgs } from "./vmFleet";
export { masterHostKey, type MasterHostKeyArgs } from "./masterHostKey";
export { DeckhouseCluster, type DeckhouseClusterArgs } from "./deckhouseCluster";
export { ExistingCluster, type ExistingClusterArgs } from "./existingCluster";
export type { SshHost } from "./deckhouse/hostCommand";
export { LocalGateway, type LocalGatewayArgs } from "./localGateway";
export { GpuStack, type GpuStackArgs } from "./gpuStack";
export { KubeRay, type KubeRayArgs } from "./kubeRay";
export { ServingNamespace, type ServingNamespaceArgs } from "./servingNamespace";
export { ServedModel, type ServedModelArgs } from "./servedModel";
export { ModelStore, type HubCredentials, type ModelStoreArgs } from "./modelStore";
