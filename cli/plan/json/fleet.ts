/** What all VMs of a stack have in common, as `--json` prints it. */
import * as z from "zod";
import { positive, text, whole } from "./values";

/** Of the VMs, all but where each of them runs. */
export const fleet = z
  .strictObject({
    api: z.strictObject({
      endpoint: text("Proxmox's API"),
      caCert: text("PEM").optional(),
      allowInsecureTls: z.boolean(),
    }),
    site: z.strictObject({
      stack: z.string(),
      diskStorage: text("storage of the VMs' disks"),
      network: z.strictObject({
        prefix: whole("length of the subnet's prefix"),
        gateway: z.string(),
        dns: z.array(z.string()).min(1),
        bridge: z.string(),
        vlan: positive("VLAN tag").optional(),
        mtu: positive("bytes").optional(),
      }),
      user: text("user that cloud-init makes"),
    }),
    image: z
      .strictObject({
        url: z.string(),
        fileName: text("name in the storage"),
        checksum: text("hex"),
        checksumAlgorithm: z.enum(["sha256", "sha512"]),
      })
      .optional(),
    imageStorage: text("storage of the image"),
    imageShared: z.boolean().describe("one copy serves all hosts"),
    pool: text("Proxmox pool"),
    protectedPools: z.array(z.string()).describe("node pools whose VMs refuse to be deleted"),
  })
  .describe("what all VMs have in common");
