/**
 * How large the made VMs are. A kubelet here sees this machine's processors and memory and not those that Proxmox gave to its VM;
 * the API server asks this webhook before it keeps a node's status, so that the scheduler sees the VM's.
 */
import { once } from "node:events";
import { createServer } from "node:https";
import { z } from "zod";
import type { KubeObject } from "../../engine/standins/kubernetes/object";
import type { KeyPair } from "./certificates";

/** As Kubernetes writes them: "12" and "32Gi". */
export interface Size {
  readonly cpu: string;
  readonly memory: string;
}

const amounts = z.record(z.string(), z.string()).optional();
const reviewSchema = z.object({
  request: z.object({
    uid: z.string(),
    object: z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ capacity: amounts, allocatable: amounts }).optional(),
    }),
  }),
});

/** The answer to an AdmissionReview: the node's size in place of the machine's. Pure. @throws ZodError for anything else */
export function sizeReview(review: unknown, sizes: Readonly<Record<string, Size>>): KubeObject {
  const { uid, object } = reviewSchema.parse(review).request;
  const size = sizes[object.metadata.name];
  const { capacity, allocatable } = object.status ?? {};
  const patch =
    size === undefined
      ? []
      : Object.entries({ capacity, allocatable }).flatMap(([field, known]) =>
          known === undefined
            ? []
            : Object.entries({ cpu: size.cpu, memory: size.memory }).map(([name, value]) => ({
                op: "add",
                path: `/status/${field}/${name}`,
                value,
              })),
        );
  const response = {
    uid,
    allowed: true,
    ...(patch.length === 0
      ? {}
      : { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") }),
  };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}

/** The object by which the API server knows of it. */
export const sizesWebhook = (url: string, ca: string): KubeObject => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingWebhookConfiguration",
  metadata: { name: "simulated-vm-sizes" },
  webhooks: [
    {
      name: "sizes.simulated.tokenrack",
      clientConfig: { url, caBundle: Buffer.from(ca).toString("base64") },
      rules: [
        {
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["nodes", "nodes/status"],
        },
      ],
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      // Without it nodes are smaller, and that is all.
      failurePolicy: "Ignore",
      timeoutSeconds: 2,
    },
  ],
});

/** Resolves when it listens. */
export async function startSizes(
  sizes: Readonly<Record<string, Size>>,
  { certificate, key }: KeyPair,
  address: string,
  port: number,
): Promise<void> {
  const server = createServer({ cert: certificate, key }, (asked, answer) => {
    let text = "";
    asked.on("data", (part: Buffer) => (text += part.toString()));
    asked.on("end", () => {
      try {
        answer.end(JSON.stringify(sizeReview(JSON.parse(text), sizes)));
      } catch {
        answer.writeHead(400).end();
      }
    });
  });
  server.listen(port, address);
  await once(server, "listening");
}
