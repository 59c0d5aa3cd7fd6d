import { isIP } from "node:net";
import * as z from "zod";

/** A whole number in a range; the range and unit are the error text, so that every fault says what is needed. */
export function int(min: number, max: number, unit: string): z.ZodNumber {
  const error = `a whole number from ${min} to ${max} (${unit})`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** A text of a pattern, by default any of 1 to 512 characters on one line. */
export function text(needed: string, pattern = /^.{1,512}$/): z.ZodString {
  return z.string({ error: needed }).regex(pattern, { error: needed });
}

/** A URL that `accept` takes. */
export function url(needed: string, accept: (url: URL) => boolean): z.ZodString {
  const check = (value: string): boolean => URL.canParse(value) && accept(new URL(value));
  return z.string({ error: needed }).refine(check, { error: needed });
}

export const filePath = text("a path to a file, relative to the configuration file or absolute", /^[^\n\0]{1,1024}$/);

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

export const noCredentials = (u: URL): boolean =>
  u.username === "" && u.password === "" && u.search === "" && u.hash === "";
export const isHttp = (u: URL): boolean => u.protocol === "http:" || u.protocol === "https:";
/** Plain http only where nobody can listen in. */
export const isSafe = (u: URL): boolean =>
  u.protocol === "https:" || (u.protocol === "http:" && isLoopback(u.hostname));

/** An address or CIDR range. A /0 would believe every client's X-Forwarded-For (CVE-2026-76835 was such a default). */
export function isProxyRange(value: string): boolean {
  const [address = "", bits, rest] = value.split("/");
  const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : 0;
  if (most === 0 || rest !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most);
}
