import { listAt } from "../../../engine/standins/kubernetes/object";
import { expect, expectSettled, type Fault, type FaultContext } from "./fault";
import { namespace } from "./pods";

const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/gateway`;

/** As somebody would by hand. What kubectl changes instead of deleting it is kubectl's own then: the API refuses a run's value. */
export const deletePolicy = ({ lab }: Pick<FaultContext, "lab">): Promise<string> =>
  lab.kubectl("-n", namespace, "delete", "networkpolicy", "gateway");

/** @throws Error when the policy is not there again */
export async function expectPolicy({ lab }: Pick<FaultContext, "lab">): Promise<void> {
  const policy = await lab.api.get(path);
  expect(listAt(policy, "spec", "policyTypes").length > 0, "the gateway's NetworkPolicy is not there again");
}

/** What a run does that looks at everything first: `pulumi up --refresh`. */
async function refreshed({ stack }: FaultContext): Promise<readonly string[]> {
  const changes: string[] = [];
  await (
    await stack.prepare()
  ).up({
    refresh: true,
    onEvent: ({ resourcePreEvent }) => {
      const { op = "same", urn = "" } = resourcePreEvent?.metadata ?? {};
      if (op !== "same" && op !== "refresh") changes.push(`${op} ${urn.split("::").at(-1) ?? ""}`);
    },
  });
  return changes;
}

export const drift: Fault = {
  name: "somebody deletes a NetworkPolicy by kubectl",
  run: async (context) => {
    await deletePolicy(context);
    const changes = await refreshed(context);
    await expectPolicy(context);
    await expectSettled(context);
    return `up --refresh: ${changes.join(", ")}; then nothing to do`;
  },
};
