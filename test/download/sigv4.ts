/** AWS Signature Version 4 as a server checks it: made from the specification, not with the library that signs. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
}

const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text, "utf8").digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

export interface ToSign {
  readonly method: string;
  /** As it came over the wire. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly signedHeaders: readonly string[];
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
export function signatureOf({ method, target, headers, signedHeaders }: ToSign, keys: Keys): string {
  const [path = "/", query = ""] = target.split("?");
  const canonicalPath = path
    .split("/")
    .map((part) => encode(decodeURIComponent(part)))
    .join("/");
  const pairs =
    query === "" ? [] : query.split("&").map((pair) => pair.split("=").map((x) => encode(decodeURIComponent(x))));
  const canonicalQuery = pairs
    .map(([name = "", value = ""]) => `${name}=${value}`)
    .sort()
    .join("&");
  const canonicalHeaders = signedHeaders.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}\n`);
  const request = [
    method,
    canonicalPath,
    canonicalQuery,
    canonicalHeaders.join(""),
    signedHeaders.join(";"),
    headers["x-amz-content-sha256"] ?? "",
  ].join("\n");
  const date = headers["x-amz-date"] ?? "";
  const scope = `${date.slice(0, 8)}/${keys.region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(request)].join("\n");
  const key = ["s3", "aws4_request"].reduce<Buffer>(
    hmac,
    hmac(hmac(`AWS4${keys.secretAccessKey}`, date.slice(0, 8)), keys.region),
  );
  return hmac(key, text).toString("hex");
}

/** Whether a request carries the right signature: host, date and every x-amz header covered, and the clock near. */
export function checkSignature(request: IncomingMessage, keys: Keys): boolean {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    );
  if (match === null) return false;
  const [, id, , region, names = "", signature = ""] = match;
  const signedHeaders = names.split(";");
  const must = ["host", ...Object.keys(headers).filter((name) => name.startsWith("x-amz-"))];
  if (id !== keys.accessKeyId || region !== keys.region || !must.every((name) => signedHeaders.includes(name)))
    return false;
  if (headers["x-amz-security-token"] !== keys.sessionToken) return false;
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers["x-amz-date"] ?? "") ?? [];
  if (!(Math.abs(Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`) - Date.now()) < 900_000)) return false;
  const toSign = { method: request.method ?? "", target: request.url ?? "", headers, signedHeaders };
  return timingSafeEqual(Buffer.from(signature, "hex"), Buffer.from(signatureOf(toSign, keys), "hex"));
}
