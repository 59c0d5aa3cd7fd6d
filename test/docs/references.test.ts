/** What the pages for people name is there: files, scripts, libraries. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const docs = readdirSync(join(root, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : []));
const pages = ["README.md", "CONTRIBUTING.md", ...docs];

const manifest = JSON.parse(read("package.json")) as Record<
  "scripts" | "dependencies" | "devDependencies",
  Record<string, string>
>;

describe("pages for people", () => {
  for (const page of pages) {
    it(`${page} links to what is there`, () => {
      const links = [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? "");
      const own = links.filter((target) => !/^[a-z]+:/.test(target));
      const missing = own.filter((target) => !existsSync(resolve(root, dirname(page), target)));
      assert.deepEqual(missing, []);
    });

    it(`${page} names scripts that there are`, () => {
      const named = [...read(page).matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)].map(([, script]) => script ?? "");
      assert.deepEqual(
        named.filter((script) => !(script in manifest.scripts)),
        [],
      );
    });
  }

  it("CONTRIBUTING.md has every script that a person runs", () => {
    const text = pages.map(read).join("\n");
    // npm's own, and parts of others.
    const internal = ["prepare", "prepack", "build", "build:gateway", "build:download", "build:package"];
    const left = Object.keys(manifest.scripts).filter((script) => !internal.includes(script));
    const said = (script: string): boolean => text.includes(`npm run ${script}`) || text.includes(`npm ${script}`);
    assert.deepEqual(
      left.filter((script) => !said(script) && !text.includes(`npm run -s ${script}`)),
      [],
    );
  });

  it("CONTRIBUTING.md says why each library is there", () => {
    const text = read("CONTRIBUTING.md");
    const libraries = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    const left = libraries.filter((library) => !library.startsWith("@types/"));
    assert.deepEqual(
      left.filter((library) => !text.includes(`\`${library}\``)),
      [],
    );
  });
});
