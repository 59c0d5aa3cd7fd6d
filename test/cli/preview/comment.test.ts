import assert from "node:assert/strict";
import { commentMark, commentOf, worstOf, type ExitCode, type Section } from "../../../cli/preview/comment";
import { markdownOf, markOf } from "../../../cli/preview/markdown";
import { changesOfCase } from "./fixtures";

const section = (stack: string, exitCode: ExitCode, more = ""): Section => ({
  ...{ stack, exitCode },
  markdown: `${markOf(stack)}\n### ${stack}: x\n${more}`,
});

describe("one comment for a change", () => {
  it("starts with the line that it is found by, and has the worst stack first", () => {
    const comment = commentOf([section("calm", 0), section("changed", 2), section("bad", 1), section("risky", 3)]);
    assert.ok(comment.startsWith(`${commentMark}\n## Preview\n`));
    const order = [...comment.matchAll(/^### (\w+)/gm)].map(([, stack]) => stack);
    assert.deepEqual(order, ["bad", "risky", "changed", "calm"]);
    assert.match(comment, /\| bad \| ❌ fault \|\n\| risky \| ⚠️ dangerous changes \|/);
  });

  it("has one mark only: another would be found instead", () => {
    const comment = commentOf([section("a", 0), section("b", 2)]);
    assert.equal(comment.match(/<!-- tokenrack preview/g)?.length, 1);
  });

  it("says so where nothing is touched, and which stack has no file any more", () => {
    const comment = commentOf([], ["old_rack"]);
    assert.match(comment, /No stack is touched\./);
    assert.match(comment, /- \*\*old\\_rack\*\* has no stack file any more: what it made stays/);
  });

  it("takes the exit code of the worst: a fault, then a danger, then a change", () => {
    const worst = (...codes: readonly ExitCode[]): ExitCode => worstOf(codes.map((exitCode) => ({ exitCode })));
    assert.deepEqual([worst(), worst(0, 2), worst(2, 3, 0), worst(3, 1, 2)], [0, 2, 3, 1]);
  });

  it("stays below what GitHub takes, whatever is in it, and closes what it cuts", () => {
    const long = markdownOf(changesOfCase("another model"));
    const fold = `<details>\n<summary>x</summary>\n\n\`\`\`diff\n${"+ line of a diff\n".repeat(9000)}\`\`\`\n\n</details>\n`;
    const sections = ["a", "b", "c"].map((stack) => section(stack, 2, `${long}${fold}`));
    const comment = commentOf(sections);
    assert.ok(comment.length < 65_536, String(comment.length));
    assert.equal(comment.match(/<details>/g)?.length, comment.match(/<\/details>/g)?.length);
    assert.equal((comment.match(/^```/gm)?.length ?? 1) % 2, 0);
    assert.equal(comment.match(/\(cut: /g)?.length, 3);
  });
});
