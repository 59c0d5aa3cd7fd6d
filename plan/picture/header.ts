/** Above the machines: what is served, how large, how fast; and what the colours mean. */
import type { ServingPlan } from "../cluster/types";
import { hardwareWords } from "../explain/hardwareWords";
import type { ClusterView } from "../explain/view";
import { boundWords, brief, count, decodeRows, layoutWords, storageWords, time, whole } from "../explain/words";
import { beside, lineHeight, paragraph, stack, textAt, type Block } from "./block";
import { cutText, element, textWidth } from "./svg";
import { fill, legend } from "./theme";

const body = 12;
const small = 11;

/** "A", "B": how the ranks of several models are told apart; empty for a single one. */
export const letterOf = (index: number, models: number): string => (models < 2 ? "" : String.fromCharCode(65 + index));

/** A figure with what it is, and what bounds it. */
type Tile = readonly [what: string, figure: string, between: string, bound: string];

function tilesOf({ speed, replicas }: ServingPlan): readonly Tile[] {
  const first = speed.timeToFirstToken;
  const all: Tile = [
    count(replicas, "replica"),
    `${brief(speed.tokensPerSecondBusy.value * replicas)} tokens/s`,
    `with ${count(speed.concurrency * replicas, "request")}`,
    "",
  ];
  return [
    ["first token", time(first.value), `prompt of ${whole(speed.promptTokens)} tokens`, boundWords(first)],
    ...decodeRows(speed).map(({ what, rate, between, bound }): Tile => [what, rate, between, bound]),
    ...(replicas > 1 ? [all] : []),
  ];
}

function tileBlock([what, figure, between, bound]: Tile, width: number): Block {
  const line = (text: string, y: number): readonly [string, number] => [cutText(text, width - 8, small), y];
  const lines = [line(what, 11), line(between, 44), line(bound, 58)];
  return {
    height: 62,
    draw: (x, y) =>
      textAt(x, y + 28, figure, { size: 15, bold: true }) +
      lines
        .filter(([text]) => text !== "")
        .map(([text, at]) => textAt(x, y + at, text, { size: small, colour: "dim" }))
        .join(""),
  };
}

function modelBlock(plan: ServingPlan, index: number, models: number, width: number): Block {
  const letter = letterOf(index, models);
  const source = plan.name === plan.shape.id ? "" : `${plan.shape.id}, `;
  const head = cutText(`${letter === "" ? "" : `${letter}: `}${plan.name}`, 0.55 * width, 14, true);
  const note = cutText(`${source}${storageWords(plan.shape)}`, width - textWidth(head, 14, true) - 12, body);
  const { engine, memory } = plan;
  const sizes = [
    layoutWords(plan.layout),
    count(plan.replicas, "replica"),
    `context ${whole(engine.maxModelLen)} tokens`,
    count(engine.maxNumSeqs, "slot"),
    `KV cache ${whole(memory.warm.kv.tokens)} tokens = ${brief(memory.warm.kv.sequences)} full-length sequences`,
  ];
  const title: Block = {
    height: 20,
    draw: (x, y) =>
      textAt(x, y + 15, head, { size: 14, bold: true }) +
      textAt(x + width, y + 15, note, { size: body, colour: "dim", anchor: "end" }),
  };
  const tileWidth = width / 4;
  const tiles = tilesOf(plan).map((tile) => tileBlock(tile, tileWidth));
  const text = stack([title, paragraph(sizes.join(" · "), width, { size: body })], 2);
  return stack([text, beside(tiles, tileWidth, 0)], 6);
}

/** Coloured squares with their words, in the order of the bars, and what the ranks' letters mean. */
function legendBlock(width: number): Block {
  const size = 11;
  const gap = 18;
  const items = legend.map(([colour, name]) => ({ colour, name, width: 14 + textWidth(name, size) }));
  const at = (index: number): number => items.slice(0, index).reduce((sum, item) => sum + item.width + gap, 0);
  const ranks = cutText("in GiB;  R replica, PP and TP rank", width - at(items.length), size);
  return {
    height: lineHeight(size),
    draw: (x, y) =>
      items
        .map(
          ({ colour, name }, index) =>
            element("rect", { x: x + at(index), y: y + 2, width: 10, height: 10, rx: 2, ...fill(colour) }) +
            textAt(x + at(index) + 14, y + 11, name, { size }),
        )
        .join("") + textAt(x + at(items.length), y + 11, ranks, { size, colour: "dim" }),
  };
}

/** The head of the picture. */
export function headerBlock(view: ClusterView, width: number): Block {
  const { models, idle } = view.serving;
  const all = view.hardware.gpus.length;
  const title = `${view.title}: ${count(models.length, "model")} on ${all - idle.length} of ${count(all, "GPU")}`;
  const top: Block = {
    height: 26,
    draw: (x, y) => textAt(x, y + 20, cutText(title, width, 19, true), { size: 19, bold: true }),
  };
  return stack(
    [
      stack([top, paragraph(hardwareWords(view.hardware), width, { size: body, colour: "dim" })], 0),
      ...models.map((plan, index) => modelBlock(plan, index, models.length, width)),
      legendBlock(width),
    ],
    12,
  );
}
