import * as pulumi from "@pulumi/pulumi";
import type { local } from "@pulumi/command";
import type { LocalStackPlan } from "../plan/plan";
import { renderServeConfig } from "../render/serveConfig";
import { toYaml } from "../render/text";
import { localCommand, resultField } from "./localCommand";

/** Arguments of `LocalRay`. */
export interface LocalRayArgs {
  /** Its slice is `local` and `models`. */
  readonly plan: LocalStackPlan;
  /** Ray's auth token. Secret. */
  readonly rayToken: pulumi.Input<string>;
}

/**
 * Ray Serve and vLLM on this machine: stages 1 to 7 of the bring-up in one, for stack `local`. Installs the locked Python
 * environment, provides the model, starts Ray on loopback with token auth and deploys the Serve config.
 */
export class LocalRay extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:LocalRay";

  /** Changes whenever another deployment answers; resolves once the model is loaded. */
  readonly deployed: pulumi.Output<string>;
  /** Ray's session, which no other start of Ray has. */
  readonly session: pulumi.Output<string>;

  constructor(name: string, args: LocalRayArgs, opts?: pulumi.ComponentResourceOptions) {
    super(LocalRay.type, name, {}, opts);
    const { plan } = args;
    const python = this.installPython(name, plan);
    const pythonDirectory = resultField(python, "pythonDirectory");
    const model = this.provideModel(name, plan, pythonDirectory);
    const ray = this.startRay(name, args, pythonDirectory);
    this.session = resultField(ray, "session");
    const serve = this.deploy(name, plan, pythonDirectory, resultField(model, "directory"));
    this.deployed = resultField(serve, "deployed");
    this.registerOutputs({ deployed: this.deployed, session: this.session });
  }

  private installPython(name: string, plan: LocalStackPlan): local.Command {
    const { paths, python } = plan.local;
    const input = { cacheDirectory: paths.cache, lock: python.lock, hash: python.hash };
    return localCommand(`${name}-python`, { create: "python-install", input }, this);
  }

  private provideModel(name: string, plan: LocalStackPlan, pythonDirectory: pulumi.Output<string>): local.Command {
    const [model] = plan.models;
    const input = {
      kind: model.kind,
      source: model.source,
      revision: model.revision,
      cacheDirectory: plan.local.paths.cache,
      // Only a download needs Python; the other kinds need not wait for it.
      pythonDirectory: model.kind === "huggingface" ? pythonDirectory : "",
      // The other kinds were looked at before the plan was made.
      ...(model.kind === "huggingface" ? { maxModelLen: model.maxModelLen } : {}),
    };
    return localCommand(`${name}-model`, { create: "model-provide", input }, this);
  }

  private startRay(name: string, args: LocalRayArgs, pythonDirectory: pulumi.Output<string>): local.Command {
    const { paths, ports, ray, gpu } = args.plan.local;
    const input = {
      runDirectory: paths.run,
      cacheDirectory: paths.cache,
      pythonDirectory,
      ports: { rayGcs: ports.rayGcs, rayDashboard: ports.rayDashboard, rayClient: ports.rayClient },
      numCpus: ray.numCpus,
      numGpus: ray.numGpus,
      reservedCores: ray.reservedCores,
      objectStoreMib: ray.objectStoreMib,
      gpuIndex: gpu?.index,
    };
    const secrets = { rayToken: args.rayToken };
    return localCommand(`${name}-ray`, { create: "ray-start", delete: "ray-stop", input, secrets }, this);
  }

  private deploy(
    name: string,
    plan: LocalStackPlan,
    pythonDirectory: pulumi.Output<string>,
    modelDirectory: pulumi.Output<string>,
  ): local.Command {
    const [model] = plan.models;
    const serveConfig = modelDirectory.apply((directory) =>
      toYaml(renderServeConfig(plan, { modelSources: { [model.name]: directory } })),
    );
    const { paths, ports } = plan.local;
    const input = {
      runDirectory: paths.run,
      cacheDirectory: paths.cache,
      pythonDirectory,
      gcsPort: ports.rayGcs,
      dashboardPort: ports.rayDashboard,
      serveConfig,
    };
    const verbs = { create: "serve-deploy", delete: "serve-delete" };
    return localCommand(`${name}-serve`, { ...verbs, input, standsOn: [this.session] }, this);
  }
}
