import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ArrowsPlan } from "../plan/stages/arrows";
import type { ChatPlan, LobeChatPlan, OpenWebUiPlan } from "../plan/stages/chat";
import { chatSecretKeys, type ChatSecret } from "../plan/stages/names";
import { chatNamespace, chatSecret, revisionAnnotation } from "../render/stages/chat";
import { lobeChatManifests, lobeChatSpec } from "../render/stages/chatLobeChat";
import { openWebUiManifests, openWebUiValues } from "../render/stages/chatOpenWebUi";
import type { Manifest } from "../render/manifest";
import { chartArgs } from "./kubernetes/chart";
import { closedNamespace } from "./kubernetes/namespace";
import { kubernetesObject } from "./kubernetes/object";
import type { PullSecret } from "./kubernetes/pullSecret";

/** Arguments of `ChatUi`. */
export interface ChatUiArgs {
  readonly chat: ChatPlan;
  /** Who may talk to whom: closes its namespace. */
  readonly arrows: ArrowsPlan;
  /** What pods pull their images by, in its own namespace. @default none is made */
  readonly pullSecret?: PullSecret;
  /**
   * What `chat.secrets` names. `gatewayUrl` is the base of the gateway's API, which ends in /v1 and resolves once it answers;
   * `token` is one that the gateway takes, with scope `act-as` for Open WebUI, and lives as long as the page. Secret.
   */
  readonly secrets: Readonly<Partial<Record<ChatSecret, pulumi.Input<string>>>>;
}

/** Seconds that the page gets to start: an image of some gigabytes, on a node that never had it. */
const patience = 1200;

/** Resource of an object of the page: its kind says which. Objects of the store are called by their own name as well. */
const partName = (name: string, { kind, metadata }: Manifest): string =>
  `${name}${metadata.name.startsWith("chat-valkey") ? "-store" : ""}-${kind.toLowerCase()}`;

/** Tells a Secret's next content from its last, and nothing about it: the token in it cannot be guessed. */
const revisionOf = (secrets: Readonly<Record<string, string>>): string =>
  createHash("sha256").update(JSON.stringify(secrets)).digest("hex").slice(0, 16);

/**
 * A web page to talk to the models: stage 9 of the bring-up. Open WebUI, whose people the gateway knows one by one, or
 * LobeChat; in a closed namespace that reaches the gateway and what people log in at.
 */
export class ChatUi extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:ChatUi";

  /** Where people reach it, "https://chat.my.org"; resolves once it runs. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: ChatUiArgs, opts?: pulumi.ComponentResourceOptions) {
    super(ChatUi.type, name, {}, opts);
    const { chat, secrets, ...closing } = args;
    const room = closedNamespace(name, { manifest: chatNamespace(chat), ...closing }, this);
    const data = pulumi.secret(pulumi.all(this.needed({ chat, secrets })));
    const secret = kubernetesObject(
      `${name}-secret`,
      chatSecret(chat),
      { parent: this, dependsOn: [...room] },
      { stringData: data },
    );
    const revision = pulumi.unsecret(data.apply(revisionOf));
    const started =
      chat.kind === "openWebUi"
        ? this.openWebUi(name, chat, revision, secret)
        : this.lobeChat(name, chat, revision, secret);
    this.ready = started.apply(() => chat.url);
    this.registerOutputs({ ready: this.ready });
  }

  /** What the Secret holds. @throws InputPropertyError where something is missing: the pod would wait for it for ever */
  private needed({ chat, secrets }: Pick<ChatUiArgs, "chat" | "secrets">): Record<string, pulumi.Input<string>> {
    return Object.fromEntries(
      chat.secrets.map((key) => {
        const value = secrets[key];
        if (value !== undefined) return [chatSecretKeys[key], value];
        throw new pulumi.InputPropertyError({ propertyPath: `secrets.${key}`, reason: `missing for ${chat.kind}` });
      }),
    );
  }

  private openWebUi(
    name: string,
    plan: OpenWebUiPlan,
    revision: pulumi.Output<string>,
    secret: pulumi.Resource,
  ): pulumi.Output<unknown> {
    const { before, after } = openWebUiManifests(plan);
    const object = (manifest: Manifest, dependsOn: readonly pulumi.Resource[]) =>
      kubernetesObject(partName(name, manifest), manifest, { parent: this, dependsOn: [...dependsOn] });
    const needed = before.map((manifest) => object(manifest, [secret]));
    const release = new k8s.helm.v3.Release(
      `${name}-page`,
      {
        ...chartArgs(plan.chart),
        name: "chat",
        namespace: plan.namespace,
        values: { ...openWebUiValues(plan), podAnnotations: { [revisionAnnotation]: revision } },
        timeout: patience,
        atomic: true,
        cleanupOnFail: true,
      },
      { parent: this, dependsOn: [secret, ...needed] },
    );
    const reached = after.map((manifest) => object(manifest, [release]));
    return pulumi.all([release.status.status, ...reached.map(({ id }) => id)]);
  }

  private lobeChat(
    name: string,
    plan: LobeChatPlan,
    revision: pulumi.Output<string>,
    secret: pulumi.Resource,
  ): pulumi.Output<unknown> {
    const { deployment, service, ingress } = lobeChatManifests(plan);
    const opts = {
      parent: this,
      dependsOn: [secret],
      customTimeouts: { create: `${patience}s`, update: `${patience}s` },
    };
    const page = kubernetesObject(`${name}-page`, deployment, opts, {
      spec: revision.apply((text) => lobeChatSpec(plan, text)),
    });
    const others = [service, ingress].map((manifest) =>
      kubernetesObject(partName(name, manifest), manifest, { parent: this, dependsOn: [page] }),
    );
    return pulumi.all([page, ...others].map(({ id }) => id));
  }
}
