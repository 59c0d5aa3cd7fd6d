import assert from "node:assert/strict";
import fc from "fast-check";
import { gpuModels } from "../../catalog/gpus";
import type { ClusterView } from "../../plan/explain/view";
import { planPicture } from "../../plan/picture";
import { textWidth } from "../../plan/picture/svg";
import { elementsOf, type Element } from "./support/svg";
import {
  bridged,
  eightA100,
  homelab,
  large,
  nodeOf,
  proxmoxHomelab,
  servingPlan,
  viewOf,
} from "./support/servingPlans";

interface Box {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where a text is, as wide as it can be in any font. */
function textBox({ attributes, text }: Element): Box {
  const at = (name: string): number => Number(attributes[name] ?? NaN);
  const width = textWidth(text, at("font-size"), attributes["font-weight"] !== undefined);
  const anchor = attributes["text-anchor"];
  const left = at("x") - (anchor === "end" ? width : anchor === "middle" ? width / 2 : 0);
  const top = at("y") - 0.75 * at("font-size");
  return { what: text, left, right: left + width, top, bottom: at("y") + 0.2 * at("font-size") };
}

function rectBox({ attributes }: Element): Box {
  const [left, top, width, height] = ["x", "y", "width", "height"].map((name) => Number(attributes[name] ?? 0));
  return {
    what: "rect",
    left: left ?? 0,
    right: (left ?? 0) + (width ?? 0),
    top: top ?? 0,
    bottom: (top ?? 0) + (height ?? 0),
  };
}

const meet = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const within = (a: Box, b: Box): boolean =>
  a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;

/** @throws AssertionError when anything leaves the picture, texts lie on each other, or one crosses an edge. */
function checkLayout(svg: string): void {
  const elements = elementsOf(svg);
  const height = Number(elements[0]?.attributes["height"]);
  const texts = elements.filter(({ name }) => name === "text").map(textBox);
  const rects = elements.filter(({ name }) => name === "rect").map(rectBox);
  for (const box of [...texts, ...rects]) {
    const inside = box.left >= -0.01 && box.right <= 900.01 && box.top >= -0.01 && box.bottom <= height + 0.01;
    assert.ok(inside, `outside: ${JSON.stringify(box)}`);
  }
  for (const box of texts) {
    const crossed = rects.find((rect) => meet(box, rect) && !within(box, rect));
    assert.equal(crossed, undefined, `"${box.what}" crosses ${JSON.stringify(crossed)}`);
  }
  texts.forEach((a, index) => {
    const over = texts.slice(index + 1).find((b) => meet(a, b));
    assert.equal(over, undefined, `"${a.what}" lies on "${over?.what ?? ""}"`);
  });
}

const views: Readonly<Record<string, () => ClusterView>> = { homelab, eightA100, large, bridged, proxmoxHomelab };

describe("the picture of a plan", () => {
  for (const [name, view] of Object.entries(views))
    describe(`of ${name}`, () => {
      const svg = planPicture(view());

      it("has no text outside of it or on another", () => checkLayout(svg));

      it("is the same each time", () => assert.equal(planPicture(view()), svg));

      it("has a bar for each GPU, and every idle one's reason", () => {
        const { hardware, serving } = view();
        const titles = elementsOf(svg).flatMap(({ name: tag, text }) => (tag === "title" ? [text] : []));
        const texts = elementsOf(svg).flatMap(({ name: tag, text }) => (tag === "text" ? [text] : []));
        const idle = new Set(serving.idle.map(({ gpu }) => gpu));
        for (const { id } of hardware.gpus) {
          const parts = titles.filter((title) => title.startsWith(`${id}: `));
          assert.equal(parts.length, idle.has(id) ? 0 : 5, id);
        }
        for (const { reason } of serving.idle) assert.ok(texts.join(" ").includes(reason), reason);
      });
    });

  it("names hosts, VMs, nodes, cards, ranks, figures and the link", () => {
    const texts = elementsOf(planPicture(proxmoxHomelab())).flatMap(({ name, text }) =>
      name === "text" ? [text] : [],
    );
    for (const wanted of [
      "homelab: 1 model on 3 of 4 GPUs",
      "gemma-3-27b",
      "22 tokens/s",
      "bound by memory bandwidth",
      "10 GbE",
      "host pve-1",
      "16 of 24 cores, 56 of 60 GiB",
      "master-1",
      "gpu-1",
      "1 x RTX 3090 · 12 cores, 48 GiB",
      "PP0",
      "idle",
      "in no VM: rtx-3060 at 0000:02:00.0",
    ]) {
      assert.ok(texts.includes(wanted), wanted);
    }
  });

  it("follows the reader's colours, and is light where styles are dropped", () => {
    const svg = planPicture(homelab());
    assert.match(svg, /@media \(prefers-color-scheme:dark\)/);
    for (const { name, attributes } of elementsOf(svg)) {
      if (name === "text" || name === "rect") assert.match(attributes["fill"] ?? "", /^#[0-9a-f]{6}$/);
      if (name === "path") assert.match(attributes["stroke"] ?? "", /^#[0-9a-f]{6}$/);
    }
  });

  it("is well-formed whatever things are called", () => {
    const view = homelab();
    const name = `</text><script>"&'\u0000`;
    const models = view.serving.models.map((plan) => ({ ...plan, name }));
    const svg = planPicture({ ...view, title: name, warnings: [name], serving: { ...view.serving, models } });
    assert.ok(elementsOf(svg).every(({ name: tag }) => tag !== "script"));
    assert.doesNotMatch(svg, /[\0]/);
  });

  it("has room for 1 to 8 nodes with 1 to 8 GPUs of any card, names of any length and several models", () => {
    const word = fc.string({
      unit: fc.constantFrom("a", "W", "i", "-", "8"),
      minLength: 1,
      maxLength: 90,
      size: "max",
    });
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.constantFrom(...gpuModels)), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(sizes, word, fc.lorem({ maxCount: 40 }), fc.boolean(), (nodes, name, reason, linked) => {
        const all = nodes.map(([count, model], index) => {
          const node = `${name}-${index}`;
          return nodeOf(node, model.id, count, linked ? { nvlinkGroup: node } : {});
        });
        const [first = [], second = []] = all;
        const plans = [first, second].flatMap((gpus, index) =>
          gpus.length === 0
            ? []
            : [servingPlan({ model: "Qwen/Qwen3-8B-AWQ", gpus, more: { name: `${name}/${index}` } })],
        );
        const hardware = { gpus: all.flat(), network: { gbitPerSecond: 100, rdma: linked } };
        checkLayout(planPicture(viewOf(name, hardware, plans, reason)));
      }),
      { numRuns: 60 },
    );
  });
});
