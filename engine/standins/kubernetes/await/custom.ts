import { annotationOf, numberAt, textAt, type KubeObject } from "../object";
import { conditionOf, type Look } from "./look";
import { parseJsonPath, type JsonPathTest } from "./jsonpath";

type Test = (object: KubeObject) => Pick<Look, "ready" | "progress">;

/**
 * What the annotation `pulumi.com/waitFor` asks for; undefined when there is none. Several conditions, as a JSON list,
 * all have to hold. @throws Error in the official plugin's words for what is no condition
 * @see pulumi-kubernetes v4.32.0, provider/pkg/metadata/overrides.go, ReadyCondition
 */
export function customWaiter(object: KubeObject): ((live: KubeObject) => Look) | undefined {
  const text = annotationOf(object, "pulumi.com/waitFor");
  if (text === "") return undefined;
  const tests = expressionsOf(text).map(parse);
  if (tests.length === 0) throw new Error("at least one condition must be specified");
  return (live) => {
    const results = tests.map((test) => test(live));
    const ready = results.every((result) => result.ready);
    return { object: live, ready, progress: results.flatMap((result) => result.progress), errors: [] };
  };
}

function expressionsOf(text: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(String) : [text];
  } catch {
    return [text];
  }
}

function parse(expression: string): Test {
  if (expression.startsWith("jsonpath=")) return jsonPathTest(parseJsonPath(expression.slice("jsonpath=".length)));
  if (expression.startsWith("condition=")) return conditionTest(expression.slice("condition=".length));
  throw new Error(`expected a "jsonpath=" or "condition=" prefix, got "${expression}"`);
}

/** True when the status is about an older object than this one. */
const isBehind = (live: KubeObject): boolean =>
  (numberAt(live, "status", "observedGeneration") ?? Infinity) < (numberAt(live, "metadata", "generation") ?? 0);

function conditionTest(text: string): Test {
  const [type = "", wanted = "True"] = text.split(/=(.*)/s);
  return (live) => {
    const condition = conditionOf(live, type);
    if (condition === undefined) return { ready: false, progress: [`Waiting for condition ${type}`] };
    const status = textAt(condition, "status");
    const stale =
      (numberAt(condition, "observedGeneration") ?? Infinity) < (numberAt(live, "metadata", "generation") ?? 0);
    const ready = !stale && !isBehind(live) && status.toLowerCase() === wanted.toLowerCase();
    return { ready, progress: ready ? [] : [`Resource has condition ${type}=${status} (want ${wanted})`] };
  };
}

function jsonPathTest({ path, value, select }: JsonPathTest): Test {
  const shown = value === undefined ? path : `${path}=${value}`;
  return (live) => {
    const [found] = select(live);
    if (isBehind(live) || found === undefined) return { ready: false, progress: [`Waiting for ${shown}`] };
    if (value === undefined) return { ready: true, progress: [`Found ${shown}`] };
    if (typeof found === "object") throw new Error(`"${path}" has a non-primitive value (${JSON.stringify(found)})`);
    const ready = String(found) === value;
    return { ready, progress: [ready ? `Found ${shown}` : `Waiting for ${shown} (found "${String(found)}")`] };
  };
}
