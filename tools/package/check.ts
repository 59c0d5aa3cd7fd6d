/** Looks into the package as it would be published: `npm run pack:check`. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, resolve } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { schemaText } from "./analyze";

const root = resolve(__dirname, "../..");

/** Everything that may be in the package. */
const allowed: readonly RegExp[] = [
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|PulumiPlugin\.yaml)$/,
  /^dist\/(?:tokenrack|(?:catalog|components|config|package|plan|program|render|system)\/[\w/]+)\.(?:js|d\.ts)$/,
  /^dist\/scripts\/[\w-]+\.sh$/,
  /^dist\/(?:gateway\/dist\/gateway|download\/dist\/download)\.js$/,
  /^dist\/schema\.json$/,
];

/** What must be there, whatever else is. */
const required = (): readonly string[] => [
  ...["README.md", "LICENSE", "CHANGELOG.md", "PulumiPlugin.yaml", "dist/schema.json"],
  ...["dist/tokenrack.js", "dist/tokenrack.d.ts", "dist/package/provider.js"],
  ...["dist/gateway/dist/gateway.js", "dist/download/dist/download.js"],
  ...readdirSync(join(root, "scripts")).map((script) => `dist/scripts/${script}`),
];

/** What package.json says of what the package needs. */
export interface Needs {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Packages that a compiled file or its types load. */
export function packagesIn(name: string, text: string): readonly string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    const target =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "require"
            ? node.arguments[0]
            : undefined;
    if (target !== undefined && ts.isStringLiteralLike(target)) found.add(target.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.ES2023, false));
  const outside = [...found].filter(
    (to) => !to.startsWith(".") && !to.startsWith("node:") && !builtinModules.includes(to),
  );
  return [
    ...new Set(
      outside.map((to) =>
        to
          .split("/")
          .slice(0, to.startsWith("@") ? 2 : 1)
          .join("/"),
      ),
    ),
  ];
}

/**
 * What is wrong with a package: files that do not belong there or are absent, packages that it loads and does not name, or
 * names and does not load.
 * @param textOf reads a file of the package
 */
export function faultsOf(files: readonly string[], textOf: (file: string) => string, needs: Needs): readonly string[] {
  const strange = files.filter((file) => !allowed.some((pattern) => pattern.test(file)));
  const absent = required().filter((file) => !files.includes(file));
  // The bundles have all that they need in them.
  const code = files.filter((file) => /\.(?:js|d\.ts)$/.test(file) && !/^dist\/(?:gateway|download)\//.test(file));
  const loaded = new Set(code.flatMap((file) => packagesIn(file, textOf(file))));
  const named = Object.keys({ ...needs.dependencies, ...needs.peerDependencies });
  return [
    ...strange.map((file) => `${file} does not belong into the package`),
    ...absent.map((file) => `${file} is not in the package`),
    ...[...loaded]
      .filter((name) => !named.includes(name))
      .map((name) => `${name} is loaded, and package.json does not name it`),
    ...named.filter((name) => !loaded.has(name)).map((name) => `${name} is a dependency of nothing in the package`),
    ...Object.keys(needs.dependencies)
      .filter((name) => name.startsWith("@pulumi/"))
      .map((name) => `${name} has to be a peer: two of it in one program do not know each other's resources`),
  ];
}

const packedSchema = z.array(z.object({ files: z.array(z.object({ path: z.string() })) })).length(1);
const needsSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
});

/** Of the package as `npm pack` would make it of what is built. */
export function faultsOfBuild(): readonly string[] {
  const listed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const files = packedSchema.parse(JSON.parse(listed)).flatMap((packed) => packed.files.map(({ path }) => path));
  const textOf = (file: string): string => readFileSync(join(root, file), "utf8");
  const stale =
    textOf("schema.json") === schemaText() ? [] : ["schema.json is not what the sources say: npm run schema"];
  return [...faultsOf(files, textOf, needsSchema.parse(JSON.parse(textOf("package.json")))), ...stale];
}

if (require.main === module) {
  const faults = faultsOfBuild();
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
