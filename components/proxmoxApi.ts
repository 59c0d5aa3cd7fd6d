import { request } from "node:https";
import { rootCertificates } from "node:tls";
import { systemAuthorities } from "../system/certificates";

/** How Proxmox's API is asked. */
export interface ApiAccess {
  /** "https://pve1.lan:8006". */
  readonly endpoint: string;
  /** "user@realm!name=uuid". */
  readonly apiToken: string;
  /** PEM; trusted besides the well-known authorities and those of this machine, which the provider's plugin trusts. */
  readonly caCert?: string | undefined;
  /** @default false */
  readonly allowInsecureTls?: boolean | undefined;
}

/** An answer: `data` of a good one, else the text of the refusal. */
export interface ApiAnswer {
  readonly status: number;
  readonly data: unknown;
  readonly message: string;
}

/** Time, in ms, for one answer. */
const TIMEOUT_MS = 30_000;

/**
 * Asks a GET of Proxmox's API; never changes anything.
 * @param path below /api2/json, with its query
 * @throws Error when there is no answer: not reachable, certificate not trusted, no JSON. Never holds the token.
 */
export const askProxmox = (access: ApiAccess, path: string): Promise<ApiAnswer> => send(access, "GET", path);

/**
 * Deletes what is at a path of Proxmox's API.
 * @param path below /api2/json, with its query
 * @throws Error when that is refused, or as `askProxmox` does
 */
export async function deleteOnProxmox(access: ApiAccess, path: string): Promise<void> {
  const { status, message } = await send(access, "DELETE", path);
  if (status !== 200) throw new Error(`Proxmox refused DELETE ${path}: ${status} ${message}`);
}

function send(access: ApiAccess, method: "GET" | "DELETE", path: string): Promise<ApiAnswer> {
  const url = new URL(`/api2/json/${path}`, access.endpoint);
  const options = {
    method,
    headers: { authorization: `PVEAPIToken=${access.apiToken}`, accept: "application/json" },
    rejectUnauthorized: access.allowInsecureTls !== true,
    timeout: TIMEOUT_MS,
    agent: false,
    ca: [...rootCertificates, systemAuthorities() ?? "", access.caCert ?? ""].filter((pem) => pem !== ""),
  };
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new Error(`Proxmox at ${url.origin} did not answer: ${reason}`));
    const asked = request(url, options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("error", (error) => fail(error.message));
      response.on("end", () => {
        const { statusCode = 0, statusMessage = "" } = response;
        try {
          const body: unknown = text === "" ? {} : JSON.parse(text);
          const data: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "data") : undefined;
          resolve({ status: statusCode, data, message: statusMessage });
        } catch {
          fail(`${statusCode} ${statusMessage}, and no JSON`);
        }
      });
    });
    asked.on("timeout", () => asked.destroy(new Error(`nothing in ${TIMEOUT_MS / 1000} s`)));
    asked.on("error", (error) => fail(error.message));
    asked.end();
  });
}
