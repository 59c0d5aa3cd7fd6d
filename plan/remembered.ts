/** Answers kept for what asks the same many times. */

/**
 * A pure function with its answers kept, for each thing as long as that thing is there. `keyOf` names the rest of the
 * question: the answer must depend on nothing else, and the thing must not change.
 */
export function remembered<Thing extends object, Rest, Answer>(
  answer: (thing: Thing, rest: Rest) => Answer,
  keyOf: (rest: Rest) => string | number,
): (thing: Thing, rest: Rest) => Answer {
  const known = new WeakMap<Thing, Map<string | number, Answer>>();
  return (thing, rest) => {
    let answers = known.get(thing);
    if (answers === undefined) known.set(thing, (answers = new Map<string | number, Answer>()));
    const key = keyOf(rest);
    const kept = answers.get(key);
    if (kept !== undefined) return kept;
    const own = answer(thing, rest);
    answers.set(key, own);
    return own;
  };
}
