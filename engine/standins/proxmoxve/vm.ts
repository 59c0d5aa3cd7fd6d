import { z } from "zod";
import { InitFailure } from "../initFailure";
import type { Call, StandInResource } from "../provider";
import { UNKNOWN, type Properties, type PropertyValue } from "../values";
import { checkWith, plain } from "./checks";
import { ApiError, type Client } from "./client";
import { failureOf } from "./context";
import { diffInputs } from "./diffs";
import { waitForTask } from "./tasks";
import { VmPower } from "./vmPower";
import { createForm } from "./vmForm";
import { vmSchema, type VmInputs } from "./vmInputs";
import { arrayOf, configSchema, liveInputs, macAddresses, withMacs, type VmConfig } from "./vmLive";
import { applyChanges } from "./vmUpdate";

const listSchema = z.array(z.object({ vmid: z.number(), node: z.string() }));
const poolsSchema = z.array(z.object({ poolid: z.string() }));
const membersSchema = z.array(z.object({ members: z.array(z.object({ id: z.string() })).default([]) }));

/** What cannot be changed in place. @see bpg v0.111.1 proxmoxtf/resource/vm/vm.go, CustomizeDiff and ForceNew */
const replaces = (news: Properties, path: string): boolean =>
  path === "vmId" || path === "efiDisk.type" || (path === "nodeName" && news["migrate"] !== true);

const pathOf = ({ nodeName, vmId }: Pick<VmInputs, "nodeName" | "vmId">): string => `nodes/${nodeName}/qemu/${vmId}`;

const parse = (properties: Properties): VmInputs => vmSchema.parse(argumentsOf(properties));

/** Arguments in the clear, without what the state adds to them. */
function argumentsOf(properties: Properties): Properties {
  const entries = Object.entries(plain(properties)).filter(([key]) => key in vmSchema.shape);
  // The engine keeps an ignored default of the official plugin; it is no argument of ours.
  return Object.fromEntries(entries);
}

/** What a preview knows. @param macs of the network cards that are there; a new card's is drawn when it is made */
const previewOf = (inputs: Properties, macs: readonly PropertyValue[]): Properties => ({
  ...withMacs(inputs, (index) => macs[index] ?? UNKNOWN),
  macAddresses: macs.length === 0 ? UNKNOWN : [...macs],
  ipv4Addresses: UNKNOWN,
  ipv6Addresses: UNKNOWN,
  networkInterfaceNames: UNKNOWN,
});
const outputsOf = (inputs: Properties, config: VmConfig): Properties => ({
  ...withMacs(inputs, (index) => macAddresses(config)[index]),
  macAddresses: macAddresses(config),
  ipv4Addresses: [],
  ipv6Addresses: [],
  networkInterfaceNames: [],
});

/**
 * `proxmoxve:index/vmLegacy:VmLegacy`, with the official plugin's calls in its order. Unlike it, it never takes a VM with
 * other tags for its own when the id is taken. Does not wait for the guest's agent.
 * @see bpg v0.111.1 proxmoxtf/resource/vm/vm.go
 */
export function virtualMachine(client: Client): StandInResource {
  return new VirtualMachine(client);
}

class VirtualMachine implements StandInResource {
  private readonly power: VmPower;

  constructor(private readonly client: Client) {
    this.power = new VmPower(client);
  }

  check(news: Properties, name: string): ReturnType<StandInResource["check"]> {
    return checkWith(vmSchema, news, name);
  }

  diff(olds: Properties, news: Properties): ReturnType<StandInResource["diff"]> {
    return diffInputs(olds, news, (path) => replaces(news, path));
  }

  async create(call: Call, properties: Properties): Promise<{ id: string; outputs: Properties }> {
    if (call.preview) return { id: "", outputs: previewOf(properties, []) };
    const inputs = parse(properties);
    try {
      await waitForTask(
        this.client,
        await this.client.send("POST", `nodes/${inputs.nodeName}/qemu`, createForm(inputs)),
      );
    } catch (error) {
      if (!isTaken(error)) throw failureOf("error creating VM", error);
      await this.adopt(call, inputs, error);
    }
    return { id: String(inputs.vmId), outputs: await this.finish(inputs, properties) };
  }

  async update(call: Call, state: Properties, properties: Properties): Promise<Properties> {
    if (call.preview) return previewOf(properties, arrayOf(state["macAddresses"]));
    const inputs = parse(properties);
    try {
      await applyChanges(this.client, this.power, call, parse(state), inputs);
    } catch (error) {
      throw failureOf(`error updating VM ${inputs.vmId}`, error);
    }
    return outputsOf(properties, await this.config(inputs));
  }

  async delete(_: Call, state: Properties): Promise<void> {
    const inputs = parse(state);
    const path = pathOf(inputs);
    try {
      await this.power.stopForGood(inputs);
      const query = `destroy-unreferenced-disks=${inputs.deleteUnreferencedDisksOnDestroy ? 1 : 0}&purge=${inputs.purgeOnDestroy ? 1 : 0}`;
      await waitForTask(this.client, await this.client.send("DELETE", `${path}/?${query}`));
    } catch (error) {
      if (error instanceof ApiError && error.isMissing) return;
      throw failureOf("error deleting VM", error);
    }
    if (await this.power.isThere(inputs)) throw new Error(`failed to delete VM "${inputs.vmId}"`);
  }

  async read(_: Call, state: Properties, inputs: Properties): ReturnType<NonNullable<StandInResource["read"]>> {
    const { vmId } = parse(state);
    const all = listSchema.parse(await this.client.send("GET", "cluster/resources", { type: "vm" }));
    const node = all.find(({ vmid }) => vmid === vmId)?.node;
    if (node === undefined) return undefined;
    const place = { nodeName: node, vmId };
    const config = await this.config(place);
    const running = await this.power.isRunning(place);
    const live = liveInputs(plain(inputs), config, running, node, await this.poolOf(vmId));
    return { inputs: live, outputs: outputsOf({ ...plain(state), ...live }, config) };
  }

  /** A VM stands under our id. It is ours when a killed run made it: same node, same tags. @throws Error otherwise */
  private async adopt(call: Call, inputs: VmInputs, taken: unknown): Promise<void> {
    const wanted = inputs.tags.map((tag) => tag.toLowerCase()).toSorted();
    const tags = await this.tagsOf(inputs);
    if (wanted.length > 0 && tags?.join(";") === wanted.join(";")) {
      call.log(`VM ${inputs.vmId} is there already, with our tags: going on with it`);
      return;
    }
    const found = tags === undefined ? "on another node" : `tagged ${tags.join(", ") || "nothing"}`;
    const reason = `this stand-in does not take a VM that it did not make: it is ${found}, wanted ${wanted.join(", ") || "nothing"}`;
    throw new Error(`${failureOf("error creating VM", taken).message}; ${reason}`);
  }

  private async tagsOf(inputs: VmInputs): Promise<readonly string[] | undefined> {
    try {
      return ((await this.config(inputs))["tags"] ?? "")
        .split(";")
        .filter((tag) => tag !== "")
        .toSorted();
    } catch (error) {
      if (error instanceof ApiError && error.isMissing) return undefined;
      throw error;
    }
  }

  /** From here on the VM is there: what fails leaves it in the state, for the next run to go on with. */
  private async finish(inputs: VmInputs, properties: Properties): Promise<Properties> {
    const path = pathOf(inputs);
    try {
      for (const { interface: disk, importFrom, size } of inputs.disks) {
        if (importFrom === undefined) continue;
        await waitForTask(this.client, await this.client.send("PUT", `${path}/resize`, { disk, size: size * 2 ** 30 }));
      }
      if (inputs.started) await this.power.start(inputs);
      return outputsOf(properties, await this.config(inputs));
    } catch (error) {
      throw new InitFailure(
        failureOf(`VM ${inputs.vmId} was created, but`, error).message,
        String(inputs.vmId),
        outputsOf(properties, {}),
        properties,
      );
    }
  }

  private async config(place: Pick<VmInputs, "nodeName" | "vmId">): Promise<VmConfig> {
    return configSchema.parse(await this.client.send("GET", `${pathOf(place)}/config`));
  }

  private async poolOf(vmId: number): Promise<string> {
    for (const { poolid } of poolsSchema.parse(await this.client.send("GET", "pools"))) {
      const [pool] = membersSchema.parse(await this.client.send("GET", "pools", { poolid }));
      if (pool?.members.some(({ id }) => id === `qemu/${vmId}`) === true) return poolid;
    }
    return "";
  }
}

const isTaken = (error: unknown): boolean => error instanceof ApiError && error.message.includes("already exists");
