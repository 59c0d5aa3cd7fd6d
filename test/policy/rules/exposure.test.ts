import { exposureRule } from "../../../policy/rules/exposure";
import { deployment, holds, object } from "../fixtures";

const ingress = (port: object) =>
  object("networking.k8s.io/v1:Ingress", {
    spec: { rules: [{ http: { paths: [{ path: "/", backend: { service: { name: "one", port } } }] } }] },
  });
const route = (port: number) =>
  object("gateway.networking.k8s.io/v1:HTTPRoute", { spec: { rules: [{ backendRefs: [{ name: "one", port }] }] } });
const service = (type: string, port: object) => object("core/v1:Service", { spec: { type, ports: [port] } });
const ray = (head: object) => object("ray.io/v1:RayService", { spec: { rayClusterConfig: { headGroupSpec: head } } });

holds(
  exposureRule,
  {
    "the gateway's port": [
      ingress({ number: 80 }),
      route(8080),
      service("LoadBalancer", { port: 443, targetPort: 8080 }),
    ],
    "Ray's ports inside the cluster": [
      service("ClusterIP", { port: 8265, name: "dashboard" }),
      ray({ serviceType: "ClusterIP", enableIngress: false }),
      deployment({ ports: [{ containerPort: 6379 }] }),
    ],
  },
  {
    "an ingress to the dashboard, by number and by name": [
      [ingress({ number: 8265 }), ingress({ name: "dashboard" })],
      [/^ingress: publishes Ray's dashboard and Jobs API \(8265\)/, /dashboard/],
    ],
    "a route to the client server": [[route(10_001)], [/^httproute: publishes Ray's client server \(10001\)/]],
    "a load balancer and a node port before the control store": [
      [
        service("LoadBalancer", { port: 443, targetPort: "6379" }),
        service("NodePort", { port: 6379, name: "gcs-server" }),
      ],
      [/^service: publishes the control store \(6379\)/, /6379/],
    ],
    "a pod on its node's address": [
      [
        deployment({ ports: [{ containerPort: 8265, hostPort: 8265 }] }),
        deployment({ ports: [{ containerPort: 10_001 }] }, { hostNetwork: true }),
      ],
      [/8265/, /10001/],
    ],
    "a head that KubeRay publishes": [
      [ray({ serviceType: "LoadBalancer" }), ray({ enableIngress: true })],
      [/^rayservice: publishes Ray's head with all its ports/, /head/],
    ],
  },
);
