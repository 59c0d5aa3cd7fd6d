/** Stacks to start a case from. */
import { generateKeyPairSync } from "node:crypto";

/** Shape of a scrypt hash as `npm run hash-password` prints it; of no password. */
export const hash = "$scrypt$ln=15,r=8,p=1$MTIzNDU2Nzg5MDEyMzQ1Ng$MTIzNDU2Nzg5MDEyMzQ1NjEyMzQ1Njc4OTAxMjM0NTY";

/** An Ed25519 key, made for the run. */
export const signingKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

export const minimal = { platform: { kind: "local" }, models: [{ source: "builtin:tiny-llama" }] };

export const secrets = {
  rayToken: "r".repeat(32),
  signingKey,
  users: JSON.stringify([{ name: "admin", passwordHash: hash, scopes: ["chat:write"], models: ["*"] }]),
  firstUserPassword: "p".repeat(24),
};

/** The message of what `run` throws; fails when it throws nothing. */
export function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error("nothing was thrown");
}
