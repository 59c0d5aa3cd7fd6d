import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { houseOf } from "../../../cli/house";
import { findState, type StateQuestion } from "../../../cli/preview/state";
import { ProfileError } from "../../../config/errors";
import { Place } from "../../support/fixtures";

const resources = [{ urn: "urn:pulumi:rack::tokenrack::a:b:C::d", type: "a:b:C" }];
const exported = (more: object = {}): string => JSON.stringify({ version: 3, deployment: { resources, ...more } });
const sealed = exported({ secrets_providers: { type: "passphrase", state: {} }, x: { ciphertext: "v1:CANARY" } });

describe("the recorded state", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  const ask = (more: Partial<StateQuestion> = {}) => {
    const question = { stack: "rack", kind: "proxmox", project: "tokenrack", wanted: true, passphrase: false } as const;
    // A home of its own: the real one may have a login.
    const env = { PULUMI_HOME: place.path("home") };
    return findState({ ...question, env, ...more }, houseOf(place.path("checkout")));
  };
  const put = (path: string, text: string | Buffer): string => {
    const file = place.path(path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const refusal = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      assert.ok(error instanceof ProfileError, String(error));
      return error.message;
    }
    return assert.fail("it should have refused");
  };

  it("is none where no backend is configured, the backend has none, or none is wanted", () => {
    assert.equal(ask(), undefined);
    const env = { PULUMI_BACKEND_URL: `file://${place.path("backend")}` };
    assert.equal(ask({ env }), undefined);
    const file = put("state.json", exported());
    assert.equal(ask({ file, wanted: false }), undefined);
  });

  it("is found in a file:// backend, also a compressed one, by the environment, the project and the last login", () => {
    put(
      "backend/.pulumi/stacks/tokenrack/rack.json.gz",
      gzipSync(JSON.stringify({ version: 3, checkpoint: { latest: { resources } } })),
    );
    const url = `file://${place.path("backend")}`;
    put("home/credentials.json", JSON.stringify({ current: url }));
    for (const more of [{ env: { PULUMI_BACKEND_URL: url } }, { projectBackend: url }, {}]) {
      assert.equal(ask(more)?.resources, 1);
    }
  });

  it("is taken from what `pulumi stack export` wrote", () => {
    const state = ask({ file: put("state.json", exported()) });
    assert.equal(state?.resources, 1);
    const { checkpoint } = JSON.parse(state?.text ?? "") as { checkpoint: { latest: unknown } };
    assert.deepEqual(checkpoint.latest, { resources });
  });

  it("is compared with all but its secrets where they cannot be opened, and holds none of them", () => {
    const file = put("state.json", sealed);
    const closed = ask({ file });
    assert.deepEqual([closed?.hidden, closed?.resources], [true, 1]);
    assert.doesNotMatch(closed?.text ?? "", /CANARY|ciphertext|secrets_providers/);
    assert.ok(closed?.text.includes('"plaintext":"\\"not readable here\\""'));
    const opened = ask({ file, passphrase: true });
    assert.equal(opened?.hidden, false);
    assert.match(opened?.text ?? "", /CANARY.*secrets_providers|secrets_providers.*CANARY/);
    const service = put("service.json", sealed.replace('"passphrase"', '"service"'));
    assert.equal(ask({ file: service, passphrase: true })?.hidden, true);
  });

  it("is taken by the stack's name from a directory, which a new stack is not in", () => {
    put("states/rack.json", exported());
    assert.equal(ask({ file: place.path("states") })?.resources, 1);
    assert.equal(ask({ file: place.path("states"), stack: "new" }), undefined);
  });

  it("is refused in a backend that needs a network, naming neither its path nor its parameters", () => {
    const env = { PULUMI_BACKEND_URL: "s3://bucket/path?key=CANARY" };
    const message = refusal(() => ask({ env }));
    assert.match(message, /s3:\/\/bucket, which needs a network.*--no-state/);
    assert.doesNotMatch(message, /CANARY/);
  });

  it("is refused where the file is none", () => {
    assert.match(
      refusal(() => ask({ file: put("state.json", "{") })),
      /which is none/,
    );
    assert.match(
      refusal(() => ask({ file: place.path("absent.json") })),
      /which is not there/,
    );
  });
});
