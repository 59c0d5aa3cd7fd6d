import * as z from "zod";
import type { SourceConfig } from "../config";
import { Transient, UserFault, type Fault } from "../faults";
import type { Ask, Refusal } from "../http";
import { encodePart } from "../names";
import { COMMIT, plainFault, type Listing, type RemoteFile, type Source, type SourceTools } from "./source";

const SHA256 = /^[0-9a-f]{64}$/;

const entry = z.object({
  Type: z.string().default("blob"),
  Path: z.string(),
  Size: z.number().int().nonnegative().default(0),
  Sha256: z.string().nullish(),
  /** The last commit that changed this file, not the one that is listed. */
  Revision: z.string().nullish(),
});
const listing = z.object({
  Code: z.number().optional(),
  Success: z.boolean().optional(),
  Data: z
    .object({
      Files: z.array(entry).nullish(),
      LatestCommitter: z.object({ Id: z.string().nullish(), ShortId: z.string().nullish() }).nullish(),
    })
    .nullish(),
});
type Data = NonNullable<z.output<typeof listing>["Data"]>;

function toFile({ Path, Size, Sha256 }: z.output<typeof entry>): RemoteFile {
  const hex = (Sha256 ?? "").toLowerCase();
  return { path: Path, size: Size, ...(SHA256.test(hex) ? { checksum: { kind: "sha256", hex } } : {}) };
}

/**
 * The commit that was listed. The API gives it whole, or as its first 8 digits, or not at all; then the newest file's
 * own commit completes it. UNVERIFIED on the live service which of them a tag gets.
 */
function commitOf({ LatestCommitter: latest, Files }: Data): string | undefined {
  if (COMMIT.test(latest?.Id ?? "")) return latest?.Id ?? undefined;
  const short = latest?.ShortId ?? "";
  if (!/^[0-9a-f]{7,40}$/.test(short)) return undefined;
  return Files?.map(({ Revision }) => Revision ?? "").find((r) => COMMIT.test(r) && r.startsWith(short));
}

/** What a refusal of the hub means, and what to do. */
function explainRefusal(refusal: Refusal, endpoint: string, signed: boolean): Fault {
  const { status, host } = refusal;
  const had = signed ? "the token was sent" : "no token was sent";
  const found = `${host} answers ${status}; ${had}`;
  if (status === 401 || status === 403)
    return {
      path: "source.repo",
      found,
      needed: "a public model, or a valid token that may read it",
      fix: `make a new access token on ${endpoint} and put it in the Secret as \`token\` (it may have expired), or correct the id`,
    };
  if (status === 404)
    return {
      path: "source.repo",
      found,
      needed: "a model that is there",
      fix: "correct source.repo or the endpoint",
    };
  return plainFault(refusal, "source");
}

/**
 * A model on ModelScope.
 * @see modelscope_hub 26921de, _legacy_api.py: the files API, both ways to send a token, the download address. Observed by
 * others, UNVERIFIED here: an unknown revision is 200 with `Files: null`; a range is answered with 200 and Content-Range;
 * a commit is taken as Revision.
 */
export function modelScope(config: Extract<SourceConfig, { kind: "modelscope" }>, tools: SourceTools): Source {
  const { repo } = config;
  const endpoint = config.endpoint.replace(/\/+$/, "");
  const title = `${repo} on ${new URL(endpoint).host}`;
  const authorize = (): Promise<Record<string, string>> => {
    const token = tools.secret("token");
    // Older routes read the cookie, newer ones the header; their own client sends both.
    return Promise.resolve(
      token === undefined
        ? {}
        : { authorization: `Bearer ${token}`, cookie: `m_session_id=${encodeURIComponent(token)}` },
    );
  };
  const ask = (path: string): Ask => ({ url: new URL(`${endpoint}/api/v1/models/${repo}/${path}`), authorize });

  const explain = (refusal: Refusal): Fault => explainRefusal(refusal, endpoint, tools.secret("token") !== undefined);

  async function list(known: string | undefined): Promise<Listing> {
    const wanted = known ?? config.revision;
    const body = await tools.pacer.persist(title, async () =>
      tools.http.json(await tools.http.ask(ask(`repo/files?Revision=${encodePart(wanted)}&Recursive=true`), explain)),
    );
    const parsed = listing.safeParse(body);
    if (!parsed.success || (parsed.data.Code ?? 200) !== 200 || parsed.data.Success === false)
      throw new Transient(`${title}: an answer that is not in the form of the files API`);
    const data = parsed.data.Data;
    const entries = data?.Files;
    if (data == null || entries == null)
      throw new UserFault({
        path: "source.revision",
        found: `no files at revision ${wanted}`,
        needed: "a commit, tag or branch of the model",
        fix: `correct it (ModelScope's main branch is called master)`,
      });
    const revision = known ?? (COMMIT.test(wanted) ? wanted : (commitOf(data) ?? wanted));
    return { revision, files: entries.filter(({ Type }) => Type !== "tree").map(toFile) };
  }

  return {
    title,
    list,
    complete: (file) => Promise.resolve(file),
    locate: ({ path }, revision) => ask(`repo?Revision=${encodePart(revision)}&FilePath=${encodePart(path)}`),
    explain,
  };
}
