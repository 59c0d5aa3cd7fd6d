/**
 * Every scope a token can carry. `admin` gives all others and reads `/metrics` on the main listener. `act-as` lets a chat UI name the
 * person behind each request (actAs.ts).
 */
export const SCOPES = ["models:read", "chat:write", "embeddings:write", "act-as", "admin"] as const;

export type Scope = (typeof SCOPES)[number];

/** Model ids a subject may use; `"*"` is all of them. */
export type ModelAllowance = "*" | readonly string[];

/** What one subject may use in a minute. */
export interface Quota {
  readonly requestsPerMinute: number;
  /** Undefined: no bound. */
  readonly tokensPerMinute: number | undefined;
}

/** A quota of which what is absent comes from elsewhere. */
export type QuotaOverride = { readonly [K in keyof Quota]?: Quota[K] | undefined };

/** Who is calling, after the token was checked. */
export interface Subject {
  /** Unique over both kinds of token: an OIDC subject never shares a quota with a configured user of the same name. */
  readonly key: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly models: ModelAllowance;
  /** Roles that may give it a quota. */
  readonly roles: readonly string[];
  /** The subject's own quota, before any role's. */
  readonly quota?: QuotaOverride | undefined;
}

/** What a route demands. A route without one cannot be registered (gate.ts). */
export type Policy = { readonly access: "public" } | { readonly access: "scope"; readonly scope: Scope };

export function isScope(value: string): value is Scope {
  return (SCOPES as readonly string[]).includes(value);
}

export function holdsScope(held: ReadonlySet<Scope>, wanted: Scope): boolean {
  return held.has(wanted) || held.has("admin");
}

export function mayUseModel(allowance: ModelAllowance, model: string): boolean {
  return allowance === "*" || allowance.includes(model) || allowance.includes("*");
}

/** Splits RFC 6749 section 3.3 scope text, or takes a list; drops what is not a scope of ours. */
export function readScopes(value: unknown): Set<Scope> {
  const words = typeof value === "string" ? value.split(" ") : Array.isArray(value) ? (value as unknown[]) : [];
  return new Set(words.filter((word): word is Scope => typeof word === "string" && isScope(word)));
}
