/** A stack on Proxmox hosts: hosts ready for passthrough, VMs, a Deckhouse cluster on them. */
import * as pulumi from "@pulumi/pulumi";
import {
  DeckhouseCluster,
  leftoverHooks,
  masterHostKey,
  neededPrivileges,
  ownershipHook,
  proxmoxProvider,
  tokenHook,
  VfioHost,
  VmFleet,
  type DeckhouseClusterArgs,
  type SshHost,
} from "../components";
import { textsByName } from "../config/clusterSecrets";
import { UserError } from "../config/errors";
import type { ProxmoxSecrets } from "../config/load";
import { publicKeyOf } from "../config/publicKey";
import type { HostSsh } from "../plan/hosts";
import type { ProxmoxPlan } from "../plan/types";
import type { StackOutputs } from "./outputs";
import { followCluster } from "./stages";

type Hosts = ReadonlyMap<string, VfioHost>;

/** What planning does without; reading the configuration for a bring-up has refused its absence already. */
function needed<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw new UserError(`${path}: found nothing; a bring-up needs it`);
  return value;
}

/** A Proxmox host, or the bootstrap host, as it is logged in to. */
function sshHost({ address, user, port, hostKey }: HostSsh, secrets: ProxmoxSecrets, path: string): SshHost {
  const { hostSshKey: privateKey, hostSshKeyPassphrase: passphrase } = secrets;
  return { address, user, port, hostKey: needed(hostKey, `${path}.ssh.hostKey`), privateKey, passphrase };
}

/** The provider of stage 2, made before stage 1: nothing is touched with a token that will not do. */
function admit({ fleet, placement }: ProxmoxPlan, { proxmoxApiToken: apiToken }: ProxmoxSecrets) {
  const access = { ...fleet.api, apiToken };
  const check = tokenHook("token-privileges", access, neededPrivileges(fleet, placement));
  return proxmoxProvider("proxmox", { ...access, check });
}

/** Stage 1. In the plan's order, as each may wait for the reboot of one before it. */
function prepareHosts(
  { hosts }: ProxmoxPlan,
  { hostSshKey, hostSshKeyPassphrase }: ProxmoxSecrets,
  admitted: pulumi.ProviderResource,
): Hosts {
  const made = new Map<string, VfioHost>();
  const privateKey = pulumi.all([hostSshKey, admitted.urn]).apply(([key]) => key);
  for (const { vfio, ssh, after } of hosts) {
    const hostKey = needed(ssh.hostKey, `${vfio.name}.ssh.hostKey`);
    const before = after === undefined ? undefined : made.get(after);
    const host = new VfioHost(`vfio-${vfio.name}`, {
      host: vfio,
      ssh: { ...ssh, hostKey },
      privateKey,
      ...(hostSshKeyPassphrase === undefined ? {} : { passphrase: hostSshKeyPassphrase }),
      ...(before === undefined ? {} : { after: before.settledBy }),
    });
    made.set(vfio.name, host);
  }
  return made;
}

/** The public half of the nodes' key, which is no secret. */
const nodePublicKey = ({ nodeSshKey }: ProxmoxSecrets): pulumi.Output<string> =>
  pulumi.unsecret(nodeSshKey.apply((key) => needed(publicKeyOf(key), "nodeSshKey")));

/** What to wait for before the installer runs where a stack's own host is its bootstrap host: that one may have to reboot. */
function settledBootstrap({ bootstrap: { host }, hosts: all }: ProxmoxPlan, hosts: Hosts): pulumi.Resource | undefined {
  const own = all.find(({ ssh }) => ssh.address === host?.address && ssh.port === host.port);
  return own === undefined ? undefined : hosts.get(own.vfio.name)?.settledBy;
}

/** Stage 2. */
function makeVms(
  { placement, fleet }: ProxmoxPlan,
  secrets: ProxmoxSecrets,
  hosts: Hosts,
  provider: pulumi.ProviderResource,
): VmFleet {
  const { api, image, ...given } = fleet;
  const access = { ...api, apiToken: secrets.proxmoxApiToken };
  return new VmFleet(
    "vms",
    {
      ...given,
      placement,
      image: needed(image, "platform.image"),
      sshPublicKey: nodePublicKey(secrets),
      devices: Object.fromEntries([...hosts].map(([name, { gpus }]) => [name, gpus])),
      settled: Object.fromEntries([...hosts].map(([name, { settledBy }]) => [name, settledBy])),
      ownership: ownershipHook("vm-ownership", access),
      leftovers: leftoverHooks("leftover", access),
    },
    { providers: [provider] },
  );
}

/** The first master, with the host key that the stack names or that it shows when it is first asked. */
function firstMaster(plan: ProxmoxPlan, secrets: ProxmoxSecrets, vms: VmFleet) {
  const { master, masterHost } = plan.bootstrap;
  const { user, port } = plan.deckhouse.ssh;
  const { address } = master;
  const asked = (): pulumi.Output<string> =>
    masterHostKey("master-host-key", {
      cluster: plan.stack,
      host: sshHost(masterHost, secrets, "hosts[*]"),
      address,
      port,
      machine: needed(vms.machines[master.name], `the VM ${master.name}`),
    });
  const hostKey = master.hostKey === undefined ? asked() : pulumi.output(master.hostKey);
  return { address, user, port, hostKey, privateKey: secrets.nodeSshKey };
}

/** The secrets by the names that Deckhouse's objects have for them. */
function deckhouseSecrets({ deckhouse }: ProxmoxPlan, secrets: ProxmoxSecrets): DeckhouseClusterArgs["secrets"] {
  const { deckhouseLicenseKey, internalCaKey } = secrets;
  const { cephConnections = [], users = [], internalCa } = deckhouse;
  const one = (key: "cephKeys" | "clusterPasswordHashes", name: string): pulumi.Output<string> =>
    needed(secrets[key], key).apply((text) => needed(textsByName(text)?.[name], key));
  return {
    ...(deckhouseLicenseKey === undefined ? {} : { deckhouseLicenseKey }),
    ...Object.fromEntries(cephConnections.map(({ name }) => [`ceph-${name}`, one("cephKeys", name)])),
    ...Object.fromEntries(users.map(({ name }) => [`password-${name}`, one("clusterPasswordHashes", name)])),
    ...(internalCa?.certificate === undefined
      ? {}
      : { [`ca-${internalCa.name}`]: needed(internalCaKey, "internalCaKey") }),
  };
}

/** A cluster on VMs of ours. */
export interface MadeCluster {
  readonly cluster: DeckhouseCluster;
  /** The first master's VM: with it the cluster is gone, and nobody is left to ask for anything. */
  readonly machine: pulumi.Resource;
  readonly outputs: StackOutputs;
}

/** Stages 1 to 3. @throws UserError when something is absent that a bring-up needs */
export function proxmoxCluster(plan: ProxmoxPlan, secrets: ProxmoxSecrets): MadeCluster {
  const provider = admit(plan, secrets);
  const hosts = prepareHosts(plan, secrets, provider);
  const vms = makeVms(plan, secrets, hosts, provider);
  const master = firstMaster(plan, secrets, vms);
  const { engine, stateDirectory, host } = plan.bootstrap;
  const machine = vms.resource(plan.bootstrap.master.name);
  const cluster = new DeckhouseCluster(
    "cluster",
    {
      cluster: plan.stack,
      input: plan.deckhouse,
      master,
      ...(host === undefined ? {} : { bootstrapHost: sshHost(host, secrets, "cluster.bootstrap.host") }),
      bootstrapAfter: settledBootstrap(plan, hosts),
      engine,
      stateDirectory,
      secrets: deckhouseSecrets(plan, secrets),
      machines: vms.machines,
    },
    { deletedWith: machine },
  );
  const outputs = {
    models: plan.serving.models.map(({ name }) => name),
    kubeconfig: cluster.kubeconfig,
    ready: cluster.ready,
    inspections: Object.fromEntries([...hosts].map(([name, { inspected }]) => [name, inspected])),
    masterHostKey: master.hostKey,
  };
  return { cluster, machine, outputs };
}

/** Stages 1 to 3, and what follows a cluster. */
export function proxmoxProgram(plan: ProxmoxPlan, secrets: ProxmoxSecrets): StackOutputs {
  const { cluster, machine, outputs } = proxmoxCluster(plan, secrets);
  return { ...outputs, ...followCluster(plan, secrets, cluster, machine) };
}
