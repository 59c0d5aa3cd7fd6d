import * as pulumi from "@pulumi/pulumi";
import type { ArrowsPlan } from "../plan/stages/arrows";
import { namespaceManifest } from "../render/manifest";
import { closedNamespace } from "./kubernetes/namespace";
import type { PullSecret } from "./kubernetes/pullSecret";

/** Arguments of `ServingNamespace`. */
export interface ServingNamespaceArgs {
  /** Its name: that of an entry of `arrows.homes`. */
  readonly namespace: string;
  readonly arrows: ArrowsPlan;
  /** What pods pull their images by, in its own namespace. @default none is made */
  readonly pullSecret?: PullSecret;
}

/**
 * Where models, Ray and the gateway are: a namespace that takes pods of the level `restricted` only, and lets them talk to
 * each other as listed and to nobody else.
 */
export class ServingNamespace extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:ServingNamespace";

  /** Its name; resolves once it is closed. What goes into it takes the name from here, by `inNamespace`. */
  readonly namespace: pulumi.Output<string>;

  constructor(name: string, args: ServingNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super(ServingNamespace.type, name, {}, opts);
    const { namespace, ...closing } = args;
    const manifest = namespaceManifest(namespace, "restricted");
    const made = closedNamespace(name, { manifest, ...closing }, this);
    this.namespace = pulumi.all(made.map(({ id }) => id)).apply(() => namespace);
    this.registerOutputs({ namespace: this.namespace });
  }
}
