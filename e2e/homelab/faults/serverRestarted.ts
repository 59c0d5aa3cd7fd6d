import type { EngineEvent } from "../../../engine/events";
import { deletePolicy, expectPolicy } from "./drift";
import { expect, expectSettled, type Fault } from "./fault";

export const serverRestarted: Fault = {
  name: "kube-apiserver is ended and started again during a run",
  run: async (context) => {
    const { rack, stack } = context;
    // So that the run has something to write.
    await deletePolicy(context);
    await (await stack.prepare()).refresh();
    let restarted: Promise<void> | undefined;
    const operations: string[] = [];
    const onEvent = (event: EngineEvent): void => {
      if (event.kind !== "resourcePre") return;
      // One of the first objects in the cluster: those after it come while the server is away.
      if (/^(?:gpu|kuberay|models|served|gateway)-/.test(event.name)) restarted ??= rack.restartServer();
      if (event.op !== "same") operations.push(`${event.op} ${event.name}`);
    };
    await stack.up({ onEvent });
    expect(restarted !== undefined, "the server was not restarted during the run");
    await restarted;
    await expectPolicy(context);
    await expectSettled(context);
    return `the run came to its end (${operations.join(", ")}); then nothing to do`;
  },
};
