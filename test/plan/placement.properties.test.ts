import assert from "node:assert/strict";
import fc from "fast-check";
import { placeVms, type Placement } from "../../plan/placement";
import type { ProxmoxProfile } from "../../config/schema";
import { cards, stackOf } from "./placement/cases";

const host = fc
  .record({
    cores: fc.integer({ min: 8, max: 64 }),
    memoryGib: fc.integer({ min: 32, max: 256 }),
    gpus: fc.array(fc.constantFrom("3090", "3090", "3060"), { maxLength: 4 }),
    bridged: fc.boolean(),
  })
  .map(({ gpus, bridged, ...rest }) => {
    const joined = bridged && gpus[0] === "3090" && gpus[1] === "3090";
    return { ...rest, gpus: cards(...gpus), nvlink: joined ? [["0000:01:00.0", "0000:02:00.0"]] : [] };
  });

const pool = fc
  .record({
    count: fc.integer({ min: 1, max: 3 }),
    cores: fc.integer({ min: 1, max: 8 }),
    memoryGib: fc.integer({ min: 1, max: 32 }),
    card: fc.option(fc.constantFrom("rtx-3090", "RTX 3060"), { nil: undefined }),
    gpusPerNode: fc.integer({ min: 1, max: 2 }),
    maxPerHost: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  })
  .map(({ gpusPerNode, ...rest }) => (rest.card === undefined ? rest : { ...rest, gpusPerNode }));

const stack = fc.record({
  hosts: fc.array(host, { minLength: 2, maxLength: 6 }),
  pools: fc.array(pool, { minLength: 1, maxLength: 3 }),
  masters: fc.constantFrom(1, 3),
});
type Stack = typeof stack extends fc.Arbitrary<infer T> ? T : never;

const profileOf = ({ hosts, pools, masters }: Stack): ProxmoxProfile => stackOf(hosts, pools, { count: masters });

/** Checks a property on placements, whole ones and those with faults, and that there are enough whole ones to mean something. */
function check(property: (placement: Placement, profile: ProxmoxProfile, asked: Stack, whole: boolean) => void): void {
  let whole = 0;
  fc.assert(
    fc.property(stack, (asked) => {
      const profile = profileOf(asked);
      const { placement, faults } = placeVms(profile);
      if (faults.length === 0) whole += 1;
      property(placement, profile, asked, faults.length === 0);
    }),
    { numRuns: 300 },
  );
  assert.ok(whole > 50, `only ${whole} whole placements`);
}

/** Milliseconds. Each property places hundreds of stacks: 1 to 2 s of work, which a loaded machine stretches past mocha's usual limit. */
const manyCases = 120_000;

describe("every placement", () => {
  it("has each GPU in one VM at most, on its own host, and of the pool's card", () => {
    check(({ vms, spareGpus }, { hosts }) => {
      const all = hosts.flatMap(({ gpus }) => gpus.map(({ name }) => name)).sort();
      const given = vms.flatMap(({ gpus }) => gpus.map(({ name }) => name));
      assert.deepEqual([...given, ...spareGpus.map(({ name }) => name)].sort(), all);
      for (const vm of vms) {
        const own = hosts.find(({ name }) => name === vm.host)?.gpus.map(({ name }) => name) ?? [];
        assert.ok(vm.gpus.every(({ name }) => own.includes(name)));
        assert.ok(new Set(vm.gpus.map(({ card }) => card)).size <= 1);
      }
    });
  });

  it("gives no host away twice", () => {
    check(({ vms, hosts }, profile) => {
      for (const host of profile.hosts) {
        const own = vms.filter((vm) => vm.host === host.name);
        const sum = (key: "cores" | "memoryGib"): number => own.reduce((total, vm) => total + vm[key], 0);
        const use = hosts.find(({ name }) => name === host.name);
        assert.ok(sum("cores") <= host.cores && sum("memoryGib") <= host.memoryGib - host.reservedGib);
        assert.deepEqual([use?.cores.used, use?.memoryGib.used], [sum("cores"), sum("memoryGib")]);
      }
    });
  });

  it("has every node once, or says that it has not", () => {
    check(({ vms }, { pools }, _asked, whole) => {
      const names = vms.map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
      assert.equal(vms.length === pools.reduce((sum, { count }) => sum + count, 0), whole);
      for (const { name, maxPerHost = Infinity, role, gpusPerNode = 1 } of pools) {
        const own = vms.filter(({ pool: of }) => of === name);
        const most = Math.max(0, ...own.map((vm) => own.filter((other) => other.host === vm.host).length));
        assert.ok(most <= maxPerHost);
        assert.ok(own.every(({ gpus }) => gpus.length === (role === "gpu" ? gpusPerNode : 0)));
      }
    });
  });

  it("has masters on different hosts, or a warning", () => {
    check(({ vms, warnings }) => {
      const hosts = vms.filter(({ role }) => role === "master").map(({ host }) => host);
      const shared = new Set(hosts).size < hosts.length;
      assert.equal(
        warnings.some((warning) => /^m-\d and .* are on /.test(warning)),
        shared,
      );
    });
  });

  it("is the same for the same stack, and plain data", () => {
    check((placement, profile) => {
      assert.deepEqual(placeVms(structuredClone(profile)).placement, placement);
      assert.deepEqual(JSON.parse(JSON.stringify(placement)), placement);
    });
  });

  it("moves no VM when a host is added at the end", () => {
    fc.assert(
      fc.property(stack, host, (asked, added) => {
        const { placement, faults } = placeVms(profileOf(asked));
        const shared = placement.warnings.some((warning) => warning.includes(" are on "));
        fc.pre(faults.length === 0 && !shared);
        const after = placeVms(profileOf({ ...asked, hosts: [...asked.hosts, added] }));
        assert.deepEqual(after.placement.vms, placement.vms);
      }),
      { numRuns: 200 },
    );
  });
}).timeout(manyCases);
