import assert from "node:assert/strict";
import { configFor, run, Volume } from "./harness";
import { BUCKET, bytesOf, COMMIT, FakeHub, gitSha1, REPO, sha256 } from "./hub";
import { signatureOf, type Keys } from "./sigv4";

const KEYS: Keys = { accessKeyId: "AKIDTEST", secretAccessKey: "very+secret/key", region: "eu-test-1" };

describe("the sources of a model", () => {
  let hub: FakeHub;
  let cdn: FakeHub;
  let volume: Volume;

  before(async () => {
    [hub, cdn] = await Promise.all([FakeHub.start(), FakeHub.start()]);
  });
  after(() => Promise.all([hub.close(), cdn.close()]));
  beforeEach(() => {
    hub.reset();
    cdn.reset();
    volume = new Volume();
    hub.files.set("config.json", bytesOf("config", 700));
    hub.files.set("model.safetensors", bytesOf("weights", 200_000));
    hub.files.set("README.md", bytesOf("readme", 50));
    hub.files.set("pytorch_model.bin", bytesOf("pickle", 60));
  });
  afterEach(() => volume.remove());

  const s3 = (change: object = {}): object => ({
    kind: "s3",
    endpoint: hub.url,
    region: KEYS.region,
    bucket: BUCKET,
    prefix: "tiny",
    pathStyle: true,
    ...change,
  });
  const s3Config = (): ReturnType<typeof configFor> =>
    configFor(hub, volume, {
      source: s3() as never,
      secretDirectory: volume.secret({ accessKeyId: KEYS.accessKeyId, secretAccessKey: KEYS.secretAccessKey }),
    });

  describe("Hugging Face", () => {
    it("loads what is allowed at a commit, held against the listing's SHA-256 or git blob id, and no pickle", async () => {
      const { marker, error } = await run(configFor(hub, volume));
      assert.equal(error, undefined);
      assert.equal(marker?.revision, COMMIT);
      assert.deepEqual(
        marker?.files.map(({ path, checked }) => [path, checked]),
        [
          ["config.json", "gitSha1"],
          ["model.safetensors", "sha256"],
        ],
      );
      assert.deepEqual(volume.read("model.safetensors"), hub.files.get("model.safetensors"));
      assert.equal(volume.has("pytorch_model.bin"), false);
    });

    it("resolves a tag to a commit once, asks for nothing but that commit, and records it", async () => {
      const config = configFor(hub, volume, {
        source: { kind: "huggingface", repo: REPO, revision: "v1", endpoint: hub.url },
      });
      const { marker } = await run(config);
      assert.equal(marker?.revision, COMMIT);
      const paths = hub.seen.map(({ url }) => url.pathname);
      assert.equal(paths.filter((path) => path.includes("/revision/v1")).length, 1);
      assert.ok(paths.every((path) => path.includes(COMMIT) || path.includes("/revision/v1")));
    });

    it("goes on with the commit that a broken run resolved, though the tag has moved", async () => {
      const config = configFor(hub, volume, {
        source: { kind: "huggingface", repo: REPO, revision: "v1", endpoint: hub.url },
        retry: { firstMilliseconds: 10, mostMilliseconds: 10, attempts: 1 },
      });
      hub.mishap = () => ({ status: 500 });
      assert.equal((await run(config)).error?.exitCode, 75);
      hub.mishap = () => undefined;
      hub.answer = (seen, response) => {
        if (!seen.url.pathname.includes("/revision/")) return false;
        hub.plain(response, 200, JSON.stringify({ sha: "f".repeat(40) }));
        return true;
      };
      assert.equal((await run(config)).marker?.revision, COMMIT);
    });

    it("reads every page of a long listing, by the Link header", async () => {
      for (let n = 0; n < 23; n += 1) hub.files.set(`part-${n}.safetensors`, bytesOf(`part${n}`, 100 + n));
      hub.pageSize = 5;
      const { marker } = await run(configFor(hub, volume));
      assert.equal(marker?.files.length, 25);
      assert.equal(hub.seen.filter(({ url }) => url.pathname.includes("/tree/")).length, 6);
    });

    it("sends the token to the hub on every request, and never to the CDN that it redirects to", async () => {
      hub.cdn = cdn;
      cdn.files.set("model.safetensors", bytesOf("weights", 200_000));
      const { marker } = await run(configFor(hub, volume, { secretDirectory: volume.secret({ token: "hf_secret" }) }));
      assert.equal(marker?.files.length, 2);
      assert.ok(hub.seen.every(({ headers }) => headers.authorization === "Bearer hf_secret"));
      assert.equal(cdn.seen.length, 1);
      assert.deepEqual([cdn.seen[0]?.headers.authorization, cdn.seen[0]?.headers.cookie], [undefined, undefined]);
    });

    it("asks the hub for a new link when the CDN refuses the old one", async () => {
      hub.cdn = cdn;
      cdn.files.set("model.safetensors", bytesOf("weights", 200_000));
      cdn.mishap = () => (cdn.gets("model.safetensors").length < 3 ? { status: 403, body: "expired" } : {});
      const { marker } = await run(configFor(hub, volume));
      assert.equal(marker?.files.length, 2);
    });

    for (const [status, code, path, fix] of [
      [401, "RepoNotFound", "source.repo", /new read token.*Secret/],
      [403, "GatedRepo", "source.repo", /ask for access on/],
      [404, "RevisionNotFound", "source.revision", /correct it/],
    ] as const)
      it(`fails at once on ${status} ${code}, says what to do, and does not repeat the token`, async () => {
        hub.answer = (_, response) => {
          hub.plain(response, status, "no", { "x-error-code": code });
          return true;
        };
        const { error } = await run(configFor(hub, volume, { secretDirectory: volume.secret({ token: "hf_secret" }) }));
        assert.equal(error?.exitCode, 1);
        assert.match(error?.message ?? "", new RegExp(`${path}: found .*${status}.*${code}.*the token was sent`));
        assert.match(error?.message ?? "", fix);
        assert.doesNotMatch(error?.message ?? "", /hf_secret/);
        assert.equal(hub.seen.length, 1);
        assert.equal(volume.marker, undefined);
      });
  });

  describe("ModelScope", () => {
    const config = (revision = "v1"): ReturnType<typeof configFor> =>
      configFor(hub, volume, { source: { kind: "modelscope", repo: REPO, revision, endpoint: hub.url } });

    it("loads by the files API, held against its SHA-256, at the commit that a tag stands for", async () => {
      const { marker, error } = await run(config());
      assert.equal(error, undefined);
      assert.equal(marker?.revision, COMMIT);
      assert.deepEqual(
        marker?.files.map(({ checked }) => checked),
        ["sha256", "sha256"],
      );
      assert.ok(hub.gets("model.safetensors").every(({ url }) => url.searchParams.get("Revision") === COMMIT));
    });

    it("resumes though it answers a range with 200 and a Content-Range", async () => {
      let first = true;
      hub.mishap = ({ path }) => {
        if (path !== "model.safetensors") return undefined;
        const mishap = first ? { cutAt: 150_000 } : { status200: true };
        first = false;
        return mishap;
      };
      const { marker } = await run(config());
      assert.deepEqual(volume.read("model.safetensors"), hub.files.get("model.safetensors"));
      assert.equal(marker?.files.length, 2);
      const [, second] = hub.gets("model.safetensors");
      assert.ok((second?.start ?? 0) > 0, "the second request asked for the rest");
      assert.equal(second?.sent, 200_000 - (second?.start ?? 0));
    });

    it("calls an unknown revision a fault, though it answers 200", async () => {
      const { error } = await run(config("v9"));
      assert.equal(error?.exitCode, 1);
      assert.match(error?.message ?? "", /source\.revision: found no files at revision v9/);
    });
  });

  describe("S3", () => {
    it("signs so that an independent check of SigV4 agrees, keys with odd characters included", async () => {
      hub.keys = KEYS;
      const odd = "sub dir/a+b (1)!'*~é.safetensors";
      hub.files.set(odd, bytesOf("odd", 99));
      const { marker, error } = await run(s3Config());
      assert.equal(error, undefined);
      assert.deepEqual(
        marker?.files.map(({ path, checked }) => [path, checked]),
        [
          ["config.json", "md5"],
          ["model.safetensors", "md5"],
          [odd, "md5"],
        ],
      );
      assert.ok(hub.seen.length > 5 && hub.seen.every(({ headers }) => headers.authorization?.startsWith("AWS4-")));
    });

    it("signs with a session token, and the check refuses another secret", async () => {
      hub.keys = { ...KEYS, sessionToken: "session" };
      const secretDirectory = volume.secret({ ...KEYS, sessionToken: "session" });
      const wrong = await run({ ...s3Config(), secretDirectory: volume.secret({ secretAccessKey: "another" }) });
      assert.equal(wrong.error?.exitCode, 1);
      assert.match(wrong.error?.message ?? "", /403 \(SignatureDoesNotMatch\).*signed.*secretAccessKey in the Secret/);
      assert.doesNotMatch(wrong.error?.message ?? "", /another|AKIDTEST/);
      volume.secret({ secretAccessKey: KEYS.secretAccessKey });
      assert.equal((await run({ ...s3Config(), secretDirectory })).marker?.files.length, 2);
    });

    it("has a check that agrees with the vectors which AWS publishes", () => {
      const keys = {
        accessKeyId: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region: "us-east-1",
      };
      const headers = {
        host: "examplebucket.s3.amazonaws.com",
        range: "bytes=0-9",
        "x-amz-content-sha256": sha256(Buffer.alloc(0)),
        "x-amz-date": "20130524T000000Z",
      };
      const names = ["host", "x-amz-content-sha256", "x-amz-date"];
      assert.equal(
        signatureOf(
          { method: "GET", target: "/test.txt", headers, signedHeaders: ["host", "range", ...names.slice(1)] },
          keys,
        ),
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
      );
      assert.equal(
        signatureOf({ method: "GET", target: "/?max-keys=2&prefix=J", headers, signedHeaders: names }, keys),
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
      );
    });

    it("reads every page by the continuation token", async () => {
      hub.keys = KEYS;
      for (let n = 0; n < 9; n += 1) hub.files.set(`part-${n}.safetensors`, bytesOf(`part${n}`, 100 + n));
      hub.pageSize = 4;
      assert.equal((await run(s3Config())).marker?.files.length, 11);
    });

    it("holds a multipart upload against its ETag, and sees a wrong byte in it", async () => {
      hub.partBytes.set("model.safetensors", 70_000);
      const { marker } = await run(s3Config());
      assert.equal(marker?.files.find(({ path }) => path === "model.safetensors")?.checked, "md5Parts");
      const other = new Volume();
      hub.mishap = ({ path }) => (path === "model.safetensors" ? { flipAt: 69_999 } : undefined);
      const bad = await run({ ...s3Config(), volume: other.root });
      assert.match(bad.error?.message ?? "", /md5Parts .*twice/);
      other.remove();
    });

    it("prefers SHA256SUMS, then a full x-amz-checksum-sha256, and believes no ETag under KMS", async () => {
      const weights = hub.files.get("model.safetensors") ?? Buffer.alloc(0);
      const config = hub.files.get("config.json") ?? Buffer.alloc(0);
      const kms = { "x-amz-server-side-encryption": "aws:kms" };
      hub.files.set("SHA256SUMS", Buffer.from(`${sha256(weights)} *./model.safetensors\n`));
      hub.s3Headers.set("config.json", {
        ...kms,
        "x-amz-checksum-sha256": Buffer.from(sha256(config), "hex").toString("base64"),
      });
      const { marker } = await run(s3Config());
      assert.deepEqual(
        marker?.files.map(({ checked }) => checked),
        ["sha256", "sha256"],
      );
      hub.s3Headers.set("config.json", kms);
      const other = new Volume();
      const { error } = await run({ ...s3Config(), volume: other.root });
      assert.match(error?.message ?? "", /no checksum for "config\.json".*SHA256SUMS/);
      const unchecked = await run({ ...s3Config(), volume: other.root, allowUnchecked: true });
      assert.equal(unchecked.marker?.files[0]?.checked, "size");
      other.remove();
    });

    for (const [status, code] of [
      [400, "ExpiredToken"],
      [403, "AccessDenied"],
    ] as const)
      it(`fails at once on ${status} ${code} and says what to do`, async () => {
        hub.answer = (_, response) => {
          hub.plain(response, status, `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
          return true;
        };
        const { error } = await run(s3Config());
        assert.equal(error?.exitCode, 1);
        assert.match(error?.message ?? "", new RegExp(`secretDirectory: found .*${status} \\(${code}\\).*Secret`));
        assert.equal(hub.seen.length, 1);
      });

    it("ends with 75 when an object changes after it was listed: the next run lists anew", async () => {
      hub.mishap = ({ path }) => (path === "model.safetensors" ? { etag: '"another"' } : undefined);
      const { error } = await run(s3Config());
      assert.equal(error?.exitCode, 75);
      assert.match(error?.message ?? "", /has changed at its source since it was listed/);
      assert.equal(hub.gets("model.safetensors").length, 1);
    });
  });

  it("knows a git blob's id", () => {
    assert.equal(gitSha1(Buffer.from("Hello, World!")), "b45ef6fec89518d314f546fd6c3025367b721684");
  });
});
