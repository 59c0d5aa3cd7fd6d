import { networkPolicyRule } from "../../../policy/rules/networkPolicies";
import { deployment, holds, object } from "../fixtures";

const namespace = (name: string) => object("core/v1:Namespace", { metadata: { name } });
const policy = (name: string, spec: object) =>
  object("networking.k8s.io/v1:NetworkPolicy", { metadata: { namespace: name }, spec });
const closed = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

holds(
  networkPolicyRule,
  {
    "a namespace that is closed": [namespace("tokenrack"), deployment({}), policy("tokenrack", closed)],
    "namespaces of the host's pods, and without pods": [namespace("gpu-operator"), namespace("tokenrack-monitoring")],
  },
  {
    "a namespace without a policy": [[namespace("chat")], [/^namespace: namespace chat has no NetworkPolicy/]],
    "pods where nothing is closed": [[deployment({}, {}, "other")], [/^deployment: namespace other/]],
    "policies that close one way, some pods, or nothing": [
      [
        ...["a", "b", "c"].map(namespace),
        policy("a", { ...closed, policyTypes: ["Ingress"] }),
        policy("b", { ...closed, podSelector: { matchLabels: { app: "x" } } }),
        policy("c", { ...closed, ingress: [{}] }),
      ],
      [/namespace a/, /namespace b/, /namespace c/],
    ],
  },
);
