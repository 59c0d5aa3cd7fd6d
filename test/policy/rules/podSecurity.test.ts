import { podSecurityRule } from "../../../policy/rules/podSecurity";
import { container, deployment, holds, object } from "../fixtures";

const namespace = (name: string, level?: string) =>
  object("core/v1:Namespace", {
    metadata: { name, labels: level === undefined ? {} : { "pod-security.kubernetes.io/enforce": level } },
  });

holds(
  podSecurityRule,
  {
    "restricted pods and namespaces": [deployment({}), namespace("tokenrack", "restricted")],
    "pods that work on the host, where they belong": [
      deployment({ securityContext: { privileged: true } }, { hostPID: true }, "gpu-operator"),
      namespace("gpu-operator", "privileged"),
    ],
  },
  {
    "a pod that says nothing": [
      [deployment({ securityContext: {} }, { securityContext: {} })],
      [/runAsNonRoot: true$/, /allowPrivilegeEscalation: false$/, /drop: \[ALL\]$/, /RuntimeDefault$/],
    ],
    "a container that takes back what its pod says": [
      [deployment({ securityContext: { ...container.securityContext, runAsNonRoot: false } })],
      [/^deployment: its pods need runAsNonRoot: true$/],
    ],
    "pods that share the host": [
      [deployment({}, { hostNetwork: true, volumes: [{ name: "a", hostPath: { path: "/" } }] })],
      [/hostNetwork: false$/, /no hostPath volume$/],
    ],
    "a namespace that takes any pod": [
      [namespace("chat", "baseline"), namespace("other")],
      [/^namespace: namespace chat needs/, /other/],
    ],
  },
);
