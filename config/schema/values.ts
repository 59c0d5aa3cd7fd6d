/** Checks that several groups share. The text given to each is the "expected" part of its fault. */
import * as z from "zod";

/** A whole number in a closed range, with what it is in the text. */
export const integer = (min: number, max: number, error: string): z.ZodInt =>
  z.int({ error }).min(min, { error }).max(max, { error });

/** A whole number in a closed range; `what` names the thing counted. */
export const whole = (min: number, max: number, what: string): z.ZodInt =>
  integer(min, max, `a whole number of ${what} from ${min} to ${max}`);

/** A number in a closed range, with what it is in the text. */
export const between = (min: number, max: number, error: string): z.ZodNumber =>
  z.number({ error }).min(min, { error }).max(max, { error });

/** A text of one form. */
export const text = (pattern: RegExp, error: string): z.ZodString => z.string({ error }).regex(pattern, { error });

/** Yes or no. */
export const flag = (): z.ZodBoolean => z.boolean({ error: "true or false" });

/** One of some words. */
export const word = <const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> =>
  z.enum(words, { error: `${words.slice(0, -1).join(", ")} or ${words[words.length - 1] ?? ""}` });

const labelText = "1 to 63 lower-case letters, digits and dashes that start and end with a letter or digit (RFC 1123)";

/** A host name or node name of one label. @see https://www.rfc-editor.org/rfc/rfc1123 section 2.1 */
export const label = (): z.ZodString => text(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, labelText);

const domain = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** A domain name in lower case, of one label or more. */
export const domainName = (error: string): z.ZodString => text(domain, error);
