/** The program of the run: the homelab's own, from its stack's configuration. */
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { loadStack } from "../../config/load";
import { factsFor } from "../../local/facts";
import { makePlan, type ProxmoxPlan } from "../../plan/plan";
import { program } from "../../program";
import type { Site } from "../../test/engine/scenarios/site";

export interface HomelabProgram {
  /** Where relative paths of the stack start. */
  readonly directory: string;
  readonly site: Pick<Site, "placed">;
  /** Called with the plan before anything is registered. */
  readonly before: (plan: ProxmoxPlan) => Promise<void>;
  /** Whether what holds data may be deleted. */
  readonly isReleased: () => boolean;
}

/** The volume with the models is protected, and no key of a stack takes that back. */
function unprotectAll(): void {
  pulumi.runtime.registerStackTransformation(({ props, opts }) => ({
    props,
    opts: pulumi.mergeOptions(opts, { protect: false }),
  }));
}

export const homelabProgram =
  ({ directory, site, before, isReleased }: HomelabProgram): PulumiFn =>
  async () => {
    const { profile, secrets } = loadStack();
    const plan = makePlan(profile, factsFor(profile, directory));
    if (plan.platform !== "proxmox") throw new Error("not a stack on Proxmox");
    await before(plan);
    if (isReleased()) unprotectAll();
    // The one change: what SSH reaches is on loopback here, and no reboot lasts minutes.
    return { ...program(site.placed(plan), secrets) };
  };
