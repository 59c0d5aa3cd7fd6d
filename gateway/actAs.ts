import type { IncomingHttpHeaders } from "node:http";
import type { Subject } from "./access";
import type { GatewayConfig } from "./config";
import { badRequest } from "./errors";

/** An account's id or mail address. */
const PERSON = /^[A-Za-z0-9][\w.@+:-]{0,127}$/;

/**
 * The subject that quotas count: the person whom a trusted chat UI names, when the token itself carries `act-as` (an admin's does
 * not, unless it says so). The rights stay the token's, and the person's name lives below the UI's, so that a UI with open signup
 * cannot use up or borrow another subject's quota. From any other token the headers mean nothing.
 * @throws ApiError 400 when the UI names nobody that a person could be called
 */
export function actingSubject(
  subject: Subject,
  headers: IncomingHttpHeaders,
  { headers: names, role }: GatewayConfig["actAs"],
): Subject {
  if (!subject.scopes.has("act-as")) return subject;
  const name = names.find((header) => headers[header] !== undefined);
  if (name === undefined) return subject;
  const person = headers[name];
  if (typeof person !== "string" || !PERSON.test(person))
    throw badRequest(`The header ${name} holds no user's id or mail address.`, "invalid_person");
  // One person, however a mail address is written.
  const key = `${subject.key}/${person.toLowerCase()}`;
  return { key, scopes: subject.scopes, models: subject.models, roles: role === undefined ? [] : [role] };
}
