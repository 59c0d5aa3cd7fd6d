/** Where a model's files come from, in the downloader's own words. */
import type { ClusterModelProfile } from "../../config/schema";

/** Whose credentials a download needs. */
export type Hub = "huggingface" | "modelscope" | "s3";

/** A source as `download/config.ts` has it; a test holds the two together. */
export type DownloadSource =
  | {
      readonly kind: "huggingface" | "modelscope";
      readonly repo: string;
      readonly revision: string;
      readonly endpoint: string;
    }
  | {
      readonly kind: "s3" | "oss";
      readonly endpoint: string;
      readonly region: string;
      readonly bucket: string;
      readonly prefix: string;
      readonly pathStyle?: boolean;
    };

const endpoints = { huggingFace: "https://huggingface.co", modelScope: "https://modelscope.cn" } as const;

/** ModelScope has no branch `main`. @see https://modelscope.cn/docs, "master" is its default branch */
const moving = { huggingFace: "main", modelScope: "master" } as const;

/** The source of a model, and whose credentials it needs. */
export function sourceOf({ source: id, revision, download }: ClusterModelProfile): {
  source: DownloadSource;
  hub: Hub;
} {
  const from = download?.from ?? "huggingFace";
  if (download?.from === "s3" || download?.from === "oss") {
    const { endpoint, region, bucket, prefix } = download;
    const common = { endpoint, region, bucket, prefix };
    const source: DownloadSource =
      download.from === "oss" ? { kind: "oss", ...common } : { kind: "s3", ...common, pathStyle: download.pathStyle };
    return { source, hub: "s3" };
  }
  const hub = from === "modelScope" ? "modelScope" : "huggingFace";
  return {
    source: {
      kind: hub === "modelScope" ? "modelscope" : "huggingface",
      repo: download?.repository ?? id,
      revision: revision ?? moving[hub],
      endpoint: download?.endpoint ?? endpoints[hub],
    },
    hub: hub === "modelScope" ? "modelscope" : "huggingface",
  };
}
