/** Writes `schema.json` anew: `npm run schema`. A test holds the committed one against the sources. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { schemaText } from "./analyze";

if (require.main === module) writeFileSync(join(resolve(__dirname, "../.."), "schema.json"), schemaText());
