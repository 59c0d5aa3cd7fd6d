/** Looks at layers bottom up. What stands on a broken layer is not looked at: its faults would be those of the broken one. */
import { titles, type LayerId, type LayerReport, type Looked } from "./findings";

/** One row of a platform's table. */
export interface Layer {
  readonly id: LayerId;
  /** Layers without which a look at this one says nothing of its own; empty for what can be looked at by itself. */
  readonly after: readonly LayerId[];
  /** Reads only. Must not throw for anything that can be wrong with a stack. */
  readonly look: () => Promise<Looked>;
}

/** Nothing stands in the way of what is on top of these. */
const passable = (state: LayerReport["state"]): boolean => state === "well" || state === "absent";

function reportOf(id: LayerId, looked: Looked): LayerReport {
  switch (looked.state) {
    case "absent":
      return { id, state: "absent", seen: looked.why, findings: [], logs: [] };
    case "closed":
      return { id, state: "closed", seen: "could not be looked at", findings: looked.findings, logs: [] };
    case "looked": {
      const { findings, seen, logs = [] } = looked;
      return { id, state: findings.length === 0 ? "well" : "broken", seen, findings, logs };
    }
  }
}

/** In whose place a layer that was not looked at speaks. */
function rootOf(report: LayerReport, roots: ReadonlyMap<LayerId, LayerReport>): LayerReport {
  return report.state === "skipped" ? (roots.get(report.id) ?? report) : report;
}

/**
 * Looks at all layers, side by side where none waits for another.
 * @param layers bottom up: `after` names only layers that come before
 * @param progress told what is looked at
 */
export async function diagnose(
  layers: readonly Layer[],
  progress: (line: string) => void = () => undefined,
): Promise<readonly LayerReport[]> {
  const running = new Map<LayerId, Promise<LayerReport>>();
  const roots = new Map<LayerId, LayerReport>();
  const one = async ({ id, after, look }: Layer): Promise<LayerReport> => {
    const below = await Promise.all(after.flatMap((name) => running.get(name) ?? []));
    const inTheWay = below.find(({ state }) => !passable(state));
    if (inTheWay === undefined) {
      progress(`looking at ${titles[id]}`);
      return reportOf(id, await look());
    }
    const root = rootOf(inTheWay, roots);
    roots.set(id, root);
    const why = root.state === "broken" ? "is broken" : "could not be looked at";
    const seen = `not looked at, since ${titles[root.id]} ${why}`;
    return { id, state: "skipped", seen, findings: [], logs: [] };
  };
  for (const layer of layers) running.set(layer.id, one(layer));
  return Promise.all(running.values());
}
