/** What host preparation would do that may hurt: reboots, with the reason. */
import { unknownText } from "../../engine/preview";
import type { HostPlan } from "../../plan/hosts";
import type { ResourceChange } from "./changes";
import type { Danger } from "./danger";
import type { HostLook } from "./look";
import { settingsOf } from "./textDiff";
import { namesOf } from "./words";

/** A text of a change before and after; empty where it is not known. */
export const textsOf = (change: ResourceChange | undefined, path: string): readonly [before: string, after: string] => {
  const found = change?.changed.find((one) => one.path === path);
  const text = (value: unknown): string => (typeof value === "string" && value !== unknownText ? value : "");
  return [text(found?.before), text(found?.after)];
};

/** Settings of a host's scripts by the key that a stack file has for them. */
const hostSettings: Readonly<Record<string, string>> = {
  gpus: "GPUs",
  acs_override: "acsOverride",
  allow_primary: "allowPrimaryGpu",
  reboot_consent: "reboot",
  settle_seconds: "settleSeconds",
  linger_seconds: "lingerSeconds",
};

/** "0000:65:00.0=w-gpu-1" is "0000:65:00.0 for w-gpu-1". */
const settingWords = (text: string): string => text.replace(/=(\S+)/g, (_, vm) => (vm === "-" ? "" : ` for ${vm}`));

function whyPrepared(changes: readonly ResourceChange[], host: HostPlan): readonly string[] {
  const gpus = host.vfio.gpus.map(({ pci }) => pci).join(", ");
  const [first] = changes;
  if (first?.op === "create") return [`prepared for passthrough of ${gpus} for the first time`];
  const [before, after] = textsOf(
    changes.find(({ name }) => name.endsWith("-apply")),
    "stdin",
  );
  if (before === "" || after === "") return ["how it is reached or what it is given has changed"];
  const [old, next] = [settingsOf(before), settingsOf(after)];
  const different = Object.keys(hostSettings).filter((key) => old[key] !== next[key]);
  if (different.length === 0) return ["the scripts that prepare it are other ones"];
  return different.map(
    (key) => `${hostSettings[key]}: ${settingWords(old[key] ?? "none")} -> ${settingWords(next[key] ?? "none")}`,
  );
}

/** Hosts whose reboot stage runs, with the reason. */
export function preparedHosts(
  changes: readonly ResourceChange[],
  hosts: readonly HostPlan[],
): readonly { readonly host: HostPlan; readonly why: readonly string[] }[] {
  return hosts.flatMap((host) => {
    const own = changes.filter(
      ({ thing, op }) => thing?.kind === "host" && thing.name === host.vfio.name && op !== "delete",
    );
    return own.some(({ name }) => name.endsWith("-reboot")) ? [{ host, why: whyPrepared(own, host) }] : [];
  });
}

/** Hosts with the same reason together. */
function grouped(hosts: readonly { readonly name: string; readonly why: readonly string[] }[]): readonly string[] {
  const whys = new Map<string, string[]>();
  for (const { name, why } of hosts) {
    for (const reason of why) whys.set(reason, [...(whys.get(reason) ?? []), name]);
  }
  return [...whys].map(([reason, who]) => (who.length === hosts.length ? reason : `${namesOf(who)}: ${reason}`));
}

/** Who was looked at will or will not; of the others nobody knows. */
export function reboots(
  changes: readonly ResourceChange[],
  hosts: readonly HostPlan[],
  looks: readonly HostLook[],
): readonly Danger[] {
  const all = preparedHosts(changes, hosts)
    .filter(({ host }) => host.vfio.reboot === "ifNeeded")
    .map(({ host, why }) => ({ name: host.vfio.name, why, look: lookOf(looks, host) }));
  const will = all.flatMap(({ name, look }) =>
    look !== undefined && look.reboot.length > 0 ? [{ name, why: look.reboot }] : [],
  );
  const may = all.filter(({ look }) => look === undefined);
  return [["will reboot", will] as const, ["may reboot", may] as const].flatMap(([verb, own]): readonly Danger[] => {
    if (own.length === 0) return [];
    const turns = own.length > 1 ? ", one after the other" : "";
    return [{ kind: "reboot", text: `${namesOf(own.map(({ name }) => name))} ${verb}${turns}`, why: grouped(own) }];
  });
}

/** What was found on a host, if it answered. */
export const lookOf = (looks: readonly HostLook[], { vfio }: HostPlan): HostLook | undefined =>
  looks.find(({ host, reached }) => reached && host === vfio.name);
