import type * as pulumi from "@pulumi/pulumi";

/** What later stages take from a cluster, whoever made it. */
export interface ClusterOutputs {
  /** Opens the cluster's API as its administrator; resolves once the API answers. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** The nodes of each pool as JSON (`{"w-gpu":3}`); resolves once each pool has its nodes, all Ready. */
  readonly ready: pulumi.Output<string>;
}
