import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { deserialize, serialize } from "@phc/format";

/** Cost of one scrypt call: N = 2^ln, block size r, parallelism p. Memory is 128 * N * r bytes. */
export interface ScryptCost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** One key derivation; injected so that tests can count calls instead of measuring time. */
export type Derive = (password: string, salt: Buffer, length: number, cost: ScryptCost) => Promise<Buffer>;

/**
 * N = 2^17, r = 8, p = 1: 128 MiB and about 0.4 s on one core.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
 */
export const DEFAULT_COST: ScryptCost = { ln: 17, r: 8, p: 1 };

/** Least p for each ln at r = 8, which the same OWASP page calls equal in strength to DEFAULT_COST. */
const LEAST_P: Readonly<Record<number, number>> = { 13: 10, 14: 5, 15: 3, 16: 2, 17: 1, 18: 1, 19: 1 };
/** Bounds what a users file can make one login cost: p above this is refused. */
const MOST_P = 16;

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Shortest password `npm run hash-password` takes. @see NIST SP 800-63B section 5.1.1.1 (8 characters) */
export const SHORTEST_PASSWORD = 8;

export interface PasswordHash {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** scrypt of node:crypto. Text is NFC first (RFC 8265), so that one password typed on two keyboards is one password. */
export const deriveWithScrypt: Derive = (password, salt, length, cost) =>
  new Promise((resolve, reject) => {
    const N = 2 ** cost.ln;
    // Node refuses above maxmem; scrypt needs 128*N*r plus 128*r*p and a little.
    const maxmem = 128 * N * cost.r + 128 * cost.r * cost.p + 1024 * 1024;
    scrypt(password.normalize("NFC"), salt, length, { N, r: cost.r, p: cost.p, maxmem }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

/** A new PHC string `$scrypt$ln=17,r=8,p=1$salt$hash` with its own random salt: equal passwords hash differently. */
export async function hashPassword(password: string, cost: ScryptCost = DEFAULT_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await deriveWithScrypt(password, salt, HASH_BYTES, cost);
  // @phc/format writes parameters in the order given; the PHC order for scrypt is ln, r, p.
  return serialize({ id: "scrypt", params: { ln: cost.ln, r: cost.r, p: cost.p }, salt, hash });
}

/** @returns undefined when the text is not a scrypt PHC string, or its cost is below or far above OWASP's level. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  try {
    const { id, params, salt, hash } = deserialize(text);
    const [ln, r, p] = [Number(params?.["ln"]), Number(params?.["r"]), Number(params?.["p"])];
    const least = LEAST_P[ln];
    if (id !== "scrypt" || least === undefined || r !== 8 || !(p >= least && p <= MOST_P)) return undefined;
    if (!salt || salt.length < SALT_BYTES || hash?.length !== HASH_BYTES) return undefined;
    return { cost: { ln, r, p }, salt, hash };
  } catch {
    return undefined;
  }
}

export async function verifyPassword(password: string, stored: PasswordHash, derive: Derive): Promise<boolean> {
  const found = await derive(password, stored.salt, stored.hash.length, stored.cost);
  return timingSafeEqual(found, stored.hash);
}
