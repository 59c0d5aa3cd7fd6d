import { request } from "undici";
import { eventually, expect, type Fault } from "./fault";
import { podLabels, podsOf, processesOf, type Pod } from "./pods";

/** Seconds: a generation is believed for 60 (readiness.freshSeconds), a probe may take 10. */
const goneBound = 90;
const backBound = 120;
/** Of the gateway's container. */
const port = 8080;

const ask = async ({ address }: Pod, path: string): Promise<{ status: number; text: string }> => {
  const { statusCode, body } = await request(`http://${address}:${port}${path}`);
  return { status: statusCode, text: await body.text() };
};

export const engineWedged: Fault = {
  name: "the engine stops (SIGSTOP of vLLM's EngineCore) while the HTTP in front of it lives",
  run: async (context) => {
    const { lab } = context;
    const [worker] = await podsOf(lab, podLabels.worker);
    const gateways = await podsOf(lab, podLabels.gateway);
    expect(worker !== undefined && gateways.length > 0, "there is no worker or no gateway");
    const pids = processesOf(worker, /EngineCore/);
    expect(pids.length > 0, "the worker has no EngineCore");
    const all = (status: number) => async (): Promise<string | undefined> => {
      const answers = await Promise.all(gateways.map((pod) => ask(pod, "/readyz")));
      return answers.every((answer) => answer.status === status) ? answers[0]?.text : undefined;
    };
    let gone: number;
    let reason: string;
    try {
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      [reason, gone] = await eventually("/readyz of every gateway answers 503", goneBound, all(503));
      expect(/no token within/.test(reason), `/readyz says another reason: ${reason}`);
      // The pods stay in their Service: a gateway that nobody reaches could not say so.
      const alive = await Promise.all(gateways.map((pod) => ask(pod, "/readyz/gateway")));
      expect(
        alive.every(({ status }) => status === 200),
        "a gateway's pod is not ready itself",
      );
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    const [, back] = await eventually("/readyz of every gateway answers 200", backBound, all(200));
    const user = lab.user(context.endpoint);
    const [, again] = await eventually("a user gets an answer", backBound, async () =>
      user.chat(await user.login(), context.model, 8).catch(() => undefined),
    ).finally(() => user.close());
    return `/readyz 503 after ${gone.toFixed(0)} s (${reason}), 200 again ${back.toFixed(0)} s after it went on, an answer ${again.toFixed(1)} s later`;
  },
};
