/** Ports of this machine. */
import type { Fault } from "../errors";
import type { Ports } from "../schema/local";

/** No port twice. */
export function portFaults(ports: Ports): Fault[] {
  const entries = Object.entries(ports);
  return entries.flatMap(([role, number], index) => {
    const twin = entries.slice(0, index).find(([, other]) => other === number);
    if (twin === undefined) return [];
    return [
      {
        path: `ports.${role}`,
        found: `port ${number}, which is also ports.${twin[0]}`,
        needed: "each port once",
        fix: `give ports.${role} or ports.${twin[0]} another number (both may be defaults)`,
      },
    ];
  });
}
