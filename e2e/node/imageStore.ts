/**
 * Gives a node's containerd images whose files are directories of this machine: each is mounted, read-only, where the
 * unpacked layer of the image would be. Nothing is copied, however large it is, and all nodes share it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { shellQuote } from "../../system/shell";
import type { BuiltImage } from "../images/build";
import { layerlessImage } from "../images/oci";
import { fullReference } from "../images/recipes";
import { run } from "../images/steps";

export interface StoredImage {
  readonly snapshot: string;
  readonly root: string;
  /** Its names, each an archive of what an image is besides its files. */
  readonly archives: readonly string[];
}

/** Writes an OCI archive without a layer. */
async function archive(directory: string, reference: string, image: BuiltImage): Promise<string> {
  const { config, manifest, index } = layerlessImage(fullReference(reference), image.key, image.recipe.config);
  const blobs = path.join(directory, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  for (const { digest, text } of [config, manifest]) writeFileSync(path.join(blobs, digest.replace(/^.*:/, "")), text);
  writeFileSync(path.join(directory, "index.json"), index);
  writeFileSync(path.join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const file = `${directory}.tar`;
  await run("tar", ["-cf", file, "-C", directory, "oci-layout", "index.json", "blobs"]);
  return file;
}

/** @param directory for the archives @param images built ones by the references that they go by */
export async function storeImages(
  directory: string,
  images: readonly (readonly [reference: string, image: BuiltImage])[],
): Promise<readonly StoredImage[]> {
  const stored = new Map<string, { snapshot: string; root: string; archives: string[] }>();
  for (const [number, [reference, image]] of images.entries()) {
    const one = stored.get(image.key) ?? { snapshot: `sha256:${image.key}`, root: image.root, archives: [] };
    one.archives.push(await archive(path.join(directory, String(number)), reference, image));
    stored.set(image.key, one);
  }
  return [...stored.values()];
}

/** A shell script that tells the containerd at `socket` of all of them. @param ctr path of its client */
export function importScript(ctr: string, socket: string, images: readonly StoredImage[]): string {
  const client = `${shellQuote(ctr)} --address ${shellQuote(socket)} --namespace k8s.io`;
  const one = ({ snapshot, root, archives }: StoredImage): readonly string[] => [
    `${client} snapshots prepare draft > /dev/null`,
    // It says how it would be mounted: "mount -t bind <directory> <target> -o ...".
    `files=$(${client} snapshots mounts /target draft | sed 's/^mount -t bind //; s, /target -o .*,,')`,
    `${client} snapshots commit ${snapshot} draft`,
    `mount --bind ${shellQuote(root)} "$files"`,
    `mount -o remount,bind,ro "$files"`,
    ...archives.map((file) => `${client} images import --no-unpack ${shellQuote(file)} > /dev/null`),
  ];
  return ["set -eu", ...images.flatMap(one)].join("\n");
}
