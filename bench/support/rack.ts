/** A rack of equal Proxmox hosts with GPUs, as plain data: one VM a host, which has all of its GPUs. */

const address = (third: number, n: number): string => `10.${third}.${Math.floor(n / 250)}.${(n % 250) + 1}`;

/** @param hosts 1 to 500 @param gpusEach 1 to 8 */
export function rackOf(hosts: number, gpusEach: number): Record<string, unknown> {
  const list = Array.from({ length: hosts }, (_, n) => ({
    ...{ name: `h${n + 1}`, address: address(20, n), cores: 96, memoryGib: 768, reservedGib: 32, reboot: "ifNeeded" },
    ssh: { hostKey: `ssh-ed25519 ${"A".repeat(68)}` },
    gpus: Array.from({ length: gpusEach }, (_, gpu) => ({ pci: `0000:${gpu + 1}1:00.0`, card: "rtx-3090" })),
  }));
  const pool = { cores: 8, memoryGib: 32, diskGib: 100 };
  return {
    platform: {
      ...{ kind: "proxmox", endpoint: "https://pve.bench.internal:8006" },
      image: { url: "https://images.bench.internal/image.img", checksum: "0".repeat(64) },
    },
    hosts: list,
    pools: [
      { ...pool, name: "master", role: "master", count: 3, addresses: ["10.30.0.1-10.30.0.3"] },
      {
        ...{ name: "w-gpu", role: "gpu", count: hosts, card: "rtx-3090", gpusPerNode: gpusEach },
        ...{ cores: 64, memoryGib: 512, diskGib: 400 },
        addresses: [`10.31.0.1-10.31.${Math.floor(hosts / 250)}.${(hosts % 250) + 1}`],
      },
    ],
    network: { gbitPerSecond: 25, subnet: "10.16.0.0/12", gateway: "10.16.0.1" },
    cluster: {
      ...{ publicDomainTemplate: "%s.bench.internal" },
      ...{ podSubnetCIDR: "172.16.0.0/14", serviceSubnetCIDR: "172.20.0.0/16" },
    },
    modelStore: { existingClaim: "weights" },
    ingress: { host: "llm.bench.internal", tlsIssuer: "bench" },
    models: [{ source: "Qwen/Qwen3-8B-AWQ", revision: "v1" }],
  };
}
