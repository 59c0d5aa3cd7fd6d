/**
 * The state that an up of a stack would leave: its program under mocks says what is registered and what the machines
 * answer, the real engine says who waits for whom. Nothing was brought up for it.
 */
import * as pulumi from "@pulumi/pulumi";
import { secretKeys } from "../../../config/schema";
import { versions } from "../../../catalog/versions";
import { completed } from "../../../engine/standins/kubernetes/helm/inputs";
import { previewStack, type StackPreview } from "../../../engine/preview";
import { stackProgram } from "../../../stackProgram";
import { findEngine, CACHE_DIR } from "../../engine/harness";
import { outputs } from "../../program/homelab";
import { isWrapped, record, type Registration } from "../../support/mocks";
import { requestsDone } from "../../support/settle";

export type Stack = Readonly<Record<string, unknown>>;

const headOf = (stack: string): string => `urn:pulumi:${stack}::tokenrack`;
const rootOf = (stack: string): string => `${headOf(stack)}::pulumi:pulumi:Stack::tokenrack-${stack}`;
const commandProviderOf = (stack: string): string =>
  `${headOf(stack)}::pulumi:providers:command::default_${versions.pluginCommand.replaceAll(".", "_")}`;

/** The SDK writes its version into a provider's inputs only on a real engine. */
const providerVersions: Readonly<Record<string, string>> = {
  "pulumi:providers:kubernetes": versions.pluginKubernetes,
  "pulumi:providers:proxmoxve": versions.pluginProxmoxve,
};

/** How a state holds a secret; the engine also takes it in the clear. @see pulumi/sdk/go/common/apitype, SecretV1 */
const signature = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";
const secretOf = (value: unknown): object => ({ [signature]: secretMark, plaintext: JSON.stringify(value) });
/** A value without its wrapping. */
const plainData = (value: unknown): unknown => {
  if (isWrapped(value)) return plainData(value.value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainData(inner)]));
};
const plainOf = (value: unknown): unknown => {
  if (isWrapped(value)) return secretOf(plainData(value.value));
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner)]));
};

const releaseType = "kubernetes:helm.sh/v3:Release";

/** What the provider of Kubernetes keeps with an object. */
const kubernetesMarks = (plain: object): object => ({
  __initialApiVersion: Reflect.get(plain, "apiVersion") as unknown,
  __fieldManager: "pulumi-kubernetes-00000000",
});

/** As the provider checks them: a release with all its flags, a Secret with its data in base64. */
function writtenInputs(type: string, inputs: Registration["inputs"]): object {
  if (type === releaseType) return completed(inputs as Parameters<typeof completed>[0], "", "");
  if (type !== "kubernetes:core/v1:Secret" || !("stringData" in inputs)) return inputs;
  const { stringData, ...others } = inputs;
  const texts = Object.entries(plainData(stringData) as object).map(([key, value]): [string, string] => [
    key,
    Buffer.from(String(value)).toString("base64"),
  ]);
  return { ...others, data: { [signature]: secretMark, value: Object.fromEntries(texts) } };
}

function configure(values: Stack): void {
  const texts = Object.entries(values).map(([key, value]): [string, string] => [
    `tokenrack:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(texts),
    secretKeys.map((name) => `tokenrack:${name}`),
  );
}

/** What an up would register. @param count of resources, without the stack and the default provider */
async function registered(stack: string, values: Stack, count: number): Promise<readonly Registration[]> {
  const recorder = await record({ preview: false, outputs, stack });
  configure(values);
  stackProgram();
  const all = async (): Promise<void> => {
    while (recorder.registered.length < count) await new Promise((done) => setImmediate(done));
  };
  await Promise.race([recorder.refused, all()]);
  await requestsDone();
  return recorder.registered;
}

/** Asks the real engine what an up would do. @param state recorded; none without */
export async function ask(stack: string, values: Stack, state?: string, graph = false): Promise<StackPreview> {
  const entries = Object.entries(values);
  const of = (secret: boolean) => entries.filter(([key]) => secretKeys.includes(key) === secret);
  return previewStack({
    ...{ stackName: stack, project: "tokenrack", programDir: process.cwd(), cacheDir: CACHE_DIR, graph },
    ...(await findEngine("command", "proxmoxve", "kubernetes")),
    config: Object.fromEntries(of(false).map(([key, value]) => [`tokenrack:${key}`, value])),
    secrets: Object.fromEntries(of(true).map(([key, value]) => [`tokenrack:${key}`, String(value)])),
    state,
    program: () => Promise.resolve({ ...stackProgram() }),
    env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: "of a test" },
  });
}

/** A state file after an up. */
export async function upped(stack: string, values: Stack): Promise<string> {
  const [rootUrn, commandProvider] = [rootOf(stack), commandProviderOf(stack)];
  const { steps, graph } = await ask(stack, values, undefined, true);
  const urnOf = new Map(steps.map(({ urn, type, name }) => [`${type} ${name}`, urn]));
  const idOf = (urn: string): string => `${urn.split("::").at(-1)}-id`;
  const made = await registered(stack, values, steps.length - 1);
  const real = new Map(made.map(({ urn, type, name }) => [urn, urnOf.get(`${type} ${name}`) ?? rootUrn]));
  const custom = (urn: string, type: string, inputs: object, more: object): object => {
    return { urn, custom: true, id: idOf(urn), type, inputs, parent: rootUrn, ...more };
  };
  const resources = made.flatMap(({ urn, type, name, inputs, parent, provider, protect, custom: isCustom }) => {
    const own = real.get(urn) ?? "";
    if (type === "pulumi:pulumi:Stack") return [];
    const above = real.get(parent) ?? rootUrn;
    if (!isCustom) return [{ urn: own, custom: false, type, parent: above }];
    const isProvider = type.startsWith("pulumi:providers:");
    const version = providerVersions[type];
    const plain = {
      ...(plainOf(writtenInputs(type, inputs)) as object),
      ...(version === undefined ? {} : { version }),
    };
    const [providerUrn] = provider.split(/::(?=[^:]*$)/);
    const by = real.get(providerUrn ?? "") ?? commandProvider;
    const outs = type.startsWith("kubernetes:")
      ? { ...plain, __inputs: plain, ...(type === releaseType ? { status: { name } } : kubernetesMarks(plain)) }
      : { ...plain, ...(plainOf(outputs(name, inputs)) as object) };
    return [
      custom(own, type, plain, {
        ...{ outputs: outs, parent: above, protect, dependencies: graph?.get(own) ?? [] },
        ...(isProvider ? {} : { provider: `${by}::${idOf(by)}` }),
      }),
    ];
  });
  const command = custom(commandProvider, "pulumi:providers:command", { version: versions.pluginCommand }, {});
  const root = { urn: rootUrn, custom: false, type: "pulumi:pulumi:Stack" };
  const latest = {
    manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "" },
    resources: [root, command, ...resources],
  };
  return JSON.stringify({ version: 3, checkpoint: { stack: `organization/tokenrack/${stack}`, latest } });
}
