import * as proxmox from "@muhlba91/pulumi-proxmoxve";
import * as pulumi from "@pulumi/pulumi";
import type { ImagePlan } from "../plan/site";

/** Arguments of `CloudImages`. */
export interface CloudImagesArgs {
  readonly image: ImagePlan;
  /** Storage with content type `import`. */
  readonly storage: string;
  /** Hosts whose VMs start from it, without doubles; at least one. */
  readonly hosts: readonly string[];
  /** Whether one copy serves all hosts. */
  readonly shared: boolean;
  /** `VfioHost.settledBy` by host: a download that begins before would be ended by the reboot. @see VmFleetArgs */
  readonly settled: Readonly<Record<string, pulumi.Resource>>;
}

/** Seconds for one download: 2 GiB at 10 Mbit/s. */
const downloadSeconds = 1800;

/** The cloud image on every host that needs it: once a host, and only once on a shared storage. Checked by checksum. */
export class CloudImages extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:CloudImages";

  private readonly volumes: ReadonlyMap<string, pulumi.Output<string>>;

  constructor(name: string, args: CloudImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super(CloudImages.type, name, {}, opts);
    const holders = args.shared ? args.hosts.slice(0, 1) : args.hosts;
    const files = new Map(holders.map((host) => [host, this.download(name, args, host).id]));
    const [first] = [...files.values()];
    this.volumes = new Map(
      args.hosts.flatMap((host) => {
        const volume = args.shared ? first : files.get(host);
        return volume === undefined ? [] : [[host, volume] as const];
      }),
    );
    this.registerOutputs({ volumes: Object.fromEntries(this.volumes) });
  }

  /** Volume id on a host: "local:import/debian-13.qcow2". @throws RangeError for a host that was not asked for */
  on(host: string): pulumi.Output<string> {
    const volume = this.volumes.get(host);
    if (volume === undefined) throw new RangeError(`no image was asked for on ${host}`);
    return volume;
  }

  private download(name: string, { image, storage, settled }: CloudImagesArgs, host: string): proxmox.download.File {
    const after = settled[host];
    return new proxmox.download.File(
      `${name}-${host}`,
      {
        contentType: "import",
        datastoreId: storage,
        nodeName: host,
        url: image.url,
        fileName: image.fileName,
        checksum: image.checksum,
        checksumAlgorithm: image.checksumAlgorithm,
        // The checksum says whether it is the right one; a size that changed at the source must not replace it.
        overwrite: false,
        uploadTimeout: downloadSeconds,
      },
      {
        parent: this,
        // Both would have one name in the storage.
        deleteBeforeReplace: true,
        ...(after === undefined ? {} : { dependsOn: after }),
      },
    );
  }
}
