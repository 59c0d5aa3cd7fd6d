/** `npm run docs`: writes the generated pages. */
import { writeFileSync } from "node:fs";
import { pages } from "./pages";

void pages().then((all) => {
  for (const { path, text } of all) writeFileSync(path, text);
});
