/** The recorded state of a stack: found and copied, never opened for writing. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import * as z from "zod";
import { ProfileError, type Fault } from "../../config/errors";
import type { PlatformKind } from "../../config/schema";
import { checkpointFile } from "../../engine/checkpoint";
import { pulumiHome } from "../../engine/pulumiHome";
import { house, userDirectory, type House } from "../house";

/** A state that was found. */
export interface RecordedState {
  /** For people. */
  readonly source: string;
  /** A checkpoint of version 3. */
  readonly text: string;
  readonly resources: number;
  /** True: its secrets could not be opened here, and a text stands for each. */
  readonly hidden: boolean;
}

/** Where to look. */
export interface StateQuestion {
  readonly stack: string;
  readonly kind: PlatformKind;
  readonly project: string;
  /** `backend.url` of Pulumi.yaml. */
  readonly projectBackend?: string | undefined;
  /** `--state`: what `pulumi stack export` wrote, or a directory with `<stack>.json`. */
  readonly file?: string | undefined;
  /** False: `--no-state`. */
  readonly wanted: boolean;
  /** Whether a passphrase is given. */
  readonly passphrase: boolean;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

const deployment = z.looseObject({
  secrets_providers: z.looseObject({ type: z.string() }).nullish(),
  resources: z.array(z.unknown()).nullish(),
});
type Deployment = z.output<typeof deployment>;
const checkpointForm = z.object({ version: z.literal(3), checkpoint: z.object({ latest: deployment.nullish() }) });
const exportForm = z.object({ version: z.literal(3), deployment });
const credentials = z.looseObject({ current: z.string().optional() });

const refuse = (fault: Fault): ProfileError => new ProfileError([fault], "The recorded state cannot be read");

const readText = (file: string): string =>
  file.endsWith(".gz") ? gunzipSync(readFileSync(file)).toString("utf8") : readFileSync(file, "utf8");

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a state holds, in either of its two forms. */
function deploymentIn(raw: unknown): Deployment | undefined {
  const checkpoint = checkpointForm.safeParse(raw);
  if (checkpoint.success) return checkpoint.data.checkpoint.latest ?? {};
  return exportForm.safeParse(raw).data?.deployment;
}

/** As a checkpoint. @throws ProfileError when it is none */
function recorded(text: string, source: string, { stack, project, passphrase }: StateQuestion): RecordedState {
  const latest = deploymentIn(jsonOf(text));
  if (latest === undefined) {
    const needed = "a state of Pulumi, version 3";
    throw refuse({ path: "state", found: `${source}, which is none`, needed, fix: "see `pulumi stack export --help`" });
  }
  const closed = text.includes('"ciphertext"');
  const by = latest.secrets_providers?.type ?? "passphrase";
  const hidden = closed && (by !== "passphrase" || !passphrase);
  const { secrets_providers: providers, ...open } = latest;
  const whole = closed && !hidden ? { ...open, secrets_providers: providers } : open;
  const checkpoint = { stack: `organization/${project}/${stack}`, latest: hidden ? withoutSecrets(whole) : whole };
  const resources = latest.resources?.length ?? 0;
  return { source, text: JSON.stringify({ version: 3, checkpoint }), resources, hidden };
}

/** Stands for what nobody can open here: the same text for each, so that what is handed on stays the same. */
const unreadable = JSON.stringify("not readable here");

/** Every encrypted value replaced: the engine would refuse a state that it cannot open. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  const { ciphertext, ...others }: { readonly ciphertext?: unknown } = value;
  if (ciphertext !== undefined) return { ...others, plaintext: unreadable };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]));
}

/** `file://~/x`, `file://./x` and `file:///x` as Pulumi reads them. @see pulumi/pkg/backend/diy/backend.go, massageBlobPath */
function directoryOf(url: string, at: House): string {
  const path = url.slice("file://".length);
  if (path.startsWith("~")) return join(homedir(), path.slice(1));
  return path.startsWith("/") ? fileURLToPath(url) : resolve(at.checkout, path);
}

/** The backend that Pulumi would use, and who says so. */
function backendOf({ env = process.env, projectBackend, kind }: StateQuestion, at: House): string | undefined {
  // `npm start` keeps its own.
  const own = join(at.state, "backend");
  if (kind === "local" && existsSync(own)) return `file://${own}`;
  const given = env["PULUMI_BACKEND_URL"];
  if (given) return given;
  if (projectBackend !== undefined) return projectBackend;
  const file = join(pulumiHome(at.cache, env), "credentials.json");
  return existsSync(file) ? credentials.safeParse(jsonOf(readFileSync(file, "utf8"))).data?.current : undefined;
}

/**
 * The last recorded state; undefined where there is none, or none is wanted.
 * @throws ProfileError when there is one that cannot be read: a preview without it would call every change new
 */
export function findState(question: StateQuestion, at: House = house): RecordedState | undefined {
  const { stack, project, file, wanted } = question;
  if (!wanted) return undefined;
  if (file !== undefined) {
    const path = resolve(userDirectory(), file);
    if (existsSync(path) && statSync(path).isDirectory()) {
      // A stack that is new has none yet.
      const own = join(path, `${stack}.json`);
      return existsSync(own) ? recorded(readText(own), own, question) : undefined;
    }
    if (existsSync(path)) return recorded(readText(path), path, question);
    throw refuse({ path: "--state", found: `${path}, which is not there`, needed: "a file", fix: "check the path" });
  }
  const url = backendOf(question, at);
  if (url === undefined) return undefined;
  if (!url.startsWith("file://")) {
    // Neither its path nor its parameters: there may be a key in them.
    const { protocol, host } = new URL(url);
    const found = `the backend ${protocol}//${host}, which needs a network and a login`;
    const fix = `where you have both, run \`pulumi stack export --stack ${stack} --file state.json\`, then --state state.json; or --no-state to compare with nothing`;
    throw refuse({ path: "state", found, needed: "a state in a file", fix });
  }
  const base = checkpointFile(directoryOf(url, at), project, stack);
  const found = [base, `${base}.gz`].find((path) => existsSync(path));
  return found === undefined ? undefined : recorded(readText(found), found, question);
}
