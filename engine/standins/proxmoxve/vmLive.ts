/** A VM's configuration as arguments, for a refresh: what somebody changed by hand shows as a change. */
import { z } from "zod";
import type { Properties, PropertyValue } from "../values";

export type VmConfig = Readonly<Record<string, string>>;

/** Numbers and texts alike as texts. */
export const configSchema = z.record(z.string(), z.union([z.string(), z.number()]).transform(String));

const parts = (text: string | undefined, first = "file"): ReadonlyMap<string, string> =>
  new Map(
    (text ?? "").split(",").map((part): [string, string] => {
      const at = part.indexOf("=");
      return at < 0 ? [first, part] : [part.slice(0, at), part.slice(at + 1)];
    }),
  );

const numbered = (config: VmConfig, prefix: string): readonly (readonly [string, string])[] =>
  Object.entries(config)
    .filter(([key]) => new RegExp(`^${prefix}\\d+$`).test(key))
    .toSorted(([a], [b]) => Number(a.slice(prefix.length)) - Number(b.slice(prefix.length)));

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Whole GiB of "100G". */
export function gib(size: string | undefined): number {
  const [, number = "0", unit = ""] = /^(\d+)([KMGT]?)$/.exec(size ?? "") ?? [];
  return Math.floor((Number(number) * (UNITS[unit] ?? 1)) / 2 ** 30);
}

const isOn = (values: ReadonlyMap<string, string>, key: string, otherwise: boolean): boolean =>
  values.has(key) ? values.get(key) === "1" : otherwise;

function disk(name: string, text: string): Properties {
  const found = parts(text);
  return {
    interface: name,
    datastoreId: (found.get("file") ?? "").split(":")[0] ?? "",
    size: gib(found.get("size")),
    aio: found.get("aio") ?? "io_uring",
    backup: isOn(found, "backup", true),
    cache: found.get("cache") ?? "none",
    discard: found.get("discard") ?? "ignore",
    iothread: isOn(found, "iothread", false),
    replicate: isOn(found, "replicate", true),
    ssd: isOn(found, "ssd", false),
  };
}

/** "virtio=BC:24:11:00:00:01" among the options of a network card. */
function modelAndMac(text: string): readonly [string, string] {
  const models = /^(?:virtio|e1000e?|rtl8139|vmxnet3)$/;
  return [...parts(text, "model")].find(([key]) => models.test(key)) ?? ["virtio", ""];
}

function networkDevice(text: string): Properties {
  const found = parts(text, "model");
  const [model, macAddress] = modelAndMac(text);
  return {
    model,
    macAddress,
    bridge: found.get("bridge") ?? "",
    firewall: isOn(found, "firewall", false),
    vlanId: Number(found.get("tag") ?? 0),
    mtu: Number(found.get("mtu") ?? 0),
  };
}

function hostPci(device: string, text: string): Properties {
  const found = parts(text, "host");
  return {
    device,
    id: found.get("host") ?? "",
    mapping: found.get("mapping") ?? "",
    pcie: isOn(found, "pcie", false),
    rombar: isOn(found, "rombar", true),
    xvga: isOn(found, "x-vga", false),
  };
}

function initialization(config: VmConfig): Properties {
  const address = (ip: string | undefined, gateway: string | undefined): Properties => ({
    ...(ip === undefined ? {} : { address: ip }),
    ...(gateway === undefined ? {} : { gateway }),
  });
  return {
    dns: {
      servers: (config["nameserver"] ?? "").split(" ").filter((one) => one !== ""),
      domain: config["searchdomain"] ?? "",
    },
    ipConfigs: numbered(config, "ipconfig").map(([, text]) => {
      const found = parts(text);
      return { ipv4: address(found.get("ip"), found.get("gw")), ipv6: address(found.get("ip6"), found.get("gw6")) };
    }),
    userAccount: {
      username: config["ciuser"] ?? "",
      keys: decodeURIComponent(config["sshkeys"] ?? "")
        .trim()
        .split("\n")
        .filter((key) => key !== ""),
    },
  };
}

const DRIVE = /^(?:ide|sata|scsi|virtio)\d+$/;

/** MAC addresses of its network devices. */
export const macAddresses = (config: VmConfig): string[] =>
  numbered(config, "net").map(([, text]) => modelAndMac(text)[1]);

/** The list that a property is; empty for anything else. */
export const arrayOf = (value: PropertyValue | undefined): readonly PropertyValue[] =>
  Array.isArray(value) ? value : [];

/** Arguments with the address of each network card that they name none for, by its place. */
export function withMacs(inputs: Properties, macOf: (index: number) => PropertyValue | undefined): Properties {
  if (!Array.isArray(inputs["networkDevices"])) return inputs;
  const networkDevices = inputs["networkDevices"].map((card, index) => {
    const macAddress = macOf(index);
    return isGroup(card) && macAddress !== undefined ? { macAddress, ...card } : card;
  });
  return { ...inputs, networkDevices };
}

/** Every argument that the configuration shows. @param given arguments whose order of disks is kept */
function allInputs(config: VmConfig, running: boolean, given: Properties): Properties {
  const agent = parts(config["agent"], "enabled");
  const startup = parts(config["startup"], "order");
  const drives = Object.entries(config).filter(([name, text]) => DRIVE.test(name) && !text.includes("media=cdrom"));
  const order = arrayOf(given["disks"]).map((one) => (isGroup(one) ? one["interface"] : ""));
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return {
    name: config["name"] ?? "",
    description: (config["description"] ?? "").trimEnd(),
    tags: (config["tags"] ?? "").split(";").filter((tag) => tag !== ""),
    machine: config["machine"] ?? "",
    bios: config["bios"] ?? "seabios",
    cpu: {
      cores: Number(config["cores"] ?? 1),
      sockets: Number(config["sockets"] ?? 1),
      type: parts(config["cpu"], "cputype").get("cputype") ?? "",
      numa: config["numa"] === "1",
    },
    memory: { dedicated: Number(config["memory"] ?? 512), floating: Number(config["balloon"] ?? 0) },
    operatingSystem: { type: config["ostype"] ?? "other" },
    scsiHardware: config["scsihw"] ?? "virtio-scsi-pci",
    disks: drives.toSorted(([a], [b]) => rank(a) - rank(b)).map(([name, text]) => disk(name, text)),
    networkDevices: numbered(config, "net").map(([, text]) => networkDevice(text)),
    hostpcis: numbered(config, "hostpci").map(([device, text]) => hostPci(device, text)),
    initialization: initialization(config),
    agent: {
      enabled: agent.get("enabled") === "1",
      trim: agent.get("fstrim_cloned_disks") === "1",
      type: agent.get("type") ?? "virtio",
    },
    bootOrders: (parts(config["boot"]).get("order") ?? "").split(";").filter((one) => one !== ""),
    startup: {
      order: Number(startup.get("order") ?? -1),
      upDelay: Number(startup.get("up") ?? -1),
      downDelay: Number(startup.get("down") ?? -1),
    },
    onBoot: config["onboot"] === "1",
    protection: config["protection"] === "1",
    started: running,
  };
}

const isGroup = (value: PropertyValue | undefined): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What was given, with the live value wherever there is one; a list of another length is taken as it is. */
function overlay(given: PropertyValue, live: PropertyValue): PropertyValue {
  if (Array.isArray(given) && Array.isArray(live)) {
    return given.length === live.length ? given.map((item, index) => overlay(item, live[index] ?? null)) : live;
  }
  if (!isGroup(given) || !isGroup(live)) return live;
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, live[key] === undefined ? value : overlay(value, live[key])]),
  );
}

/** The arguments that would make the VM as it is; only those that were given are looked at. Takes them in the clear. */
export function liveInputs(
  given: Properties,
  config: VmConfig,
  running: boolean,
  node: string,
  pool: string,
): Properties {
  const live = { ...allInputs(config, running, given), nodeName: node, poolId: pool };
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      key,
      live[key as keyof typeof live] === undefined ? value : overlay(value, live[key as keyof typeof live]),
    ]),
  );
}
