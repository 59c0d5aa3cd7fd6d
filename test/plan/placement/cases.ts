/** Stacks on Proxmox to place. */
import assert from "node:assert/strict";
import { parseProfile } from "../../../config/parse";
import { isProxmox, type ProxmoxProfile } from "../../../config/schema";
import { proxmox } from "../../config/stacks";

/** Keys of a host or a pool that a case cares for. */
type Keys = Readonly<Record<string, unknown>>;

/** GPUs by card, at buses 1, 2, 3 .. */
export const cards = (...names: readonly string[]): readonly Keys[] =>
  names.map((card, index) => ({ pci: `0000:${(index + 1).toString(16).padStart(2, "0")}:00.0`, card }));

/** A profile with these hosts (a, b, c ..) and these pools after one small pool of masters. */
export function stackOf(hosts: readonly Keys[], pools: readonly Keys[], masters: Keys = {}): ProxmoxProfile {
  const ranges = (index: number): string[] => [`10.1.${index}.1-10.1.${index}.200`];
  const common = { cores: 4, memoryGib: 8, diskGib: 60 };
  const profile = parseProfile({
    ...proxmox,
    network: { gbitPerSecond: 10, subnet: "10.0.0.0/9", gateway: "10.0.0.1" },
    cluster: { podSubnetCIDR: "10.200.0.0/16", serviceSubnetCIDR: "10.201.0.0/16" },
    hosts: hosts.map((host, index) => ({
      name: `h${index}`,
      address: `10.2.${Math.floor(index / 200)}.${(index % 200) + 1}`,
      cores: 64,
      memoryGib: 256,
      ...host,
    })),
    pools: [
      { name: "m", role: "master", count: 1, ...common, addresses: ranges(0), ...masters },
      ...pools.map((pool, index) => ({
        name: `p${index}`,
        role: pool["card"] === undefined ? "worker" : "gpu",
        count: 1,
        ...common,
        addresses: ranges(index + 1),
        ...pool,
      })),
    ],
  });
  assert.ok(isProxmox(profile));
  return profile;
}
