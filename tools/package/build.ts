/**
 * Makes `dist/`, what `npm pack` packs: `npm run build:package`. Compiled by tsc, file by file, and not bundled: types and
 * doc comments come from the same run, a stack trace names a file of this house, and `dist/` has the house's own shape, so
 * that code finds `scripts/` and the bundles where it finds them in the sources. CommonJS, as Pulumi's runtime loads programs;
 * programs in ESM import it as well.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildDownload } from "../../download/build";
import { buildGateway } from "../../gateway/build";

const root = resolve(__dirname, "../..");
/** What is made. */
export const dist = join(root, "dist");

/** Makes `dist/` anew. @throws Error when the sources have a fault of types */
export async function buildPackage(): Promise<void> {
  rmSync(dist, { recursive: true, force: true });
  const tsc = require.resolve("typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", join(__dirname, "tsconfig.package.json")], {
    stdio: "inherit",
    cwd: root,
  });
  await buildGateway(join(dist, "gateway", "dist", "gateway.js"));
  await buildDownload(join(dist, "download", "dist", "download.js"));
  mkdirSync(join(dist, "scripts"));
  for (const script of readdirSync(join(root, "scripts")))
    copyFileSync(join(root, "scripts", script), join(dist, "scripts", script));
  copyFileSync(join(root, "schema.json"), join(dist, "schema.json"));
  chmodSync(join(dist, "package", "provider.js"), 0o755);
}

if (require.main === module) void buildPackage();
