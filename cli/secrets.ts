/** Secrets of a local stack, generated on the first run and kept until `npm stop`. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import { hashPassword } from "../gateway/password";
import { writePrivate } from "../local/runFiles";
import { house, type House } from "./house";

const schema = z.strictObject({
  rayToken: z.string(),
  signingKey: z.string(),
  users: z.string(),
  firstUserPassword: z.string(),
});

/** The generated secrets, by their config key. */
export type LocalSecrets = z.output<typeof schema>;

/** Name of the first user. */
export const firstUser = "admin";

async function generate(): Promise<LocalSecrets> {
  const { privateKey } = generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  // 18 bytes are 144 bits; 24 characters that need no escaping in a URL or a shell.
  const firstUserPassword = randomBytes(18).toString("base64url");
  const passwordHash = await hashPassword(firstUserPassword);
  return {
    rayToken: randomBytes(32).toString("base64url"),
    signingKey: privateKey,
    users: JSON.stringify([{ name: firstUser, passwordHash, scopes: ["admin"], models: ["*"] }]),
    firstUserPassword,
  };
}

/** The secrets of this checkout; made, and the password written to its own file, if there are none yet. */
export async function localSecrets(at: House = house): Promise<LocalSecrets> {
  const kept = existsSync(at.secrets) ? schema.safeParse(JSON.parse(readFileSync(at.secrets, "utf8"))) : undefined;
  const secrets = kept?.success === true ? kept.data : await generate();
  // Whole or not at all: half a file after a crash would stop every later start.
  if (kept?.success !== true) writePrivate(at.secrets, JSON.stringify(secrets));
  if (firstUserPassword(at) !== secrets.firstUserPassword) writePrivate(at.password, secrets.firstUserPassword);
  return secrets;
}

/** The first user's password; undefined when no stack was started. */
export function firstUserPassword(at: House = house): string | undefined {
  return existsSync(at.password) ? readFileSync(at.password, "utf8") : undefined;
}
