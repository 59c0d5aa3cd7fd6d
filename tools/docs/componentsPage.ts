/** docs/components.md: what the package exports, from doc comments of components, their arguments and outputs. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";
import { commentOf, shown, table } from "./comments";

const root = resolve(__dirname, "../..");
const entry = join(root, "components/index.ts");

/** A name that the package exports, and where it is declared. */
interface Exported {
  readonly name: string;
  readonly node: ts.Declaration;
}

const sources = new Map<string, ts.SourceFile>();

function sourceOf(file: string): ts.SourceFile {
  const known = sources.get(file);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2023, true);
  sources.set(file, source);
  return source;
}

/** The file that an import names; undefined for packages. */
function fileOf(from: ts.SourceFile, specifier: ts.Expression | undefined): string | undefined {
  if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith(".")) return undefined;
  const path = resolve(dirname(from.fileName), specifier.text);
  return [`${path}.ts`, join(path, "index.ts")].find((file) => existsSync(file));
}

/** Where a file declares a name, or the file that it takes it from. */
function declarationOf(name: string, source: ts.SourceFile): ts.Declaration | undefined {
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) {
      const found = statement.declarationList.declarations.find((one) => one.name.getText() === name);
      if (found !== undefined) return found;
    }
    const declares =
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isFunctionDeclaration(statement);
    if (declares && statement.name?.text === name) return statement;
    const from =
      ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined;
    const clause = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined;
    const named = clause !== undefined && ts.isNamedImports(clause) ? clause.elements : [];
    const file = named.some((one) => one.name.text === name) ? fileOf(source, from) : undefined;
    if (file !== undefined) return declarationOf(name, sourceOf(file));
  }
  return undefined;
}

/** Every name of `export { .. } from ".."`, in its order. */
function load(): readonly Exported[] {
  const source = sourceOf(entry);
  return source.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) return [];
    const file = fileOf(source, statement.moduleSpecifier);
    if (file === undefined || !ts.isNamedExports(statement.exportClause)) return [];
    return statement.exportClause.elements.flatMap(({ name: { text: name } }) => {
      const node = declarationOf(name, sourceOf(file));
      return node === undefined ? [] : [{ name, node }];
    });
  });
}

/** A type as it is written, without the package's prefix. */
const typeOf = (type: ts.TypeNode | undefined): string =>
  type === undefined
    ? ""
    : `\`${type
        .getText()
        .replace(/\bpulumi\./g, "")
        .replace(/\s+/g, " ")}\``;

type Member = ts.PropertySignature | ts.PropertyDeclaration;

const isPublic = (member: Member): boolean => {
  const flags = ts.getCombinedModifierFlags(member);
  return (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Static)) === 0;
};

/** A member's own comment, else that of its type. */
function textFor(member: Member): string {
  const { text } = commentOf(member);
  const { type } = member;
  if (text !== "" || type === undefined || !ts.isTypeReferenceNode(type)) return text;
  const declared = declarationOf(type.typeName.getText(), member.getSourceFile());
  return declared === undefined ? "" : commentOf(declared).text;
}

const rowOf = (member: Member): readonly string[] => {
  const { fallback } = commentOf(member);
  const optional = member.questionToken === undefined ? "**needed**" : (fallback ?? "not set");
  return [`\`${member.name.getText()}\``, typeOf(member.type), optional, textFor(member)];
};

/** Arguments, those of what an interface extends by name. */
function argumentsText(node: ts.Declaration): string {
  if (!ts.isInterfaceDeclaration(node)) return "";
  const members = node.members.filter(ts.isPropertySignature);
  const more = (node.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => `\`${type.getText()}\``));
  return [
    table(["argument", "type", "when not given", "what it is"], members.map(rowOf)),
    more.length === 0 ? "" : `And those of ${more.join(", ")}.`,
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

function outputsText(node: ts.ClassDeclaration): string {
  const outputs = node.members.filter(ts.isPropertyDeclaration).filter(isPublic);
  const rows = outputs.map((member) => [`\`${member.name.getText()}\``, typeOf(member.type), textFor(member)]);
  return table(["output", "type", "what it is"], rows);
}

/** The type token that Pulumi knows a component by. */
const tokenOf = (node: ts.ClassDeclaration): string => {
  const type = node.members.filter(ts.isPropertyDeclaration).find(({ name }) => name.getText() === "type");
  return type?.initializer !== undefined && ts.isStringLiteral(type.initializer) ? type.initializer.text : "";
};

function componentText({ name, node }: Exported, all: readonly Exported[]): string {
  if (!ts.isClassDeclaration(node)) return "";
  const args = all.find((one) => one.name === `${name}Args`);
  const token = tokenOf(node);
  return [
    `## ${name}`,
    `${shown(commentOf(node).text)}${token === "" ? "" : ` Type token \`${token}\`.`}`,
    args === undefined ? "" : argumentsText(args.node),
    outputsText(node),
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

/** Functions beside the components. */
function functionText({ name, node }: Exported): string {
  const signature = ts.isVariableDeclaration(node) ? node.initializer : node;
  if (signature === undefined || !ts.isFunctionLike(signature)) return "";
  const parameters = signature.parameters.map((one) => one.getText().replace(/\s+/g, " ")).join(", ");
  return `### ${name}\n\n\`${name}(${parameters.replace(/\bpulumi\./g, "")})\`\n\n${shown(commentOf(node).text)}`;
}

const intro = `# Components

<!-- Generated by \`npm run docs\` from the doc comments of components/: change those. -->

What \`pulumi-tokenrack\` exports, in the order of a bring-up. Each component's arguments are a slice of the plan (\`planModels\` makes
it) and outputs of those before it: an output resolves only when its stage works, so whoever takes it waits for that. \`examples/\` has
whole programs; the keys of a stack file are in [config.md](config.md).`;

/** Exported classes without a comment, and their arguments and outputs without one. */
export function undescribed(): readonly string[] {
  return load().flatMap(({ name, node }) => {
    const members = ts.isClassDeclaration(node)
      ? node.members.filter(ts.isPropertyDeclaration).filter(isPublic)
      : ts.isInterfaceDeclaration(node)
        ? node.members.filter(ts.isPropertySignature)
        : [];
    const bare = members.filter((member) => textFor(member) === "").map((one) => `${name}.${one.name.getText()}`);
    return [...(commentOf(node).text === "" ? [name] : []), ...bare];
  });
}

/** The page. */
export function componentsPage(): string {
  const all = load();
  const components = all.map((one) => componentText(one, all)).filter((text) => text !== "");
  const functions = all.map(functionText).filter((text) => text !== "");
  return `${[intro, ...components, "## Beside the components", ...functions].join("\n\n")}\n`;
}
