/** The table of layers of each platform, bottom up: what each stands on, how it is looked at and how it is judged. */
import { findOnPath } from "../../engine/executables";
import type { ClusterPlan, LocalStackPlan, ProxmoxPlan } from "../../plan/types";
import type { House } from "../house";
import { lookAtHosts, type HostLook } from "../preview/look";
import type { Login } from "../preview/ssh";
import type { Layer } from "./diagnose";
import { closed, type Judgement, type LogTail, type Looked } from "./findings";
import { judgeGateway, judgeTls, judgeToken } from "./judge/gateway";
import { judgeDevicePlugin, judgeDriver } from "./judge/gpu";
import { judgeIommu, judgeSsh } from "./judge/hosts";
import { judgeLocalEngine, judgeLocalGateway, judgeRay } from "./judge/local";
import { judgeNodes } from "./judge/nodes";
import { judgeMappings, judgeVms } from "./judge/proxmox";
import { judgeDownloads, judgeEngine, judgeKubeRay } from "./judge/serving";
import { ClusterLook, Unanswered, type Seen } from "./look/cluster";
import { Cluster } from "./look/kubectl";
import { lookAtEngine, lookAtGateway, lookAtRay } from "./look/local";
import { accessOf, lookAtMappings, lookAtVms } from "./look/proxmox";
import { lookAtTls } from "./look/tls";
import { lookAtToken, through } from "./look/token";
import { secretOf, type Key, type Opened } from "./open";
import type { DoctorOptions } from "./options";

/** How far a look goes. */
export interface Reach {
  readonly options: Pick<DoctorOptions, "timeout" | "at">;
  readonly env: NodeJS.ProcessEnv;
  readonly at: House;
  /** Takes secrets out of a text. */
  readonly clean: (text: string) => string;
}

/** A platform's layers, and what has to be put away after the look. */
export interface Table {
  readonly layers: readonly Layer[];
  readonly close: () => void;
}

const looked = (judgement: Judgement, logs: readonly LogTail[] = []): Looked => ({
  state: "looked",
  ...judgement,
  // Of what is well nobody wants to read.
  logs: judgement.findings.length === 0 ? [] : logs,
});

/** Where a credential is missing, that is what came of the look. */
async function opened(key: Key, look: (text: string) => Promise<Looked> | Looked): Promise<Looked> {
  return key.kind === "given" ? look(key.text) : { state: "closed", findings: [key.finding] };
}

function localLayers(plan: LocalStackPlan, stack: Opened, { options, clean }: Reach): readonly Layer[] {
  const { firstUser, issuer, readinessModel } = plan.gateway;
  const question = { endpoint: issuer, user: firstUser, model: readinessModel, seconds: options.timeout };
  const engine = async (): Promise<Looked> => {
    const { facts, logs } = await lookAtEngine(plan, clean);
    return looked(judgeLocalEngine(facts), logs);
  };
  const token = (): Promise<Looked> => {
    const password = stack.secrets["firstUserPassword"];
    if (password !== undefined)
      return lookAtToken({ ...question, password }).then((facts) => looked(judgeToken(facts)));
    const found = "none: no stack was started in this checkout";
    return Promise.resolve(closed("the first user's password", found, "that of npm start", "npm start"));
  };
  return [
    { id: "ray", after: [], look: () => Promise.resolve(looked(judgeRay(lookAtRay(plan)))) },
    { id: "engine", after: ["ray"], look: engine },
    { id: "gateway", after: [], look: () => lookAtGateway(plan).then((facts) => looked(judgeLocalGateway(facts))) },
    { id: "token", after: ["gateway"], look: token },
  ];
}

/** What opens the hosts: the stack's own key, else the user's agent. */
function loginOf({ secrets, hidden }: Opened, env: NodeJS.ProcessEnv): Login | Looked {
  const { hostSshKey: privateKey, hostSshKeyPassphrase: passphrase } = secrets;
  if (privateKey !== undefined) return { privateKey, passphrase };
  const agent = env["SSH_AUTH_SOCK"];
  if (agent) return { agent };
  const found = `${hidden.includes("hostSshKey") ? "the secret hostSshKey, which nothing opens here" : "no secret hostSshKey"}, and no SSH agent`;
  return closed(
    "a key for the hosts",
    found,
    "one of them",
    "set PULUMI_CONFIG_PASSPHRASE, or start an SSH agent (ssh-add)",
  );
}

function hostLayers(plan: ProxmoxPlan, stack: Opened, { options, env, at }: Reach): readonly Layer[] {
  let looks: readonly HostLook[] = [];
  const ssh = async (): Promise<Looked> => {
    if (plan.hosts.length === 0) return { state: "absent", why: "no host has a GPU" };
    const login = loginOf(stack, env);
    if ("state" in login) return login;
    looks = await lookAtHosts(plan.hosts, login, options.timeout * 1000, at);
    return looked(judgeSsh(looks));
  };
  const iommu = (): Promise<Looked> =>
    Promise.resolve(
      plan.hosts.length === 0 ? { state: "absent", why: "no host has a GPU" } : looked(judgeIommu(looks)),
    );
  const token = (): Key => secretOf(stack, "proxmoxApiToken", plan.stack);
  return [
    { id: "ssh", after: [], look: ssh },
    { id: "iommu", after: ["ssh"], look: iommu },
    {
      id: "mapping",
      after: [],
      look: () =>
        opened(token(), async (text) => looked(judgeMappings(await lookAtMappings(plan, accessOf(plan, text))))),
    },
    {
      id: "vm",
      after: ["mapping"],
      look: () => opened(token(), async (text) => looked(judgeVms(await lookAtVms(plan, accessOf(plan, text))))),
    },
  ];
}

/** The certificate and a token, from outside. */
function outsideLayers(plan: ClusterPlan, stack: Opened, { options }: Reach): readonly Layer[] {
  const { host, issuer, ingress, policy } = plan.stages.gateway;
  const { at, timeout: seconds } = options;
  const ca = plan.platform === "proxmox" ? plan.deckhouse.internalCa?.certificate : undefined;
  const tls = async (): Promise<Looked> => {
    if (host === "") return closed("ingress.host", "not set", "the API's public name", "set it in the stack file");
    const clusterIssuer = ingress.kind === "ingress" ? ingress.tlsIssuer : undefined;
    return looked(judgeTls(await lookAtTls({ host, at, ca, issuer: clusterIssuer, seconds })));
  };
  const about = { endpoint: issuer, user: policy.firstUser, model: policy.readinessModel, seconds };
  const token = (): Promise<Looked> =>
    opened(secretOf(stack, "firstUserPassword", plan.stack), async (password) =>
      looked(judgeToken(await through(at, ca, () => lookAtToken({ ...about, password })))),
    );
  return [
    { id: "tls", after: [], look: tls },
    { id: "token", after: ["tls"], look: token },
  ];
}

type Ask<F> = (look: ClusterLook) => Promise<Seen<F>>;

/** The layers on a cluster, by what answers to a kubeconfig. */
function clusterTable(plan: ClusterPlan, { kubeconfig }: Opened, { options, env, clean }: Reach): Table {
  const cluster = kubeconfig.kind === "given" ? new Cluster(kubeconfig.text, options.timeout, clean) : undefined;
  const look = cluster === undefined ? undefined : new ClusterLook(cluster, plan);
  const asked = async <F>(ask: Ask<F>, judge: (facts: F) => Judgement): Promise<Looked> => {
    if (kubeconfig.kind === "missing") return { state: "closed", findings: [kubeconfig.finding] };
    if (look === undefined || findOnPath("kubectl", env["PATH"]) === undefined) {
      return closed("this machine", "no kubectl", "kubectl", "install it: https://kubernetes.io/docs/tasks/tools/");
    }
    try {
      const { facts, logs } = await ask(look);
      return looked(judge(facts), logs);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      const fix = "the kubeconfig needs to read all namespaces: take an administrator's";
      return closed("the cluster's objects", error.message, "an answer", fix);
    }
  };
  const alone = <F>(facts: F): Seen<F> => ({ facts, logs: [] });
  const { operator } = plan.stages.gpuStack;
  const driver = (): Promise<Looked> =>
    operator === undefined
      ? Promise.resolve({ state: "absent", why: "the nodes bring it along (gpu.mode: preinstalled)" })
      : asked((one) => one.driver(), judgeDriver);
  const layers: readonly Layer[] = [
    { id: "node", after: [], look: () => asked(async (one) => alone(await one.nodes()), judgeNodes) },
    { id: "driver", after: ["node"], look: driver },
    {
      id: "devicePlugin",
      after: ["node", "driver"],
      look: () => asked((one) => one.devicePlugin(), judgeDevicePlugin),
    },
    { id: "kubeRay", after: ["node"], look: () => asked((one) => one.kubeRay(), judgeKubeRay) },
    { id: "download", after: ["node"], look: () => asked(async (one) => alone(await one.downloads()), judgeDownloads) },
    {
      id: "engine",
      after: ["devicePlugin", "kubeRay", "download"],
      look: () => asked((one) => one.engine(), judgeEngine),
    },
    { id: "gateway", after: ["node"], look: () => asked((one) => one.gateway(), judgeGateway) },
  ];
  return { layers, close: () => cluster?.close() };
}

/** The table of a stack. */
export function tableOf(stack: Opened, reach: Reach): Table {
  const { plan } = stack;
  if (plan.platform === "local") return { layers: localLayers(plan, stack, reach), close: () => undefined };
  const { layers, close } = clusterTable(plan, stack, reach);
  const hosts = plan.platform === "proxmox" ? hostLayers(plan, stack, reach) : [];
  return { layers: [...hosts, ...layers, ...outsideLayers(plan, stack, reach)], close };
}
