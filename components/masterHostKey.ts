import * as pulumi from "@pulumi/pulumi";
import { hostCommand, type SshHost } from "./deckhouse/hostCommand";

/** Arguments of `masterHostKey`. */
export interface MasterHostKeyArgs {
  /** Name of the stack, for messages. */
  readonly cluster: string;
  /** The Proxmox host that the first master runs on. */
  readonly host: SshHost;
  /** IPv4 address of the first master. */
  readonly address: string;
  /** Port of its SSH server. */
  readonly port: number;
  /** What says which machine it is, known once its VM was started: another one is asked anew. */
  readonly machine: pulumi.Input<string>;
}

/** A first boot with cloud-init takes a minute; a slow storage several. */
const bootSeconds = "900";

/**
 * The first master's public host key, asked once and kept: who answers its Proxmox host at that time is believed, and
 * whoever answers with another key later is refused. Where that is not enough, the stack names the key.
 */
export function masterHostKey(
  name: string,
  { cluster, host, address, port, machine }: MasterHostKeyArgs,
  opts: pulumi.CustomResourceOptions = {},
): pulumi.Output<string> {
  const settings = { cluster, address, port: String(port), wait_seconds: bootSeconds };
  const create = { stage: "host_key", settings } as const;
  const { stdout } = hostCommand(name, { host, script: "hostKey", create, standsOn: [machine] }, opts);
  return stdout.apply((key) => key.trim());
}
