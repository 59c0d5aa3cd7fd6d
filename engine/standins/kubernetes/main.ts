import { versions } from "../../../catalog/versions";
import { serve } from "../serve";
import { Cluster } from "./cluster";
import { ReleaseResource } from "./helm/release";
import { KubernetesResource } from "./resource";
import { checkConfig, diffConfig, parseSettings } from "./settings";

/** What the official plugin has beside plain objects. */
const REFUSED = /^kubernetes:(helm\.sh\/v[234]|yaml(\/v2)?|kustomize(\/v2)?|index):/;

/**
 * Stand-in for the official `kubernetes` provider: any object of a real API server by server-side apply, and
 * `helm.sh/v3:Release` through the real `helm`. Charts and YAML as components, kustomize and Patch resources are refused.
 * @see https://github.com/pulumi/pulumi-kubernetes/tree/v4.32.0/provider
 */
const cluster = new Cluster();
const anyObject = new KubernetesResource(cluster);

void serve(
  {
    name: "kubernetes",
    version: versions.pluginKubernetes,
    resources: { "kubernetes:helm.sh/v3:Release": new ReleaseResource(cluster) },
    resourceOf: (type) => (/^kubernetes:[^:/]+\/[^:/]+:\w+$/.test(type) && !REFUSED.test(type) ? anyObject : undefined),
    checkConfig,
    diffConfig,
    configure: (config) => cluster.configure(parseSettings(config)),
    cancel: () => {
      cluster.cancel();
      return Promise.resolve();
    },
  },
  process.argv.slice(2),
);
