/** Whether what was rendered is still there in what somebody made of it, who may add but not change or leave out. */

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** By what elements of Kubernetes' lists are told apart, mounts of one volume by their path; others are equal or not. */
const keys = ["mountPath", "name", "containerPort", "key"] as const;

function partnerOf(element: unknown, made: readonly unknown[]): unknown {
  if (!isRecord(element)) return made.find((one) => one === element);
  const key = keys.find((name) => name in element);
  return made.find((one) => isRecord(one) && key !== undefined && one[key] === element[key]);
}

/** Paths of `wanted` whose value `made` lacks or has otherwise; lists may have more, in any order, as may objects. */
export function lost(wanted: unknown, made: unknown, at = ""): readonly string[] {
  if (isRecord(wanted) && isRecord(made))
    return Object.entries(wanted).flatMap(([key, value]) => lost(value, made[key], `${at}.${key}`));
  if (Array.isArray(wanted) && Array.isArray(made))
    return wanted.flatMap((element, index) => lost(element, partnerOf(element, made), `${at}[${index}]`));
  return Object.is(wanted, made) ? [] : [`${at}: ${JSON.stringify(wanted)} became ${JSON.stringify(made)}`];
}
