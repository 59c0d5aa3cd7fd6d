import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import ts from "typescript";

const root = resolve(__dirname, "..");

/**
 * What each room may import, besides itself: a room, or one file of it. `types` means `import type` only.
 * A room that is missing here fails the test: say here where it stands.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  // Small pieces about files and shells that several rooms need; knows nothing of this project.
  system: [],
  catalog: [],
  config: ["catalog"],
  plan: ["config types", "config/errors", "config/addresses", "catalog"],
  render: ["plan types", "plan/deckhouse/groups", "plan/stages/names", "config types", "config/addresses", "catalog"],
  components: ["system", "render", "plan types", "plan/stages/names", "config types", "catalog"],
  // Its build only: the service itself knows nothing of the house.
  gateway: ["system/bundle"],
  download: ["catalog/units", "system"],
  local: ["system", "catalog", "config", "plan types", "render"],
  engine: ["system", "catalog", "config/errors"],
  policy: ["catalog"],
  "program.ts": ["program", "config", "plan types"],
  // One file a platform, behind program.ts.
  program: ["components", "config", "plan types", "catalog"],
  "stackProgram.ts": ["program.ts", "config", "plan", "local"],
  // What another program imports.
  "tokenrack.ts": ["components", "package", "program/bundles", "plan types"],
  // What only the package has: planning without a stack file, and the component for programs in other languages.
  package: ["components", "program/bundles", "config", "plan"],
  "index.ts": ["stackProgram.ts", "program.ts types", "config/errors"],
};

/** Rooms at the end of all arrows: they may import everything but each other and the tests. */
const ends: readonly string[] = ["cli", "bench", "e2e", "sim", "examples", "tools"];

/** Where the Pulumi SDK may be imported; everything else runs without it. */
const pulumiRooms: readonly string[] = [
  "config/load.ts",
  "components",
  "program.ts",
  "program",
  "stackProgram.ts",
  "index.ts",
  "tokenrack.ts",
  "package",
  "engine",
  "policy",
  "examples",
  "tools/package/analyze.ts",
  "test",
  "e2e",
];

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const isTypeImport = (clause: ts.ImportClause | undefined): boolean => {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const bindings = clause.namedBindings;
  return (
    clause.name === undefined &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.length > 0 &&
    bindings.elements.every((element) => element.isTypeOnly)
  );
};

/** Every import of a source text: static, re-export, `import()`, `require()` and `import("..")` in a type. */
function importsOf(name: string, text: string): { to: string; typeOnly: boolean }[] {
  const found: { to: string; typeOnly: boolean }[] = [];
  const visit = (node: ts.Node): void => {
    const add = (to: ts.Node | undefined, typeOnly: boolean): void => {
      if (to !== undefined && ts.isStringLiteralLike(to)) found.push({ to: to.text, typeOnly });
    };
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause));
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    if (ts.isExternalModuleReference(node)) add(node.expression, false);
    if (ts.isCallExpression(node)) {
      const called = node.expression;
      const loads =
        called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === "require");
      if (loads) add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.ES2023, false));
  return found;
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || entry.name === "node_modules" || entry.name === "dist") return [];
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

/** A file's path from the root with forward slashes: "config/load.ts". */
const nameOf = (path: string): string => relative(root, path).split(sep).join("/");

/** The room of a file: its top directory, or the file itself at the root. */
const roomOf = (file: string): string => file.split("/")[0] ?? file;

/** The file or room a relative import points to; packages as they are. */
function target(from: string, to: string): string {
  if (!to.startsWith(".")) return to;
  const path = resolve(root, dirname(from), to);
  const file = [`${path}.ts`, join(path, "index.ts"), path].find((candidate) => existsSync(candidate)) ?? path;
  return nameOf(file);
}

function arrowsOf(file: string, text: string): Arrow[] {
  return importsOf(file, text).map(({ to, typeOnly }) => ({ from: file, to: target(file, to), typeOnly }));
}

/** What is wrong with an arrow; undefined when it may stand. */
function faultOf({ from, to, typeOnly }: Arrow): string | undefined {
  const room = roomOf(from);
  if (to.startsWith("@pulumi/")) {
    const allowed = pulumiRooms.some((place) => from === place || room === place);
    return allowed ? undefined : `${from} imports ${to}: the Pulumi SDK stays in ${pulumiRooms.join(", ")}`;
  }
  const other = roomOf(to);
  // Packages are no rooms; package.json, the file, is anybody's.
  if (!existsSync(join(root, other)) || other === "package.json" || other === room || room === "test") return undefined;
  if (ends.includes(room)) {
    // e2e/ are tests too, on the same harness.
    return other === "test" && room !== "e2e" ? `${from} imports ${to}: nothing imports the tests` : undefined;
  }
  const allowed = mayImport[room];
  if (allowed === undefined) return `${from}: the room ${room} is not in the table of test/architecture.test.ts`;
  const permitted = allowed.some((entry) => {
    const [place = "", kind] = entry.split(" ");
    return (to === place || to === `${place}.ts` || other === place) && (kind === undefined || typeOnly);
  });
  return permitted
    ? undefined
    : `${from} imports ${to}${typeOnly ? " (types)" : ""}: ${room} may import ${allowed.join(", ") || "nothing"}`;
}

describe("the house", () => {
  const files = sourceFiles(root).map(nameOf);

  it("has only rooms that the table knows, or that are tests or ends", () => {
    const known = [...Object.keys(mayImport), ...ends, "test"];
    assert.deepEqual(
      [...new Set(files.map(roomOf))].filter((room) => !known.includes(room)),
      [],
    );
  });

  it("has no arrow that points backwards", () => {
    const faults = files.flatMap((file) => arrowsOf(file, readFileSync(join(root, file), "utf8")).map(faultOf));
    assert.deepEqual(
      faults.filter((fault) => fault !== undefined),
      [],
    );
  });
});

describe("the arrow check itself", () => {
  const faults = (file: string, text: string): string[] =>
    arrowsOf(file, text).flatMap((arrow) => faultOf(arrow) ?? []);

  it("sees every way to import", () => {
    const text = [
      'import a from "../config/parse";',
      'import type { B } from "../config/parse";',
      'import { type C, type D } from "../config/parse";',
      'import "../config/parse";',
      'export * from "../config/parse";',
      'const e = import("../config/parse");',
      'const f = require("../config/parse");',
      'type G = import("../config/parse").H;',
      'import i = require("../config/parse");',
      '// import j from "../config/parse";',
      "const k = 'import l from \"../config/parse\"';",
    ].join("\n");
    const found = importsOf("catalog/x.ts", text);
    assert.deepEqual(
      found.map(({ typeOnly }) => typeOnly),
      [false, true, true, false, false, false, false, true, false],
    );
    assert.equal(faults("catalog/x.ts", text).length, 9);
  });

  it("refuses values where types are allowed, Pulumi outside its rooms, and a room inside the gateway", () => {
    assert.equal(faults("render/x.ts", 'import { makePlan } from "../plan/plan";').length, 1);
    assert.equal(faults("render/x.ts", 'import type { Plan } from "../plan/plan";').length, 0);
    assert.equal(faults("plan/x.ts", 'import { ProfileError } from "../config/errors";').length, 0);
    assert.equal(faults("engine/x.ts", 'import { parseProfile } from "../config/parse";').length, 1);
    assert.equal(faults("plan/x.ts", 'import * as pulumi from "@pulumi/pulumi";').length, 1);
    assert.equal(faults("gateway/x.ts", 'import { gib } from "../catalog/units";').length, 1);
    assert.equal(faults("cli/x.ts", 'import { minimal } from "../test/config/stacks";').length, 1);
    assert.equal(faults("gateway/x.ts", 'import { z } from "zod"; import { join } from "node:path";').length, 0);
  });
});
