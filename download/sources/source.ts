import type { Pacer } from "../backoff";
import type { Checksum } from "../checksum";
import type { Fault } from "../faults";
import type { Ask, Http, Refusal } from "../http";
import type { ReadSecret } from "../secrets";

/** A file as its source lists it. */
export interface RemoteFile {
  /** Below the model's directory, with forward slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly checksum?: Checksum;
  /** The ETag that the listing names; an answer with another one is another file. */
  readonly etag?: string;
}

export interface Listing {
  /** What the requested revision stands for: a commit, or for a bucket a digest of its listing. */
  readonly revision: string;
  readonly files: readonly RemoteFile[];
}

/** Where a model comes from. */
export interface Source {
  /** For people: "Qwen/Qwen3-8B on huggingface.co". */
  readonly title: string;
  /** All files. @param known the revision that an earlier run resolved and recorded */
  list(known: string | undefined): Promise<Listing>;
  /** Adds what the listing could not say of a file that was chosen. */
  complete(file: RemoteFile): Promise<RemoteFile>;
  /** The request for a file's bytes. */
  locate(file: RemoteFile, revision: string): Ask;
  /** What a refusal means here, and what to do. */
  readonly explain: (refusal: Refusal) => Fault;
}

/** What every source is made with. */
export interface SourceTools {
  readonly http: Http;
  readonly pacer: Pacer;
  readonly secret: ReadSecret;
}

export const COMMIT = /^[0-9a-f]{40}$/;

/** What a refusal means that no source explains better. */
export function plainFault({ status, host }: Refusal, path: string): Fault {
  return {
    path,
    found: `${host} answers ${status}`,
    needed: "an answer of success",
    fix: "check the endpoint, and whether it is reachable from the cluster's network",
  };
}
