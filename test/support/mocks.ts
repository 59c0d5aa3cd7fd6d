/**
 * The only mocks of the Pulumi engine. They record what a program registers and throw on everything they do not know, so
 * that a new resource type or invoke shows as a failure and not as a resource with invented outputs.
 */
import * as pulumi from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state";

/** What stands for a value that only an `up` will know. */
export const unknown = pulumi.runtime.unknownValue;

const { specialSigKey, specialSecretSig } = pulumi.runtime;

/** How a secret arrives at the engine. */
export interface Wrapped {
  readonly value: unknown;
}

/** Whether a raw input arrived wrapped as a secret. */
export function isWrapped(value: unknown): value is Wrapped {
  return typeof value === "object" && value !== null && Reflect.get(value, specialSigKey) === specialSecretSig;
}

/** One registration, as it reached the engine. */
export interface Registration {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  /** URN of the parent; empty for none. */
  readonly parent: string;
  readonly provider: string;
  /** Raw: secrets wrapped, unknowns as `unknown`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly deleteBeforeReplace: boolean;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  /** URNs of what it waits for: by `dependsOn`, and by inputs that are outputs of others. */
  readonly dependencies: readonly string[];
  /** URN of what it is gone with; empty for none. */
  readonly deletedWith: string;
  /** Names of the hooks that run before it is made, changed and deleted. */
  readonly hooks: readonly (readonly string[])[];
}

/** The part of a registration request that is read here; the SDK's typings leave it out. */
interface Request {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getParent(): string;
  getProvider(): string;
  getDeletebeforereplace(): boolean;
  getProtect(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getDependenciesList(): string[];
  getDeletedwith(): string;
  getHooks():
    { getBeforeCreateList(): string[]; getBeforeUpdateList(): string[]; getBeforeDeleteList(): string[] } | undefined;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
}
interface OutputsRequest {
  getUrn(): string;
  getOutputs(): { toJavaScript(): Record<string, unknown> } | undefined;
}
type Callback<T> = (error: unknown, response: T | undefined) => void;
interface Monitor {
  registerResource(request: Request, callback: Callback<{ getUrn(): string }>): Promise<void>;
  registerResourceOutputs(request: OutputsRequest, callback: Callback<object>): void;
}

/** Makes the outputs of a resource from its inputs. In a preview none are asked for: they are unknown, as in a real one. */
export type Outputs = (name: string, inputs: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** Types that may be registered; a component has no outputs of its own. */
const components: readonly string[] = [
  "tokenrack:index:LocalRay",
  "tokenrack:index:LocalGateway",
  "tokenrack:index:VfioHost",
  "tokenrack:index:DeckhouseCluster",
  "tokenrack:index:ExistingCluster",
  "tokenrack:index:CloudImages",
  "tokenrack:index:ProxmoxVm",
  "tokenrack:index:GpuVm",
  "tokenrack:index:VmFleet",
  "tokenrack:index:ServingNamespace",
  "tokenrack:index:GpuStack",
  "tokenrack:index:KubeRay",
  "tokenrack:index:ModelStore",
  "tokenrack:index:ServedModel",
  "tokenrack:index:Gateway",
  "tokenrack:index:ChatUi",
  "tokenrack:index:Monitoring",
  "tokenrack:index:ServedCluster",
];
const resources: readonly string[] = [
  "command:local:Command",
  "command:remote:Command",
  "pulumi:providers:proxmoxve",
  "proxmoxve:index/vmLegacy:VmLegacy",
  "proxmoxve:index/poolLegacy:PoolLegacy",
  "proxmoxve:hardware/mapping/pci:Pci",
  "proxmoxve:download/file:File",
  "pulumi:providers:kubernetes",
  "kubernetes:helm.sh/v3:Release",
  ...["Namespace", "Secret", "ConfigMap", "Service", "ServiceAccount", "PersistentVolume", "PersistentVolumeClaim"].map(
    (kind) => `kubernetes:core/v1:${kind}`,
  ),
  ...["Deployment", "StatefulSet", "DaemonSet"].map((kind) => `kubernetes:apps/v1:${kind}`),
  ...["Job", "CronJob"].map((kind) => `kubernetes:batch/v1:${kind}`),
  ...["NetworkPolicy", "Ingress"].map((kind) => `kubernetes:networking.k8s.io/v1:${kind}`),
  ...["Role", "RoleBinding"].map((kind) => `kubernetes:rbac.authorization.k8s.io/v1:${kind}`),
  "kubernetes:policy/v1:PodDisruptionBudget",
  "kubernetes:scheduling.k8s.io/v1:PriorityClass",
  "kubernetes:ray.io/v1:RayService",
  ...["ServiceMonitor", "PodMonitor", "PrometheusRule"].map((kind) => `kubernetes:monitoring.coreos.com/v1:${kind}`),
  ...["Certificate", "Issuer"].map((kind) => `kubernetes:cert-manager.io/v1:${kind}`),
  "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
  ...["DexClient", "CustomPrometheusRules", "GrafanaDashboardDefinition"].map(
    (kind) => `kubernetes:deckhouse.io/v1:${kind}`,
  ),
];

/** What a program did. */
export class Recorder {
  readonly registered: Registration[] = [];
  /** Registered outputs of components, by URN; raw as inputs are. */
  readonly outputs = new Map<string, Readonly<Record<string, unknown>>>();
  /** What runs before a resource is touched, by name; the mocks call none. */
  readonly hooks = new Map<string, pulumi.ResourceHookFunction>();
  /** Rejects when something unknown was registered or invoked: `settle` would wait forever for it. */
  readonly refused: Promise<never>;
  private refuse: (error: Error) => void = () => undefined;

  constructor() {
    this.refused = new Promise((_, reject) => (this.refuse = reject));
    this.refused.catch(() => undefined);
  }

  /** The registration of that name. */
  get(name: string): Registration {
    const found = this.registered.filter((registration) => registration.name === name);
    if (found.length !== 1 || found[0] === undefined) {
      throw new Error(`${found.length} of ${name}; registered: ${this.registered.map((one) => one.name).join(", ")}`);
    }
    return found[0];
  }

  /** Says no, to the SDK and to whoever waits. */
  throwUnknown(what: string): never {
    const error = new Error(`test/support/mocks.ts does not know ${what}`);
    this.refuse(error);
    throw error;
  }
}

/** Where the program runs. */
export interface Stage {
  readonly preview: boolean;
  /** @default no outputs */
  readonly outputs?: Outputs;
  /** @default "local" */
  readonly stack?: string;
}

/** Puts the mocks in place of the engine, for what is registered from now on. */
export async function record({ preview, outputs = () => ({}), stack = "local" }: Stage): Promise<Recorder> {
  const recorder = new Recorder();
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ type, name, inputs }) => {
      if (components.includes(type)) return { id: "", state: {} };
      if (!resources.includes(type)) recorder.throwUnknown(`the resource type ${type} (${name})`);
      const given = inputs as Record<string, unknown>;
      return { id: preview ? "" : `${name}-id`, state: { ...given, ...(preview ? {} : outputs(name, given)) } };
    },
    call: ({ token }) => recorder.throwUnknown(`the invoke ${token}`),
  };
  await pulumi.runtime.setMocks(mocks, "tokenrack", stack, preview);
  watch(recorder, pulumi.runtime.getMonitor() as unknown as Monitor);
  // The SDK's mocks know no hooks, and its own server for them would keep the process alive. It has no public place for them.
  const hooks = {
    registerResourceHook: ({ name, callback }: pulumi.ResourceHook) => void recorder.hooks.set(name, callback),
    awaitStackRegistrations: () => Promise.resolve(),
    shutdown: () => undefined,
  };
  const getStore = Reflect.get(state, "getStore") as () => object;
  Reflect.set(getStore(), "callbacks", hooks);
  return recorder;
}

/** The SDK's mocks tell neither parent nor options: they are read off the requests. */
function watch(recorder: Recorder, monitor: Monitor): void {
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, response) => {
      if (response !== undefined) {
        const hooks = request.getHooks();
        recorder.registered.push({
          urn: response.getUrn(),
          type: request.getType(),
          name: request.getName(),
          custom: request.getCustom(),
          parent: request.getParent(),
          provider: request.getProvider(),
          inputs: request.getObject()?.toJavaScript() ?? {},
          deleteBeforeReplace: request.getDeletebeforereplace(),
          protect: request.getProtect(),
          ignoreChanges: request.getIgnorechangesList(),
          replaceOnChanges: request.getReplaceonchangesList(),
          dependencies: request.getDependenciesList(),
          deletedWith: request.getDeletedwith(),
          hooks: [hooks?.getBeforeCreateList(), hooks?.getBeforeUpdateList(), hooks?.getBeforeDeleteList()].map(
            (one) => one ?? [],
          ),
        });
      }
      callback(error, response);
    });
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, callback) => {
    recorder.outputs.set(request.getUrn(), request.getOutputs()?.toJavaScript() ?? {});
    registerOutputs(request, callback);
  };
}
