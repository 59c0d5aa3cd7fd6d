/** The administrator's kubeconfig, as it stands on a master and as others can use it. */
import { isMap, parseDocument } from "yaml";

/** Where a master's API answers. @see https://kubernetes.io/docs/reference/networking/ports-and-protocols/ */
const apiPort = 6443;

/**
 * Replaces the server of every cluster in it: on a master it is an address that only that master knows.
 * @param address of a master: IPv4 or a name in the API's certificate
 * @throws Error when the text is no kubeconfig; says nothing of what is in it
 */
export function rewriteServer(kubeconfig: string, address: string): string {
  const document = parseDocument(kubeconfig);
  const clusters: unknown = document.errors.length > 0 ? undefined : document.get("clusters");
  const items = (clusters as { items?: unknown[] } | undefined)?.items;
  if (!Array.isArray(items) || items.length === 0) throw new Error("the master's admin.conf is no kubeconfig");
  for (const [index, item] of items.entries()) {
    if (!isMap(item)) throw new Error("the master's admin.conf is no kubeconfig");
    document.setIn(["clusters", index, "cluster", "server"], `https://${address}:${apiPort}`);
  }
  return document.toString({ lineWidth: 0 });
}
