import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { z } from "zod";

/** Entries are checked one by one: each kind has its own key beside the name. */
const entries = z.array(z.looseObject({ name: z.string() })).nullish();

const clusterSchema = z.looseObject({
  server: z.string().optional(),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
  "proxy-url": z.string().optional(),
});
const execSchema = z.object({
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});
const userSchema = z.looseObject({
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  "auth-provider": z.unknown().optional(),
  exec: execSchema.nullish(),
});
const contextSchema = z.looseObject({
  cluster: z.string().optional(),
  user: z.string().optional(),
  namespace: z.string().optional(),
});
const configSchema = z.looseObject({
  "current-context": z.string().nullish(),
  clusters: entries,
  users: entries,
  contexts: entries,
});

type Cluster = z.infer<typeof clusterSchema>;
type User = z.infer<typeof userSchema>;

/** A parsed kubeconfig. `text` is what was parsed, for programs that want a file of their own. */
export interface Kubeconfig {
  readonly text: string;
  /** The file that it came from; undefined when its content was given. */
  readonly file: string | undefined;
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly users: ReadonlyMap<string, User>;
  readonly contexts: ReadonlyMap<string, z.infer<typeof contextSchema>>;
}

/** What a provider's arguments change about a kubeconfig. */
export interface Overrides {
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
}

/** How the API server is reached. */
export interface Access {
  readonly server: string;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly insecure: boolean;
  readonly token: string | undefined;
  /** The context's namespace, "default" where it has none. */
  readonly namespace: string;
}

const NOT_AN_OBJECT =
  "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type " +
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/**
 * A kubeconfig from its content (YAML or JSON) or the path of a file that holds it; `~` is the home directory.
 * @throws Error in the official plugin's words
 */
export function parseKubeconfig(pathOrContent: string): Kubeconfig {
  const expanded = pathOrContent.replace(/^~(?=\/|$)/, homedir());
  // A content that is too long for a path, or holds a newline, is no path: stat would only throw.
  const isPath = expanded.length < 4096 && !expanded.includes("\n") && existsSync(expanded);
  const text = isPath ? readFileSync(expanded, "utf8") : pathOrContent;
  const parsed = configSchema.safeParse(parse(text) ?? {});
  if (!parsed.success) {
    throw new Error(typeof parse(text) === "string" ? NOT_AN_OBJECT : z.prettifyError(parsed.error));
  }
  const { data } = parsed;
  return {
    text,
    file: isPath ? path.resolve(expanded) : undefined,
    currentContext: data["current-context"] ?? "",
    clusters: byName(data.clusters, "cluster", clusterSchema),
    users: byName(data.users, "user", userSchema),
    contexts: byName(data.contexts, "context", contextSchema),
  };
}

function byName<T>(list: z.infer<typeof entries>, key: string, schema: z.ZodType<T>): ReadonlyMap<string, T> {
  return new Map((list ?? []).map((entry) => [entry.name, schema.parse(entry[key] ?? {})]));
}

/** The kubeconfig of the environment: `KUBECONFIG`, else `~/.kube/config`; undefined when there is none. */
export function ambientKubeconfig(env: NodeJS.ProcessEnv = process.env): Kubeconfig | undefined {
  const files = (env["KUBECONFIG"] ?? "").split(path.delimiter).filter((file) => file !== "");
  if (files.length > 1) throw new Error("KUBECONFIG names several files; this stand-in takes one");
  const file = files[0] ?? path.join(env["HOME"] ?? homedir(), ".kube", "config");
  return existsSync(file) && statSync(file).isFile() ? parseKubeconfig(file) : undefined;
}

const NO_CONFIGURATION =
  "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable";

/** How to reach the cluster that the kubeconfig's context names. @throws Error in the official plugin's words */
export function accessOf(config: Kubeconfig | undefined, overrides: Overrides): Access {
  if (config === undefined || config.clusters.size === 0) throw new Error(NO_CONFIGURATION);
  const wanted = overrides.context ?? config.currentContext;
  const context = config.contexts.get(wanted);
  if (context === undefined && overrides.context !== undefined) throw new Error(`context "${wanted}" does not exist`);
  const cluster = config.clusters.get(overrides.cluster ?? context?.cluster ?? "");
  if (cluster === undefined && overrides.cluster !== undefined)
    throw new Error(`cluster "${overrides.cluster}" does not exist`);
  if (cluster?.server === undefined) throw new Error(NO_CONFIGURATION);
  if (cluster["proxy-url"] !== undefined) throw new Error("this stand-in does not implement proxy-url in a kubeconfig");
  const user = config.users.get(context?.user ?? "") ?? {};
  // Relative files are meant from where the kubeconfig is.
  const directory = config.file === undefined ? process.cwd() : path.dirname(config.file);
  const file = (name: string | undefined, data: string | undefined): string | undefined => {
    if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
    return name === undefined ? undefined : readFileSync(path.resolve(directory, name), "utf8");
  };
  return {
    server: cluster.server,
    ca: file(cluster["certificate-authority"], cluster["certificate-authority-data"]),
    serverName: cluster["tls-server-name"],
    insecure: cluster["insecure-skip-tls-verify"] === true,
    namespace: context?.namespace ?? "default",
    ...credentials(user, file),
  };
}

type ReadFile = (name: string | undefined, data: string | undefined) => string | undefined;

function credentials(user: User, file: ReadFile): Pick<Access, "cert" | "key" | "token"> {
  for (const name of ["auth-provider", "username", "password"]) {
    if (user[name] !== undefined) throw new Error(`this stand-in does not implement ${name} in a kubeconfig`);
  }
  const cert = file(user["client-certificate"], user["client-certificate-data"]);
  const key = file(user["client-key"], user["client-key-data"]);
  if (user.exec === undefined || user.exec === null) {
    return { cert, key, token: user.token ?? file(user.tokenFile, undefined)?.trim() };
  }
  const given = execCredential(user.exec);
  return {
    cert: given.clientCertificateData ?? cert,
    key: given.clientKeyData ?? key,
    token: given.token ?? user.token,
  };
}

const credentialSchema = z.object({
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
  }),
});

/** Long enough for a cloud's login helper, which asks its own API. */
const EXEC_TIMEOUT_MS = 30_000;

/** @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
function execCredential(exec: z.infer<typeof execSchema>): z.infer<typeof credentialSchema>["status"] {
  const env = { ...process.env, ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])) };
  try {
    const output = execFileSync(exec.command, exec.args ?? [], { env, timeout: EXEC_TIMEOUT_MS, encoding: "utf8" });
    return credentialSchema.parse(JSON.parse(output)).status;
  } catch (error) {
    const reason = error instanceof Error && "status" in error ? `exit code ${String(error.status)}` : "no credential";
    throw new Error(`getting credentials: exec: executable ${exec.command} failed with ${reason}`);
  }
}

/** The cluster entry that a kubeconfig's context points to; undefined where it cannot be found. */
export function activeCluster(config: Kubeconfig | undefined, overrides: Overrides): Cluster | undefined {
  const context = config?.contexts.get(overrides.context ?? config.currentContext);
  return config?.clusters.get(overrides.cluster ?? context?.cluster ?? "");
}

/** True when both are known and are not the same cluster. */
export const isOtherCluster = (before: Cluster | undefined, after: Cluster | undefined): boolean =>
  before !== undefined && after !== undefined && !isDeepStrictEqual(before, after);
