import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { findKubernetes } from "../../engine/kubernetesTools";
import { CACHE_DIR } from "../../test/engine/harness";
import type { ControlPlane } from "./kubeControl";

const run = promisify(execFile);

/** Does to a cluster what a person would do by hand. */
export class Kubectl {
  private constructor(
    private readonly command: string,
    private readonly kubeconfig: string,
  ) {}

  static for(control: ControlPlane): Promise<Kubectl> {
    return Kubectl.with(path.join(control.directory, "kubeconfig"));
  }

  /** @param kubeconfig path of the file */
  static async with(kubeconfig: string): Promise<Kubectl> {
    const options = { cacheDir: CACHE_DIR, env: process.env, progress: (line: string) => console.log(`      ${line}`) };
    return new Kubectl(await findKubernetes("kubectl", options), kubeconfig);
  }

  /** Runs `kubectl <args>` and returns what it printed. @throws Error with what it wrote to stderr */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout } = await run(this.command, [`--kubeconfig=${this.kubeconfig}`, ...args]);
    return stdout.trim();
  }

  /** Runs `helm <args>`, the program at `command`, on the same cluster. */
  async helm(command: string, ...args: readonly string[]): Promise<void> {
    await run(command, [`--kubeconfig=${this.kubeconfig}`, ...args]);
  }

  /** The value of a jsonpath in an object; empty when it is not there. */
  async value(object: string, jsonpath: string, namespace = "default"): Promise<string> {
    return this.run("get", object, "-n", namespace, "--ignore-not-found", "-o", `jsonpath={${jsonpath}}`);
  }

  async patch(object: string, patch: unknown, namespace = "default", ...more: readonly string[]): Promise<void> {
    await this.run("patch", object, "-n", namespace, "--type=merge", "-p", JSON.stringify(patch), ...more);
  }
}
