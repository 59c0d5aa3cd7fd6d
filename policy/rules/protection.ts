/** What holds data is deleted on purpose only. */
import { at, kindOf, listAt, type PolicyResource, type Rule, type RuleConfig } from "../resource";

/** Pools whose VMs hold data, where the pack is not told of others by `pools`: etcd is on the masters. */
const usual: readonly string[] = ["master"];

const poolsOf = (config: RuleConfig): readonly unknown[] => {
  const pools = at(config, "pools");
  return Array.isArray(pools) ? pools : usual;
};

/** Claims of our own; those of charts and sets are made by Kubernetes, and stay when their owner goes. */
const isVolume = (resource: PolicyResource): boolean =>
  kindOf(resource) === "PersistentVolumeClaim" || kindOf(resource) === "PersistentVolume";

/** A VM says by a tag which pool it is of. */
const isDataVm = ({ type, props }: PolicyResource, config: RuleConfig): boolean =>
  type === "proxmoxve:index/vmLegacy:VmLegacy" &&
  poolsOf(config).some((pool) => listAt(props, "tags").includes(`tokenrack-${String(pool)}`));

/** Volumes and VMs with data that a slip of the pen would delete. */
export const protectionRule: Rule = {
  name: "stateful-protected",
  description: "Volumes, and the VMs of the pools that hold data, are protected.",
  scope: "resource",
  check: (resources, config) =>
    resources
      .filter((resource) => (isVolume(resource) || isDataVm(resource, config)) && !resource.protect)
      .map(({ name }) => ({ name, message: "holds data and is not protected: set `protect: true` on it" })),
};
