/** What a look at a layer can end with. Plain data. */

/** One thing wrong, in the house's four fields. No field ever holds a secret. */
export interface Finding {
  readonly checked: string;
  readonly found: string;
  readonly expected: string;
  readonly fix: string;
}

/** Every layer from bare hosts to a token. `ray`: Ray's own processes, on this machine. */
export const titles = {
  ssh: "SSH",
  iommu: "IOMMU",
  mapping: "mapping",
  vm: "VM",
  node: "node",
  driver: "driver",
  devicePlugin: "device plugin",
  kubeRay: "KubeRay",
  download: "download",
  ray: "Ray",
  engine: "engine",
  gateway: "gateway",
  tls: "TLS",
  token: "token",
} as const;
export type LayerId = keyof typeof titles;

/** The end of a log that belongs to a finding. */
export interface LogTail {
  /** Whose: "gpu-operator/nvidia-driver-x". */
  readonly of: string;
  readonly lines: readonly string[];
}

/** What a judgement says of a layer's facts. */
export interface Judgement {
  /** Empty: the layer is well. */
  readonly findings: readonly Finding[];
  /** What was seen, in a few words: "3 nodes Ready, Kubernetes v1.34.2". */
  readonly seen: string;
}

/** What came of looking at one layer. */
export type Looked =
  | (Judgement & { readonly state: "looked"; readonly logs?: readonly LogTail[] })
  /** It could not be looked at from here: a credential or a tool is missing. */
  | { readonly state: "closed"; readonly findings: readonly Finding[] }
  /** This stack has no such layer. */
  | { readonly state: "absent"; readonly why: string };

/** How one layer stands. */
export interface LayerReport {
  readonly id: LayerId;
  readonly state: "well" | "broken" | "skipped" | "closed" | "absent";
  /** What was seen, or why it was not looked at. */
  readonly seen: string;
  readonly findings: readonly Finding[];
  readonly logs: readonly LogTail[];
}

/** How a stack stands, its layers bottom up. */
export interface Report {
  readonly stack: string;
  readonly platform: string;
  readonly layers: readonly LayerReport[];
}

/** 0 all well, 1 a layer is broken, 2 a layer could not be looked at. */
export function exitCodeOf({ layers }: Report): 0 | 1 | 2 {
  if (layers.some(({ state }) => state === "broken")) return 1;
  return layers.some(({ state }) => state === "closed") ? 2 : 0;
}

/** A layer that cannot be looked at from here. */
export const closed = (checked: string, found: string, expected: string, fix: string): Looked => ({
  state: "closed",
  findings: [{ checked, found, expected, fix }],
});
