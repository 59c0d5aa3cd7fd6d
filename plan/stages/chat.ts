/** Stage 9: a web page to talk to the models. */
import { chatNamespaceOf } from "./arrows";
import { planChart, type ChartPlan } from "./charts";
import { chatFaults, chatWarnings } from "./chatFaults";
import { hasCertManager, planEntry, type IngressPlan } from "./ingress";
import { imageParts, planPull, type ImagesPlan, type PullPlan } from "./images";
import type { ChatSecret } from "./names";
import { onSystem } from "./scheduling";
import type { Scheduling, Staged, StageInput } from "./types";

/** What both pages have. */
interface PagePlan extends PullPlan {
  readonly namespace: string;
  readonly host: string;
  /** Where people reach it. */
  readonly url: string;
  readonly ingress: IngressPlan;
  readonly replicas: number;
  readonly scheduling: Scheduling;
  /** What has to be in its Secret. */
  readonly secrets: readonly ChatSecret[];
}

/** Valkey, by which the page's replicas tell each other what happens. */
export interface ChatStorePlan {
  readonly image: string;
  /** By a certificate of cert-manager's; false where nobody says that cert-manager is there. */
  readonly tls: boolean;
}

/** Open WebUI. */
export interface OpenWebUiPlan extends PagePlan {
  readonly kind: "openWebUi";
  readonly chart: ChartPlan;
  readonly image: { readonly repository: string; readonly tag: string };
  readonly storage: {
    readonly gib: number;
    readonly class?: string;
    readonly accessMode: "ReadWriteOnce" | "ReadWriteMany";
  };
  readonly adminEmail: string;
  readonly oidc?: {
    readonly clientId: string;
    /** Its discovery document. */
    readonly discoveryUrl: string;
    readonly name: string;
    readonly scopes: string;
    /** Certificates in PEM that sign the issuer's own. */
    readonly ca?: string;
  };
  /** Whether accounts and chats are in PostgreSQL. */
  readonly database: boolean;
  /** What joins several replicas; absent for one. */
  readonly store?: ChatStorePlan;
}

/** LobeChat, which keeps chats in each person's browser. */
export interface LobeChatPlan extends PagePlan {
  readonly kind: "lobeChat";
  readonly image: string;
  /** Served model names that it offers. */
  readonly models: readonly string[];
}

/** Stage 9 as decided. */
export type ChatPlan = OpenWebUiPlan | LobeChatPlan;

function planPage({ profile, pools }: StageInput, secrets: readonly ChatSecret[]): PagePlan {
  const { chat, ingress, serving } = profile;
  const { host = "", class: ownClass = ingress.class, replicas, listener, tlsIssuer = ingress.tlsIssuer } = chat;
  return {
    namespace: chatNamespaceOf(serving.namespace),
    host,
    url: `https://${host}`,
    ingress: planEntry(profile, { class: ownClass, tlsIssuer, listener }),
    replicas,
    scheduling: onSystem(pools),
    ...planPull(profile),
    secrets,
  };
}

/** An issuer's discovery document. @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
const discoveryOf = (issuer: string): string => `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;

function planOpenWebUi(input: StageInput, images: ImagesPlan): OpenWebUiPlan {
  const { oidc, database, storageGib, storageClass, replicas, adminEmail = "" } = input.profile.chat;
  const secrets: readonly ChatSecret[] = [
    "gatewayUrl",
    "token",
    "sessionKey",
    "adminPassword",
    ...(oidc === undefined ? [] : (["oidcClientSecret"] as const)),
    ...(database === undefined ? [] : (["databaseUrl"] as const)),
  ];
  return {
    kind: "openWebUi",
    ...planPage(input, secrets),
    chart: planChart(input.profile, "openWebUi"),
    image: imageParts(images.openWebUi),
    storage: {
      gib: storageGib,
      ...(storageClass === undefined ? {} : { class: storageClass }),
      accessMode: replicas > 1 ? "ReadWriteMany" : "ReadWriteOnce",
    },
    adminEmail,
    ...(oidc === undefined
      ? {}
      : {
          oidc: {
            clientId: oidc.clientId,
            discoveryUrl: discoveryOf(oidc.issuer),
            name: oidc.name,
            scopes: oidc.scopes,
            ...(oidc.ca === undefined ? {} : { ca: oidc.ca }),
          },
        }),
    database: database !== undefined,
    ...(replicas > 1 ? { store: { image: images.valkey, tls: hasCertManager(input.profile) } } : {}),
  };
}

/** Plans the page; without one there is no plan. */
export function planChat(input: StageInput, images: ImagesPlan): Staged<ChatPlan | undefined> {
  const { chat } = input.profile;
  if (chat.kind === "none") return { plan: undefined, faults: chatFaults(input), warnings: [] };
  const plan: ChatPlan =
    chat.kind === "openWebUi"
      ? planOpenWebUi(input, images)
      : {
          kind: "lobeChat",
          ...planPage(input, ["gatewayUrl", "token", "accessCode"]),
          image: images.lobeChat,
          models: input.serving.models.map(({ name }) => name),
        };
  return { plan, faults: chatFaults(input), warnings: chatWarnings(input) };
}
