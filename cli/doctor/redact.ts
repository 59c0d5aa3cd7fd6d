/** Takes secrets out of texts: those that are known, in every form in which they go about, and all that looks like one. */
import { parse } from "yaml";

/** Stands for what was taken out. */
const gone = "<redacted>";

/** Shorter values are words that stand everywhere, and no secrets. */
const least = 4;
/** Parts of a secret are taken out from this length on. */
const leastPart = 8;

const secretKey = /pass|hash|key|token|secret|auth|cookie|credential/i;

/** Texts inside a structure that are secret by the name that they stand under. @param all every text is */
function leaves(value: unknown, all: boolean): readonly string[] {
  if (typeof value === "string") return all ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((one) => leaves(one, all));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, all || secretKey.test(key)));
}

function structured(text: string): unknown {
  try {
    // YAML, of which JSON is a part: a kubeconfig, users, logins of registries.
    return parse(text);
  } catch {
    return undefined;
  }
}

/** A map of texts, as `cephKeys` is: all of them. */
const isPlainMap = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((one) => typeof one === "string");

/** The parts of a secret that open something by themselves. */
function partsOf(secret: string): readonly string[] {
  const data = structured(secret);
  const inner = typeof data === "object" ? leaves(data, isPlainMap(data)) : [];
  const decoded = inner
    .map((one) => Buffer.from(one, "base64").toString("utf8"))
    .filter((one) => /^[\x20-\x7e\n]+$/.test(one));
  const userinfo = /:\/\/[^:/@\s]*:([^@\s]+)@/.exec(secret)?.[1];
  const login = decoded.flatMap((one) => /^[^:\s]+:(\S+)$/.exec(one)?.[1] ?? []);
  const assigned = /^[^=\s]+=(\S+)$/.exec(secret)?.[1];
  return [
    ...inner,
    ...decoded,
    ...login,
    ...(userinfo === undefined ? [] : [userinfo]),
    ...(assigned === undefined ? [] : [assigned]),
  ];
}

/** Shorter runs of base64 may stand there by chance. */
const leastBase64 = 12;

/** What a longer text in base64 has of a text inside it: three forms, by how many bytes come before it. */
function insideBase64(text: string): readonly string[] {
  const bytes = Buffer.from(text, "utf8");
  return [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    // Characters at both ends hold bits of what stands beside it.
    return whole.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
  });
}

/** How a text goes about: as it is, in JSON, in a URL, in base64. */
function formsOf(text: string): readonly string[] {
  const lines = text.split("\n").filter((line) => line.trim().length >= leastPart && !line.startsWith("-----"));
  const base64 = Buffer.from(text, "utf8").toString("base64");
  return [
    ...[text, text.trim(), JSON.stringify(text).slice(1, -1), encodeURIComponent(text)],
    ...(text.includes("-----BEGIN") ? lines.map((line) => line.trim()) : []),
    ...[base64, Buffer.from(text).toString("base64url"), ...insideBase64(text)].filter(
      (one) => one.length >= leastBase64,
    ),
  ];
}

/** Everything to take out, the longest first, so that no part is left of a longer one. */
function knownForms(secrets: readonly string[]): readonly string[] {
  const whole = secrets.filter((secret) => secret.trim().length >= least);
  const parts = whole.flatMap(partsOf).filter((part) => part.trim().length >= leastPart);
  const forms = [...whole, ...parts].flatMap(formsOf).filter((form) => form.length >= least);
  return [...new Set(forms)].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}

/** What nobody writes but as a secret, wherever it stands. */
const certain: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/g, gone],
  // The inside of one whose beginning is in a line that nobody has.
  [/^[A-Za-z0-9+/]{60,76}={0,2}$/gm, gone],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${gone}`],
  [/\bPVEAPIToken=\S+/g, `PVEAPIToken=${gone}`],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, gone],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, `$1:${gone}@`],
  [/\b(?:hf_|sk-|ghp_|gho_|github_pat_|glpat-|xox[abp]-|AKIA|ASIA|dckr_pat_)[\w-]{8,}/g, gone],
  [/\$(?:scrypt|argon2\w*|2[abxy]|6|5|y)\$[\w./+$=,-]{8,}/g, gone],
  [/\b[\w.-]+@[\w.-]+![\w.-]+=[0-9a-f-]{36}\b/gi, gone],
];

/** A name that a secret may have, and what is written after it. */
const named =
  /((?:[\w-]*(?:pass(?:word|wd|phrase)?|secret|token|credentials?|api[-_]?key|access[-_]?key(?:[-_]?id)?|private[-_]?key|key[-_]?data|signing[-_]?key|ssh[-_]?key|licen[cs]e[-_]?key|secure|encryptionsalt|authorization|auth|cookie|signature|sig)\w*)\\?["']?\s*[:=]\s*)(\\?["'])?((?!<redacted>)[^\s"'\\,;&}\]]{6,})/gi;

/** A long text without a word in it: base64 or hex, after anything that ends with "key". */
const longKey = /(\bkeys?\\?["']?\s*[:=]?\s*\\?["']?)([A-Za-z0-9+/_-]{24,}={0,2}|[0-9a-f]{24,})/gi;

/** Takes secrets out of texts. */
export interface Redactor {
  /** What is known, and what can be nothing else. */
  readonly certain: (text: string) => string;
  /** Also whatever stands after a name that a secret may have: for what is handed to others. */
  readonly all: (text: string) => string;
}

/** @param secrets every known secret value */
export function redactor(secrets: readonly string[]): Redactor {
  const forms = knownForms(secrets);
  const sure = (text: string): string => {
    const known = forms.reduce((left, form) => left.replaceAll(form, gone), text);
    return certain.reduce((left, [pattern, by]) => left.replace(pattern, by), known);
  };
  const all = (text: string): string =>
    sure(text)
      .replace(named, (_, name: string, quote: string | undefined) => `${name}${quote ?? ""}${gone}`)
      .replace(longKey, (_, name: string) => `${name}${gone}`);
  return { certain: sure, all };
}

/** Every text of a structure, through a function. */
export function mapTexts<T>(value: T, by: (text: string) => string): T;
export function mapTexts(value: unknown, by: (text: string) => string): unknown {
  if (typeof value === "string") return by(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts<unknown>(one, by));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts<unknown>(inner, by)]));
}
