/** Which stacks a change touches, by the names of its files. Pure. */

/** Files that no stack is made from. */
const elsewhere = [
  /^(?:docs|test|e2e|bench|sim|examples|policy|\.github|\.ci)\//,
  /^\.(?:gitlab-ci\.yml|gitignore|prettierignore|mocharc\.\w+)$/,
  /\.md$/,
  /^(?:LICENSE|eslint\.config\.mjs|\.prettierrc\S*)$/,
];

const stackFile = /^Pulumi\.([A-Za-z0-9._-]+)\.yaml$/;

/** What a change touches. */
export interface Touched {
  /** In the order of `stacks`. */
  readonly stacks: readonly string[];
  /** Stacks whose file is gone: what they made stays. */
  readonly gone: readonly string[];
}

/**
 * A stack's own file touches that stack; any other file that a program is made from touches all.
 * @param files of the change, from the checkout's root
 * @param stacks that have a file now
 */
export function touchedBy(files: readonly string[], stacks: readonly string[]): Touched {
  const named = files.map((file) => stackFile.exec(file)?.[1]);
  const others = files.filter(
    (file, at) => named[at] === undefined && !elsewhere.some((pattern) => pattern.test(file)),
  );
  return {
    stacks: others.length > 0 ? [...stacks] : stacks.filter((stack) => named.includes(stack)),
    gone: [...new Set(named)].flatMap((stack) => (stack === undefined || stacks.includes(stack) ? [] : [stack])),
  };
}
