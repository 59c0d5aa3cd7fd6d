/** Stage 8: the gateway, its replicas' shared quotas, and the way in from outside. */
import type { ClusterGatewayProfile, ClusterProfile } from "../../config/schema";
import { clusterPolicy } from "../gateway";
import type { GatewayPolicy } from "../types";
import { gatewayFaults, gatewayWarnings } from "./gatewayFaults";
import { hasCertManager, planEntry, type IngressPlan } from "./ingress";
import { planPull, type ImagesPlan, type PullPlan } from "./images";
import { objectNames, ports } from "./names";
import { onSystem } from "./scheduling";
import type { Scheduling, Staged, StageInput } from "./types";

/** Somebody who asks with a token that lives as long as the signing key, and has no password. */
export interface ServiceUserPlan {
  readonly name: string;
  readonly scopes: readonly string[];
}

/** Valkey, where the replicas count quotas together. */
export interface QuotaStorePlan {
  readonly image: string;
  /** Its own limit in MiB. A subject's minute is some 150 bytes. */
  readonly memoryMib: number;
  /** By a certificate of cert-manager's; false where nobody says that cert-manager is there. */
  readonly tls: boolean;
}

/** Stage 8 as decided. */
export interface GatewayPlan extends PullPlan {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly scheduling: Scheduling;
  readonly resources: { readonly cpu: string; readonly memoryMib: number; readonly memoryLimitMib: number };
  /** Of each pod, from SIGTERM to the end. */
  readonly gracePeriodSeconds: number;
  readonly policy: GatewayPolicy;
  /** Prompt and completion tokens of one user in a minute; absent: no bound. */
  readonly tokensPerMinute?: number;
  readonly roles: ClusterGatewayProfile["roles"];
  readonly peopleRole?: string;
  readonly oidc?: Omit<NonNullable<ClusterGatewayProfile["oidc"]>, "addresses" | "ca">;
  /** Certificates in PEM that it trusts besides those of Node.js. */
  readonly trusted?: string;
  readonly trustedProxies: readonly string[];
  /** Public name. */
  readonly host: string;
  /** "https://<host>": the `iss` of its tokens. */
  readonly issuer: string;
  /** Ray Serve's HTTP proxy. */
  readonly upstreamUrl: string;
  /** Route prefix by served model name. */
  readonly routes: Readonly<Record<string, string>>;
  /** Seconds that clients are told to wait while the engine is announced down. */
  readonly maintenanceSeconds: number;
  readonly quotaStore?: QuotaStorePlan;
  readonly ingress: IngressPlan;
  /** Annotations of a firewall, for /token alone. */
  readonly wafAnnotations: Readonly<Record<string, string>>;
  readonly serviceUsers: readonly ServiceUserPlan[];
}

/** What stage 7 has decided. */
export interface ServedForGateway {
  readonly routes: Readonly<Record<string, string>>;
  readonly upgrade: { readonly clusterSeconds: number };
}

/** As whom the chat page asks. */
export const chatSubject = "chat-ui";

/** Two passwords are derived at once, each in 128 MiB; the rest is Node.js and the bodies of open requests. @see gateway/login.ts */
const resources = { cpu: "250m", memoryMib: 384, memoryLimitMib: 1024 } as const;

/** An answer that runs when its pod has to go gets five minutes to end; 15 s of it are for balancers and for closing. */
const gracePeriodSeconds = 320;

/** A minute of 100,000 subjects is 15 MiB. */
const storeMemoryMib = 64;

/** Least wait that clients are told, as the gateway's own default. */
const leastRetrySeconds = 60;

/** On Proxmox the controllers are pods; in a cluster that is there already nobody knows. */
const proxiesOf = (profile: ClusterProfile): readonly string[] =>
  profile.gateway.trustedProxies ?? ("cluster" in profile ? [profile.cluster.podSubnetCIDR] : []);

/** Only a page that names the person behind each request may speak for others. */
function serviceUsers({ chat }: ClusterProfile): readonly ServiceUserPlan[] {
  if (chat.kind === "none") return [];
  const scopes = ["chat:write", "models:read", ...(chat.kind === "openWebUi" ? ["act-as"] : [])];
  return [{ name: chatSubject, scopes }];
}

type Oidc = NonNullable<ClusterGatewayProfile["oidc"]>;

/** What the gateway is told of an issuer: where it answers is for the network policies. */
const issuerOf = ({
  issuer,
  jwksUri,
  audience,
  scopeClaim,
  modelsClaim,
  roleClaim,
}: Oidc): GatewayPlan["oidc"] & object => ({
  issuer,
  jwksUri,
  audience,
  ...(scopeClaim === undefined ? {} : { scopeClaim }),
  ...(modelsClaim === undefined ? {} : { modelsClaim }),
  ...(roleClaim === undefined ? {} : { roleClaim }),
});

/** What the stack says about quotas and issuers. */
function asked({
  gateway,
}: ClusterProfile): Pick<GatewayPlan, "tokensPerMinute" | "roles" | "peopleRole" | "oidc" | "trusted"> {
  const { tokensPerMinute, roles, peopleRole } = gateway;
  return {
    roles,
    ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
    ...(peopleRole === undefined ? {} : { peopleRole }),
    ...(gateway.oidc === undefined ? {} : { oidc: issuerOf(gateway.oidc) }),
    ...(gateway.oidc?.ca === undefined ? {} : { trusted: gateway.oidc.ca }),
  };
}

/** Plans stage 8. @returns a plan with faults all the same; without `ingress.host` its public name is empty */
export function planClusterGateway(
  input: StageInput,
  images: ImagesPlan,
  { routes, upgrade }: ServedForGateway,
): Staged<GatewayPlan> {
  const { profile, serving, pools } = input;
  const { replicas, sharedQuotas = replicas > 1 } = profile.gateway;
  const { namespace } = profile.serving;
  const { host = "", wafAnnotations, class: ingressClass, tlsIssuer } = profile.ingress;
  const plan: GatewayPlan = {
    namespace,
    image: images.node,
    ...planPull(profile),
    replicas,
    scheduling: onSystem(pools),
    resources,
    gracePeriodSeconds,
    policy: clusterPolicy(profile, serving),
    ...asked(profile),
    trustedProxies: proxiesOf(profile),
    host,
    issuer: `https://${host}`,
    upstreamUrl: `http://${objectNames.serveService}.${namespace}.svc:${ports.serve}`,
    routes,
    maintenanceSeconds: Math.max(leastRetrySeconds, upgrade.clusterSeconds),
    ...(sharedQuotas
      ? { quotaStore: { image: images.valkey, memoryMib: storeMemoryMib, tls: hasCertManager(profile) } }
      : {}),
    ingress: planEntry(profile, { class: ingressClass, tlsIssuer }),
    wafAnnotations,
    serviceUsers: serviceUsers(profile),
  };
  return { plan, faults: gatewayFaults(profile), warnings: gatewayWarnings(profile, plan) };
}
