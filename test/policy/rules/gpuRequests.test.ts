import assert from "node:assert/strict";
import { stringify } from "yaml";
import { gpuRequestRule } from "../../../policy/rules/gpuRequests";
import { deployment, holds, object, saidOf } from "../fixtures";

const gpus = (count: string) => ({ "nvidia.com/gpu": count });
/** Worker groups of so many pods with so many GPUs each, and one model of so many replicas with so many GPUs each. */
const service = (pods: number, each: number, scaling: object, bundles: number) =>
  object("ray.io/v1:RayService", {
    spec: {
      rayClusterConfig: {
        workerGroupSpecs: [
          {
            ...{ numOfHosts: 1, minReplicas: 0, maxReplicas: pods },
            template: { spec: { containers: [{ resources: { limits: gpus(String(each)) } }] } },
          },
        ],
      },
      serveConfigV2: stringify({
        applications: [
          {
            args: {
              llm_configs: [
                {
                  deployment_config: scaling,
                  placement_group_config: { bundles: Array.from({ length: bundles }, () => ({ GPU: 1 })) },
                },
              ],
            },
          },
        ],
      }),
    },
  });

holds(
  gpuRequestRule,
  {
    "as many GPUs as engines use": [
      service(3, 1, { num_replicas: 3 }, 1),
      service(2, 4, { num_replicas: "auto", autoscaling_config: { max_replicas: 4 } }, 2),
      deployment({ resources: { requests: gpus("1"), limits: gpus("1") } }),
    ],
  },
  {
    "more pods than engines, and fewer": [
      [service(3, 1, { num_replicas: 2 }, 1), service(1, 4, { num_replicas: 2 }, 4)],
      [/^rayservice: its pods ask for 3 GPUs, and its engines use 2$/, /ask for 4 GPUs, and its engines use 8$/],
    ],
    "a request that is not the limit": [
      [deployment({ resources: { requests: gpus("1"), limits: gpus("2") } })],
      [/requests another number of GPUs than its limit/],
    ],
  },
);

describe("policy gpu-requests, told of the plan,", () => {
  it("holds the pods to it", () => {
    const stack = [service(3, 1, { num_replicas: 3 }, 1)];
    assert.deepEqual(saidOf(gpuRequestRule, stack, { gpus: 3 }), []);
    assert.match(saidOf(gpuRequestRule, stack, { gpus: 4 })[0] ?? "", /ask for 3 GPUs, and the plan gave it 4$/);
  });
});
