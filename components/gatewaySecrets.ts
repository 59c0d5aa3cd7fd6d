/** What the gateway needs besides the stack's secrets, made out of its signing key: nobody is asked for more, and all of it dies with the key. */
import { createHash, createHmac, createPrivateKey } from "node:crypto";
import { calculateJwkThumbprint, SignJWT } from "jose";
import { z } from "zod";
import type { GatewayPlan, ServiceUserPlan } from "../plan/stages/gateway";

/** One secret of the signing key for each label. @see RFC 2104 */
const derived = (signingKey: string, label: string): Buffer =>
  createHmac("sha256", signingKey.trim()).update(`tokenrack/${label}`).digest();

/** Password of the store of quotas: 64 hexadecimal digits. */
export const quotaPassword = (signingKey: string): string => derived(signingKey, "quota-store").toString("hex");

/** Tells one secret from the next, and nothing about it: it is 256 bits that nobody can guess. */
export const revisionOf = (secret: string): string => createHash("sha256").update(secret).digest("hex").slice(0, 16);

const phc = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");

/** A scrypt hash that no known password has. @see gateway/password.ts for its form */
function hashOfNone(signingKey: string, name: string): string {
  const salt = derived(signingKey, `salt/${name}`).subarray(0, 16);
  return `$scrypt$ln=17,r=8,p=1$${phc(salt)}$${phc(derived(signingKey, `hash/${name}`))}`;
}

const named = z.array(z.looseObject({ name: z.string() }));

/**
 * The gateway's users file: the stack's users, and those of services, who have no password. A user of the stack with a service's
 * name stands for it: so its models can be named.
 * @throws ZodError when `users` is no list of users, which a stack without a fault has not
 */
export function usersText(users: string, services: readonly ServiceUserPlan[], signingKey: string): string {
  const own = named.parse(JSON.parse(users));
  const others = services
    .filter(({ name }) => !own.some((user) => user.name === name))
    .map(({ name, scopes }) => ({ name, passwordHash: hashOfNone(signingKey, name), scopes, models: "*" }));
  return JSON.stringify({ users: [...own, ...others] });
}

/** 2025-01-01 and 2100-01-01: the same in every preview. */
const since = 1_735_689_600;
const until = 4_102_444_800;

/** Whom a token is for. */
export interface ServiceTokenRequest {
  /** Name of a user of the gateway. */
  readonly subject: string;
  /** The user's scopes bound them. */
  readonly scopes: readonly string[];
}

/**
 * A token that the gateway takes as one of its own, the same for the same key: it ends in 2100, and with its key.
 * @see gateway/tokens.ts
 */
export async function signServiceToken(
  signingKey: string,
  { issuer, policy }: Pick<GatewayPlan, "issuer" | "policy">,
  { subject, scopes }: ServiceTokenRequest,
): Promise<string> {
  const key = createPrivateKey(signingKey);
  const { kty = "", crv = "", x = "" } = key.export({ format: "jwk" });
  const kid = await calculateJwkThumbprint({ kty, crv, x });
  const scope = scopes.join(" ");
  const jti = createHash("sha256")
    .update(JSON.stringify([kid, issuer, subject, scope]))
    .digest("hex")
    .slice(0, 32);
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid })
    .setIssuer(issuer)
    .setAudience(policy.audience)
    .setSubject(subject)
    .setIssuedAt(since)
    .setNotBefore(since)
    .setExpirationTime(until)
    .setJti(jti)
    .sign(key);
}
