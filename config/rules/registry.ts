/** Logins of registries and what they are for. Nothing here puts a secret value, or any part of one, into a fault. */
import type { Fault } from "../errors";
import type { SomeSecrets } from "../schema";

/** A secret that nothing would use. @param pullSecret `imagePullSecret`, as it is written */
export const registryFaults = (pullSecret: unknown, { registryLogins }: SomeSecrets): Fault[] =>
  registryLogins === undefined || pullSecret !== undefined
    ? []
    : [
        {
          path: "imagePullSecret",
          found: "nothing, and the secret registryLogins, which no pod would use",
          needed: "the name that the Secret with these logins gets",
          fix: "add `imagePullSecret: registry`, or remove the secret",
        },
      ];
