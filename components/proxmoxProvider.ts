import * as proxmox from "@muhlba91/pulumi-proxmoxve";
import type * as pulumi from "@pulumi/pulumi";

/** How Proxmox's API is reached. */
export interface ProxmoxAccess {
  /** "https://pve1.lan:8006": any host of the cluster answers for all. */
  readonly endpoint: string;
  /** "user@realm!name=uuid". Secret. */
  readonly apiToken: pulumi.Input<string>;
  /** Takes any certificate. */
  readonly allowInsecureTls: boolean;
  /** Asks what the token may do, before it is used first and whenever it is another one. @see tokenHook */
  readonly check?: pulumi.ResourceHook;
}

/**
 * The provider of all resources on Proxmox. It has no argument for a CA: the plugin trusts what the system trusts, or in
 * place of that what `SSL_CERT_FILE` names in the environment of the engine.
 */
export const proxmoxProvider = (
  name: string,
  { endpoint, apiToken, allowInsecureTls, check }: ProxmoxAccess,
): proxmox.Provider =>
  new proxmox.Provider(
    name,
    { endpoint, apiToken, insecure: allowInsecureTls, minTls: "1.3" },
    check === undefined ? {} : { hooks: { beforeCreate: [check], beforeUpdate: [check] } },
  );
