/** Proxmox's property strings: "mapping=gpu0,pcie=1", where one key may stand without its name: "host,flags=+aes". */

export type Parts = ReadonlyMap<string, string>;

/** @param defaultKey name of the part that has none */
export function parseParts(text: string, defaultKey?: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.split(",")) {
    if (part === "") continue;
    const at = part.indexOf("=");
    if (at >= 0) parts.set(part.slice(0, at), part.slice(at + 1));
    else if (defaultKey !== undefined) parts.set(defaultKey, part);
  }
  return parts;
}

/** @param defaultKey part that comes first, without its name */
export function printParts(parts: Parts, defaultKey?: string): string {
  const first = defaultKey === undefined ? undefined : parts.get(defaultKey);
  const rest = [...parts].filter(([key]) => key !== defaultKey).sort(([a], [b]) => (a < b ? -1 : 1));
  return [...(first === undefined ? [] : [first]), ...rest.map(([key, value]) => `${key}=${value}`)].join(",");
}
