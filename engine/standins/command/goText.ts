import { existsSync } from "node:fs";

/** `text` as Go's `%q` prints it: the official plugin's error messages quote the command so. */
export function goQuote(text: string): string {
  const named: Record<string, string> = {
    "\x07": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
  };
  // Graphic characters and the plain space stand for themselves.
  const quoted = text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (char) => named[char] ?? escape(char));
  return `"${quoted}"`;
}

function escape(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  ENOTDIR: "not a directory",
  E2BIG: "argument list too long",
};

/** Why a program could not be started, in Go's words. Node names the program even when its folder is what is missing. */
export function goError(error: Error, file: string, dir: string | undefined): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const reason = REASONS[code] ?? error.message;
  if (code === "ENOENT" && dir !== undefined && !existsSync(dir)) return `chdir ${dir}: ${reason}`;
  if (code === "ENOENT" && !file.includes("/")) return `exec: "${file}": executable file not found in $PATH`;
  return `fork/exec ${file}: ${reason}`;
}
