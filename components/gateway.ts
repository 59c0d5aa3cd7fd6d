import type { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { GatewayPlan } from "../plan/stages/gateway";
import type { Manifest } from "../render/manifest";
import {
  clusterUrl,
  gatewayConfigManifest,
  gatewayDeployment,
  gatewayFileNames,
  gatewayManifests,
  gatewayProgramManifest,
  gatewaySecretManifest,
} from "../render/stages/gateway";
import { gatewayWaitSettings } from "../render/stages/gatewayCheck";
import { ingressManifests } from "../render/stages/ingress";
import { quotaPasswordFile, quotaStoreManifests, quotaStoreSpec } from "../render/stages/quotaStore";
import { quotaPassword, revisionOf, signServiceToken, usersText, type ServiceTokenRequest } from "./gatewaySecrets";
import { clusterScript } from "./kubernetes/clusterScript";
import { inNamespace, kubernetesObject, type LateFields } from "./kubernetes/object";

/** Arguments of `Gateway`. */
export interface GatewayArgs {
  readonly gateway: GatewayPlan;
  /** The gateway, bundled to one file of less than 1 MB (`npm run build:gateway`). */
  readonly program: string;
  /** The serving namespace, once it is closed. */
  readonly namespace: pulumi.Input<string>;
  /** Resolves once every model has answered at its route (`ServedModel.endpoint`): only then are requests sent there. */
  readonly served: pulumi.Input<unknown>;
  /** Ed25519 private key, PKCS8 PEM. Secret. */
  readonly signingKey: pulumi.Input<string>;
  /** The key before, whose tokens still hold: given for a token's life after a change of `signingKey`. Secret. @default none */
  readonly previousSigningKey?: pulumi.Input<string>;
  /** Users as JSON text, a list. Secret. */
  readonly users: pulumi.Input<string>;
  /** Password of the plan's first user, who asks for the first token. Secret. */
  readonly firstUserPassword: pulumi.Input<string>;
  /** Opens the cluster's API, to ask for that token. Secret. */
  readonly kubeconfig: pulumi.Input<string>;
}

/** A ConfigMap takes 1 MiB, its own fields included. */
const mostBytes = 1_000_000;

/** How long a rollout may take in seconds: each old pod may end the answers that run. */
const patience = 1200;

/**
 * The way to the models, and the only one: stage 8 of the bring-up. Tokens, quotas, and the ingress with TLS. Keys and users are
 * followed by the running pods; what they cannot follow replaces them one by one.
 */
export class Gateway extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:Gateway";

  /** "https://llm.my.org/v1"; resolves once a token came through the gateway. */
  readonly endpoint: pulumi.Output<string>;
  /** The same inside the cluster, "http://gateway.tokenrack.svc/v1". */
  readonly clusterEndpoint: pulumi.Output<string>;
  /** The model and the seconds to that token, as JSON. */
  readonly ready: pulumi.Output<string>;

  private readonly plan: GatewayPlan;
  private readonly signingKey: pulumi.Output<string>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super(Gateway.type, name, {}, opts);
    const { gateway, program, signingKey } = args;
    if (Buffer.byteLength(program) >= mostBytes) {
      throw new pulumi.InputPropertyError({ propertyPath: "program", reason: `${mostBytes} bytes or more` });
    }
    this.plan = gateway;
    this.signingKey = pulumi.secret(signingKey);
    const before = [...this.secrets(name, args), ...this.quotaStore(name, args), ...this.programs(name, args)];
    const pods = this.object(name, "pods", gatewayDeployment(gateway, program), args, {
      after: before,
      waits: true,
    });
    const { service, budget } = gatewayManifests(gateway);
    const reached = this.object(name, "service", service, args, { after: [pods] });
    if (budget !== undefined) this.object(name, "budget", budget, args, { after: [pods] });
    for (const manifest of ingressManifests(gateway)) {
      this.object(name, manifest.metadata.name.replace(/^gateway-/, "path-"), manifest, args, { after: [reached] });
    }
    this.ready = this.wait(name, args, [pods, reached]).stdout;
    this.endpoint = this.ready.apply(() => `${gateway.issuer}/v1`);
    this.clusterEndpoint = this.ready.apply(() => clusterUrl(gateway));
    const { endpoint, clusterEndpoint, ready } = this;
    this.registerOutputs({ endpoint, clusterEndpoint, ready });
  }

  /** A token for a service, such as the chat page: the same in every preview, good until the signing key is another. Secret. */
  serviceToken(request: ServiceTokenRequest): pulumi.Output<string> {
    return pulumi.secret(this.signingKey.apply((key) => signServiceToken(key, this.plan, request)));
  }

  private object(
    name: string,
    part: string,
    manifest: Manifest,
    { namespace, served }: GatewayArgs,
    how: { readonly after?: readonly pulumi.Resource[]; readonly waits?: boolean; readonly late?: LateFields } = {},
  ): pulumi.CustomResource {
    const { after = [], waits = false, late = {} } = how;
    const inside = inNamespace(manifest, namespace);
    // An annotation that says nothing else makes it wait for the models.
    const annotations = {
      ...manifest.metadata.annotations,
      "tokenrack-after": pulumi.all([served]).apply(() => "models"),
    };
    const metadata = waits ? { metadata: { ...manifest.metadata, namespace, annotations } } : inside;
    const time = `${patience}s`;
    return kubernetesObject(
      `${name}-${part}`,
      manifest,
      { parent: this, dependsOn: [...after], customTimeouts: { create: time, update: time } },
      { ...metadata, ...late },
    );
  }

  private secrets(name: string, args: GatewayArgs): readonly pulumi.Resource[] {
    const { gateway, users, previousSigningKey } = args;
    const { signingKey, previousKey, users: usersFile } = gatewayFileNames;
    const keys = {
      [signingKey]: this.signingKey,
      ...(previousSigningKey === undefined ? {} : { [previousKey]: previousSigningKey }),
    };
    const file = pulumi
      .all([users, this.signingKey])
      .apply(([text, key]) => usersText(text, gateway.serviceUsers, key));
    const make = (part: "keys" | "users", data: Record<string, pulumi.Input<string>>): pulumi.Resource =>
      this.object(name, part, gatewaySecretManifest(gateway, part), args, {
        late: { stringData: pulumi.secret(data) },
      });
    return [make("keys", keys), make("users", { [usersFile]: file })];
  }

  private quotaStore(name: string, args: GatewayArgs): readonly pulumi.Resource[] {
    const manifests = quotaStoreManifests(args.gateway);
    if (manifests === undefined) return [];
    const password = this.signingKey.apply(quotaPassword);
    const data = pulumi.secret({ [quotaPasswordFile]: password });
    const secret = this.object(name, "quota-secret", manifests.secret, args, { late: { stringData: data } });
    const spec = pulumi
      .unsecret(password.apply(revisionOf))
      .apply((revision) => quotaStoreSpec(args.gateway, revision));
    const certificate = (["issuer", "certificate"] as const).flatMap((part) => {
      const manifest = manifests[part];
      return manifest === undefined ? [] : [this.object(name, `quota-${part}`, manifest, args)];
    });
    const after = [secret, ...certificate];
    const store = this.object(name, "quota-store", manifests.deployment, args, { after, late: { spec } });
    return [...after, this.object(name, "quota-service", manifests.service, args, { after: [store] })];
  }

  private programs(name: string, args: GatewayArgs): readonly pulumi.Resource[] {
    const { gateway, program } = args;
    return [
      this.object(name, "program", gatewayProgramManifest(gateway, program), args),
      // Its routes are those of the models that have just answered.
      this.object(name, "config", gatewayConfigManifest(gateway), args, { waits: true }),
    ];
  }

  private wait(
    name: string,
    { gateway, program, kubeconfig, firstUserPassword }: GatewayArgs,
    dependsOn: readonly pulumi.Resource[],
  ): local.Command {
    const settings = gatewayWaitSettings(gateway, program);
    const secrets = { password: firstUserPassword };
    return clusterScript(
      `${name}-ready`,
      { script: "gatewayWait", stage: "wait", settings, kubeconfig, secrets },
      { parent: this, dependsOn: [...dependsOn] },
    );
  }
}
