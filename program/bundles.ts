/** The services that run in the cluster, each one JavaScript file made by `npm ci`, or by `npm run build`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../config/errors";

const files = { download: "download/dist/download.js", gateway: "gateway/dist/gateway.js" } as const;

/**
 * The text of a bundle.
 * @throws UserError when it was not made
 */
export function bundle(name: keyof typeof files): string {
  const file = join(__dirname, "..", files[name]);
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new UserError(`${files[name]} is not there: run \`npm run build\` in the project`);
  }
}
