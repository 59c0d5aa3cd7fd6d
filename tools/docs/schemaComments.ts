/**
 * Doc comments of the stack's keys, read from the schema's source: zod keeps none. Follows what the schema is written with
 * (groups, spreads, constants of other files, functions of one expression) and nothing else.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import ts from "typescript";
import { commentOf, type Comment } from "./comments";

/** A key's comment, and those of the keys in it; for a choice of groups, one list a group. */
export interface Commented extends Comment {
  readonly inner: () => readonly ReadonlyMap<string, Commented>[];
}

/** Constants, functions and imports of a file by name. */
interface Names {
  readonly file: string;
  readonly own: ReadonlyMap<string, ts.Expression>;
  readonly imported: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
}

/** An expression, and what its names mean. */
interface Place {
  readonly expression: ts.Expression;
  readonly names: Names;
  readonly bound: ReadonlyMap<string, Place>;
}

const files = new Map<string, Names>();

function namesOf(file: string): Names {
  const known = files.get(file);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2023, true);
  const own = new Map<string, ts.Expression>();
  const imported = new Map<string, { file: string; name: string }>();
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (ts.isIdentifier(name) && initializer !== undefined) own.set(name.text, initializer);
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const { text } = statement.moduleSpecifier;
    const bindings = statement.importClause?.namedBindings;
    if (!text.startsWith(".") || bindings === undefined || !ts.isNamedImports(bindings)) continue;
    for (const { name, propertyName } of bindings.elements)
      imported.set(name.text, { file: resolve(dirname(file), `${text}.ts`), name: (propertyName ?? name).text });
  }
  const names = { file, own, imported };
  files.set(file, names);
  return names;
}

/** What a name stands for; undefined for what is not written as a schema is, such as a function with a body. */
function lookUp(name: string, { names, bound }: Place): Place | undefined {
  const given = bound.get(name);
  if (given !== undefined) return given;
  const own = names.own.get(name);
  if (own !== undefined) return { expression: own, names, bound: new Map() };
  const other = names.imported.get(name);
  const expression = other === undefined ? undefined : namesOf(other.file).own.get(other.name);
  return other === undefined || expression === undefined
    ? undefined
    : { expression, names: namesOf(other.file), bound: new Map() };
}

/** What a call gives: of zod's makers what they are made of, of their methods what they are called on. */
function called(call: ts.CallExpression, place: Place): readonly Place[] {
  const { expression: callee, arguments: args } = call;
  const inside = (expression: ts.Expression | undefined): readonly Place[] =>
    expression === undefined ? [] : groupsOf({ ...place, expression });
  if (ts.isPropertyAccessExpression(callee)) {
    if (callee.getText() === "Object.fromEntries")
      return args.slice(0, 1).map((list) => ({ ...place, expression: list }));
    const isMaker = ts.isIdentifier(callee.expression) && callee.expression.text === "z";
    if (!isMaker) return inside(callee.expression);
    if (callee.name.text === "discriminatedUnion") {
      const list = args[1];
      return list !== undefined && ts.isArrayLiteralExpression(list) ? list.elements.flatMap(inside) : [];
    }
    return ["strictObject", "object", "array", "record"].includes(callee.name.text) ? inside(args[0]) : [];
  }
  const body = ts.isIdentifier(callee) ? lookUp(callee.text, place) : undefined;
  if (body === undefined || !ts.isArrowFunction(body.expression) || ts.isBlock(body.expression.body)) return [];
  const bound = new Map(
    body.expression.parameters.flatMap(({ name }, index): [string, Place][] => {
      const given = args[index];
      return ts.isIdentifier(name) && given !== undefined ? [[name.text, { ...place, expression: given }]] : [];
    }),
  );
  return groupsOf({ ...body, expression: body.expression.body, bound });
}

/** The groups of keys that an expression is about; several for a choice. */
function groupsOf(place: Place): readonly Place[] {
  const { expression } = place;
  if (ts.isObjectLiteralExpression(expression)) return [place];
  if (ts.isAsExpression(expression) || ts.isParenthesizedExpression(expression))
    return groupsOf({ ...place, expression: expression.expression });
  if (ts.isCallExpression(expression)) return called(expression, place);
  if (ts.isPropertyAccessExpression(expression)) {
    const of = groupsOf({ ...place, expression: expression.expression });
    return expression.name.text === "shape"
      ? of
      : of.flatMap((group) => membersOf(group).get(expression.name.text) ?? []);
  }
  const named = ts.isIdentifier(expression) ? lookUp(expression.text, place) : undefined;
  return named === undefined ? [] : groupsOf(named);
}

/** Stands for every key of a group whose names are another list's. */
export const anyKey = "*";

/** The value in `names.map((name) => [name, value])`. */
function entryOf(list: ts.Expression): ts.Expression | undefined {
  const [each] = ts.isCallExpression(list) ? list.arguments : [];
  if (each === undefined || !ts.isArrowFunction(each)) return undefined;
  return ts.isArrayLiteralExpression(each.body) ? each.body.elements[1] : undefined;
}

/** The keys of a group as they are written, those of its spreads among them; a later one takes an earlier one's place. */
function membersOf(group: Place): ReadonlyMap<string, Place & { readonly node: ts.Node }> {
  const members = new Map<string, Place & { node: ts.Node }>();
  const value = entryOf(group.expression);
  if (value !== undefined) members.set(anyKey, { ...group, expression: value, node: value });
  if (!ts.isObjectLiteralExpression(group.expression)) return members;
  for (const property of group.expression.properties) {
    if (ts.isSpreadAssignment(property)) {
      for (const spread of groupsOf({ ...group, expression: property.expression }))
        for (const [key, member] of membersOf(spread)) members.set(key, member);
    } else if (ts.isPropertyAssignment(property)) {
      members.set(property.name.getText(), { ...group, expression: property.initializer, node: property });
    } else if (ts.isShorthandPropertyAssignment(property)) {
      members.set(property.name.text, { ...group, expression: property.name, node: property });
    }
  }
  return members;
}

/** A key's own comment, else that of the constant it names, without the name of the key at its start. */
function commentFor(member: Place & { readonly node: ts.Node }): Comment {
  const own = commentOf(member.node);
  if (own.text !== "") return own;
  let root = member.expression;
  while (ts.isCallExpression(root) || ts.isPropertyAccessExpression(root)) root = root.expression;
  const named = ts.isIdentifier(root) ? lookUp(root.text, member) : undefined;
  // What is in values.ts is about checks, not about keys.
  const silent = named === undefined || named.names.file.endsWith("/values.ts");
  const { text } = silent ? own : commentOf(named.expression.parent);
  const rest = text.replace(/^`[\w.[\]]+`(?: (?:of|on)(?: kind)? [^:.]+)?[:.] ?/, "");
  return { ...own, text: rest.slice(0, 1).toUpperCase() + rest.slice(1) };
}

const commentsIn = (group: Place): ReadonlyMap<string, Commented> =>
  new Map(
    [...membersOf(group)].map(([key, member]) => [
      key,
      { ...commentFor(member), inner: () => groupsOf(member).map(commentsIn) },
    ]),
  );

/** Comments of the keys of a schema. @param name a constant of `file` */
export function schemaComments(file: string, name: string): ReadonlyMap<string, Commented> {
  const names = namesOf(resolve(file));
  const expression = names.own.get(name);
  const [group] = expression === undefined ? [] : groupsOf({ expression, names, bound: new Map() });
  if (group === undefined) throw new Error(`${file} has no schema ${name}`);
  return commentsIn(group);
}
