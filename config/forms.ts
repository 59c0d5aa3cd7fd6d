/** Forms of single values that take more than a pattern to tell. */
import { builtinSources } from "../catalog/models";

const huggingFaceId = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;
const directory = /^(?:\/|\.\.?\/)[^\p{Cc}]{0,1023}$/u;
/** What a `source` may be, for a fault. */
export const sourceText = `${builtinSources.map((source) => `"${source}"`).join(", ")}, a Hugging Face id like "org/name", or a directory that starts with / or ./`;

/** Where a model comes from. */
export type ModelKind = "builtin" | "directory" | "huggingface";

/** What a `source` means. @returns undefined when it means nothing. */
export function modelKind(source: string): ModelKind | undefined {
  if (builtinSources.includes(source)) return "builtin";
  if (directory.test(source)) return "directory";
  return huggingFaceId.test(source) ? "huggingface" : undefined;
}

/** Whether a text is a web origin that may be allowed: https, or http on this machine, and nothing after the port. */
export function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { origin, protocol, hostname } = new URL(value);
  const onThisMachine = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return origin === value && (protocol === "https:" || (protocol === "http:" && onThisMachine));
}
