/** The gateway: quotas, tokens, who may ask, whose word it takes. */
import * as z from "zod";
import { whole } from "../../../plan/explain/words";
import type { ResourceChange } from "../changes";
import { userChanges } from "../users";
import { danger, named, nothing, reasonsOf, textsAt, together, type Rule, type Told } from "./rule";

const limits = z.record(z.string(), z.number());
const role = z.looseObject({
  name: z.string(),
  requestsPerMinute: z.number().optional(),
  tokensPerMinute: z.number().optional(),
});
const config = z.looseObject({
  issuer: z.string().optional(),
  limits: limits.default({}),
  roles: z.array(role).default([]),
  actAs: z.looseObject({ role: z.string().optional() }).default({}),
  corsOrigins: z.array(z.string()).default([]),
  trustedProxies: z.array(z.string()).default([]),
  oidc: z.looseObject({ issuer: z.string(), audience: z.string() }).optional(),
  token: z.looseObject({ lifetimeSeconds: z.number() }).optional(),
});
type Config = z.output<typeof config>;

/** Limits by the words that a user of the API has for them. */
const limitWords: Readonly<Record<string, string>> = {
  requestsPerMinute: "requests a minute",
  tokensPerMinute: "tokens a minute",
  concurrencyPerSubject: "requests of one user at the same time",
  maxTokens: "tokens in one answer",
  bodyBytes: "bytes of a request",
  n: "answers to one request",
};

/** "raised" and "lowered" are told apart: the first costs money, the second breaks clients. */
function limitChange(who: string, name: string, before: number | undefined, after: number | undefined): Told {
  if (before === after) return nothing;
  const [old, next] = [before, after].map((n) => (n === undefined ? "no bound" : whole(n)));
  const raised = (after ?? Infinity) > (before ?? Infinity);
  const words = limitWords[name] ?? name;
  return { dangers: [danger("quota", `${who} ${raised ? "raised" : "lowered"}: ${words} ${old} -> ${next}`)] };
}

/** Follows the plan: what all replicas take at the same time. */
const inFlight = ({ limits: { inFlight: n } }: Config): string => whole(n ?? 0);

function quotas(old: Config, next: Config): Told {
  const names = [...new Set([...Object.keys(old.limits), ...Object.keys(next.limits)])];
  const of = (all: Config["roles"], name: string): Config["roles"][number] | undefined =>
    all.find((one) => one.name === name);
  const roles = [...new Set([...old.roles, ...next.roles].map(({ name }) => name))];
  return together([
    ...names
      .filter((name) => name !== "inFlight")
      .map((name) => limitChange("quota of everybody", name, old.limits[name], next.limits[name])),
    inFlight(old) === inFlight(next)
      ? nothing
      : {
          notes: [
            `the gateway takes ${inFlight(old)} -> ${inFlight(next)} requests at the same time, as the plan does`,
          ],
        },
    ...roles.flatMap((name) => {
      const [was, is] = [of(old.roles, name), of(next.roles, name)];
      if (was === undefined) return [{ notes: [`role ${name} is new`] }];
      if (is === undefined) {
        return [{ dangers: [danger("quota", `role ${name} is gone: who had it gets the quota of everybody`)] }];
      }
      return (["requestsPerMinute", "tokensPerMinute"] as const).map((limit) =>
        limitChange(`quota of role ${name}`, limit, was[limit], is[limit]),
      );
    }),
  ]);
}

const added = (old: readonly string[], next: readonly string[]): readonly string[] =>
  next.filter((one) => !old.includes(one));

function trust(old: Config, next: Config): Told {
  const [origins, proxies] = [added(old.corsOrigins, next.corsOrigins), added(old.trustedProxies, next.trustedProxies)];
  const identity = [old, next].map(({ oidc }) => (oidc === undefined ? "none" : `${oidc.issuer} for ${oidc.audience}`));
  const dangers = [
    ...(old.issuer === next.issuer
      ? []
      : [
          danger("access", "every token ends: the API has another name, which tokens carry as their issuer", [
            `${old.issuer ?? "none"} -> ${next.issuer ?? "none"}`,
          ]),
        ]),
    ...(identity[0] === identity[1]
      ? []
      : [danger("access", "tokens of another issuer are believed", [identity.join(" -> ")])]),
    ...(origins.length === 0 ? [] : [danger("exposure", `web pages of ${origins.join(", ")} may call the API`)]),
    ...(proxies.length === 0
      ? []
      : [danger("exposure", `clients' addresses are believed from ${proxies.join(", ")} (X-Forwarded-For)`)]),
    ...(old.actAs.role === next.actAs.role
      ? []
      : [
          danger(
            "quota",
            `role of people behind the chat page: ${old.actAs.role ?? "none"} -> ${next.actAs.role ?? "none"}`,
          ),
        ]),
  ];
  const life = [old, next].map(({ token }) => token?.lifetimeSeconds ?? 0);
  return {
    dangers,
    notes: life[0] === life[1] ? [] : [`tokens live ${whole(life[0] ?? 0)} -> ${whole(life[1] ?? 0)} s`],
  };
}

/** What the gateway is told. */
export const gatewayConfigRule: Rule = (changes) => {
  const texts = textsAt(named(changes, "gateway-config"), 'data["gateway.json"]');
  if (texts === undefined) return nothing;
  const [old, next] = texts.map((text) => config.safeParse(JSON.parse(text)).data);
  if (old === undefined || next === undefined) return nothing;
  return together([quotas(old, next), trust(old, next)]);
};

const keyDanger = danger(
  "access",
  "another signing key: every token ends, but with the old key as the secret previousSigningKey",
);
const usersDanger = danger(
  "access",
  "users of the gateway change: how, is a secret; --base with the stack's passphrase counts it",
);

const touches = (change: ResourceChange | undefined, file: string): boolean =>
  change?.changed.some(({ path }) => path === `data["${file}"]`) === true;

/** Whose signature holds. */
export const signingKeyRule: Rule = (changes) => {
  const keys = named(changes, "gateway-keys");
  if (keys === undefined || keys.op === "create") return nothing;
  if (keys.op !== "update") return { dangers: [danger("access", "the signing key goes: every token ends")] };
  if (touches(keys, "signing.pem")) {
    return touches(keys, "previous.pem")
      ? { notes: ["another signing key; tokens of the one before hold until they end"] }
      : {
          dangers: [keyDanger],
        };
  }
  if (!touches(keys, "previous.pem")) return nothing;
  return { notes: ["the signing key before this one changes: tokens that it signed may end"] };
};

/** Who may ask. The list is a secret: without the passphrase it is only known that it changes. */
export const usersRule: Rule = (changes, { users }) => {
  const file = named(changes, "gateway-users");
  if (file === undefined || file.op === "create") return nothing;
  if (users === undefined) {
    return { dangers: [usersDanger] };
  }
  const { dangers, notes } = userChanges(users.before, users.after);
  return {
    dangers: dangers.map((text) => danger("access", `gateway: ${text}`)),
    notes: notes.map((text) => `gateway: ${text}`),
  };
};

/** Where no secret can be opened, the stack file still tells which of them are other ones. */
export const hiddenSecretsRule: Rule = (_, { hidden, changedSecrets = [] }) => {
  if (!hidden || changedSecrets.length === 0) return nothing;
  const kept = changedSecrets.includes("previousSigningKey");
  const others = changedSecrets.filter((name) => name !== "users" && (name !== "signingKey" || kept));
  return together([
    changedSecrets.includes("signingKey") && !kept ? { dangers: [keyDanger] } : nothing,
    changedSecrets.includes("users") ? { dangers: [usersDanger] } : nothing,
    others.length === 0 ? nothing : { notes: [`secrets of the stack file that change: ${others.join(", ")}`] },
  ]);
};

/** Its pods. */
export const gatewayPodsRule: Rule = (changes) => {
  const pods = named(changes, "gateway-pods");
  if (pods?.op === "delete") return { dangers: [danger("downtime", "the gateway goes: the API does not answer")] };
  if (pods?.op === "replace") {
    return {
      dangers: [
        danger("downtime", "the gateway is deleted and made anew: the API does not answer meanwhile", reasonsOf(pods)),
      ],
    };
  }
  const replicas = pods?.changed.find(({ path }) => path === "spec.replicas");
  const restarts = pods?.changed.some(({ path }) => path.startsWith("spec.template")) === true;
  const store = named(changes, "gateway-quota-store");
  return {
    notes: [
      ...(restarts ? ["the gateway's pods are replaced one by one: requests that run end before"] : []),
      ...(replicas === undefined ? [] : [`gateway: ${String(replicas.before)} -> ${String(replicas.after)} pods`]),
      ...(store === undefined || store.op === "create"
        ? []
        : ["the quota store starts anew, and with it everybody's minute"]),
    ],
  };
};
