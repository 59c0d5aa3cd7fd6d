import { existsSync, readFileSync } from "node:fs";
import type { SecureVersion } from "node:tls";
import { systemAuthorities } from "../../../system/certificates";
import type { CheckFailure } from "../provider";
import { hasUnknown, reveal, type Properties } from "../values";

/** How the API is reached. */
export interface Access {
  readonly endpoint: string;
  /** "user@realm!name=uuid". */
  readonly apiToken: string;
  readonly insecure: boolean;
  readonly minTls: SecureVersion;
}

/**
 * What the official plugin trusts: the file that `SSL_CERT_FILE` names, or the system's. Not Node's own list.
 * `NODE_EXTRA_CA_CERTS` is trusted besides. @returns undefined where there is no such file
 */
export function trustedCertificates(env: NodeJS.ProcessEnv = process.env): string[] | undefined {
  const extra = env["NODE_EXTRA_CA_CERTS"] ?? "";
  const texts = [systemAuthorities(env), existsSync(extra) ? readFileSync(extra, "utf8") : undefined];
  const found = texts.filter((text) => text !== undefined);
  return found.length === 0 ? undefined : found;
}

const TLS_VERSIONS: Readonly<Record<string, SecureVersion>> = {
  "": "TLSv1.3",
  "1.3": "TLSv1.3",
  "1.2": "TLSv1.2",
  "1.1": "TLSv1.1",
  "1.0": "TLSv1",
};

/** Arguments that only the official plugin has. */
const REFUSED = [
  "username",
  "password",
  "authTicket",
  "csrfPreventionToken",
  "otp",
  "ssh",
  "tmpDir",
  "randomVmIds",
  "randomVmIdStart",
  "randomVmIdEnd",
];

/** An argument or its variable, as the official plugin looks for it; arguments other than texts travel as JSON. */
function setting(config: Properties, name: string, variable: string): string {
  const value = reveal(config[name] ?? null);
  if (typeof value === "string" && value !== "") return value;
  return process.env[variable] ?? "";
}

const ENDPOINT = "you must specify a $ endpoint for the Proxmox Virtual Environment API (valid: https://host:port/)";

/** What the official plugin says when it is configured, in its order; nothing while something is unknown. */
function faultsOf(config: Properties): string[] {
  if (hasUnknown(config)) return [];
  const endpoint = setting(config, "endpoint", "PROXMOX_VE_ENDPOINT");
  const token = setting(config, "apiToken", "PROXMOX_VE_API_TOKEN");
  const minTls = setting(config, "minTls", "PROXMOX_VE_MIN_TLS").trim();
  if (token === "") return ["must provide either username and password, an API token, or a ticket"];
  if (!/^\S+@\S+!\S+=[a-zA-Z0-9-]+$/.test(token))
    return ["the API token must be in the format 'USER@REALM!TOKENID=UUID'"];
  if (!URL.canParse(endpoint)) return [ENDPOINT.replace("$", "valid")];
  if (!endpoint.startsWith("https://")) return [ENDPOINT.replace("$", "secure")];
  if (TLS_VERSIONS[minTls] === undefined)
    return [`unsupported minimal TLS version ${minTls}, must be one of: , 1.0, 1.1, 1.2, 1.3`];
  return [];
}

const isSet = (config: Properties, name: string): boolean =>
  ![undefined, null, "", "null"].includes(config[name] as string);

/** One failure for each fault of the provider's configuration. */
export function checkConfig(config: Properties): readonly CheckFailure[] {
  const refused = REFUSED.filter((name) => isSet(config, name)).map((property) => ({
    property,
    reason: "this stand-in does not implement it; it needs the official proxmoxve plugin",
  }));
  return [...refused, ...faultsOf(config).map((reason) => ({ property: "", reason }))];
}

/** @throws Error with the official plugin's text */
export function parseConfig(config: Properties): Access {
  const [fault] = faultsOf(config);
  if (fault !== undefined) throw new Error(fault);
  const minTls = setting(config, "minTls", "PROXMOX_VE_MIN_TLS").trim();
  return {
    endpoint: setting(config, "endpoint", "PROXMOX_VE_ENDPOINT"),
    apiToken: setting(config, "apiToken", "PROXMOX_VE_API_TOKEN"),
    insecure: setting(config, "insecure", "PROXMOX_VE_INSECURE") === "true",
    minTls: TLS_VERSIONS[minTls] ?? "TLSv1.3",
  };
}
