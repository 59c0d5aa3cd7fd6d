import * as pulumi from "@pulumi/pulumi";
import type { local } from "@pulumi/command";
import type { LocalStackPlan } from "../plan/plan";
import { renderGatewayConfig } from "../render/gatewayConfig";
import { toYaml } from "../render/text";
import { localCommand, resultField } from "./localCommand";

/** Arguments of `LocalGateway`. */
export interface LocalGatewayArgs {
  /** Its slice is `gateway` and `local`. */
  readonly plan: LocalStackPlan;
  /** Ed25519 private key, PKCS8 PEM. Secret. */
  readonly signingKey: pulumi.Input<string>;
  /** Users as JSON text. Secret. */
  readonly users: pulumi.Input<string>;
  /** Password of the user that asks for the first token. Secret. */
  readonly firstUserPassword: pulumi.Input<string>;
  /** What answers behind it (`LocalRay.deployed`): the first token is asked for once this is known. */
  readonly deployed: pulumi.Input<string>;
}

/** The gateway on this machine: stage 8 of the bring-up, for stack `local`. */
export class LocalGateway extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:LocalGateway";

  /** Base URL of the OpenAI-compatible API. Resolves once a token was generated through it. */
  readonly endpoint: pulumi.Output<string>;

  constructor(name: string, args: LocalGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super(LocalGateway.type, name, {}, opts);
    const gateway = this.start(name, args);
    const firstToken = this.askForFirstToken(name, args, gateway);
    this.endpoint = pulumi.interpolate`${resultField(firstToken, "endpoint")}/v1`;
    this.registerOutputs({ endpoint: this.endpoint });
  }

  private start(name: string, args: LocalGatewayArgs): local.Command {
    const { plan } = args;
    const { run, gatewayBundle } = plan.local.paths;
    const files = {
      signingKeys: [`${run}/gateway/signing-key.pem`],
      users: `${run}/gateway/users.json`,
    };
    const input = {
      runDirectory: run,
      bundle: gatewayBundle,
      config: toYaml(renderGatewayConfig(plan, files)),
      port: plan.gateway.port,
    };
    const secrets = { signingKey: args.signingKey, users: args.users };
    return localCommand(`${name}-process`, { create: "gateway-start", delete: "gateway-stop", input, secrets }, this);
  }

  private askForFirstToken(name: string, args: LocalGatewayArgs, gateway: local.Command): local.Command {
    const { issuer, readinessModel, firstUser } = args.plan.gateway;
    const input = { endpoint: issuer, model: readinessModel, user: firstUser, deadlineSeconds: 120 };
    const secrets = { password: args.firstUserPassword };
    const standsOn = [pulumi.output(args.deployed), resultField(gateway, "pid")];
    return localCommand(`${name}-first-token`, { create: "first-token", input, secrets, standsOn }, this);
  }
}
