/**
 * Puts the pieces in `scripts/` together to commands that need nothing on the host they run on. A command is its settings and
 * a few lines that read the script from standard input: so a preview shows what is wanted and not how, a failure quotes
 * little, and what follows the script on standard input, the secrets, is never in a command line.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shellQuote } from "../system/shell";

/** Which stages come together: what creates a resource, and what deletes it. */
const bodies = {
  bootstrap: ["deckhouse-lib.sh", "deckhouse-registry.sh", "deckhouse-bootstrap.sh", "deckhouse-forget.sh"],
  object: ["deckhouse-lib.sh", "deckhouse-kube.sh", "deckhouse-apply.sh", "deckhouse-delete.sh"],
  node: ["deckhouse-lib.sh", "deckhouse-kube.sh", "deckhouse-apply.sh", "deckhouse-node-remove.sh"],
  ready: ["deckhouse-lib.sh", "deckhouse-kube.sh", "deckhouse-ready.sh"],
  kubeconfig: ["deckhouse-lib.sh", "deckhouse-kube.sh", "deckhouse-kubeconfig.sh"],
  hostKey: ["deckhouse-lib.sh", "deckhouse-host-key.sh"],
  version: ["deckhouse-lib.sh", "deckhouse-kube.sh", "deckhouse-version.sh"],
  existing: ["cluster-lib.sh", "existing-check.sh"],
  gpuWait: ["cluster-lib.sh", "gpu-wait.sh"],
  kubeRayCrds: ["cluster-lib.sh", "kuberay-crds.sh"],
  modelsWait: ["cluster-lib.sh", "models-wait.sh"],
  servingWait: ["cluster-lib.sh", "serving-lib.sh", "serving-wait.sh"],
  servingWarm: ["cluster-lib.sh", "serving-lib.sh", "serving-warm.sh"],
  gatewayWait: ["cluster-lib.sh", "gateway-wait.sh"],
} as const;

/** A script: the definitions that one resource needs. */
export type Script = keyof typeof bodies;
/** What a script can do. */
export type Stage =
  | "bootstrap"
  | "forget"
  | "apply"
  | "delete"
  | "node_remove"
  | "ready"
  | "identity"
  | "kubeconfig"
  | "version"
  | "host_key"
  | "check"
  | "upgrade"
  | "wait"
  | "warm";

/** The files of a script, in their order. */
export const piecesOf = (script: Script): readonly string[] => bodies[script];

const read = new Map<Script, string>();

/** Comments stay here: each resource keeps its script in the stack's state. */
function bodyOf(script: Script): string {
  const known = read.get(script);
  if (known !== undefined) return known;
  const directory = join(__dirname, "..", "scripts");
  const lines = piecesOf(script).flatMap((file) => readFileSync(join(directory, file), "utf8").split("\n"));
  const body = lines.filter((line) => !/^\s*(?:#.*)?$/.test(line)).join("\n");
  read.set(script, body);
  return body;
}

const heredocEnd = "TOKENRACK_TEXT";

/** A text of several lines stands as it is, so that a preview shows its changes line by line. */
const setting = (name: string, value: string): string =>
  value.includes("\n")
    ? `${name}=$(cat <<'${heredocEnd}'\n${value.replace(/\n+$/, "")}\n${heredocEnd}\n)`
    : `${name}=${shellQuote(value)}`;

/** Settings by their name in the script; no secret may be among them. */
export type Settings = Readonly<Record<string, string>>;

/**
 * The command of a stage, for a POSIX shell.
 * @throws Error when a text holds the line that ends texts
 */
export function commandOf(script: Script, stage: Stage, settings: Settings): string {
  if (Object.values(settings).some((value) => value.split("\n").includes(heredocEnd))) {
    throw new Error(`a text holds the line ${heredocEnd}`);
  }
  const size = Buffer.byteLength(bodyOf(script));
  return [
    ...Object.entries(settings).map(([name, value]) => setting(name, value)),
    // Byte by byte: a greater block would swallow the secrets that follow. The shell drops the last line break.
    `script=$(LC_ALL=C dd bs=1 count=${size + 1} 2>/dev/null)`,
    `[ "\${#script}" -eq ${size} ] || { echo "the script was cut off on its way: run again" >&2; exit 1; }`,
    `eval "$script"`,
    `stage_${stage}`,
  ].join("\n");
}

/**
 * Secrets as the scripts read them: a line each.
 * @throws Error when a value has a line break: it has to be encoded before
 */
export const secretLines = (secrets: Readonly<Record<string, string>>): string =>
  Object.entries(secrets)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      if (/[\r\n]/.test(value)) throw new Error(`the secret ${name} has a line break`);
      return `${name} ${value}\n`;
    })
    .join("");

/** Standard input of a script's commands. @param after what follows the script: secrets, or a secret file */
export const stdinOf = (script: Script, after = ""): string => `${bodyOf(script)}\n${after}`;
