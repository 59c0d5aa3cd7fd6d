import type * as pulumi from "@pulumi/pulumi";

/** What a stack tells its user. */
export interface StackOutputs {
  /** Served model names. */
  readonly models: readonly string[];
  /** Base URL of the OpenAI-compatible API; known once a token was generated through it. */
  readonly endpoint?: pulumi.Output<string>;
  /** Where people talk to the models, where there is a page. */
  readonly chat?: pulumi.Output<string>;
  /** Opens the cluster's API as its administrator. Secret. */
  readonly kubeconfig?: pulumi.Output<string>;
  /** Nodes of each pool as JSON; known once all are Ready. */
  readonly ready?: pulumi.Output<string>;
  /** GPUs of each pool as JSON; known once all can be asked for. */
  readonly gpus?: pulumi.Output<string>;
  /** Seconds to the first token by served model name as JSON; known once each has generated one. */
  readonly firstTokens?: pulumi.Output<string>;
  /** What each host with GPUs was before its first change, as JSON by name. */
  readonly inspections?: Readonly<Record<string, pulumi.Output<string>>>;
  /** The first master's public host key, to compare with its console and to pin as `cluster.masterHostKey`. */
  readonly masterHostKey?: pulumi.Output<string>;
}
