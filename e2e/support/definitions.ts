/** Definitions of kinds that are not Kubernetes' own: the real ones out of Go modules, small ones of ours where there is none. */
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { runChild } from "../../engine/child";
import { findOnPath } from "../../engine/executables";
import type { Manifest } from "../../render/manifest";
import type { KubeClient } from "./kubeClient";

const root = path.resolve(__dirname, "..", "..");

/** Of a download, in ms: modules are some MB. */
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;
/** The server takes a second or two to serve a new kind; in ms. */
const ESTABLISH_TIMEOUT_MS = 60_000;

/** A folder of definitions: in a module of a wrapper under `tools/`, and which of its files. */
interface Source {
  readonly wrapper: string;
  readonly module: string;
  readonly folder: string;
  readonly files: readonly string[];
}

const sources: readonly Source[] = [
  {
    wrapper: "kuberay",
    module: "github.com/ray-project/kuberay/ray-operator",
    folder: "config/crd/bases",
    files: ["ray.io_rayclusters.yaml", "ray.io_rayjobs.yaml", "ray.io_rayservices.yaml"],
  },
  {
    wrapper: "kuberay",
    module: "sigs.k8s.io/gateway-api",
    folder: "config/crd/standard",
    files: ["gateway.networking.k8s.io_gateways.yaml", "gateway.networking.k8s.io_httproutes.yaml"],
  },
  {
    wrapper: "definitions",
    module: "github.com/prometheus-operator/prometheus-operator",
    folder: "example/prometheus-operator-crd",
    files: ["podmonitors", "servicemonitors", "prometheusrules"].map((kind) => `monitoring.coreos.com_${kind}.yaml`),
  },
  {
    wrapper: "definitions",
    module: "github.com/cert-manager/cert-manager",
    folder: "deploy/crds",
    files: ["certificates", "issuers", "clusterissuers"].map((kind) => `cert-manager.io_${kind}.yaml`),
  },
];

/** Where Go has the module, in the version that `tools/<wrapper>` pins. @throws Error when it cannot be had */
export async function moduleDirectory(wrapper: string, module: string): Promise<string> {
  const go = findOnPath("go", process.env["PATH"]);
  if (go === undefined) throw new Error("no `go` on PATH (https://go.dev/doc/install)");
  const options = { cwd: path.join(root, "tools", wrapper), timeoutMs: DOWNLOAD_TIMEOUT_MS };
  const { stdout, stderr } = await runChild(go, ["mod", "download", "-json", module], options);
  const parsed: unknown = JSON.parse(stdout === "" ? "{}" : stdout);
  const found = z.object({ Dir: z.string() }).safeParse(parsed);
  if (!found.success) throw new Error(`${module} cannot be had: ${stderr || stdout}`);
  return found.data.Dir;
}

const definitionSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.literal("CustomResourceDefinition"),
  metadata: z.looseObject({ name: z.string() }),
});

function definitionsIn(file: string): readonly Manifest[] {
  const documents = parseAllDocuments(readFileSync(file, "utf8")).map((one) => one.toJS() as unknown);
  return documents.filter((one) => one !== null).map((one) => definitionSchema.parse(one) as Manifest);
}

/** Files with all definitions that a cluster may have that our manifests are for. */
export async function definitionFiles(): Promise<readonly string[]> {
  const fixtures = path.join(root, "e2e", "kubernetes", "fixtures");
  const files = readdirSync(fixtures).map((name) => path.join(fixtures, name));
  for (const { wrapper, module, folder, files: names } of sources) {
    const directory = await moduleDirectory(wrapper, module);
    files.push(...names.map((name) => path.join(directory, folder, name)));
  }
  return files;
}

const establishedSchema = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
});

/** Puts the definitions into the cluster; resolves when it serves them. */
export async function installDefinitions(client: KubeClient): Promise<void> {
  const all = (await definitionFiles()).flatMap(definitionsIn);
  for (const one of all) await client.apply(one);
  const deadline = Date.now() + ESTABLISH_TIMEOUT_MS;
  for (const { metadata } of all) {
    while (!(await isEstablished(client, metadata.name))) {
      if (Date.now() > deadline) throw new Error(`the server does not serve ${metadata.name}`);
      await sleep(50);
    }
  }
}

async function isEstablished(client: KubeClient, name: string): Promise<boolean> {
  const body = await client.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`);
  const conditions = establishedSchema.safeParse(body).data?.status.conditions ?? [];
  return conditions.some(({ type, status }) => type === "Established" && status === "True");
}
