import * as z from "zod";
import type { SourceConfig } from "../config";
import { Transient, type Fault } from "../faults";
import { parseUrl, type Ask, type Refusal } from "../http";
import { encodePart, encodePath } from "../names";
import { COMMIT, plainFault, type Listing, type RemoteFile, type Source, type SourceTools } from "./source";

/** An entry of the tree. @see huggingface_hub 1.33.0, hf_api.py, class RepoFile */
const entry = z.object({
  type: z.string(),
  path: z.string(),
  size: z.number().int().nonnegative().default(0),
  oid: z.string(),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.number().int().nonnegative() }).nullish(),
});
const page = z.array(entry);
const info = z.object({ sha: z.string().regex(COMMIT) });

/** Pages that are read: at 1,000 entries each, far above any model. */
const MOST_PAGES = 100;

function toFile({ path, size, oid, lfs }: z.output<typeof entry>): RemoteFile {
  // The CDN's ETag is no checksum: for Xet storage it is another hash of the same bytes. The listing's are.
  if (lfs != null) return { path, size: lfs.size, checksum: { kind: "sha256", hex: lfs.oid } };
  return { path, size, ...(COMMIT.test(oid) ? { checksum: { kind: "gitSha1", hex: oid } } : {}) };
}

/** The `rel="next"` target of a Link header (RFC 8288). */
function nextPage(link: string | undefined, base: URL): URL | undefined {
  const target = /<([^>]+)>\s*;[^,]*\brel="?next"?/.exec(link ?? "")?.[1];
  return target === undefined ? undefined : parseUrl(target, base);
}

/** What a refusal of the hub means, and what to do. @param page of the model, where access is asked for */
function explainRefusal(refusal: Refusal, page: string, signed: boolean): Fault {
  const { status, header, host } = refusal;
  const code = header("x-error-code");
  const had = signed ? "the token was sent" : "no token was sent";
  const found = `${host} answers ${status}${code === undefined ? "" : ` (${code.slice(0, 40)})`}; ${had}`;
  if (code === "RevisionNotFound")
    return { path: "source.revision", found, needed: "a commit, tag or branch of the model", fix: "correct it" };
  if (code === "GatedRepo")
    return {
      path: "source.repo",
      found,
      needed: "a token of an account that was granted access",
      fix: `ask for access on ${page}, then put the account's token in the Secret as \`token\``,
    };
  if (status === 401 || status === 403)
    return {
      path: "source.repo",
      found,
      needed: "a public model, or a valid token that may read it",
      fix: "make a new read token and put it in the Secret as `token` (it may have expired or been revoked), or correct the id",
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

/** A model on Hugging Face, or on a mirror that speaks its API. */
export function huggingFace(config: Extract<SourceConfig, { kind: "huggingface" }>, tools: SourceTools): Source {
  const { repo } = config;
  const endpoint = config.endpoint.replace(/\/+$/, "");
  const title = `${repo} on ${new URL(endpoint).host}`;
  const authorize = (): Promise<Record<string, string>> => {
    const token = tools.secret("token");
    return Promise.resolve(token === undefined ? {} : { authorization: `Bearer ${token}` });
  };
  const ask = (path: string): Ask => ({ url: new URL(`${endpoint}/${path}`), authorize });

  const explain = (refusal: Refusal): Fault =>
    explainRefusal(refusal, `${endpoint}/${repo}`, tools.secret("token") !== undefined);

  const json = (what: string, url: Ask): Promise<{ data: unknown; link: string | undefined }> =>
    tools.pacer.persist(what, async () => {
      const answer = await tools.http.ask(url, explain);
      return { data: await tools.http.json(answer), link: answer.header("link") };
    });

  /** @see huggingface_hub 1.33.0, hf_api.py, model_info */
  async function resolve(): Promise<string> {
    if (COMMIT.test(config.revision)) return config.revision;
    const { data } = await json(title, ask(`api/models/${repo}/revision/${encodePart(config.revision)}`));
    const parsed = info.safeParse(data);
    if (!parsed.success) throw new Transient(`${title}: no commit in the answer about ${config.revision}`);
    return parsed.data.sha;
  }

  async function list(known: string | undefined): Promise<Listing> {
    const revision = known ?? (await resolve());
    const files: RemoteFile[] = [];
    let next: Ask | undefined = ask(`api/models/${repo}/tree/${revision}?recursive=true`);
    for (let pages = 0; next !== undefined; pages += 1) {
      if (pages === MOST_PAGES) throw new Transient(`${title}: a listing of more than ${MOST_PAGES} pages`);
      const { data, link } = await json(title, next);
      const parsed = page.safeParse(data);
      if (!parsed.success) throw new Transient(`${title}: a listing that is not in the form of the tree API`);
      files.push(...parsed.data.filter(({ type }) => type === "file").map(toFile));
      const url = nextPage(link, next.url);
      // A page elsewhere would get the token.
      if (url !== undefined && url.origin !== new URL(endpoint).origin)
        throw new Transient(`${title}: the listing goes on at another host`);
      next = url === undefined ? undefined : { url, authorize };
    }
    return { revision, files };
  }

  return {
    title,
    list,
    complete: (file) => Promise.resolve(file),
    locate: ({ path }, revision) => ask(`${repo}/resolve/${revision}/${encodePath(path)}`),
    explain,
  };
}
