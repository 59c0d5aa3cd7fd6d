/** Pools of VMs. @see pve-manager PVE/API2/Pool.pm */
import type { Call, Handler } from "./call";
import { denied, failed } from "./pveError";
import type { PoolState } from "./world";

const poolOf = (call: Call): PoolState => {
  const id = call.form.need("poolid");
  const pool = call.world.pools.find((one) => one.id === id);
  if (pool === undefined) throw failed(`pool '${id}' does not exist`);
  return pool;
};

/** GET pools, and GET pools?poolid=: the one with its members. */
export const pools: Handler = (call) => {
  const { world, rights } = call;
  const shown = ({ id, comment }: PoolState): object => ({ poolid: id, ...(comment === undefined ? {} : { comment }) });
  if (call.form.get("poolid") === undefined) {
    return world.pools.filter(({ id }) => rights.has(`/pool/${id}`, "Pool.Audit")).map(shown);
  }
  const pool = poolOf(call);
  rights.need(`/pool/${pool.id}`, "Pool.Audit");
  const members = world.vms
    .filter(({ vmid }) => pool.vmids.includes(vmid))
    .map(({ vmid, node, config }) => ({ id: `qemu/${vmid}`, type: "qemu", vmid, node, name: config["name"] ?? "" }));
  return [{ ...shown(pool), members }];
};

/** POST pools */
export const createPool: Handler = ({ world, rights, form }) => {
  form.allowOnly("poolid", "comment");
  const id = form.need("poolid");
  rights.need(`/pool/${id}`, "Pool.Allocate");
  if (world.pools.some((one) => one.id === id)) throw failed(`create pool failed: pool '${id}' already exists`);
  const comment = form.get("comment");
  world.pools.push({ id, vmids: [], ...(comment === undefined ? {} : { comment }) });
  return null;
};

/** PUT pools?poolid= */
export const updatePool: Handler = (call) => {
  const { rights, form, world } = call;
  form.allowOnly("poolid", "comment", "vms", "storage", "delete", "allow-move");
  const pool = poolOf(call);
  rights.need(`/pool/${pool.id}`, "Pool.Allocate");
  const comment = form.get("comment");
  if (comment !== undefined) pool.comment = comment;
  for (const vmid of (form.get("vms") ?? "")
    .split(",")
    .filter((one) => one !== "")
    .map(Number)) {
    rights.need(`/vms/${vmid}`, "VM.Allocate");
    const other = world.pools.find((one) => one !== pool && one.vmids.includes(vmid));
    if (form.flag("delete")) pool.vmids = pool.vmids.filter((one) => one !== vmid);
    else if (other !== undefined && !form.flag("allow-move")) {
      throw failed(`update pool failed: VM ${vmid} is already a pool member of '${other.id}'`);
    } else {
      if (other !== undefined) other.vmids = other.vmids.filter((one) => one !== vmid);
      pool.vmids = [...new Set([...pool.vmids, vmid])];
    }
  }
  return null;
};

/** DELETE pools?poolid= */
export const deletePool: Handler = (call) => {
  const pool = poolOf(call);
  if (!call.rights.has(`/pool/${pool.id}`, "Pool.Allocate")) throw denied(`/pool/${pool.id}, Pool.Allocate`);
  if (pool.vmids.length > 0) throw failed(`delete pool failed: pool '${pool.id}' is not empty (contains VMs)`);
  call.world.pools = call.world.pools.filter((one) => one !== pool);
  return null;
};
