/** What must be true before anything else is loaded. Imports only what an old Node loads too. */
import type { Fault } from "../config/errors";
import { versions } from "../catalog/versions";

/** Title of faults that are the machine's and not the configuration's. */
export const notReady = "This machine is not ready for the stack";

/** Faults of Node and of the operating system. */
export function platformFaults(node = process.versions.node, platform: string = process.platform): Fault[] {
  const faults: Fault[] = [];
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const [needMajor = 0, needMinor = 0] = versions.nodeFloor.split(".").map(Number);
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    faults.push({ path: "Node", found: node, needed: `${versions.nodeFloor} or newer`, fix: "update Node" });
  }
  if (platform !== "linux") {
    const needed = "linux: the locked vLLM has builds for nothing else";
    faults.push({ path: "platform", found: platform, needed, fix: "run this on Linux (on Windows: under WSL 2)" });
  }
  return faults;
}
