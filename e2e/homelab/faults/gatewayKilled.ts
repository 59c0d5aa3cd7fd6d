import { eventually, expect, type Fault } from "./fault";
import { underLoad } from "./load";
import { podLabels, podsOf, processesOf } from "./pods";

/** Seconds until the pod is Ready again. */
const bound = 60;
/** Requests that have to go well afterwards. */
const afterwards = 40;

export const gatewayKilled: Fault = {
  name: "one of two gateway pods is killed (kill -9) under load",
  run: (context) =>
    underLoad(context, async (load) => {
      const { lab } = context;
      const [victim, other] = await podsOf(lab, podLabels.gateway);
      expect(victim !== undefined && other !== undefined, "there are not two gateway pods");
      const [pid, ...more] = processesOf(victim, /gateway\.js/);
      expect(pid !== undefined && more.length === 0, "the gateway's pod is not one process");
      const before = load.asked.length;
      const killed = performance.now();
      process.kill(pid, "SIGKILL");
      const [, seconds] = await eventually("the gateway's pod is started again and Ready", bound, async () =>
        (await podsOf(lab, podLabels.gateway)).find(
          ({ name, restarts, isReady }) => name === victim.name && restarts > victim.restarts && isReady,
        ),
      );
      await load.answers(afterwards);
      const later = load.failed.filter(({ began }) => began > killed);
      expect(later.length === 0, `requests begun after it failed: ${JSON.stringify(later.slice(0, 3))}`);
      const left = (await podsOf(lab, podLabels.gateway)).find(({ name }) => name === other.name);
      expect(left?.restarts === other.restarts, "the other pod was started anew as well");
      const asked = load.asked.length - before;
      return `${load.failed.length} of the requests in flight lost, 0 of the ${asked} that followed; Ready again in ${seconds.toFixed(1)} s`;
    }),
};
