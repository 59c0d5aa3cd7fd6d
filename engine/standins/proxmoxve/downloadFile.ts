import { z } from "zod";
import type { CheckFailure, StandInResource } from "../provider";
import { UNKNOWN, type Properties, type PropertyValue } from "../values";
import { checkWith, matching, plain } from "./checks";
import { ApiError, type Client } from "./client";
import { during } from "./context";
import { diffInputs } from "./diffs";
import { waitForTask } from "./tasks";

const words = (attribute: string, ...allowed: readonly string[]) =>
  matching(
    attribute,
    (value) => allowed.includes(value),
    `value must be one of: [${allowed.map((one) => `"${one}"`).join(" ")}]`,
  );

const schema = z.strictObject({
  contentType: words("content_type", "iso", "vztmpl", "import"),
  datastoreId: z.string(),
  nodeName: z.string(),
  url: matching(
    "url",
    (value) => /https?:\/\/.*/.test(value),
    "must match HTTP URL regex `https?://.*`",
    ", got: ",
    "",
  ),
  fileName: z.string().optional(),
  checksum: z.string().optional(),
  checksumAlgorithm: words("checksum_algorithm", "md5", "sha1", "sha224", "sha256", "sha384", "sha512").optional(),
  decompressionAlgorithm: words("decompression_algorithm", "gz", "lzo", "zst", "bz2").optional(),
  overwrite: z.literal(false, { error: "this stand-in never compares sizes at the source: write `overwrite: false`" }),
  overwriteUnmanaged: z.literal(false).optional(),
  uploadTimeout: z.number().optional(),
  verify: z.boolean().optional(),
});

const metadataSchema = z.object({ filename: z.string() });
const contentSchema = z.array(z.object({ volid: z.string(), size: z.number() }));

/** Everything that names the file or what has to be in it. */
const REPLACES = [
  "contentType",
  "datastoreId",
  "nodeName",
  "url",
  "fileName",
  "checksum",
  "checksumAlgorithm",
  "decompressionAlgorithm",
];

const outputsOf = (inputs: Properties, fileName: PropertyValue, size: PropertyValue): Properties => ({
  overwriteUnmanaged: false,
  uploadTimeout: 600,
  verify: true,
  ...inputs,
  fileName,
  size,
});

type FileInputs = z.output<typeof schema>;

/** A checksum needs its algorithm, and the other way round. */
function checksumFailures(news: Properties, name: string): readonly CheckFailure[] {
  const { checksum, checksumAlgorithm } = plain(news);
  if ((checksum === undefined) === (checksumAlgorithm === undefined)) return [];
  const [given, other, place] =
    checksum === undefined
      ? ["checksum_algorithm", "checksum", "checksumAlgorithm"]
      : ["checksum", "checksum_algorithm", "checksum"];
  const reason = `Invalid Attribute Combination. Attribute "${other}" must be specified when "${given}" is specified. Examine values at '${name}.${place}'.`;
  return [{ property: "", reason }];
}

/** Where a file is, from the state. */
const placeSchema = z.object({
  nodeName: z.string(),
  datastoreId: z.string(),
  contentType: z.string(),
  fileName: z.string(),
});

/** `proxmoxve:download/file:File`. @see bpg v0.111.1 fwprovider/nodes/resource_download_file.go */
export function downloadFile(client: Client): StandInResource {
  return {
    check: (news, name) => [...checkWith(schema, news, name), ...checksumFailures(news, name)],
    diff: (olds, news) => diffInputs(olds, news, (path) => REPLACES.includes(path)),
    async create(call, properties) {
      const given = plain(properties)["fileName"] ?? UNKNOWN;
      if (call.preview) return { id: "", outputs: outputsOf(properties, given, UNKNOWN) };
      const inputs = schema.parse(plain(properties));
      const fileName = await download(client, inputs);
      const place = { ...inputs, fileName };
      const size = await sizeOf(client, place);
      if (size === undefined) {
        throw new Error("Error when reading file from datastore: file does not exists in datastore");
      }
      return { id: volidOf(place), outputs: outputsOf(properties, fileName, size) };
    },
    // Only what does not concern the file itself gets here.
    update: (_, state, properties) =>
      Promise.resolve(outputsOf(properties, state["fileName"] ?? null, state["size"] ?? null)),
    async delete(_, state) {
      const place = placeSchema.parse(plain(state));
      const volume = encodeURIComponent(volidOf(place));
      try {
        await client.send("DELETE", `nodes/${place.nodeName}/storage/${place.datastoreId}/content/${volume}`);
      } catch (error) {
        if (!(error instanceof ApiError && error.isMissing)) throw error;
      }
    },
    async read(_, state, inputs) {
      const size = await sizeOf(client, placeSchema.parse(plain(state)));
      return size === undefined ? undefined : { inputs, outputs: { ...state, size } };
    },
  };
}

type Place = z.output<typeof placeSchema>;

const volidOf = ({ datastoreId, contentType, fileName }: Place): string => `${datastoreId}:${contentType}/${fileName}`;

/** Lets the node download it; returns its name in the storage. */
async function download(client: Client, inputs: FileInputs): Promise<string> {
  const { nodeName: node, datastoreId: storage, contentType: content, url, checksum } = inputs;
  const verify = { "verify-certificates": inputs.verify ?? true };
  const asking =
    "Error initiating file download: Could not get file metadata, unexpected error: error fetching metadata from download url";
  const metadata = await during(asking, () =>
    client.send("GET", `nodes/${node}/query-url-metadata`, { url, ...verify }),
  );
  const filename = inputs.fileName ?? metadataSchema.parse(metadata).filename;
  const form = {
    ...{ node, storage, content, filename, url, checksum, ...verify },
    "checksum-algorithm": inputs.checksumAlgorithm,
    compression: inputs.decompressionAlgorithm,
  };
  await during(`Error downloading file from url: Could not download file '${filename}', unexpected error`, async () =>
    waitForTask(client, await client.send("POST", `nodes/${node}/storage/${storage}/download-url`, form)),
  );
  return filename;
}

async function sizeOf(client: Client, place: Place): Promise<number | undefined> {
  const path = `nodes/${place.nodeName}/storage/${place.datastoreId}/content`;
  const found = contentSchema.parse(await client.send("GET", path, { content: place.contentType }));
  return found.find(({ volid }) => volid === volidOf(place))?.size;
}
