import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";
import { build, version as esbuildVersion } from "esbuild";
import { isExecutableFile } from "./executables";
import { shellQuote } from "../system/shell";

const STANDINS = path.join(__dirname, "standins");
const REPOSITORY = path.resolve(__dirname, "..");

/** Where a stand-in's own source is, with what it borrows from the engine. */
const SOURCES = ["engine", "system", "catalog/versions.ts"] as const;

/** What a bundle is made of besides our own source; another version of one is another bundle. */
const BUNDLED = ["@pulumi/pulumi", "@grpc/grpc-js", "google-protobuf", "ssh2", "yaml", "zod", "esbuild"] as const;

/**
 * Makes the stand-in of provider `name` and returns the folder that holds its executable, `pulumi-resource-<name>`.
 * The folder is `<cacheDir>/standins/<hash>/`, keyed by all that goes into it: our source, the bundled packages and this
 * Node. Bundled to one file because a start is 3 times faster than through tsx.
 * @throws Error when esbuild fails: a fault of ours, never of the user.
 */
export async function buildStandIn(name: string, cacheDir: string): Promise<string> {
  const dir = path.join(cacheDir, "standins", hashOfSources());
  const executable = path.join(dir, `pulumi-resource-${name}`);
  if (isExecutableFile(executable)) return dir;

  mkdirSync(dir, { recursive: true });
  const staging = mkdtempSync(path.join(dir, ".unfinished-"));
  try {
    const bundle = path.join(staging, `${name}.js`);
    await build({
      entryPoints: [path.join(STANDINS, name, "main.ts")],
      outfile: bundle,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      minify: true,
      logLevel: "silent",
      // Compiled parts of ssh2, which does without them.
      external: ["*.node", "cpu-features"],
    });
    const launcher = path.join(staging, "launcher");
    // `exec`, so that the engine's child is the provider itself; absolute and quoted, so that spaces do no harm.
    const command = `exec ${shellQuote(process.execPath)} ${shellQuote(path.join(dir, `${name}.js`))} "$@"`;
    writeFileSync(launcher, `#!/bin/sh\n${command}\n`);
    chmodSync(launcher, 0o755);
    renameSync(bundle, path.join(dir, `${name}.js`));
    renameSync(launcher, executable);
    return dir;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function hashOfSources(): string {
  const hash = createHash("sha256");
  hash.update(`${process.version} ${process.execPath} esbuild ${esbuildVersion}\n`);
  for (const name of BUNDLED) hash.update(readFileSync(require.resolve(`${name}/package.json`)));
  for (const file of SOURCES.flatMap(typescriptIn)) {
    hash.update(`\n${path.relative(REPOSITORY, file)}\n`).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}

/** A file as it is; every TypeScript file of a folder, sorted. */
function typescriptIn(place: string): readonly string[] {
  const root = path.join(REPOSITORY, place);
  if (place.endsWith(".ts")) return [root];
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return names.sort().map((name) => path.join(root, name));
}
