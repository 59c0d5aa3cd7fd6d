/** Which key of a stack takes back what keeps a resource from being deleted. */

/** `modelStore.protect` for the volume with the models, `pools[].protect` for everything else, which is a VM. */
const protectionKey = (urn: string): string =>
  urn.includes("tokenrack:index:ModelStore$") ? "modelStore.protect" : "pools[].protect";

/** The keys that take the protection of these resources back, each once, as they are written. */
export const releasing = (urns: readonly string[]): string =>
  [...new Set(urns.map(protectionKey))]
    .sort()
    .map((key) => `${key}: false`)
    .join(", ");
