/** Builds the files of images into the cache: `e2e-images/<name>-<key>`. */
import { createHash } from "node:crypto";
import { chownSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { lockFile } from "../../local/pythonEnv";
import { CACHE_DIR } from "../../test/engine/harness";
import { fills, TOOLS } from "./fills";
import { gpuStandIn } from "./ray";
import { keyOf, type Recipe, type RecipeName } from "./recipes";
import { addUser, debian, debootstrap, installPackages, run, type OnProgress } from "./steps";
import { intoStore } from "./store";

export interface BuiltImage {
  readonly recipe: Recipe;
  /** 64 hex digits: another key is another image. */
  readonly key: string;
  /** Its files; nobody may change them. */
  readonly root: string;
}

const STORE = path.join(CACHE_DIR, "e2e-images");
const here = (name: string): string => path.join(__dirname, name);

/** Files that a build reads, and those that say how it goes. */
const inputs: Readonly<Record<RecipeName, readonly string[]>> = {
  pause: [path.join(TOOLS, "pause", "main.go"), here("fills.ts")],
  ray: [lockFile("cpu"), here("ray.ts"), here("steps.ts"), ...gpuStandIn],
  node: [here("fills.ts"), here("steps.ts")],
  valkey: [here("fills.ts"), here("steps.ts")],
  kubeRay: [path.join(TOOLS, "kuberay", "go.sum"), here("fills.ts")],
};

const short = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** The smallest Debian, which most images are copies of. */
const debianBase = (onProgress: OnProgress): Promise<string> =>
  intoStore(STORE, "debian", short(readFileSync(here("steps.ts"), "utf8")), async (draft) => {
    onProgress(`installing a smallest Debian (${debian}), the base of images (about 75 s)`);
    await debootstrap(draft);
  });

/** Builds the image, unless it is in the cache. @throws Error with what a step of it printed */
export async function buildImage(recipe: Recipe, onProgress: OnProgress): Promise<BuiltImage> {
  const key = keyOf(
    recipe,
    inputs[recipe.name].map((file) => readFileSync(file, "utf8")),
  );
  const root = await intoStore(STORE, recipe.name, key.slice(0, 16), async (draft) => {
    const { packages, user } = recipe;
    if (packages === undefined) {
      mkdirSync(draft);
    } else {
      const base = await debianBase(onProgress);
      await run("cp", ["--archive", "--reflink=auto", base, draft]);
      onProgress(`image ${recipe.name}: installing ${packages.join(", ")} from Debian`);
      await installPackages(draft, packages);
    }
    if (user !== undefined) {
      addUser(draft, user);
      const home = path.join(draft, "home", user.name);
      mkdirSync(home);
      chownSync(home, user.id, user.id);
    }
    onProgress(`image ${recipe.name}: building the rest`);
    await fills[recipe.name](draft, recipe, CACHE_DIR, onProgress);
  });
  return { recipe, key, root };
}
