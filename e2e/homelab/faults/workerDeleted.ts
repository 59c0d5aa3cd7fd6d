import { eventually, expect, expectSettled, type Fault } from "./fault";
import { underLoad } from "./load";
import { namespace, podLabels, podsOf } from "./pods";

/** Seconds until a token comes again: a new pod, its container, Ray, vLLM's start on two cores. */
const bound = 300;

export const workerDeleted: Fault = {
  name: "the Ray worker's pod is deleted under load",
  run: async (context) => {
    const { lab } = context;
    const others = async (): Promise<string> =>
      JSON.stringify([...(await podsOf(lab, podLabels.gateway)), ...(await podsOf(lab, podLabels.head))]);
    const survivors = await others();
    const seen = await underLoad(context, async (load) => {
      const [worker, more] = await podsOf(lab, podLabels.worker);
      expect(worker !== undefined && more === undefined, "there is not one worker");
      await lab.kubectl("-n", namespace, "delete", "pod", worker.name, "--grace-period=0", "--force");
      // Its one replica is gone: until another answers every request ends with an error, and none hangs.
      await eventually("a request failed", 60, () => load.failed[0]);
      const [, seconds] = await eventually("an answer that was asked for after the first failure", bound, () =>
        load.asked.find(({ fault, began }) => fault === undefined && began > (load.failed[0]?.ended ?? Infinity)),
      );
      const failures = load.failed.length;
      await load.answers(20);
      const longest = Math.max(...load.failed.map(({ began, ended }) => ended - began)) / 1000;
      return { seconds, failures, longest, kinds: [...new Set(load.failed.map(({ fault }) => fault))] };
    });
    expect((await others()) === survivors, "the head or a gateway pod did not live through it");
    await expectSettled(context);
    const { seconds, failures, longest, kinds } = seen;
    return `head and gateway pods live on; ${failures} requests failed (${kinds.join("; ")}), the longest after ${longest.toFixed(1)} s; answers again after ${seconds.toFixed(0)} s`;
  },
};
