import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { renderDeckhouse, type DeckhouseInput, type RenderedDeckhouse } from "../../render/deckhouse";
import { secretsIn, toDocuments } from "../../render/deckhouse/objects";
import { golden } from "./deckhouse/golden";
import { homelab, small } from "./deckhouse/cases";

const documents = ({ objects }: RenderedDeckhouse): string => toDocuments(objects.map(({ manifest }) => manifest));

type Manifest = Record<string, unknown>;
const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
const ofKind = ({ objects }: RenderedDeckhouse, kind: string): Manifest[] =>
  objects.filter((object) => object.kind === kind).map(({ manifest }) => manifest);
const nameOf = (manifest: Manifest): string => String(at(manifest, "metadata", "name"));

describe("renderDeckhouse", () => {
  for (const [name, input] of Object.entries({ homelab, small })) {
    it(`equals the golden texts of ${name}`, () => {
      const rendered = renderDeckhouse(input);
      assert.equal(rendered.bootstrap, golden(`${name}-bootstrap.yaml`, rendered.bootstrap));
      assert.equal(documents(rendered), golden(`${name}-objects.yaml`, documents(rendered)));
    });
  }

  it("gives the same bytes for the same data in another order of keys", () => {
    const turned = Object.fromEntries(Object.entries(homelab).reverse()) as unknown as DeckhouseInput;
    assert.equal(documents(renderDeckhouse(turned)), documents(renderDeckhouse(homelab)));
    assert.equal(renderDeckhouse(turned).bootstrap, renderDeckhouse(homelab).bootstrap);
  });

  it("takes the installer of the channel and edition, and asks for a licence key where one is needed", () => {
    assert.equal(renderDeckhouse(homelab).image, "registry.deckhouse.io/deckhouse/ee/install:stable");
    assert.equal(renderDeckhouse(homelab).licensedRegistry, "registry.deckhouse.io");
    const { image, licensedRegistry, bootstrapSecrets } = renderDeckhouse(small);
    assert.equal(image, "registry.deckhouse.io/deckhouse/ce/install:stable");
    assert.deepEqual([licensedRegistry, bootstrapSecrets], [undefined, []]);
    const early = renderDeckhouse({ ...small, cluster: { ...small.cluster, releaseChannel: "EarlyAccess" } });
    assert.match(early.image, /:early-access$/);
  });

  it("puts registry access into ModuleConfig, and into InitConfiguration only before 1.75", () => {
    const kinds = (input: DeckhouseInput): unknown[] =>
      parseAllDocuments(renderDeckhouse(input).bootstrap).map((document) => at(document.toJS(), "kind"));
    assert.ok(!kinds(homelab).includes("InitConfiguration"));
    assert.deepEqual(renderDeckhouse(homelab).bootstrapSecrets, ["deckhouseLicenseKey"]);
    const old = { ...homelab, registry: { version: "v1.74.3" } };
    assert.ok(kinds(old).includes("InitConfiguration"));
    assert.deepEqual(renderDeckhouse(old).bootstrapSecrets, ["deckhouseDockerConfig"]);
    assert.match(renderDeckhouse(old).image, /install:v1\.74\.3$/);
    assert.ok(!kinds({ ...homelab, registry: { version: "v1.75.0" } }).includes("InitConfiguration"));
  });

  it("names every secret and shows none, and YAML keeps the place of each quoted", () => {
    const rendered = renderDeckhouse(homelab);
    const names = secretsIn(rendered.objects.map(({ manifest }) => manifest));
    assert.deepEqual(names, [
      "ca-inter-ca",
      "ceph-pve-fs",
      "ceph-pve-rbd",
      "deckhouseLicenseKey",
      "nodeSshKey.base64",
      "password-admin",
    ]);
    for (const name of names) assert.ok(documents(rendered).includes(`"\${secret: ${name}}"`), name);
  });

  it("switches each module", () => {
    const named = (input: DeckhouseInput): string[] => ofKind(renderDeckhouse(input), "ModuleConfig").map(nameOf);
    assert.deepEqual(named(small), ["cert-manager", "cni-cilium", "deckhouse", "global"]);
    const off = { ...homelab, modules: { ...homelab.modules, console: false, metallb: false } };
    const configs = ofKind(renderDeckhouse(off), "ModuleConfig");
    const metallb = configs.find((config) => nameOf(config) === "metallb");
    assert.deepEqual(at(metallb, "spec"), { enabled: false });
    assert.deepEqual(
      at(
        configs.find((config) => nameOf(config) === "console"),
        "spec",
      ),
      { enabled: false },
    );
  });

  it("asks Deckhouse for all masters but the first, in its own NodeGroup", () => {
    const groups = ofKind(renderDeckhouse(homelab), "NodeGroup");
    const master = groups.find((group) => nameOf(group) === "master");
    assert.equal(at(master, "spec", "staticInstances", "count"), 2);
    assert.equal(at(master, "spec", "nodeTemplate"), undefined);
    const instances = ofKind(renderDeckhouse(homelab), "StaticInstance").map(nameOf);
    assert.ok(!instances.includes("master-1") && instances.includes("master-2"));
    const alone = ofKind(renderDeckhouse(small), "NodeGroup").find((group) => nameOf(group) === "master");
    assert.equal(at(alone, "spec", "staticInstances"), undefined);
  });

  it("orders objects so that what one needs comes before it", () => {
    const seen = new Set<string>();
    for (const { id, after } of renderDeckhouse(homelab).objects) {
      for (const other of after) assert.ok(seen.has(other), `${id} before ${other}`);
      assert.ok(!seen.has(id), `${id} twice`);
      seen.add(id);
    }
  });

  it("puts the container runtime into the cluster's configuration, and into every group, which can change", () => {
    for (const [input, cri] of [
      [homelab, "Containerd"],
      [small, "ContainerdV2"],
    ] as const) {
      const rendered = renderDeckhouse(input);
      assert.match(rendered.bootstrap, new RegExp(`^defaultCRI: ${cri}$`, "m"));
      for (const group of ofKind(rendered, "NodeGroup")) assert.equal(at(group, "spec", "cri", "type"), cri);
    }
  });

  it("sends out through a proxy only what is not the cluster's own", () => {
    const [configuration] = parseAllDocuments(renderDeckhouse(homelab).bootstrap);
    const proxy = { httpsProxy: "http://proxy.my.org:3128", noProxy: ["my.org", "192.168.2.0/23"] };
    assert.deepEqual(at(configuration?.toJS(), "proxy"), proxy);
    assert.doesNotMatch(renderDeckhouse(small).bootstrap, /proxy/i);
  });

  it("has cert-manager make a CA where the stack brings none, and no key leaves the cluster", () => {
    const made = renderDeckhouse(small).objects.filter(({ name }) => name.startsWith("made-ca"));
    assert.deepEqual(
      made.map(({ id }) => id),
      ["ClusterIssuer/made-ca-root", "Certificate/made-ca", "ClusterIssuer/made-ca"],
    );
    assert.deepEqual(secretsIn(made.map(({ manifest }) => manifest)), []);
    const [, certificate, issuer] = made.map(({ manifest }) => manifest);
    assert.equal(at(issuer, "spec", "ca", "secretName"), at(certificate, "spec", "secretName"));
    assert.equal(at(certificate, "metadata", "namespace"), "d8-cert-manager");
    const given = ofKind(renderDeckhouse(homelab), "Secret");
    assert.deepEqual(given.map(nameOf), ["inter-ca-key-pair"]);
  });

  const settings = (input: DeckhouseInput, name: string, ...path: string[]): unknown =>
    at(
      ofKind(renderDeckhouse(input), "ModuleConfig").find((config) => nameOf(config) === name),
      "spec",
      "settings",
      ...path,
    );

  it("lets Let's Encrypt go where a CA of one's own does for all", () => {
    const off = (input: DeckhouseInput): unknown => settings(input, "cert-manager", "disableLetsencrypt");
    assert.deepEqual([off(homelab), off({ ...homelab, letsEncrypt: true })], [true, false]);
    assert.equal(off({ ...homelab, internalCa: undefined }), false);
  });

  it("S26: publishes the API only when asked, and trusts Dex by the CA that signs it", () => {
    const published = (input: DeckhouseInput): unknown => settings(input, "user-authn", "publishAPI", "enabled");
    assert.deepEqual([published(homelab), published({ ...homelab, publishApi: true })], [false, true]);
    const trust = (input: DeckhouseInput): unknown =>
      settings(input, "user-authn", "controlPlaneConfigurator", "dexCAMode");
    assert.deepEqual(
      [trust(homelab), trust({ ...homelab, internalCa: undefined })],
      ["FromIngressSecret", "DoNotNeed"],
    );
  });

  it("lets controllers and MetalLB onto the nodes that they select, whatever taint those have", () => {
    const toleration = { key: "dedicated.homelab", operator: "Equal", value: "w-db", effect: "NoExecute" };
    const [controller] = ofKind(renderDeckhouse(homelab), "IngressNginxController");
    assert.deepEqual(at(controller, "spec", "tolerations"), [toleration]);
    assert.deepEqual(settings(homelab, "metallb", "speaker", "tolerations"), [toleration]);
    const [first, second] = homelab.ingress ?? [];
    assert.ok(first !== undefined && second !== undefined);
    const apart = { ...homelab, ingress: [first, { ...second, nodeSelector: { "storage-type/localpath-db": "" } }] };
    assert.deepEqual(settings(apart, "metallb", "speaker", "nodeSelector"), {});
  });
});

const key = fc.constantFrom("dedicated.a", "dedicated.b", "example.org/c");
const pools = fc.uniqueArray(
  fc.record({ name: fc.stringMatching(/^[a-z]{3,8}$/), size: fc.integer({ min: 1, max: 5 }), key }),
  {
    minLength: 1,
    maxLength: 6,
    selector: ({ name }) => name,
  },
);

describe("any rendered cluster", () => {
  it("tolerates every taint, puts each machine into one group, and counts as many as there are", () => {
    fc.assert(
      fc.property(pools, (list) => {
        const rendered = renderDeckhouse({
          ...small,
          pools: list.map(({ name, size, key }, index) => ({
            name,
            role: "worker" as const,
            taints: [{ key, effect: "NoSchedule" as const }],
            nodes: Array.from({ length: size }, (_, node) => ({
              name: `${name}-${node}`,
              address: `10.0.${index}.${node}`,
            })),
          })),
        });
        const global = ofKind(rendered, "ModuleConfig").find((config) => nameOf(config) === "global");
        const known = at(global, "spec", "settings", "modules", "placement", "customTolerationKeys") as string[];
        const groups = ofKind(rendered, "NodeGroup");
        const instances = ofKind(rendered, "StaticInstance");
        const taken = groups.map((group) => {
          const selector = at(group, "spec", "staticInstances", "labelSelector", "matchLabels") as Record<
            string,
            string
          >;
          for (const taint of at(group, "spec", "nodeTemplate", "taints") as { key: string }[]) {
            assert.ok(known.includes(taint.key));
          }
          const mine = instances.filter((one) =>
            Object.entries(selector).every(([label, value]) => at(one, "metadata", "labels", label) === value),
          );
          assert.equal(mine.length, at(group, "spec", "staticInstances", "count"));
          return mine.length;
        });
        assert.equal(
          taken.reduce((sum, count) => sum + count, 0),
          instances.length,
        );
      }),
    );
  });
});
