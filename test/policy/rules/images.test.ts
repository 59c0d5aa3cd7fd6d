import { images, imageReference } from "../../../catalog/images";
import { imageRule } from "../../../policy/rules/images";
import { deployment, holds, object } from "../fixtures";

const release = (image: object) => object("helm.sh/v3:Release", { values: { operator: { image } } });
const digest = `sha256:${"b".repeat(64)}`;

holds(
  imageRule,
  {
    "images with a digest": [deployment({}), release({ repository: "r.my.org/a", tag: `1@${digest}` })],
    "what the catalogue excepts": [deployment({ image: imageReference(images.node) })],
    "an image that only an up will know": [deployment({ image: "[unknown]" })],
  },
  {
    "an image by its tag, of a start container too": [
      [deployment({ image: "nginx:1.29" }, { initContainers: [{ name: "a", image: "busybox" }] })],
      [/^deployment: image "busybox" has no digest/, /^deployment: image "nginx:1\.29" has no digest/],
    ],
    "a chart's image by its tag": [
      [release({ repository: "quay.io/kuberay/operator", tag: "nightly" })],
      [/^release: image "quay\.io\/kuberay\/operator:nightly" has no digest/],
    ],
  },
);
