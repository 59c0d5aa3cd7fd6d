import type { Call } from "../provider";
import type { Client } from "./client";
import { waitForTask } from "./tasks";
import { cloudInitForm, diskOptions, settingsForm, type VmForm } from "./vmForm";
import type { VmDisk, VmInputs } from "./vmInputs";
import { configSchema, gib, macAddresses, type VmConfig } from "./vmLive";
import type { VmPower } from "./vmPower";

/** Settings that a running VM takes at once. @see bpg v0.111.1 proxmoxtf/resource/vm/vm.go, vmUpdate: rebootRequired */
const AT_ONCE = /^(?:name|description|tags|onboot|protection|startup|net\d+)$/;

const REBOOT_NEEDED =
  "a reboot is required to apply configuration changes, but automatic reboots are disabled by 'reboot_after_update = false'. Please reboot the VM manually.";

/** What differs, and the names of what is no longer there. */
function changed(olds: VmForm, news: VmForm): { set: VmForm; gone: string[] } {
  return {
    set: Object.fromEntries(Object.entries(news).filter(([key, value]) => olds[key] !== value)),
    gone: Object.keys(olds).filter((key) => news[key] === undefined),
  };
}

/** Brings a VM from what it was to what it should be; also goes on where a failed creation stopped. */
export async function applyChanges(
  client: Client,
  power: VmPower,
  call: Call,
  olds: VmInputs,
  news: VmInputs,
): Promise<void> {
  const path = `nodes/${news.nodeName}/qemu/${news.vmId}`;
  if (olds.nodeName !== news.nodeName)
    throw new Error("this stand-in does not migrate VMs; it needs the official proxmoxve plugin");
  await movePool(client, olds, news);
  const live = configSchema.parse(await client.send("GET", `${path}/config`));
  const { set, gone } = changed(settingsForm(keepMacs(olds, live)), settingsForm(keepMacs(news, live)));
  const drives = driveChanges(live, olds.disks, news.disks);
  const all = { ...set, ...drives };
  if (Object.keys(all).length > 0 || gone.length > 0) {
    await client.send("PUT", `${path}/config`, {
      name: news.name,
      ...all,
      ...(gone.length === 0 ? {} : { delete: gone.join(",") }),
    });
  }
  const cloudInit = changed(cloudInitForm(olds), cloudInitForm(news));
  if (Object.keys(cloudInit.set).length > 0 || cloudInit.gone.length > 0) await client.send("PUT", `${path}/cloudinit`);
  await growDisks(client, path, live, news.disks);
  await settlePower(
    power,
    call,
    news,
    [...Object.keys(all), ...gone].some((key) => !AT_ONCE.test(key)),
  );
}

async function settlePower(power: VmPower, call: Call, news: VmInputs, restart: boolean): Promise<void> {
  if (!news.started) return power.stop(news);
  const running = await power.isRunning(news);
  if (running && restart && !news.rebootAfterUpdate) call.warn(REBOOT_NEEDED);
  if (running && restart && news.rebootAfterUpdate) await power.stop(news);
  await power.start(news);
}

async function movePool(client: Client, olds: VmInputs, news: VmInputs): Promise<void> {
  if (olds.poolId === news.poolId || news.poolId === "") return;
  const put = (pool: string, more: object): Promise<unknown> =>
    client.send("PUT", `pools?poolid=${encodeURIComponent(pool)}`, { vms: String(news.vmId), ...more });
  if (olds.poolId !== "") await put(olds.poolId, { delete: true });
  await put(news.poolId, {});
}

/** A network card keeps the address that it has: without one in its form, Proxmox draws a new one. */
const keepMacs = (inputs: VmInputs, live: VmConfig): VmInputs => ({
  ...inputs,
  networkDevices: inputs.networkDevices.map((card, index) => ({
    ...card,
    macAddress: card.macAddress ?? macAddresses(live)[index],
  })),
});

/** Options of drives that are there; nothing is moved, added or taken away. */
function driveChanges(live: VmConfig, olds: readonly VmDisk[], news: readonly VmDisk[]): VmForm {
  const refuse = (what: string): never => {
    throw new Error(`this stand-in does not ${what}; it needs the official proxmoxve plugin`);
  };
  if (olds.length !== news.length) refuse("add or remove disks of a VM");
  const entries = news.flatMap((disk, index): [string, string][] => {
    const old = olds[index];
    if (old === undefined || old.interface !== disk.interface) return refuse("add or remove disks of a VM");
    if (old.datastoreId !== disk.datastoreId) return refuse("move disks of a VM");
    const volume = live[disk.interface]?.split(",")[0];
    if (volume === undefined) return refuse("add or remove disks of a VM");
    return diskOptions(old) === diskOptions(disk) ? [] : [[disk.interface, `file=${volume},${diskOptions(disk)}`]];
  });
  return Object.fromEntries(entries);
}

async function growDisks(client: Client, path: string, live: VmConfig, disks: readonly VmDisk[]): Promise<void> {
  for (const { interface: disk, size } of disks) {
    const now = gib(/(?:^|,)size=([^,]+)/.exec(live[disk] ?? "")?.[1]);
    if (now === size) continue;
    await waitForTask(client, await client.send("PUT", `${path}/resize`, { disk, size: size * 2 ** 30 }));
  }
}
