/** Pages of docs/ that are generated, by their file names. */
import { join, resolve } from "node:path";
import { format, resolveConfig } from "prettier";
import { componentsPage } from "./componentsPage";
import { configPage } from "./configPage";

const docs = resolve(__dirname, "../../docs");

const makers = { "config.md": configPage, "components.md": componentsPage } as const;

/** Each page's path and text, written as everything here is. */
export async function pages(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  return Promise.all(
    Object.entries(makers).map(async ([name, make]) => {
      const path = join(docs, name);
      const style = await resolveConfig(path);
      return { path, text: await format(make(), { ...style, filepath: path }) };
    }),
  );
}
