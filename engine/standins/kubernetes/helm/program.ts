import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { versions } from "../../../../catalog/versions";
import { findOnPath } from "../../../executables";
import { toProperties, type Properties } from "../../values";
import type { Cluster } from "../cluster";
import type { HelmSettings } from "../settings";

/** What helm knows about an installed release. */
export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  readonly status: string;
  /** Values that were given, without the chart's own. */
  readonly config: Properties;
  /** The rendered objects, as YAML documents. */
  readonly manifest: string;
  readonly chart: string;
  readonly version: string;
  readonly appVersion: string;
}

const statusSchema = z.looseObject({
  name: z.string(),
  namespace: z.string(),
  version: z.number(),
  info: z.looseObject({ status: z.string() }),
  config: z.record(z.string(), z.unknown()).nullish(),
  manifest: z.string().optional(),
});
const metadataSchema = z.looseObject({
  chart: z.string(),
  version: z.string(),
  appVersion: z.string().optional(),
});

export interface HelmRun {
  readonly namespace: string;
  /** Written to helm's standard input: values can hold secrets, and every user can read a command line. */
  readonly stdin?: string;
}

/** The bundle of the stand-in is `<cache>/standins/<hash>/kubernetes.js`; a helm that was built is beside. */
const BUILT = path.resolve(__dirname, "..", "..", "helm", versions.helm, "bin", "helm");

/** The real `helm`, run against the cluster of the provider. */
export class HelmProgram {
  constructor(private readonly cluster: Cluster) {}

  /** Runs helm and returns what it printed. @throws Error with helm's own words */
  async run(args: readonly string[], { namespace, stdin = "" }: HelmRun): Promise<string> {
    const scratch = mkdtempSync(path.join(tmpdir(), "tokenrack-helm-"));
    try {
      const where = [...this.clusterFlags(scratch), ...(namespace === "" ? [] : ["--namespace", namespace])];
      return await this.spawn([...args, ...where], stdin);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }

  /** Undefined when there is no such release. */
  async find(name: string, namespace: string): Promise<HelmRelease | undefined> {
    try {
      const [status, metadata] = await Promise.all([
        this.run(["status", name, "--output", "json"], { namespace }),
        this.run(["get", "metadata", name, "--output", "json"], { namespace }),
      ]);
      const { info, config, manifest, version: revision, ...names } = statusSchema.parse(JSON.parse(status));
      const { chart, version, appVersion } = metadataSchema.parse(JSON.parse(metadata));
      return {
        name: names.name,
        namespace: names.namespace,
        revision,
        status: info.status,
        config: toProperties(config ?? {}),
        manifest: manifest ?? "",
        chart,
        version,
        appVersion: appVersion ?? "",
      };
    } catch (error) {
      if (error instanceof Error && error.message.includes("release: not found")) return undefined;
      throw error;
    }
  }

  private clusterFlags(scratch: string): readonly string[] {
    const { kubeconfig, settings } = this.cluster;
    const flags: string[] = [];
    if (kubeconfig !== undefined) {
      const own = path.join(scratch, "kubeconfig");
      if (kubeconfig.file === undefined) writeFileSync(own, kubeconfig.text, { mode: 0o600 });
      flags.push("--kubeconfig", kubeconfig.file ?? own);
    }
    if (settings.context !== undefined) flags.push("--kube-context", settings.context);
    return flags;
  }

  private spawn(args: readonly string[], stdin: string): Promise<string> {
    const command = findHelm();
    return new Promise((resolve, reject) => {
      const env = { ...process.env, ...helmEnv(this.cluster.settings.helm) };
      const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
      const output = { out: "", error: "" };
      // SIGTERM, so that helm can note in the release that it was cut short.
      const stop = (): void => void child.kill("SIGTERM");
      this.cluster.stopSignal.addEventListener("abort", stop, { once: true });
      child.stdout.setEncoding("utf8").on("data", (text: string) => (output.out += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (output.error += text));
      child.on("error", reject);
      child.on("close", (code) => {
        this.cluster.stopSignal.removeEventListener("abort", stop);
        if (code === 0) resolve(output.out);
        else reject(new Error(errorOf(output.error)));
      });
      // Helm may end without reading its input; its status says why.
      child.stdin.on("error", () => undefined);
      child.stdin.end(stdin);
    });
  }
}

function findHelm(): string {
  const found = findOnPath("helm", process.env["PATH"]) ?? (existsSync(BUILT) ? BUILT : undefined);
  if (found !== undefined) return found;
  throw new Error(
    `a Helm release needs the program \`helm\`: it is neither on PATH nor at ${BUILT}. ` +
      "Fix: install Helm 3 (https://helm.sh/docs/intro/install/)",
  );
}

/** The error's lines, without warnings and the verb that helm puts before them. */
function errorOf(stderr: string): string {
  const [, text = stderr] = /(?:^|\n)Error: ([^]*)$/.exec(stderr) ?? [];
  return text.replace(/^(INSTALLATION|UPGRADE) FAILED: /, "").trim() || "helm failed without a word";
}

function helmEnv(settings: HelmSettings): NodeJS.ProcessEnv {
  const given: Readonly<Record<string, string | undefined>> = {
    HELM_DRIVER: settings.driver ?? process.env["PULUMI_K8S_HELM_DRIVER"],
    HELM_PLUGINS: settings.pluginsPath ?? process.env["PULUMI_K8S_HELM_PLUGINS_PATH"],
    HELM_REGISTRY_CONFIG: settings.registryConfigPath ?? process.env["PULUMI_K8S_HELM_REGISTRY_CONFIG_PATH"],
    HELM_REPOSITORY_CONFIG: settings.repositoryConfigPath ?? process.env["PULUMI_K8S_HELM_REPOSITORY_CONFIG_PATH"],
    HELM_REPOSITORY_CACHE: settings.repositoryCache ?? process.env["PULUMI_K8S_HELM_REPOSITORY_CACHE"],
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
