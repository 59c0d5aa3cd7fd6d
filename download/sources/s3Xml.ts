/** The two XML answers of S3 that are read, both flat and made by a machine: no general parser is needed. */

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g, (whole, decimal, hex, name) => {
    if (typeof name === "string") return ENTITIES[name] ?? whole;
    const code = typeof decimal === "string" ? Number(decimal) : parseInt(String(hex), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The text of the first `<name>` in a piece of XML. */
function textOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text === undefined ? undefined : unescape(text);
}

/** `encoding-type=url` writes keys as a form does: a space is a plus. */
function decodeKey(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

export interface S3Object {
  readonly key: string;
  readonly size: number;
  readonly etag?: string;
}

export interface S3Page {
  readonly objects: readonly S3Object[];
  /** Where the next page begins; undefined on the last. */
  readonly next?: string;
}

/**
 * A ListObjectsV2 answer. @returns undefined when it is none.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function parseListing(xml: string): S3Page | undefined {
  if (!/<ListBucketResult[\s>]/.test(xml)) return undefined;
  const encoded = textOf(xml, "EncodingType") === "url";
  const objects: S3Object[] = [];
  for (const [, piece = ""] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
    const raw = textOf(piece, "Key");
    const key = raw === undefined || !encoded ? raw : decodeKey(raw);
    const size = textOf(piece, "Size");
    if (key === undefined || size === undefined || !/^\d{1,15}$/.test(size)) return undefined;
    const etag = textOf(piece, "ETag");
    objects.push({ key, size: Number(size), ...(etag === undefined ? {} : { etag }) });
  }
  const next = textOf(xml, "IsTruncated") === "true" ? textOf(xml, "NextContinuationToken") : undefined;
  return { objects, ...(next === undefined ? {} : { next }) };
}

/** The `<Code>` of an error, such as AccessDenied. */
export const errorCodeOf = (xml: string): string | undefined => /<Code>([A-Za-z]{1,64})<\/Code>/.exec(xml)?.[1];
