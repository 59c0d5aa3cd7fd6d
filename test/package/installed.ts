/** The package as `npm pack` makes it, installed beside a consumer's program: with what it names, and with nothing else. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildPackage } from "../../tools/package/build";

export const root = resolve(__dirname, "../..");

/** A folder of a consumer's program. */
export interface Installed {
  readonly project: string;
  readonly packageDir: string;
  /** Paths in the tarball, sorted. */
  readonly files: readonly string[];
}

let made: Promise<Installed> | undefined;

async function make(): Promise<Installed> {
  await buildPackage();
  const project = mkdtempSync(join(tmpdir(), "tokenrack-package-"));
  process.once("exit", () => rmSync(project, { recursive: true, force: true }));
  // What `prepack` does has just been done.
  const arguments_ = ["pack", "--ignore-scripts", "--silent", "--pack-destination", project];
  const tarball = join(project, execFileSync("npm", arguments_, { cwd: root, encoding: "utf8" }).trim());
  const packageDir = join(project, "node_modules", "pulumi-tokenrack");
  mkdirSync(packageDir, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", packageDir]);
  const list = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(packageDir, "package.json"), "utf8"),
  ) as Record<"dependencies" | "peerDependencies", Record<string, string>>;
  // Linked, as a machine without a registry cannot install them: what the package does not name cannot be found from it.
  for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
  return { project, packageDir, files: list.map((path) => path.replace(/^package\//, "")).sort() };
}

/** Made once a process, as compiling takes seconds. */
export const installed = (): Promise<Installed> => (made ??= make());
