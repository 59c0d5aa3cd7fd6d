/** What Deckhouse does when a module is switched on, as far as others see it: its namespace and its kinds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { at, nameOf, type KubeObject } from "../../engine/standins/kubernetes/object";
import { toProperties } from "../../engine/standins/values";
import { definitionFiles } from "../support/definitions";

const own = join(__dirname, "definitions");

/** Kinds that are there before any module is switched on. */
export const firstDefinitions: readonly string[] = [join(own, "deckhouse.yaml"), join(own, "node-manager.yaml")];

const foreign = /^(cert-manager|prometheus)$/;
/** Kinds of others that a module brings, by what their files' names start with. */
const prefixes: Readonly<Record<string, string>> = {
  "cert-manager": "cert-manager.io_",
  prometheus: "monitoring.coreos.com_",
};

/** Files with the kinds of a module: the real ones where a Go module has them. */
async function filesOf(module: string): Promise<readonly string[]> {
  if (["csi-ceph", "metallb", "ingress-nginx"].includes(module)) return [join(own, `${module}.yaml`)];
  if (!foreign.test(module)) return [];
  const all = await definitionFiles();
  const prefix = prefixes[module] ?? "";
  // Kinds that Deckhouse's prometheus has besides are in a file of our own.
  return all.filter(
    (file) => file.includes(prefix) || (module === "prometheus" && file.endsWith("deckhouse-monitoring.yaml")),
  );
}

const objectsIn = (file: string): readonly KubeObject[] =>
  parseAllDocuments(readFileSync(file, "utf8"))
    .map((document) => document.toJS() as unknown)
    .filter((one) => typeof one === "object" && one !== null)
    .map((one) => toProperties(one));

/** On in every bundle, without a ModuleConfig. */
const always: readonly string[] = ["prometheus"];

/** Names of the modules that are on. */
export const modulesOn = (configs: readonly KubeObject[]): readonly string[] => [
  ...always,
  ...configs.filter((config) => at(config, "spec", "enabled") === true).map(nameOf),
];

/** Namespace and kinds of a module. */
export async function objectsOf(module: string): Promise<readonly KubeObject[]> {
  const namespace = module === "prometheus" ? "d8-monitoring" : `d8-${module}`;
  const files = await filesOf(module);
  return [{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, ...files.flatMap(objectsIn)];
}
