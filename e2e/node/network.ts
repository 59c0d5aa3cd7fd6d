/** The cable between the machine and a rack. The machine's end and its route go when the rack's end does. */
import { z } from "zod";
import { run } from "../images/steps";
import { interfaceName } from "./marks";
import type { Namespaces } from "./namespaces";
import { freeRanges, type Ranges } from "./ranges";

const routesSchema = z.array(z.object({ dst: z.string() }));

/** The rack's end. */
const inside = "machine";

/** Connects the rack. @returns its addresses: such that the machine has no route to yet */
export async function connect(mark: string, namespaces: Namespaces): Promise<Ranges> {
  const routes = routesSchema.parse(JSON.parse(await run("ip", ["-4", "-json", "route", "show", "table", "all"])));
  const ranges = freeRanges(routes.map(({ dst }) => dst));
  const outside = interfaceName(mark);
  const ip = (...args: readonly string[]): Promise<string> => run("ip", args);
  await ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", String(namespaces.pid));
  await ip("address", "add", ranges.machine, "dev", outside);
  await ip("link", "set", outside, "up");
  await namespaces.run("ip", "address", "add", `${ranges.gateway}/30`, "dev", inside);
  await namespaces.run("ip", "link", "set", inside, "up");
  // A route is looked for before kube-proxy's rules: an address of a Service needs one, wherever it leads.
  await namespaces.run("ip", "route", "add", ranges.services, "dev", inside, "src", ranges.gateway);
  await ip("route", "add", ranges.all, "via", ranges.gateway, "dev", outside);
  return ranges;
}

/** Takes the machine's end away, which the kernel else does a moment after the rack's has gone. */
export async function disconnect(mark: string): Promise<void> {
  // It has gone already, as a rule.
  await run("ip", ["link", "delete", interfaceName(mark)]).catch(() => undefined);
}
