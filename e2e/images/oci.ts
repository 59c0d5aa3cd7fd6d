/**
 * An image as a container runtime wants to see it, without its layer: the files lie in a directory already, and are mounted
 * as the snapshot that the layer would be unpacked to. No archive of gigabytes is written, read and unpacked for each node.
 */
import { createHash } from "node:crypto";
import type { ImageConfig } from "./recipes";

export interface Blob {
  /** "sha256:" and 64 hex digits. */
  readonly digest: string;
  readonly text: string;
}

export interface LayerlessImage {
  readonly config: Blob;
  readonly manifest: Blob;
  /** OCI's index.json. */
  readonly index: string;
  /** Name of the snapshot with its files: what a runtime calls a layer without a parent. @see OCI image-spec, ChainID */
  readonly snapshot: string;
}

function blob(value: unknown): Blob {
  const text = JSON.stringify(value);
  return { digest: `sha256:${createHash("sha256").update(text).digest("hex")}`, text };
}

const described = (mediaType: string, { digest, text }: Blob) => ({ mediaType, digest, size: Buffer.byteLength(text) });

const oci = (kind: string): string => `application/vnd.oci.image.${kind}`;

/**
 * @param reference full name: "docker.io/library/node:22"
 * @param key 64 hex digits that name the files; stand for the digest of the layer that nobody makes
 */
export function layerlessImage(reference: string, key: string, settings: ImageConfig): LayerlessImage {
  const layer = `sha256:${key}`;
  const platform = { architecture: process.arch === "x64" ? "amd64" : process.arch, os: "linux" };
  const config = blob({ ...platform, config: settings, rootfs: { type: "layers", diff_ids: [layer] } });
  const manifest = blob({
    schemaVersion: 2,
    mediaType: oci("manifest.v1+json"),
    config: described(oci("config.v1+json"), config),
    layers: [{ mediaType: oci("layer.v1.tar"), digest: layer, size: 0 }],
  });
  const index = JSON.stringify({
    schemaVersion: 2,
    manifests: [
      {
        ...described(oci("manifest.v1+json"), manifest),
        platform,
        annotations: { "io.containerd.image.name": reference },
      },
    ],
  });
  return { config, manifest, index, snapshot: layer };
}
