/** The Python environment of Ray's image: the locked packages of stack `local`, as links to what uv has downloaded. */
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { versions } from "../../catalog/versions";
import { findUv, lockFile, uvCache } from "../../local/pythonEnv";
import { rayHome } from "./recipes";
import { inRoot, run, type OnProgress } from "./steps";

/** Python of Debian 12. */
const python = "3.11";

/** Stands in for a GPU: vLLM for CPUs takes a plan for GPUs by it. */
export const gpuStandIn = ["vllm_takes_gpu_plan.py", "vllm_takes_gpu_plan.pth"].map((name) =>
  path.join(__dirname, "python", name),
);

/** Called by name, also from a login shell, which sets PATH anew. */
const commands = ["ray", "serve", "python"];

/**
 * uv installs from outside, because only there files can be links to its cache: 7 GB are on the disk once. Programs then
 * name the Python of this machine, and are told the image's.
 */
async function installPackages(root: string, cache: string): Promise<void> {
  const home = path.join(root, rayHome);
  const target = path.join(home, "lib", `python${python}`, "site-packages");
  const uv = await findUv(cache);
  const args = ["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--python-version", python];
  const env = { ...process.env, UV_CACHE_DIR: uvCache(cache), UV_PYTHON_DOWNLOADS: "never", UV_LINK_MODE: "hardlink" };
  await run(uv, [...args, "--target", target, "-r", lockFile("cpu")], env);
  const programs = path.join(target, "bin");
  for (const name of readdirSync(programs)) {
    const text = readFileSync(path.join(programs, name), "latin1");
    const to = path.join(home, "bin", name);
    if (/^#!.*python/.test(text)) {
      writeFileSync(to, text.replace(/^#!.*/, `#!${rayHome}/bin/python`), { encoding: "latin1", mode: 0o755 });
    } else {
      renameSync(path.join(programs, name), to);
    }
  }
  rmSync(programs, { recursive: true });
  for (const file of gpuStandIn) copyFileSync(file, path.join(target, path.basename(file)));
}

/** Installs it under /opt/ray of the image. @param cache the cache of the program itself */
export async function installRay(root: string, cache: string, onProgress: OnProgress): Promise<void> {
  await inRoot(root, `python3 -m venv --without-pip ${rayHome}`);
  onProgress("image ray: installing Ray and vLLM (7 GB, downloaded once)");
  await installPackages(root, cache);
  for (const name of commands) symlinkSync(`${rayHome}/bin/${name}`, path.join(root, "usr/local/bin", name));
  onProgress("image ray: compiling Python to byte code (minutes on 2 cores): its user cannot write there");
  // Some packages carry files for other Pythons, or templates: those do not compile, and nobody imports them.
  await inRoot(root, `python -m compileall -q -j 0 ${rayHome}/lib >/dev/null || true`);
  const says = await inRoot(root, "ray --version");
  if (!says.includes(versions.ray)) throw new Error(`Ray in the image says ${says}, expected ${versions.ray}`);
}
