import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "../..");

/** The fenced blocks of one language in a page of the docs, in their order. */
export function docBlocks(page: string, language: string): readonly string[] {
  const text = readFileSync(join(root, page), "utf8");
  const fences = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  return fences.flatMap(([, name, body]) => (name === language && body !== undefined ? [body] : []));
}
