/** The parts of Kubernetes' objects that a doctor reads. */
import * as z from "zod";

const meta = z.object({
  name: z.string(),
  namespace: z.string().default(""),
  labels: z.record(z.string(), z.string()).default({}),
  generation: z.number().default(0),
});
const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
});
const conditions = z.array(condition).default([]);
const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

/** `kubectl get nodes` */
export const nodeList = list(
  z.object({
    metadata: meta,
    status: z.object({ conditions, allocatable: z.record(z.string(), z.string()).default({}) }),
  }),
);

const ended = z.object({ exitCode: z.number(), reason: z.string().default(""), message: z.string().default("") });
const container = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: z
    .object({
      waiting: z.object({ reason: z.string().default(""), message: z.string().default("") }).optional(),
      terminated: ended.optional(),
    })
    .default({}),
  lastState: z.object({ terminated: ended.optional() }).default({}),
});

/** `kubectl get pods` */
export const podList = list(
  z.object({
    metadata: meta,
    spec: z.object({ nodeName: z.string().default("") }).default({ nodeName: "" }),
    status: z.object({
      phase: z.string().default("Unknown"),
      conditions,
      initContainerStatuses: z.array(container).default([]),
      containerStatuses: z.array(container).default([]),
    }),
  }),
);

/** `kubectl get deployment <name>` */
export const deployment = z.object({
  spec: z.object({ replicas: z.number().default(1) }),
  status: z.object({ readyReplicas: z.number().default(0) }).default({ readyReplicas: 0 }),
});

/** `kubectl get jobs` */
export const jobList = list(
  z.object({
    metadata: meta,
    status: z.object({ conditions, active: z.number().default(0) }).default({ conditions: [], active: 0 }),
  }),
);

const application = z.object({
  status: z.string().default(""),
  message: z.string().default(""),
  serveDeploymentStatuses: z.record(z.string(), z.object({ message: z.string().default("") })).default({}),
});
const part = z.object({
  rayClusterName: z.string().default(""),
  applicationStatuses: z.record(z.string(), application).default({}),
});

/** `kubectl get rayservice <name>` */
export const rayService = z.object({
  metadata: meta,
  status: z
    .object({
      observedGeneration: z.number().default(0),
      activeServiceStatus: part.optional(),
      pendingServiceStatus: part.optional(),
      conditions,
    })
    .default({ observedGeneration: 0, conditions: [] }),
});

export type KubeNode = z.output<typeof nodeList>["items"][number];
export type KubePod = z.output<typeof podList>["items"][number];
export type KubeJob = z.output<typeof jobList>["items"][number];
export type KubeDeployment = z.output<typeof deployment>;
export type KubeRayService = z.output<typeof rayService>;
