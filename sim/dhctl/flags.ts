/** dhctl's flags, as far as a static cluster needs them; an unknown one ends it, as it does the real one. */
export interface Flags {
  readonly host: string | undefined;
  readonly keys: readonly string[];
  readonly configs: readonly string[];
  readonly cacheDirectory: string;
  /** `--yes-i-am-sane-and-i-understand-what-i-am-doing` */
  readonly sane: boolean;
}

const withValue = [
  "ssh-host",
  "ssh-user",
  "ssh-port",
  "ssh-agent-private-keys",
  "ssh-bastion-host",
  "ssh-bastion-user",
  "ssh-bastion-port",
  "ssh-extra-args",
  "config",
  "resources-timeout",
  "deckhouse-timeout",
  "cache-dir",
  "logger-type",
  "preflight-skip-check",
];
const alone = [
  "do-not-write-debug-log-file",
  "preflight-skip-all-checks",
  "yes-i-want-to-drop-cache",
  "yes-i-am-sane-and-i-understand-what-i-am-doing",
];

/** @returns the flags, or what is wrong with them */
export function parseFlags(args: readonly string[]): Flags | string {
  const values = new Map<string, string[]>();
  for (const arg of args) {
    const [, name = "", value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (value === undefined ? !alone.includes(name) : !withValue.includes(name)) {
      return withValue.includes(name) ? `expected argument for flag '--${name}'` : `unknown long flag '${arg}'`;
    }
    values.set(name, [...(values.get(name) ?? []), value ?? ""]);
  }
  const hosts = values.get("ssh-host") ?? [];
  if (hosts.length > 1) return "a static cluster takes exactly one --ssh-host";
  return {
    host: hosts[0],
    keys: values.get("ssh-agent-private-keys") ?? [],
    configs: values.get("config") ?? [],
    cacheDirectory: values.get("cache-dir")?.[0] ?? "/tmp/dhctl",
    sane: values.has("yes-i-am-sane-and-i-understand-what-i-am-doing"),
  };
}
