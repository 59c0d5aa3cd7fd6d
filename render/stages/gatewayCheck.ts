/** Settings of the script that asks for a token through the gateway. Plain text: nothing in them is secret. */
import type { GatewayPlan } from "../../plan/stages/gateway";
import { objectNames, ports } from "../../plan/stages/names";
import { restartHash } from "./gateway";

/** Seconds in which a token has to come through the gateway; its models have answered before. */
const waitSeconds = 300;

/** Seconds in which a changed Secret reaches every pod. @see gateway/config.ts, keySettleSeconds */
const settleSeconds = 120;

/** Settings of `gateway-wait.sh`. Other settings run it again. */
export const gatewayWaitSettings = (plan: GatewayPlan, program: string): Readonly<Record<string, string>> => ({
  namespace: plan.namespace,
  deployment: objectNames.gateway,
  port: String(ports.gateway),
  user: plan.policy.firstUser,
  model: plan.policy.readinessModel,
  revision: restartHash(plan, program),
  deadline: String(waitSeconds),
  settle: String(settleSeconds),
  poll: "5",
});
