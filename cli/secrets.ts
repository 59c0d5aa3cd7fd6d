/** Secrets of a local stack, generated on the first run and kept until `npm stop`. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as z from "zod";
import { hashPassword } from "../gateway/password";
import { house } from "./house";

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
export async function localSecrets(): Promise<LocalSecrets> {
  if (existsSync(house.secrets)) {
    const kept = schema.safeParse(JSON.parse(readFileSync(house.secrets, "utf8")));
    if (kept.success) return kept.data;
  }
  const secrets = await generate();
  writeFileSync(house.secrets, JSON.stringify(secrets), { mode: 0o600 });
  writeFileSync(house.password, secrets.firstUserPassword, { mode: 0o600 });
  return secrets;
}

/** The first user's password; undefined when no stack was started. */
export function firstUserPassword(): string | undefined {
  return existsSync(house.password) ? readFileSync(house.password, "utf8") : undefined;
}
