import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { environmentDirectory, installPython, isInstalled, restorePython } from "../../local/pythonEnv";
import { LocalError } from "../../local/report";
import { Environment, errorOf, fields, Place, quiet } from "../support/fixtures";

describe("the Python environment", () => {
  quiet();
  const environment = new Environment();
  let place: Place;
  let cache: string;
  let directory: string;
  beforeEach(() => {
    place = new Place();
    cache = place.path("cache");
    directory = environmentDirectory(cache, "cpu");
    environment.set("PATH", place.make("bin"));
    environment.set("UV_CACHE_DIR", undefined);
    place.program("bin/python3", "echo 3.12.4");
  });
  afterEach(() => {
    environment.restore();
    place.remove();
  });

  /** A uv that notes what it was asked, makes the environment, and installs unless `broken`. */
  const fakeUv = (broken = false): void =>
    void place.program(
      "bin/uv",
      `echo "$*" >> ${place.path("calls")}; echo "$VIRTUAL_ENV $UV_PYTHON_DOWNLOADS $UV_CACHE_DIR" > ${place.path("env")}
      if [ "$1" = venv ]; then /bin/mkdir -p ${directory}/bin; exit 0; fi
      ${broken ? "echo 'no route to the index' >&2; exit 2" : `echo installed > ${directory}/bin/ray`}`,
    );
  const calls = (): string[] => (existsSync(place.path("calls")) ? place.read("calls").trim().split("\n") : []);

  it("is made by uv from the lock with hashes, resolving nothing, and marked when it is whole", async () => {
    fakeUv();
    assert.equal(await installPython(cache, "cpu"), directory);
    const [venv, install, ...more] = calls();
    assert.equal(venv, `venv --quiet --python ${place.path("bin", "python3")} ${directory}`);
    assert.match(
      install ?? "",
      /^pip install --no-deps --require-hashes --compile-bytecode -r \S*local\/python\/cpu\.lock\.txt$/,
    );
    assert.deepEqual(more, []);
    assert.equal(place.read("env").trim(), `${directory} never ${cache}/uv-downloads`);
    assert.ok(isInstalled(directory));
  });

  it("is named by its lock: another lock is another environment", () => {
    assert.match(basename(directory), /^cpu-[0-9a-f]{12}$/);
    assert.match(basename(environmentDirectory(cache, "cuda")), /^cuda-[0-9a-f]{12}$/);
  });

  it("is left alone when it is whole, even without uv or Python", async () => {
    place.write(`${directory.slice(place.directory.length + 1)}/.complete`, "");
    environment.set("PATH", "");
    assert.equal(await installPython(cache, "cpu"), directory);
    assert.deepEqual(calls(), []);
  });

  it("is made anew when it was left half-built", async () => {
    fakeUv();
    const relative = directory.slice(place.directory.length + 1);
    place.write(`${relative}/lib/half`, "half");
    await installPython(cache, "cpu");
    assert.equal(existsSync(`${directory}/lib/half`), false);
    assert.equal(place.read(`${relative}/bin/ray`).trim(), "installed");
  });

  it("is made again when somebody emptied the cache; one of other lock files cannot be", async () => {
    fakeUv();
    await restorePython(cache, directory);
    assert.ok(isInstalled(directory));
    const before = calls().length;
    await restorePython(cache, directory);
    assert.equal(calls().length, before);
    const { checked, fix } = fields((await errorOf(restorePython(cache, `${cache}/python/cpu-old`))).message);
    assert.deepEqual([checked, fix], ["the Python environment", "run `npm stop`, then `npm start`"]);
  });

  it("says in four fields why uv failed, and does not count", async () => {
    fakeUv(true);
    const error = await errorOf(installPython(cache, "cpu"));
    assert.ok(error instanceof LocalError);
    const { checked, found, needed, fix } = fields(error.message);
    assert.equal(checked, "installing Ray and vLLM");
    assert.equal(found, `${place.path("bin", "uv")} ended with exit code 2:\nno route to the index`);
    assert.match(needed, /package index/);
    assert.match(fix, /npm start/);
    assert.equal(isInstalled(directory), false);
  });

  it("says that there is no Python that fits", async () => {
    fakeUv();
    place.program("bin/python3", "echo 3.10.0");
    const { found } = fields((await errorOf(installPython(cache, "cpu"))).message);
    assert.equal(found, `${place.path("bin", "python3")} (3.10.0)`);
    assert.deepEqual(calls(), []);
  });

  it("brings its own uv where PATH has none, once", async () => {
    // Python's venv module and pip, as far as they are asked: pip "installs" a uv that makes a directory.
    place.program(
      "bin/python3",
      `echo "$*" >> ${place.path("calls")}
      if [ "$1" = -c ]; then echo 3.12.4; fi
      if [ "$2" = venv ]; then /bin/mkdir -p $3/bin; /bin/cp $0 $3/bin/python; fi
      if [ "$2" = pip ]; then printf '#!/bin/sh\\necho uv "$*" >> ${place.path("calls")}; [ "$1" = pip ] || /bin/mkdir -p "$5"' > \${0%/*}/uv; /bin/chmod +x \${0%/*}/uv; fi`,
    );
    await installPython(cache, "cpu");
    assert.equal(
      calls().filter((call) => /^-m pip install .*--no-cache-dir --require-hashes -r \S*uv\.lock\.txt$/.test(call))
        .length,
      1,
    );
    assert.equal(calls().filter((call) => call.startsWith("uv venv")).length, 1);
    await installPython(cache, "cuda");
    assert.equal(calls().filter((call) => call.startsWith("-m pip")).length, 1);
    assert.equal(calls().filter((call) => call.startsWith("uv venv")).length, 2);
  });
});
