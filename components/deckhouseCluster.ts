import * as pulumi from "@pulumi/pulumi";
import {
  daySettings,
  dockerConfigSecret,
  encodePasswordHash,
  licenceSecret,
  nodeKeySecret,
  renderDeckhouse,
  rewriteServer,
  type DeckhouseInput,
  type RenderedDeckhouse,
} from "../render/deckhouse";
import type { ClusterOutputs } from "./clusterOutputs";
import { clusterObjects } from "./deckhouse/clusterObjects";
import { hostCommand, pickSecrets, type HostCommand, type SshHost } from "./deckhouse/hostCommand";

/** Arguments of `DeckhouseCluster`. */
export interface DeckhouseClusterArgs {
  /** Name of the cluster: lower-case letters, digits and dashes. */
  readonly cluster: string;
  readonly input: DeckhouseInput;
  /** The first master, where the installer works and the API is asked. Its `privateKey` opens every node. */
  readonly master: SshHost;
  /** Host with docker or podman that runs the installer. @default this machine */
  readonly bootstrapHost?: SshHost;
  /** What has to be there before anything runs on that host. @default nothing */
  readonly bootstrapAfter?: pulumi.Resource | undefined;
  /** Which of the two. @default "auto" */
  readonly engine?: "auto" | "docker" | "podman";
  /** Absolute directory on that host that outlives the run: a bootstrap that was cut off goes on from it. */
  readonly stateDirectory: string;
  /** Secrets as the stack has them, by the names that `render/deckhouse` gives them. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /**
   * By node: what says which machine it is, known once it answers, and the same through every change that keeps the machine.
   * Another machine joins anew.
   */
  readonly machines: Readonly<Record<string, pulumi.Input<string>>>;
}

/** How long the stages wait, in seconds: dhctl's own limit for Deckhouse is 15 minutes, which a slow line exceeds. */
const patience = { deckhouse: "45m", api: "900", nodes: "5400" } as const;
const day = "24h";

/**
 * A Kubernetes cluster by Deckhouse on machines that are up: stage 3 of the bring-up. Installs on the first master with
 * Deckhouse's own installer, keeps its objects as resources of their own, and is ready when every pool has its nodes.
 * `deletedWith` in its options holds for all that is inside the cluster: with the first master's VM the cluster is gone.
 */
export class DeckhouseCluster extends pulumi.ComponentResource implements ClusterOutputs {
  static readonly type = "tokenrack:index:DeckhouseCluster";

  /** Opens the API as administrator, at the first master's address; resolves once the API answers. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** The nodes of each pool as JSON; resolves once each pool has its nodes, all Ready. Known in the preview of a cluster that is there. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: DeckhouseClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    // Children inherit it from their parent, and what the installer keeps on its host is not gone with a VM.
    super(DeckhouseCluster.type, name, {}, own(opts));
    const inside: pulumi.CustomResourceOptions = {
      parent: this,
      ...(opts?.deletedWith === undefined ? {} : { deletedWith: opts.deletedWith }),
    };
    const rendered = renderDeckhouse(args.input);
    const secrets = encoded(args, rendered);
    const bootstrap = this.bootstrap(name, args, rendered, secrets);
    const uid = this.identify(name, args, bootstrap, inside);
    this.kubeconfig = this.readKubeconfig(name, args, uid, inside);
    this.keepVersion(name, args, uid, inside);
    const { cluster, master, machines } = args;
    const objects = clusterObjects(
      name,
      { cluster, master, objects: rendered.objects, secrets, uid, machines },
      inside,
    );
    const nodes = [...objects].filter(([id]) => /^(?:NodeGroup|StaticInstance)\//.test(id)).map(([, made]) => made);
    // Not what the command prints: a preview that changes a pool does not know that, and with it nothing in the cluster.
    const counts = Object.fromEntries(rendered.pools.map((pool) => [pool.name, pool.count]));
    this.ready = this.awaitNodes(name, args, rendered, nodes, inside).id.apply(() => JSON.stringify(counts));
    this.registerOutputs({ kubeconfig: this.kubeconfig, ready: this.ready });
  }

  private bootstrap(
    name: string,
    args: DeckhouseClusterArgs,
    { bootstrap: config, image, licensedRegistry: registry = "", privateRegistry, bootstrapSecrets }: RenderedDeckhouse,
    secrets: Readonly<Record<string, pulumi.Input<string>>>,
  ): HostCommand {
    const { cluster, master, stateDirectory: state, engine = "auto" } = args;
    const wanted = [nodeKeySecret, ...(registry === "" ? [] : [licenceSecret]), ...bootstrapSecrets];
    const own =
      privateRegistry === undefined
        ? {}
        : { registry_host: privateRegistry.host, registry_ca: privateRegistry.ca.trim() };
    const settings = {
      cluster,
      state,
      ...own,
      image,
      registry,
      engine,
      master_address: master.address,
      master_port: String(master.port),
      master_user: master.user,
      deckhouse_timeout: patience.deckhouse,
      config,
    };
    return hostCommand(
      `${name}-bootstrap`,
      {
        host: args.bootstrapHost,
        script: "bootstrap",
        create: { stage: "bootstrap", settings },
        remove: { stage: "forget", settings: { cluster, state, ...own } },
        secrets: { ...pickSecrets(secrets, wanted), masterHostKey: master.hostKey },
        ...onFirstMachine(args),
      },
      {
        parent: this,
        customTimeouts: { create: day, update: day },
        ...(args.bootstrapAfter === undefined ? {} : { dependsOn: args.bootstrapAfter }),
      },
    );
  }

  /**
   * Which cluster it is. Not by what the installer's command prints: a changed configuration runs that one again, and its
   * preview would then know of no object whether it has to be made anew.
   */
  private identify(
    name: string,
    args: DeckhouseClusterArgs,
    bootstrap: HostCommand,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Output<string> {
    const { cluster, master } = args;
    const create = { stage: "identity", settings: { cluster, wait_seconds: patience.api } } as const;
    const command = { host: master, script: "kubeconfig", create, ...onFirstMachine(args) } as const;
    return hostCommand(`${name}-identity`, command, pulumi.mergeOptions(opts, { dependsOn: bootstrap })).stdout;
  }

  private readKubeconfig(
    name: string,
    { cluster, master }: DeckhouseClusterArgs,
    uid: pulumi.Output<string>,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Output<string> {
    const create = { stage: "kubeconfig", settings: { cluster, wait_seconds: patience.api } } as const;
    const args = { host: master, script: "kubeconfig", create, standsOn: [uid], secretOutput: true } as const;
    const { stdout } = hostCommand(`${name}-kubeconfig`, args, opts);
    return pulumi.secret(stdout.apply((text) => rewriteServer(text, master.address)));
  }

  private keepVersion(
    name: string,
    { cluster, master, input }: DeckhouseClusterArgs,
    uid: pulumi.Output<string>,
    opts: pulumi.CustomResourceOptions,
  ): void {
    const create = { stage: "version", settings: { cluster, ...daySettings(input) } } as const;
    hostCommand(`${name}-version`, { host: master, script: "version", create, standsOn: [uid] }, opts);
  }

  private awaitNodes(
    name: string,
    { cluster, master }: DeckhouseClusterArgs,
    { pools }: RenderedDeckhouse,
    nodes: readonly HostCommand[],
    opts: pulumi.CustomResourceOptions,
  ): HostCommand {
    const lines = pools.map((pool) => `${pool.name} ${pool.count}`).join("\n");
    const create = { stage: "ready", settings: { cluster, wait_seconds: patience.nodes, pools: lines } } as const;
    const timeouts = { customTimeouts: { create: day, update: day }, dependsOn: [...nodes] };
    const options = pulumi.mergeOptions(opts, timeouts);
    // Another machine under the same name is waited for again. By standard input, as a trigger would make this anew.
    const machines = pulumi.all(nodes.map(({ id }) => id)).apply((ids) => ids.join(","));
    return hostCommand(`${name}-ready`, { host: master, script: "ready", create, secrets: { machines } }, options);
  }
}

/** What stands on the first master is made anew on another one. */
function onFirstMachine({ input, machines }: DeckhouseClusterArgs): { standsOn?: readonly pulumi.Input<string>[] } {
  const first = input.pools.find(({ role }) => role === "master")?.nodes[0]?.name ?? "";
  const machine = machines[first];
  return machine === undefined ? {} : { standsOn: [machine] };
}

/** The options that are the component's own. */
const own = (opts: pulumi.ComponentResourceOptions = {}): pulumi.ComponentResourceOptions =>
  Object.fromEntries(Object.entries(opts).filter(([option]) => option !== "deletedWith"));

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The stack's secrets, each on one line and in the form that the object or the installer wants. */
function encoded(
  { secrets, master }: DeckhouseClusterArgs,
  { licensedRegistry }: RenderedDeckhouse,
): Readonly<Record<string, pulumi.Input<string>>> {
  const secret = (value: pulumi.Input<string>, how: (plain: string) => string): pulumi.Output<string> =>
    pulumi.secret(pulumi.output(value).apply(how));
  const given = Object.entries(secrets).map(([name, value]) => {
    if (name.startsWith("password-")) return [name, secret(value, encodePasswordHash)] as const;
    if (name.startsWith("ca-")) return [name, secret(value, base64)] as const;
    return [name, secret(value, (plain) => plain.trim())] as const;
  });
  const licence = secrets[licenceSecret];
  const login = (key: string): string =>
    base64(JSON.stringify({ auths: { [licensedRegistry ?? ""]: { auth: base64(`license-token:${key.trim()}`) } } }));
  return {
    ...Object.fromEntries(given),
    // OpenSSH reads no key without its last line break, and `pulumi config set` takes that away.
    [nodeKeySecret]: secret(master.privateKey, (key) => base64(`${key.trim()}\n`)),
    ...(licence === undefined ? {} : { [dockerConfigSecret]: secret(licence, login) }),
  };
}
