/** The disk image that the VMs on Proxmox start from. */
import * as z from "zod";
import { text, word } from "./values";

const urlText =
  'an https URL of one version, like "https://cloud.debian.org/images/cloud/trixie/<date>/debian-13-generic-amd64-<date>.qcow2"';
const isImageUrl = (value: string): boolean =>
  URL.canParse(value) && new URL(value).protocol === "https:" && new URL(value).username === "";

const fileText = "a file name that ends with .qcow2, .raw or .vmdk";
const checksumText = "a checksum in lower-case hex: 64 digits for sha256, 128 for sha512";
const checksums = { sha256: /^[0-9a-f]{64}$/, sha512: /^[0-9a-f]{128}$/ } as const;

/** `platform.image`: a cloud image (with cloud-init) as its maker publishes it. */
export const imageSchema = z
  .strictObject(
    {
      /** Where it is downloaded from, by the Proxmox hosts. Of one version: what stands under "latest" changes its checksum. */
      url: z.string({ error: urlText }).refine(isImageUrl, { error: urlText }),
      /** As its maker publishes it, in hex: 64 digits for sha256, 128 for sha512. */
      checksum: z.string({ error: checksumText }),
      /** How `checksum` is made. @default "sha256" */
      checksumAlgorithm: word(["sha256", "sha512"]).default("sha256"),
      /** Name in the storage. @default the last part of `url`, with .img as .qcow2 */
      fileName: text(/^[A-Za-z0-9][\w.-]{0,199}\.(?:qcow2|raw|vmdk)$/, fileText).optional(),
    },
    { error: "an image: url and checksum" },
  )
  .refine(({ checksum, checksumAlgorithm }) => checksums[checksumAlgorithm].test(checksum), {
    path: ["checksum"],
    error: checksumText,
  })
  .refine(({ url, fileName }) => fileName !== undefined || !isImageUrl(url) || imageFileName(url) !== undefined, {
    path: ["fileName"],
    error: `${fileText}, as the URL does not end so`,
  })
  .transform((image) => ({ ...image, fileName: image.fileName ?? imageFileName(image.url) ?? "" }));

/** Name of an image in the storage, by its URL; undefined where that does not tell. */
function imageFileName(url: string): string | undefined {
  const name = (new URL(url).pathname.split("/").at(-1) ?? "").replace(/\.img$/, ".qcow2");
  return /^[A-Za-z0-9][\w.-]*\.(?:qcow2|raw|vmdk)$/.test(name) ? name : undefined;
}
