/** Objects of Kubernetes as a look reads them, and judgements in short. */
import type { Judgement } from "../../../../cli/doctor/findings";
import * as objects from "../../../../cli/doctor/look/objects";
import type { Json } from "../worlds";

export const podsOf = (...items: readonly Json[]): readonly objects.KubePod[] => objects.podList.parse({ items }).items;
export const nodesOf = (...items: readonly Json[]): readonly objects.KubeNode[] =>
  objects.nodeList.parse({ items }).items;
export const short = ({ findings }: Judgement): string[] =>
  findings.map(({ checked, found }) => `${checked}: ${found}`);
