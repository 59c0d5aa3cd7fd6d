/** The faults on the running cluster, in the order in which they are done. */
import { drift } from "./drift";
import { engineWedged } from "./engineWedged";
import type { Fault, FaultContext } from "./fault";
import { gatewayKilled } from "./gatewayKilled";
import { keyRotated } from "./keyRotated";
import { serverRestarted } from "./serverRestarted";
import { twoUps } from "./twoUps";
import { workerDeleted } from "./workerDeleted";

export const faults: readonly Fault[] = [
  gatewayKilled,
  keyRotated,
  serverRestarted,
  drift,
  engineWedged,
  workerDeleted,
  twoUps,
];

/** Does all of them, also after one that did not end well. @throws Error naming those */
export async function withFaults(context: FaultContext): Promise<void> {
  const red: string[] = [];
  for (const { name, run } of faults) {
    context.say(`fault: ${name}`);
    try {
      context.say(`as it should be: ${await run(context)}`);
    } catch (error) {
      context.say(`not as it should be: ${error instanceof Error ? error.message : String(error)}`);
      red.push(name);
    }
  }
  if (red.length > 0) throw new Error(`${red.length} of ${faults.length} faults: ${red.join("; ")}`);
}
