/** Chat pages that cannot be. */
import type { Fault } from "../../config/errors";
import { hasCertManager, ingressKind } from "./ingress";
import type { StageInput } from "./types";

/** Keys that only Open WebUI has a use for. */
const openWebUiKeys = ["adminEmail", "oidc", "database", "storageClass"] as const;

function missing({ profile }: StageInput): readonly Fault[] {
  const { chat, ingress } = profile;
  const add = (key: string, needed: string): Fault => ({
    path: `chat.${key}`,
    found: "nothing",
    needed,
    fix: `add \`chat.${key}\`, or write \`kind: none\``,
  });
  return [
    ...(chat.host === undefined ? [add("host", "the public name of the page, like chat.my.org")] : []),
    // A Gateway has its certificate.
    ...(ingressKind(profile) !== "gatewayApi" && chat.tlsIssuer === undefined && ingress.tlsIssuer === undefined
      ? [add("tlsIssuer", "the name of a ClusterIssuer: nobody's password goes over a page without TLS")]
      : []),
    ...(chat.kind === "openWebUi" && chat.adminEmail === undefined
      ? [add("adminEmail", "the mail address of its first administrator: else whoever logs in first becomes it")]
      : []),
  ];
}

function sameHost({ profile: { chat, ingress } }: StageInput): readonly Fault[] {
  if (chat.host === undefined || chat.host !== ingress.host) return [];
  return [
    {
      path: "chat.host",
      found: `${chat.host}, which is ingress.host too`,
      needed: "a name of its own: page and API have the same paths",
      fix: "give the page another name, like chat.my.org",
    },
  ];
}

/** Keys of an Ingress under a Gateway, and the other way round. */
function entry({ profile }: StageInput): readonly Fault[] {
  const { chat } = profile;
  const byGateway = ingressKind(profile) === "gatewayApi";
  const keys = (byGateway ? (["class", "tlsIssuer"] as const) : (["listener"] as const)).filter(
    (key) => chat[key] !== undefined,
  );
  return keys.map((key) => ({
    path: `chat.${key}`,
    found: chat[key] ?? "",
    needed: byGateway
      ? "nothing with ingress.kind: gatewayApi"
      : "nothing: only a Gateway has listeners (ingress.kind: gatewayApi)",
    fix: byGateway
      ? "remove it: the page is attached to ingress.gateway, which has class and certificate"
      : "remove it",
  }));
}

/** SQLite is one process' file. */
function replicas({ profile: { chat } }: StageInput): readonly Fault[] {
  if (chat.kind !== "openWebUi" || chat.replicas === 1 || chat.database !== undefined) return [];
  return [
    {
      path: "chat.replicas",
      found: `${chat.replicas}, and no chat.database`,
      needed: "1 with SQLite, which two pods on one volume damage",
      fix: "write `replicas: 1`, or add `chat.database` and the secret chatDatabaseUrl",
    },
  ];
}

function misplaced({ profile: { chat } }: StageInput): readonly Fault[] {
  if (chat.kind === "openWebUi") return [];
  const keys = [
    ...openWebUiKeys.filter((key) => chat[key] !== undefined),
    ...(chat.kind === "none" && chat.host !== undefined ? (["host"] as const) : []),
  ];
  return keys.map((key) => ({
    path: `chat.${key}`,
    found: `it, under kind ${chat.kind}`,
    needed: "no such key: nothing would use it",
    fix: "remove it, or write `kind: openWebUi`",
  }));
}

/** Every fault of stage 9. */
export const chatFaults = (input: StageInput): readonly Fault[] => [
  ...(input.profile.chat.kind === "none"
    ? []
    : [...missing(input), ...sameHost(input), ...entry(input), ...replicas(input)]),
  ...misplaced(input),
];

/** What several replicas tell each other. */
function manyWarnings({ profile }: StageInput): readonly string[] {
  const { kind, replicas: count } = profile.chat;
  if (kind !== "openWebUi" || count === 1) return [];
  return [
    ...(ingressKind(profile) === "gatewayApi"
      ? [
          `chat.replicas is ${count}, and the Gateway API has no standard for sending a browser to the same pod: whoever cannot open a websocket is cut off now and then; with one replica nobody is`,
        ]
      : []),
    ...(hasCertManager(profile)
      ? []
      : [
          "ingress.tlsIssuer is not set, so cert-manager may not be there: what the chat page's replicas tell each other goes over the cluster's network without TLS; name a ClusterIssuer, and their Valkey gets a certificate",
        ]),
  ];
}

/** What the page is not. */
export const chatWarnings = (input: StageInput): readonly string[] => [
  ...(input.profile.chat.kind === "lobeChat"
    ? [
        "chat.kind: LobeChat names nobody to the gateway: all its people share one quota, and one access code opens it; " +
          "Open WebUI has accounts",
      ]
    : []),
  ...manyWarnings(input),
];
