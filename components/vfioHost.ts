import { readFileSync } from "node:fs";
import { join } from "node:path";
import { remote, types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { HostSsh } from "../plan/hosts";
import {
  parseInspection,
  parseRebootedFrom,
  passthroughGpus,
  renderVfio,
  stateOf,
  vfioCommand,
  vfioPieces,
  type PassthroughGpu,
  type VfioBefore,
  type VfioHostPlan,
  type VfioStage,
} from "../render/vfio";
import { ran } from "./ran";

/** Arguments of `VfioHost`. */
export interface VfioHostArgs {
  readonly host: VfioHostPlan;
  /** Its host key is needed here: another key refuses the connection before anything is sent. */
  readonly ssh: Required<HostSsh>;
  /** Private key that opens the host (OpenSSH or PEM). Secret. */
  readonly privateKey: pulumi.Input<string>;
  /** Passphrase of `privateKey`, where it has one. Secret. */
  readonly passphrase?: pulumi.Input<string>;
  /** `settledBy` of the host that has to be back before this one may reboot. Looking and writing do not wait for it. */
  readonly after?: pulumi.Resource;
  /** How long to wait for the host after its reboot, in seconds: this long while it refuses, twice as long while it is silent. @default 600 */
  readonly returnSeconds?: number;
}

/**
 * The official plugin dials again after 0.1 s, then 1.5 times as long, and every 5 s in the end.
 * @see pulumi/sdk/go/common/util/retry
 */
const longestPauseSeconds = 5;

type Dial = Pick<types.input.remote.ConnectionArgs, "dialErrorLimit" | "perDialTimeout">;

/** A host that is not there: known after 50 s of silence, or 2 s of refusals. */
const brief = { dialErrorLimit: 5, perDialTimeout: 8 } as const;

/**
 * A Proxmox host made ready for GPU passthrough: stage 1 of the bring-up. Looks, writes what is missing, reboots where
 * that is needed and allowed, and verifies. No stage waits on the host through a reboot: the stage that asks for it ends
 * when sshd has closed, so that the next one, by dialling until the host answers again, meets the new boot.
 */
export class VfioHost extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:VfioHost";

  /** What the host was before the first change, as JSON (`HostInspection`). */
  readonly inspected: pulumi.Output<string>;
  /** What it is, as JSON. Resolves when every function of every GPU is ready for a VM. */
  readonly verified: pulumi.Output<string>;
  /** Its GPUs, for resource mappings; resolves with `verified`. */
  readonly gpus: pulumi.Output<PassthroughGpu[]>;
  /** The host's name; resolves with `verified`. */
  readonly settled: pulumi.Output<string>;
  /** What `settled` comes from: for `dependsOn` of what has to begin after. */
  readonly settledBy: pulumi.Resource;

  constructor(name: string, args: VfioHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super(VfioHost.type, name, {}, opts);
    const patient = { dialErrorLimit: patience(args.returnSeconds ?? 600), perDialTimeout: longestPauseSeconds };
    const inspect = this.stage(name, "inspect", args, brief);
    // Run again where a look that was asked for finds another thing than the one before it.
    const apply = this.stage(name, "apply", args, brief, {
      before: inspect.stdout.apply((stdout) => ({ applied: stateOf(parseInspection(stdout)) })),
    });
    // A killed run may have left the host in its reboot.
    const reboot = this.stage(name, "reboot", args, patient, {
      before: apply.stdout.apply((applied) => ({ applied })),
      ...(args.after === undefined ? {} : { dependsOn: args.after }),
    });
    const verify = this.stage(name, "verify", args, patient, {
      before: reboot.stdout.apply((stdout) => ({ rebootedFrom: parseRebootedFrom(stdout) })),
    });
    this.inspected = inspect.stdout;
    this.verified = verify.stdout;
    this.gpus = verify.stdout.apply((stdout) => passthroughGpus(parseInspection(stdout)));
    this.settledBy = verify;
    this.settled = verify.stdout.apply(() => args.host.name);
    this.registerOutputs({
      inspected: this.inspected,
      verified: this.verified,
      gpus: this.gpus,
      settled: this.settled,
    });
  }

  /**
   * One stage as one command. A changed input runs it again, which changes nothing on a host that is as wanted; there
   * are no triggers, because a replacement would run the old one's `delete` after the new one's `create`.
   */
  private stage(
    name: string,
    stage: VfioStage,
    args: VfioHostArgs,
    dial: Dial,
    more: {
      readonly before?: pulumi.Output<VfioBefore>;
      readonly dependsOn?: pulumi.CustomResourceOptions["dependsOn"];
    } = {},
  ): remote.Command {
    const { host, ssh } = args;
    const texts = vfioPieces(stage).map(readScript);
    const undo = stage === "apply" && host.restoreHost ? { delete: vfioCommand("restore", ssh.user) } : {};
    const command = new remote.Command(
      `${name}-${stage}`,
      {
        connection: connection(args, dial),
        create: vfioCommand(stage, ssh.user),
        ...undo,
        stdin: pulumi.output(more.before ?? {}).apply((before) => renderVfio(host, texts, before)),
        // Progress is on stderr, the result on stdout. Neither holds a secret: scripts get none and hide what looks like one.
        logging: remote.Logging.Stderr,
        addPreviousOutputInEnv: false,
      },
      {
        parent: this,
        deleteBeforeReplace: true,
        ...(more.dependsOn === undefined ? {} : { dependsOn: more.dependsOn }),
      },
    );
    return ran(command);
  }
}

/** Dials that fit in a time while the host refuses each at once. */
const patience = (seconds: number): number => Math.ceil(seconds / longestPauseSeconds);

function connection({ ssh, privateKey, passphrase }: VfioHostArgs, dial: Dial): types.input.remote.ConnectionArgs {
  return {
    host: ssh.address,
    user: ssh.user,
    port: ssh.port,
    hostKey: ssh.hostKey,
    privateKey: pulumi.secret(privateKey),
    ...(passphrase === undefined ? {} : { privateKeyPassword: pulumi.secret(passphrase) }),
    ...dial,
  };
}

const readScript = (piece: string): string => readFileSync(join(__dirname, "..", "scripts", `${piece}.sh`), "utf8");
