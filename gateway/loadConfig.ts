import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { closest } from "fastest-levenshtein";
import { LineCounter, parseDocument } from "yaml";
import type * as z from "zod";
import { gatewayConfigSchema, type GatewayConfig } from "./config";
import { errorCode } from "./errors";
import { ConfigError, describeFound, type Fault } from "./faults";

/** How to put right what a text of ours cannot say from the range alone. */
const FIXES: Readonly<Record<string, string>> = {
  signingKeys:
    "umask 077 && openssl genpkey -algorithm ed25519 -out signing.pem, then signingKeys: [{ file: signing.pem }]",
  usersFile: 'write {"users":[...]} with hashes made by `npm run hash-password`, then usersFile: users.json',
  corsOrigins: "list the chat UI's own origin, or leave corsOrigins out",
  trustedProxies: "list the ingress's pod or node range, or leave trustedProxies out",
};

/** A few anchors are a convenience; many are how a small file becomes gigabytes. */
const MOST_ALIASES = 10;

function showPath(path: readonly PropertyKey[]): string {
  const shown = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return shown.replace(/^\./, "") || "(top level)";
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** The keys a schema node knows, for "did you mean": walks wrappers (default, optional) by their public `_zod.def`. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  const top = gatewayConfigSchema.shape;
  const [first] = path;
  if (typeof first !== "string" || !(first in top)) return Object.keys(top);
  const probe = gatewayConfigSchema.toJSONSchema({ io: "input", unrepresentable: "any" });
  let node: unknown = probe;
  for (const key of path) node = valueAt(node, typeof key === "number" ? ["items"] : ["properties", key]);
  const properties = valueAt(node, ["properties"]);
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
}

function toFaults(issue: z.core.$ZodIssue, raw: unknown): Fault[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(issue.path);
    return issue.keys.map((key) => ({
      path: showPath([...issue.path, key]),
      found: "a key that is not known",
      needed: `one of ${known.join(", ")}`,
      fix: known.length > 0 ? `did you mean "${closest(key, known)}"? else remove it` : "remove it",
    }));
  }
  const path = showPath(issue.path);
  // The schema's own text is always "what is needed"; zod's words only show for a wrong container type.
  const needed =
    issue.code === "invalid_type" && issue.message.startsWith("Invalid") ? `an ${issue.expected}` : issue.message;
  const fix = FIXES[String(issue.path[0])] ?? `set ${path} to ${needed}`;
  return [{ path, found: describeFound(valueAt(raw, issue.path)), needed, fix }];
}

/** Checks a raw configuration. @throws ConfigError with every fault at once. */
export function parseConfig(raw: unknown): GatewayConfig {
  const result = gatewayConfigSchema.safeParse(raw);
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.flatMap((issue) => toFaults(issue, raw)));
}

function parseYaml(source: string, file: string): unknown {
  const lines = new LineCounter();
  // JSON is YAML 1.2. The parser's messages quote the file, so only the place is shown.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  const refuse = (found: string, fix: string): never => {
    throw new ConfigError([{ path: file, found, needed: "YAML or JSON", fix }]);
  };
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    return refuse(`a syntax error (${error.code}) at line ${line}, column ${col}`, "correct that line");
  }
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch {
    return refuse("aliases that are unknown or too many", "write the values out");
  }
}

/** Every path of a configuration, from where the configuration lies. */
function resolvePaths(config: GatewayConfig, from: string): GatewayConfig {
  const near = (path: string): string => resolve(from, path);
  const { usersFile, signingKeysDir, redis, maintenance } = config;
  return {
    ...config,
    signingKeys: config.signingKeys.map((key) => ({ ...key, file: near(key.file) })),
    ...(usersFile === undefined ? {} : { usersFile: near(usersFile) }),
    ...(signingKeysDir === undefined ? {} : { signingKeysDir: near(signingKeysDir) }),
    maintenance: { ...maintenance, ...(maintenance.file === undefined ? {} : { file: near(maintenance.file) }) },
    ...(redis === undefined
      ? {}
      : {
          redis: {
            ...redis,
            ...(redis.passwordFile === undefined ? {} : { passwordFile: near(redis.passwordFile) }),
            ...(redis.caFile === undefined ? {} : { caFile: near(redis.caFile) }),
          },
        }),
  };
}

/** Reads, checks and resolves a configuration file: paths in it are relative to it. @throws ConfigError */
export function loadConfig(file: string): GatewayConfig {
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (error) {
    const found = `a file that cannot be read (${errorCode(error)})`;
    throw new ConfigError([{ path: file, found, needed: "a configuration file", fix: "give --config <file>" }]);
  }
  const config = parseConfig(parseYaml(source, file));
  return resolvePaths(config, dirname(file));
}
