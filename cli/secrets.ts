/** Secrets of a local stack, generated on the first run and kept until `npm stop`. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import { hashPassword } from "../gateway/password";
import { writePrivate } from "../system/privateFile";
import { house, type House } from "./house";

const schema = z.strictObject({
  rayToken: z.string(),
  signingKey: z.string(),
  users: z.string(),
  firstUserPassword: z.string(),
});

/** The generated secrets, by their config key. */
export type LocalSecrets = z.output<typeof schema>;

/** Users as they are kept: of a user whose name is another one now, everything else stays. */
const usersSchema = z.tuple([z.looseObject({ name: z.string() })], z.unknown());

function rename(users: string, firstUser: string): string {
  const [first, ...others] = usersSchema.parse(JSON.parse(users));
  return first.name === firstUser ? users : JSON.stringify([{ ...first, name: firstUser }, ...others]);
}

async function generate(firstUser: string): Promise<LocalSecrets> {
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

/**
 * The secrets of this checkout; made, and the password written to its own file, if there are none yet.
 * @param firstUser name of the user whose password it is: `gateway.firstUser`
 */
export async function localSecrets(firstUser: string, at: House = house): Promise<LocalSecrets> {
  const text = existsSync(at.secrets) ? readFileSync(at.secrets, "utf8") : "null";
  const kept = schema.safeParse(JSON.parse(text)).data ?? (await generate(firstUser));
  const secrets = { ...kept, users: rename(kept.users, firstUser) };
  // Whole or not at all: half a file after a crash would stop every later start.
  if (JSON.stringify(secrets) !== text) writePrivate(at.secrets, JSON.stringify(secrets));
  if (firstUserPassword(at) !== secrets.firstUserPassword) writePrivate(at.password, secrets.firstUserPassword);
  return secrets;
}

/** The first user's password; undefined when no stack was started. */
export function firstUserPassword(at: House = house): string | undefined {
  return existsSync(at.password) ? readFileSync(at.password, "utf8") : undefined;
}
