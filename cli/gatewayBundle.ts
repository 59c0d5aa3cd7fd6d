/** The gateway as one file in the cache, named by its content: other sources make another file, and so a change that `up` sees. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildGateway } from "../gateway/build";
import { house, type House } from "./house";

/** Builds it. Call it under the lock. @returns its path */
export async function bundleGateway(at: House = house): Promise<string> {
  const directory = join(at.cache, "gateway");
  mkdirSync(directory, { recursive: true });
  // One start at a time builds here (`lock.ts`): a draft that is there was left by one that was killed.
  const stale = readdirSync(directory).filter((name) => name.startsWith("draft-"));
  for (const name of stale) rmSync(join(directory, name), { force: true });
  const draft = join(directory, `draft-${process.pid}.js`);
  await buildGateway(draft);
  const hash = createHash("sha256").update(readFileSync(draft)).digest("hex").slice(0, 12);
  const file = join(directory, `gateway-${hash}.js`);
  if (existsSync(file)) rmSync(draft);
  else renameSync(draft, file);
  return file;
}
