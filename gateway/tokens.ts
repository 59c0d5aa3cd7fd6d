import { randomUUID } from "node:crypto";
import { SignJWT, jwtVerify, errors, type JWTPayload } from "jose";
import { readScopes, type Scope } from "./access";
import type { GatewayConfig } from "./config";
import { invalidToken } from "./errors";
import type { KeySource } from "./keyRing";
import type { SigningKey } from "./keys";

/** The one algorithm for our own tokens: a token never chooses how it is checked. */
const ALGORITHM = "EdDSA";
/** RFC 9068: marks an access token, so that no other JWT signed with the same key passes for one. */
const TYPE = "at+jwt";
const CLAIMS = ["iss", "aud", "sub", "scope", "exp", "nbf", "iat", "jti"];

/** What a verified token of our own says. */
export interface OwnClaims {
  readonly sub: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Unix seconds. */
  readonly exp: number;
}

/** Which of the two an error of jose is; anything else that goes wrong with a token is "not valid" too. */
export function asInvalidToken(error: unknown): Error {
  return invalidToken(error instanceof errors.JWTExpired);
}

/** The expiry of a payload whose `exp` jose has required and checked. */
export function expiryOf(payload: JWTPayload): number {
  if (payload.exp === undefined) throw invalidToken();
  return payload.exp;
}

/** Signs and verifies the gateway's own tokens. */
export class OwnTokens {
  constructor(
    private readonly config: Pick<GatewayConfig, "issuer" | "audience" | "token">,
    private readonly keys: KeySource,
  ) {}

  get canSign(): boolean {
    return this.keys.signer() !== undefined;
  }

  /** A token for `sub`, signed by the ring's signer, that lives `token.lifetimeSeconds`. */
  async issue(sub: string, scopes: readonly Scope[]): Promise<{ token: string; expiresInSeconds: number }> {
    const key = this.keys.signer();
    if (!key) throw new Error("no signing key");
    const now = Math.floor(Date.now() / 1000);
    const { issuer, audience, token } = this.config;
    const signed = await new SignJWT({ scope: scopes.join(" ") })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: key.kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(sub)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + token.lifetimeSeconds)
      .setJti(randomUUID())
      .sign(key.privateKey);
    return { token: signed, expiresInSeconds: token.lifetimeSeconds };
  }

  /** @throws ApiError 401 for anything but a live token that one of our keys signed for our audience. */
  async verify(token: string): Promise<OwnClaims> {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.publicKey(kid), {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: this.config.issuer,
        audience: this.config.audience,
        clockTolerance: this.config.token.leewaySeconds,
        requiredClaims: CLAIMS,
      });
      if (payload.sub === undefined) throw invalidToken();
      return { sub: payload.sub, scopes: readScopes(payload["scope"]), exp: expiryOf(payload) };
    } catch (error) {
      throw asInvalidToken(error);
    }
  }

  private publicKey(kid: string | undefined): SigningKey["publicKey"] {
    const key = kid === undefined ? undefined : this.keys.find(kid);
    if (!key) throw invalidToken();
    return key.publicKey;
  }
}
