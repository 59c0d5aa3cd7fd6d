import { z } from "zod";
import { ApiError, type Client } from "./client";
import { waitForTask } from "./tasks";
import type { VmInputs } from "./vmInputs";

const statusSchema = z.object({ status: z.string() });

type Place = Pick<VmInputs, "nodeName" | "vmId">;

/** Starting and stopping VMs. */
export class VmPower {
  constructor(private readonly client: Client) {}

  async isRunning(place: Place): Promise<boolean> {
    return (await this.status(place)) === "running";
  }

  async isThere(place: Place): Promise<boolean> {
    try {
      await this.status(place);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.isMissing) return false;
      throw error;
    }
  }

  /** Starts it unless it runs. */
  async start(inputs: VmInputs): Promise<void> {
    if (await this.isRunning(inputs)) return;
    await this.act(inputs, "start", { timeout: inputs.timeoutStartVm });
    await this.reach(inputs, "running", inputs.timeoutStartVm);
  }

  /** Ends it, softly only where its agent is asked and nothing says otherwise. */
  async stop(inputs: VmInputs): Promise<void> {
    if (!(await this.isRunning(inputs))) return;
    const soft = inputs.agent.enabled;
    const seconds = soft ? inputs.timeoutShutdownVm : inputs.timeoutStopVm;
    if (soft) await this.act(inputs, "shutdown", { forceStop: true, timeout: seconds });
    else await this.act(inputs, "stop", {});
    await this.reach(inputs, "stopped", seconds);
  }

  /** Before it is deleted. */
  async stopForGood(inputs: VmInputs): Promise<void> {
    await this.stop(inputs.stopOnDestroy ? { ...inputs, agent: { ...inputs.agent, enabled: false } } : inputs);
  }

  private async act(place: Place, verb: string, parameters: Readonly<Record<string, number | boolean>>): Promise<void> {
    const path = `nodes/${place.nodeName}/qemu/${place.vmId}/status/${verb}`;
    await waitForTask(this.client, await this.client.send("POST", path, parameters));
  }

  private async reach(place: Place, wanted: string, seconds: number): Promise<void> {
    const polls = Math.max(1, Math.ceil(seconds));
    for (let poll = 0; poll < polls; poll++) {
      if ((await this.status(place)) === wanted) return;
      await this.client.wait(1000);
    }
    throw new Error(`timeout while waiting for VM ${place.vmId} to enter the status "${wanted}"`);
  }

  private async status({ nodeName, vmId }: Place): Promise<string> {
    const path = `nodes/${nodeName}/qemu/${vmId}/status/current`;
    return statusSchema.parse(await this.client.send("GET", path)).status;
  }
}
