/** Forms of single values that take more than a pattern to tell. */
import { builtinSources } from "../catalog/models";

const huggingFaceId = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;
const directory = /^(?:\/|\.\.?\/)[^\p{Cc}]{0,1023}$/u;
/** What a `source` may be, for a fault. */
export const sourceText = `${builtinSources.map((source) => `"${source}"`).join(", ")}, a Hugging Face id like "org/name", or a directory that starts with / or ./`;

/** What a `source` may be on a cluster. */
export const clusterSourceText = 'a Hugging Face id like "org/name"';

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

/** Whether a text is the address of Proxmox's API: https, a host, a port and nothing after it. */
export function isEndpoint(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, pathname, search, hash } = new URL(value);
  // URL drops :443, which is a port all the same.
  const port = /^https:\/\/[^/?#]+:\d{1,5}\/?$/.test(value);
  return (
    protocol === "https:" && port && pathname === "/" && [username, password, search, hash].every((part) => part === "")
  );
}

/**
 * Whether a text is an SSH public key on one line: type and base64. No ssh-rsa: told such a key, the command provider
 * offers only signatures by SHA-1, which OpenSSH refuses since 8.8. @see pulumi-command v1.2.1, remote/connection.go
 */
export const isPublicKey = (value: string): boolean =>
  /^(?:ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]{40,}={0,2}(?: [^\p{Cc}]*)?$/u.test(value);

/** Whether a text holds a private key, which no message may show. */
export const isPrivateKey = (value: string): boolean => /PRIVATE KEY/.test(value);

/** Names that the standards keep for examples. @see https://www.rfc-editor.org/rfc/rfc2606, https://www.rfc-editor.org/rfc/rfc6761 */
export const isReservedDomain = (domain: string): boolean =>
  /(?:^|\.)(?:example|invalid|example\.(?:com|net|org))$/i.test(domain.replace(/:\d+$/, ""));
