/** What Pulumi's component analyzer says of components: the schema of those that other languages can use. */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import { generateSchema, type PackageSpec } from "@pulumi/pulumi/provider/experimental/schema";
import { z } from "zod";

const root = resolve(__dirname, "../..");

/** Name of the provider, and head of its type tokens. */
const providerName = "tokenrack";

/** Components that programs in other languages can use: of all others the arguments are parts of a plan. */
const components = ["ServedCluster"] as const;

/** What every SDK hides. */
const secrets = ["kubeconfig", "rayToken", "signingKey", "previousSigningKey", "users", "firstUserPassword", "hfToken"];

const manifestSchema = z.object({ version: z.string(), description: z.string() });

/** The analyzer wants a `tsconfig.json` in the folder that it looks at; the house's own would have it read every test. */
function withProject<T>(entry: string, work: (directory: string) => T): T {
  mkdirSync(join(root, ".tokenrack"), { recursive: true });
  const directory = mkdtempSync(join(root, ".tokenrack", "schema-"));
  try {
    const compilerOptions = { types: ["node"] };
    const settings = { extends: join(root, "tsconfig.json"), compilerOptions, files: [entry], include: [] };
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(settings));
    return work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * The schema of components.
 * @param entry file that leads to them. @default the package's entry
 * @throws Error with the analyzer's own words about the first thing that no other language can express
 */
export function schemaOf(names: readonly string[], entry = join(root, "tokenrack.ts")): PackageSpec {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { version, description } = manifestSchema.parse(manifest);
  const found = withProject(entry, (directory) =>
    new Analyzer(directory, providerName, { main: entry.replace(/\.ts$/, ".js") }, new Set(names)).analyze(),
  );
  return generateSchema(
    providerName,
    version,
    description,
    found.components,
    found.typeDefinitions,
    found.dependencies,
  );
}

/** As Pulumi's own tools write it: what is optional is what is not required. */
const canonical = (key: string, value: unknown): unknown =>
  (key === "optional" && value === true) || (key === "dependencies" && Array.isArray(value)) ? undefined : value;

/** The text of `schema.json`. */
export function schemaText(): string {
  const schema = schemaOf(components);
  for (const { inputProperties = {} } of Object.values(schema.resources))
    for (const name of secrets)
      if (inputProperties[name] !== undefined) Object.assign(inputProperties[name], { secret: true });
  return `${JSON.stringify({ ...schema, config: {} }, canonical, 2)}\n`;
}
