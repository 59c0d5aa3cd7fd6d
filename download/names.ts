/** Names of files that a source lists: which are safe, and which are wanted. */

/** Ends of names whose content is a pickle (or may be): reading one can run code. `.ckpt` and `.bin` are torch's. */
export const PICKLES = /\.(bin|pt|pth|ckpt|pkl|pickle)$/i;

/** Weights in any form, of which only a model's own may lie in its directory. */
export const WEIGHTS = /\.(safetensors|bin|pt|pth|ckpt|pkl|pickle)$/i;

/** Our own files and directories in a model's directory. */
export const OWN_PREFIX = ".tokenrack";

/** A file system takes 255 bytes in a name (NAME_MAX) and 4,096 in a path (PATH_MAX), less what stands before it. */
const LONGEST_NAME = 255;
const LONGEST_PATH = 1024;

/** Why a listed name must not become a path on the volume; undefined when it may. */
export function whyUnsafe(path: string): string | undefined {
  if (path === "") return "an empty name";
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "an absolute path";
  if (/[\0-\x1f\x7f\\]/.test(path)) return "a control character or a backslash";
  if (Buffer.byteLength(path) > LONGEST_PATH) return `a path of more than ${LONGEST_PATH} bytes`;
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") return `a part that is ${part === "" ? "empty" : part}`;
    if (Buffer.byteLength(part) > LONGEST_NAME) return `a name of more than ${LONGEST_NAME} bytes`;
  }
  if (path.startsWith(OWN_PREFIX)) return `a name that begins with ${OWN_PREFIX}, which is this program's own`;
  return undefined;
}

/** One pattern as a regular expression: `*` and `?` stay inside a path's part, `**` does not. */
function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|[*?]|[^*?]+/g, (token) => {
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    return token.replace(/[\\^$.+()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${source}$`);
}

/** Whether a path is meant by one of the patterns; see `allow` in the configuration for what they mean. */
export function matcher(patterns: readonly string[]): (path: string) => boolean {
  const tests = patterns.map((pattern) => ({ whole: pattern.includes("/"), test: toRegExp(pattern) }));
  return (path) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return tests.some(({ whole, test }) => test.test(whole ? path : name));
  };
}

/** Percent-encodes a path as RFC 3986 wants it, part by part: what S3's signature is made over. */
export const encodePath = (path: string): string => path.split("/").map(encodePart).join("/");

/** The same for one part, a slash in it included. */
export const encodePart = (part: string): string =>
  encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
