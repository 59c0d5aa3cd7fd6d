/** Ray's REST API on this machine. */
import { readFileSync } from "node:fs";
import { request } from "undici";

/** An answer; the body as text. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Calls Ray's API. */
export interface RayApi {
  /** GET. @returns undefined when nothing answers */
  get(path: string): Promise<Answer | undefined>;
  /** DELETE. @returns undefined when nothing answers */
  delete(path: string): Promise<Answer | undefined>;
}

/** Longest wait for an answer in ms. A look is repeated anyway; a change waits for Serve to have taken it in. */
const patience = { GET: 10_000, DELETE: 60_000 } as const;

/**
 * Ray's API on a port of this machine, with the token from its file. undici's `request` and not `fetch`: Ray refuses
 * changes from anything that looks like a browser, and `fetch` sends a browser's headers.
 */
export function rayApi(port: number, tokenFile: string): RayApi {
  const call = async (method: keyof typeof patience, path: string): Promise<Answer | undefined> => {
    try {
      const answer = await request(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${readFileSync(tokenFile, "utf8")}` },
        headersTimeout: patience[method],
        bodyTimeout: patience[method],
      });
      return { status: answer.statusCode, body: await answer.body.text() };
    } catch {
      return undefined;
    }
  };
  return {
    get: (path) => call("GET", path),
    delete: (path) => call("DELETE", path),
  };
}
