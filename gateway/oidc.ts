import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { readScopes, type ModelAllowance, type Scope } from "./access";
import type { GatewayConfig } from "./config";
import { upstreamFailed } from "./errors";
import { asInvalidToken, expiryOf } from "./tokens";

/** Asymmetric only: with HS* the public key set would be a shared secret that anyone can read. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** Longest wait for the issuer's key set; a login page's patience, not a generation's. */
const FETCH_TIMEOUT_MS = 5000;

export interface OidcClaims {
  readonly sub: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly models: ModelAllowance;
  readonly roles: readonly string[];
  /** Unix seconds. */
  readonly exp: number;
}

/** Space-separated text or a list. */
function readList(claim: unknown): string[] {
  if (typeof claim === "string") return claim.split(" ");
  return Array.isArray(claim) ? claim.filter((id): id is string => typeof id === "string") : [];
}

/** A failed fetch is the issuer's fault, not the token's: the client must not throw its token away. */
function isIssuerFault(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true;
  // jose throws its base class for a bad HTTP status, and fetch throws TypeError when there is no connection.
  return error instanceof TypeError || (error instanceof errors.JOSEError && error.code === "ERR_JOSE_GENERIC");
}

/** Verifies tokens of one external issuer through its JWKS; jose caches the set and follows rotation. */
export class OidcTokens {
  readonly issuer: string;
  private readonly keySet: ReturnType<typeof createRemoteJWKSet>;

  constructor(
    private readonly oidc: NonNullable<GatewayConfig["oidc"]>,
    private readonly leewaySeconds: number,
    cooldownMs = 30_000,
  ) {
    this.issuer = oidc.issuer;
    this.keySet = createRemoteJWKSet(new URL(oidc.jwksUri), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cooldownDuration: cooldownMs,
      cacheMaxAge: 600_000,
    });
  }

  /** @throws ApiError 401 for a bad token, 503 when the issuer's keys cannot be had. */
  async verify(token: string): Promise<OidcClaims> {
    const { oidc } = this;
    try {
      const { payload } = await jwtVerify(token, this.keySet, {
        algorithms: ALGORITHMS,
        issuer: oidc.issuer,
        audience: oidc.audience,
        clockTolerance: this.leewaySeconds,
        requiredClaims: ["iss", "aud", "sub", "exp", "iat"],
      });
      const claimed = oidc.modelsClaim === undefined ? "*" : payload[oidc.modelsClaim];
      const models = claimed === "*" ? "*" : readList(claimed);
      const roles = oidc.roleClaim === undefined ? [] : readList(payload[oidc.roleClaim]);
      const scopes = readScopes(payload[oidc.scopeClaim]);
      return { sub: payload.sub ?? "", scopes, models, roles, exp: expiryOf(payload) };
    } catch (error) {
      if (isIssuerFault(error))
        throw upstreamFailed(503, "issuer_unavailable", "The token issuer's keys cannot be read right now.");
      throw asInvalidToken(error);
    }
  }
}
