/** One thing wrong with the configuration: where, what is there, what must be there, and how to put it right. */
export interface Fault {
  readonly path: string;
  readonly found: string;
  readonly needed: string;
  readonly fix: string;
}

/** All faults of a configuration at once. Its text holds no secret and no stack. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly Fault[]) {
    super(formatFaults(faults));
    this.name = "ConfigError";
  }
}

export function formatFaults(faults: readonly Fault[]): string {
  const lines = faults.map((f) => `  ${f.path}: found ${f.found}; need ${f.needed}; fix: ${f.fix}`);
  return [`The gateway's configuration has ${faults.length} fault${faults.length === 1 ? "" : "s"}:`, ...lines].join(
    "\n",
  );
}

/** Text that must never be printed back: key material, hashes, tokens. */
const SECRET_LOOK = /PRIVATE|\$scrypt|^eyJ/;

/** A value, short and without anything that could be a secret. */
export function describeFound(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") {
    if (SECRET_LOOK.test(value)) return "text that looks like a secret (not shown)";
    return value.length > 60 ? `a text of ${value.length} characters` : JSON.stringify(value);
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : "an object";
}
