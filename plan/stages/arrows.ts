/** Who may talk to whom in the cluster. What is not listed here is refused: this is the whole list. */
import type { ClusterProfile } from "../../config/schema";
import { components, namespaces, ports, type Component } from "./names";
import type { StageInput } from "./types";

/** One end of an arrow. */
export type Party =
  /** Pods of ours. */
  | { readonly component: Component }
  /** All pods of a namespace that is not ours. */
  | { readonly namespace: string }
  /** Any pod of the cluster. */
  | { readonly anyPod: true }
  /** Addresses. @param except networks among them that are refused all the same */
  | { readonly addresses: string; readonly except: readonly string[] };

/** A connection that may be opened. */
export interface Arrow {
  readonly from: Party;
  readonly to: Party;
  /** TCP; empty is every port. */
  readonly ports: readonly number[];
  readonly why: string;
}

/** The pods of ours, and what goes between them and outside. */
export interface ArrowsPlan {
  /** Namespace of each kind of pod that there is. All of them are closed but for `arrows`. */
  readonly homes: Readonly<Partial<Record<Component, string>>>;
  readonly arrows: readonly Arrow[];
}

/** Where a cloud tells every pod that asks the credentials of its machine. */
const metadata = "169.254.0.0/16";
/** Where a cluster's API answers: its service, and the port behind it, at an address that nobody knows before. */
const apiPorts = [443, 6443];
/** RFC 1918: machines of the site, Proxmox' API among them. */
const privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

const everywhere = (except: readonly string[]): Party => ({ addresses: "0.0.0.0/0", except });
const internet = everywhere([metadata, ...privateNetworks]);

const pod = (component: Component): Party => ({ component });

/** Namespace of a chat page. */
export const chatNamespaceOf = (servingNamespace: string): string => `${servingNamespace}-chat`;

/** Whose pods hand requests in from outside: Deckhouse's controllers, or whoever a given cluster has. */
const ingressController = ({ platform, ingress }: ClusterProfile): Party =>
  platform.kind === "proxmox" && ingress.kind !== "ingressNginx" ? { namespace: "d8-ingress-nginx" } : { anyPod: true };

/** The same for what may be attached to a Gateway: nobody knows where the pods of a Gateway are. */
const gatewayEntry = (profile: ClusterProfile): Party =>
  profile.ingress.kind === "gatewayApi" ? { anyPod: true } : ingressController(profile);

/** Whose tokens it takes besides its own: it fetches their keys. */
function issuerArrows({ gateway: { oidc } }: ClusterProfile): readonly Arrow[] {
  if (oidc === undefined) return [];
  const given = { ports: [portOf(oidc.jwksUri)], why: "keys of the issuer of people's tokens" };
  return networks(oidc.addresses).map((to) => ({ from: pod("gateway"), to, ...given }));
}

function scrapers({ platform, monitoring }: ClusterProfile): readonly Party[] {
  const kind = monitoring.kind ?? (platform.kind === "proxmox" ? "deckhouse" : "none");
  if (kind === "none") return [];
  return [kind === "deckhouse" ? { namespace: "d8-monitoring" } : { anyPod: true }];
}

/** Kind of the chat page's pods. */
const pageOf = ({ chat }: ClusterProfile): "open-webui" | "lobe-chat" | undefined =>
  (({ none: undefined, openWebUi: "open-webui", lobeChat: "lobe-chat" }) as const)[chat.kind];

/** Networks that nothing is left out of. */
const networks = (list: readonly string[]): readonly Party[] => list.map((addresses) => ({ addresses, except: [] }));

/** Port of an https address. */
const portOf = (url: string): number => Number(new URL(url).port || "443");

/**
 * The page reaches the gateway, and of what is outside only what its users log in at and its database. An issuer behind the
 * cluster's own ingress is reached at its controller, whatever the address says; which port that has there is UNVERIFIED.
 */
function chatArrows(profile: ClusterProfile): readonly Arrow[] {
  const page = pageOf(profile);
  if (page === undefined) return [];
  const { oidc, database, replicas } = profile.chat;
  const controller = ingressController(profile);
  const from = pod(page);
  const inside = "namespace" in controller ? [controller] : [];
  const issuer = oidc === undefined ? [] : [...networks(oidc.addresses), ...inside];
  return [
    {
      from: gatewayEntry(profile),
      to: from,
      ports: [page === "lobe-chat" ? ports.lobeChat : ports.chat],
      why: "people",
    },
    { from, to: pod("gateway"), ports: [ports.gateway], why: "the page asks as a client does" },
    ...(page === "open-webui" && replicas > 1
      ? [{ from, to: pod("chat-redis"), ports: [ports.valkey], why: "what the page's replicas tell each other" }]
      : []),
    ...issuer.map((to) => ({ from, to, ports: [portOf(oidc?.issuer ?? "")], why: "who a user is" })),
    ...networks(database?.addresses ?? []).map((to) => ({
      from,
      to,
      ports: [database?.port ?? 0],
      why: "the page's database",
    })),
  ];
}

function metricsArrows(profile: ClusterProfile): readonly Arrow[] {
  return scrapers(profile).flatMap((from) => [
    ...(["ray-head", "ray-worker"] as const).map((to) => ({
      from,
      to: pod(to),
      ports: [ports.rayMetrics],
      why: "metrics",
    })),
    { from, to: pod("gateway"), ports: [ports.gatewayMetrics], why: "metrics" },
    { from, to: pod("kuberay-operator"), ports: [ports.kubeRayMetrics], why: "metrics" },
  ]);
}

/** What Ray needs outside, where models ask for it. */
function rayWaysOut({ models }: ClusterProfile): readonly Arrow[] {
  const scales = models.some(({ autoscaling }) => autoscaling !== undefined);
  const adapts = models.some(({ lora }) => lora !== undefined);
  const adapters = {
    to: everywhere([metadata]),
    ports: [443],
    why: "adapters come from their bucket when first asked for",
  };
  return [
    ...(scales
      ? [
          {
            from: pod("ray-head"),
            to: everywhere([metadata]),
            ports: apiPorts,
            why: "replicas come and go by the cluster's API",
          },
        ]
      : []),
    ...(adapts ? (["ray-head", "ray-worker"] as const).map((from) => ({ from: pod(from), ...adapters })) : []),
  ];
}

function rayArrows(): readonly Arrow[] {
  const ray = ["ray-head", "ray-worker"] as const;
  const within = ray.flatMap((from) =>
    ray.map((to) => ({
      from: pod(from),
      to: pod(to),
      ports: [],
      why: "Ray's own ports, many of them chosen as it runs",
    })),
  );
  return [
    ...within,
    {
      from: pod("kuberay-operator"),
      to: pod("ray-head"),
      ports: [ports.dashboard, ports.serve],
      why: "KubeRay hands in the Serve config and asks for its state",
    },
    { from: pod("kuberay-operator"), to: everywhere([metadata]), ports: apiPorts, why: "the cluster's API" },
    ...ray.map((to) => ({
      from: pod("gateway"),
      to: pod(to),
      ports: [ports.serve],
      why: "requests that the gateway let in",
    })),
    {
      from: pod("ray-head"),
      to: pod("ray-store"),
      ports: [ports.valkey],
      why: "Ray's control store outlives its head",
    },
  ];
}

/**
 * Every connection that the stack needs.
 * @param downloads ports of the hubs that models come from, and whether one of them may be on the site's own networks
 */
export function planArrows(
  { profile }: StageInput,
  downloads: { readonly ports: readonly number[]; readonly onSite: boolean },
): ArrowsPlan {
  const { namespace } = profile.serving;
  const page = pageOf(profile);
  const hub = downloads.onSite ? everywhere([metadata]) : internet;
  const elsewhere: readonly Component[] = ["kuberay-operator", "open-webui", "chat-redis", "lobe-chat"];
  const serving = components.filter((one) => !elsewhere.includes(one));
  const chat = chatNamespaceOf(namespace);
  return {
    homes: {
      ...Object.fromEntries(serving.map((one) => [one, namespace])),
      "kuberay-operator": namespaces.kubeRay,
      ...(page === undefined ? {} : { [page]: chat }),
      ...(page === "open-webui" && profile.chat.replicas > 1 ? { "chat-redis": chat } : {}),
    },
    arrows: [
      ...rayArrows(),
      ...rayWaysOut(profile),
      { from: pod("model-download"), to: hub, ports: downloads.ports, why: "models come from their hub, once" },
      { from: gatewayEntry(profile), to: pod("gateway"), ports: [ports.gateway], why: "clients" },
      ...issuerArrows(profile),
      {
        from: pod("gateway"),
        to: pod("valkey"),
        ports: [ports.valkey],
        why: "quotas that the gateway's replicas share",
      },
      ...chatArrows(profile),
      ...metricsArrows(profile),
    ],
  };
}
