import { createHash } from "node:crypto";
import { decodeJwt } from "jose";
import { holdsScope, type Subject } from "./access";
import { invalidToken, missingToken } from "./errors";
import type { OidcClaims, OidcTokens } from "./oidc";
import type { OwnClaims, OwnTokens } from "./tokens";
import type { UserStore } from "./users";

type Verified = { kind: "own"; claims: OwnClaims } | { kind: "oidc"; claims: OidcClaims };

/** Verified tokens kept; at about 300 bytes each this is under 2 MB. */
const CACHE_ENTRIES = 4096;
/** Longest a verification is believed: bounds how long a key that an OIDC issuer withdrew still counts. */
const CACHE_SECONDS = 300;
/** RFC 6750 section 2.1 syntax; more than this is no token of ours and is not worth parsing. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,8192}=*)$/i;

/** The last tokens that verified, by hash, oldest out first. Saves the signature check, never the expiry check. */
export class VerifiedTokens<T> {
  private readonly entries = new Map<string, { value: T; until: number }>();

  constructor(private readonly capacity: number) {}

  static key(token: string): string {
    return createHash("sha256").update(token).digest("base64url");
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: string, now: number): T | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    if (now >= entry.until) return undefined;
    this.entries.set(key, entry);
    return entry.value;
  }

  clear(): void {
    this.entries.clear();
  }

  set(key: string, value: T, until: number): void {
    this.entries.set(key, { value, until });
    if (this.entries.size <= this.capacity) return;
    const oldest = this.entries.keys().next();
    if (!oldest.done) this.entries.delete(oldest.value);
  }
}

/** Turns an Authorization header into a Subject. */
export class Authenticator {
  private readonly cache = new VerifiedTokens<Verified>(CACHE_ENTRIES);

  constructor(
    private readonly own: OwnTokens,
    private readonly oidc: OidcTokens | undefined,
    private readonly users: UserStore,
    private readonly leewaySeconds: number,
  ) {}

  /** @throws ApiError 401 (RFC 6750), or 503 when an external issuer's keys cannot be had. */
  async authenticate(header: string | undefined): Promise<Subject> {
    if (header === undefined) throw missingToken();
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) throw invalidToken();
    const key = VerifiedTokens.key(token);
    const now = Date.now() / 1000;
    let verified = this.cache.get(key, now);
    if (!verified) {
      verified = await this.verify(token);
      this.cache.set(key, verified, Math.min(verified.claims.exp + this.leewaySeconds, now + CACHE_SECONDS));
    }
    return this.subjectOf(verified);
  }

  /** After a change of keys: what a key that is gone has signed must not be believed any longer. */
  forget(): void {
    this.cache.clear();
  }

  private async verify(token: string): Promise<Verified> {
    if (this.oidc && issuerOf(token) === this.oidc.issuer)
      return { kind: "oidc", claims: await this.oidc.verify(token) };
    return { kind: "own", claims: await this.own.verify(token) };
  }

  /** Users are looked up at every request, so that a removed user or scope counts at once, whatever a token says. */
  private subjectOf({ kind, claims }: Verified): Subject {
    if (kind === "oidc")
      return { key: `oidc:${claims.sub}`, scopes: claims.scopes, models: claims.models, roles: claims.roles };
    const user = this.users.find(claims.sub);
    if (!user) throw invalidToken();
    const scopes = new Set([...claims.scopes].filter((scope) => holdsScope(user.scopes, scope)));
    const roles = user.role === undefined ? [] : [user.role];
    return { key: `user:${user.name}`, scopes, models: user.models, roles, quota: user.quota };
  }
}

/** The issuer a token claims, unverified: it only chooses which verifier must then be satisfied. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
