import { hostname } from "node:os";
import type { EngineEvent } from "../../../engine/events";
import { expect, expectSettled, type Fault } from "./fault";

export const twoUps: Fault = {
  name: "two runs of the stack at once",
  run: async (context) => {
    const { lab, stack } = context;
    const second = await lab.open();
    let isOver = false;
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const onEvent = (event: EngineEvent): void => {
      if (event.kind === "resourcePre") begin();
    };
    const first = stack.up({ onEvent }).finally(() => (isOver = true));
    await Promise.race([begun, first]);
    const began = performance.now();
    const message = await second.up().then(
      () => "",
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const seconds = (performance.now() - began) / 1000;
    expect(!isOver, "the first run was over before the second ended: nothing was shown");
    const holder = new RegExp(`locked by a pulumi process \\d+ of \\S+@${hostname()}, since .*still running`);
    expect(holder.test(message), `the second run does not name the first: ${message || "it went on"}`);
    await first;
    await expectSettled(context);
    return `the second failed after ${seconds.toFixed(1)} s and named the first, which went on to its end`;
  },
};
