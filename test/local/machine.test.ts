import assert from "node:assert/strict";
import { canMakeVenv, findPython, freeDiskGib, gpus, memoryGib, onPath } from "../../local/machine";
import { Environment, Place } from "../support/fixtures";

describe("this machine", () => {
  const environment = new Environment();
  let place: Place;
  beforeEach(() => {
    place = new Place();
    environment.set("PATH", [place.make("first"), place.make("second")].join(":"));
  });
  afterEach(() => {
    environment.restore();
    place.remove();
  });

  const python = (name: string, version: string): string => place.program(name, `echo ${version}`);

  it("has the programs of PATH, the first one first; no directory and no plain file is one", () => {
    place.make("first", "uv");
    place.write("first/g++", "text");
    const uv = place.program("second/uv", "exit 0");
    assert.deepEqual([onPath("uv"), onPath("g++"), onPath("nothing")], [uv, undefined, undefined]);
    const first = place.program("first/both", "exit 0");
    place.program("second/both", "exit 0");
    assert.equal(onPath("both"), first);
  });

  it("has no Python", () => {
    const found = findPython();
    assert.ok(found.path === undefined);
    assert.deepEqual([found.fault.checked, found.fault.found], ["Python", "no python3 on PATH"]);
    assert.equal(found.fault.needed, "Python 3.11 to 3.13");
  });

  it("has only Pythons that do not fit, and all of them are named", () => {
    const old = python("first/python3", "3.10.14");
    const tooNew = python("second/python3.13", "3.14.0");
    const broken = place.program("second/python3.12", "exit 1");
    const found = findPython();
    assert.ok(found.path === undefined);
    assert.equal(found.fault.found, `${old} (3.10.14), ${tooNew} (3.14.0), ${broken} (does not run)`);
  });

  it("has a Python that fits behind one that is too old; python3 goes first where it fits", () => {
    const old = python("first/python3", "3.9.2");
    const fits = python("second/python3.12", "3.12.4");
    assert.deepEqual(findPython(), { path: fits, version: "3.12.4" });
    python("first/python3", "3.13.1");
    assert.deepEqual(findPython(), { path: old, version: "3.13.1" });
  });

  it("has a Python that can make environments, or not", () => {
    assert.equal(canMakeVenv(place.program("first/good", '[ "$2" = "import venv, ensurepip" ]')), true);
    assert.equal(canMakeVenv(place.program("first/bad", "exit 1")), false);
  });

  it("has no GPU without nvidia-smi, or when that fails", () => {
    assert.deepEqual(gpus(), []);
    place.program("first/nvidia-smi", "echo 'NVIDIA-SMI has failed'; exit 9");
    assert.deepEqual(gpus(), []);
  });

  it("has GPUs in the order of their PCI addresses, whatever order they are listed in", () => {
    const rows = [
      "NVIDIA GeForce RTX 3060, 12288, 580.105.08, 00000000:41:00.0",
      "NVIDIA GeForce RTX 3090, 24576, 580.105.08, 00000000:01:00.0",
      "No devices were found",
    ];
    const list = `[ "$1" = --query-gpu=name,memory.total,driver_version,pci.bus_id ] && printf '%s\\n' ${rows.map((row) => `'${row}'`).join(" ")}`;
    place.program("first/nvidia-smi", list);
    assert.deepEqual(gpus(), [
      { name: "NVIDIA GeForce RTX 3090", memoryMib: 24576, driver: "580.105.08" },
      { name: "NVIDIA GeForce RTX 3060", memoryMib: 12288, driver: "580.105.08" },
    ]);
  });

  it("has memory, and disk also where a directory is yet to be made", () => {
    assert.ok(memoryGib() > 0);
    assert.equal(freeDiskGib(place.path("not", "yet", "there")), freeDiskGib(place.directory));
  });
});
