/** Records the states of the version in package.json, before it is released: `npx tsx test/package/recordStates.ts`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./installed";
import { recordStates } from "./states";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

void recordStates(version).then(() => process.exit(0));
