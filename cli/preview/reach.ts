/** Who is reached from where: what an Ingress, a route or a Service opens. From plain inputs. */
import * as z from "zod";

/** What an object opens. */
export interface Reach {
  /** Public names. */
  readonly hosts: readonly string[];
  /** Services behind it, "gateway:http". */
  readonly backends: readonly string[];
  /** Of a Service: LoadBalancer, NodePort; absent for one inside the cluster. */
  readonly serviceType?: string;
  readonly ports: readonly (string | number)[];
}

const port = z.union([z.string(), z.number()]);
const ingress = z.looseObject({
  spec: z.looseObject({
    rules: z.array(
      z.looseObject({
        host: z.string().optional(),
        http: z
          .looseObject({
            paths: z.array(
              z.looseObject({
                backend: z.looseObject({
                  service: z.looseObject({
                    name: z.string(),
                    port: z.looseObject({ name: z.string().optional(), number: z.number().optional() }).optional(),
                  }),
                }),
              }),
            ),
          })
          .optional(),
      }),
    ),
  }),
});
const route = z.looseObject({
  spec: z.looseObject({
    hostnames: z.array(z.string()),
    rules: z.array(
      z.looseObject({
        backendRefs: z.array(z.looseObject({ name: z.string(), port: port.optional() })).optional(),
      }),
    ),
  }),
});
const service = z.looseObject({
  spec: z.looseObject({
    type: z.string().optional(),
    ports: z.array(z.looseObject({ port, targetPort: port.optional() })).optional(),
  }),
});

/** Undefined for what opens nothing. */
export function reachOf(inputs: unknown): Reach | undefined {
  const way = ingress.safeParse(inputs).data;
  if (way !== undefined) {
    const backends = way.spec.rules.flatMap(({ http }) =>
      (http?.paths ?? []).map(({ backend }) => {
        const { name, port: at } = backend.service;
        return `${name}:${at?.name ?? at?.number ?? ""}`;
      }),
    );
    return { hosts: way.spec.rules.flatMap(({ host }) => host ?? "every name"), backends, ports: [] };
  }
  const path = route.safeParse(inputs).data;
  if (path !== undefined) {
    const backends = path.spec.rules.flatMap(({ backendRefs }) =>
      (backendRefs ?? []).map(({ name, port: at }) => `${name}:${at ?? ""}`),
    );
    return { hosts: path.spec.hostnames, backends, ports: [] };
  }
  const found = service.safeParse(inputs).data?.spec;
  if (found === undefined) return undefined;
  const ports = (found.ports ?? []).flatMap((one) => [
    one.port,
    ...(one.targetPort === undefined ? [] : [one.targetPort]),
  ]);
  const type = found.type ?? "ClusterIP";
  return { hosts: [], backends: [], ports, ...(type === "ClusterIP" ? {} : { serviceType: type }) };
}

/** Ray's dashboard and job API, its clients and its state, and Serve without its gateway: whoever reaches them runs code or models. */
const inner: Readonly<Record<string, string>> = {
  "8265": "Ray's dashboard",
  dashboard: "Ray's dashboard",
  "10001": "Ray's client port",
  "6379": "Ray's state",
  "8000": "the models without the gateway",
  serve: "the models without the gateway",
};

/** What of the inside is opened: "Ray's dashboard". */
export const innerPorts = ({ backends, ports, serviceType }: Reach): readonly string[] => {
  const behind = backends.map((backend) => backend.split(":")[1] ?? "");
  const open = serviceType === undefined ? behind : [...behind, ...ports.map(String)];
  return [...new Set(open.flatMap((one) => inner[one] ?? []))];
};
