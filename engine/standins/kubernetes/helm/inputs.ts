import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { reveal, toProperties, type Properties, type PropertyValue } from "../../values";
import { isMap } from "../object";

/** Inputs that a release has in the state although nobody gave them; so the official plugin. */
const DEFAULTS: Properties = {
  ...Object.fromEntries(
    [
      "allowNullValues",
      "atomic",
      "cleanupOnFail",
      "createNamespace",
      "dependencyUpdate",
      "devel",
      "disableCRDHooks",
      "disableOpenapiValidation",
      "disableWebhooks",
      "forceUpdate",
      "lint",
      "recreatePods",
      "renderSubchartNotes",
      "replace",
      "resetValues",
      "reuseValues",
      "skipAwait",
      "skipCrds",
      "verify",
      "waitForJobs",
    ].map((name) => [name, false]),
  ),
  ...Object.fromEntries(["description", "keyring", "postrender", "version"].map((name) => [name, ""])),
};

/** Seconds to wait when the program names none. */
export const DEFAULT_TIMEOUT_SECONDS = 300;

const flag = z.boolean().default(false);
const text = z.string().default("");

const releaseSchema = z.looseObject({
  chart: z.string(),
  name: z.string(),
  namespace: text,
  version: text,
  values: z.record(z.string(), z.unknown()).default({}),
  timeout: z.number().default(0),
  maxHistory: z.number().optional(),
  atomic: flag,
  cleanupOnFail: flag,
  createNamespace: flag,
  dependencyUpdate: flag,
  description: text,
  devel: flag,
  disableCRDHooks: flag,
  disableOpenapiValidation: flag,
  disableWebhooks: flag,
  forceUpdate: flag,
  keyring: text,
  lint: flag,
  postrender: text,
  recreatePods: flag,
  renderSubchartNotes: flag,
  replace: flag,
  resetValues: flag,
  reuseValues: flag,
  skipAwait: flag,
  skipCrds: flag,
  verify: flag,
  waitForJobs: flag,
  repositoryOpts: z
    .object({
      repo: text,
      caFile: text,
      certFile: text,
      keyFile: text,
      username: text,
      password: text,
    })
    .optional(),
});

export type Release = z.infer<typeof releaseSchema>;

/** Without secret wrapping. @throws Error naming what does not fit */
export function parseRelease(properties: Properties): Release {
  const parsed = releaseSchema.safeParse(withoutNulls(reveal(properties)));
  if (parsed.success) return parsed.data;
  throw new Error(`decoding failure: ${z.prettifyError(parsed.error)}`);
}

/** Nulls stay inside `values`: there they take a chart's own value away. */
const withoutNulls = (value: PropertyValue): PropertyValue =>
  isMap(value) ? Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null)) : value;

/** The inputs with what a release has in any case, and the files of values read into `values`. */
export function completed(news: Properties, name: string, namespace: string): Properties {
  const hidden = (key: string): boolean => key.startsWith("__") || key === "valueYamlFiles" || key === "resourceNames";
  const given = Object.fromEntries(Object.entries(news).filter(([key, value]) => value !== null && !hidden(key)));
  const files = news["valueYamlFiles"];
  const values = (Array.isArray(files) ? files : []).map(readValues).reduce(merged, {});
  const own = given["values"] ?? {};
  const timeout = given["skipAwait"] === true ? 0 : DEFAULT_TIMEOUT_SECONDS;
  return {
    ...DEFAULTS,
    timeout,
    ...given,
    name: given["name"] === undefined || given["name"] === "" ? name : given["name"],
    namespace: given["namespace"] === undefined || given["namespace"] === "" ? namespace : given["namespace"],
    values: isMap(own) ? merged(values, own) : own,
  };
}

/** `b` over `a`: maps are merged, anything else is taken from `b`. */
export function merged(a: Properties, b: Properties): Properties {
  const both = Object.entries(b).map(([key, value]) => {
    const there = a[key];
    return [key, isMap(there) && isMap(value) ? merged(there, value) : value] as const;
  });
  return { ...a, ...Object.fromEntries(both) };
}

/** A file or text asset with values. @see pulumi/sdk/go/common/resource/asset/asset.go for how it travels */
const assetSchema = z.looseObject({ text: z.string().optional(), path: z.string().optional() });

function readValues(asset: PropertyValue): Properties {
  const { text: given, path } = assetSchema.parse(reveal(asset));
  const content =
    given !== undefined && given !== "" ? given : path === undefined || path === "" ? "" : readFileSync(path, "utf8");
  const values: unknown = parse(content) ?? {};
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw new Error("a file in valueYamlFiles is no map");
  return toProperties(values);
}
