/** Secrets in an environment are in the object's text, in every child process and in every crash report. */
import {
  at,
  containersOf,
  groupsIn,
  kindOf,
  listAt,
  podsIn,
  textAt,
  type PolicyResource,
  type Rule,
} from "../resource";

/** Names of variables that hold a secret; one that holds a path ends in _PATH or _FILE. */
const secretName =
  /(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|SECRET_?KEY|ACCESS_?KEY|CREDENTIALS?)$/i;

const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Names of variables with a value of their own: of containers, and of charts that take the same lists. */
function variablesOf(resource: PolicyResource): readonly string[] {
  const pods = podsIn(resource).flatMap(containersOf);
  const charts = kindOf(resource) === "Release" ? groupsIn(at(resource.props, "values")) : [];
  return [...pods, ...charts].flatMap(({ value }) =>
    [...listAt(value, "env"), ...listAt(value, "extraEnvVars")]
      .filter((one) => textAt(one, "value") !== "")
      .map((one) => textAt(one, "name")),
  );
}

/** Objects that everybody who may look at the namespace can read. */
const holdsKey = (resource: PolicyResource): boolean =>
  resource.type.startsWith("kubernetes:") &&
  kindOf(resource) !== "Secret" &&
  groupsIn(resource.props).some(({ value }) =>
    Object.values(Object(value) as object).some((text) => typeof text === "string" && privateKey.test(text)),
  );

/** Variables with a secret's name and a value, and private keys outside a Secret. */
export const plainSecretRule: Rule = {
  name: "no-plain-secrets",
  description: "No environment variable holds a secret, and no object but a Secret a private key.",
  scope: "resource",
  check: (resources) =>
    resources.flatMap((resource) => [
      ...variablesOf(resource)
        .filter((name) => secretName.test(name))
        .map((name) => ({
          name: resource.name,
          message: `variable ${name} holds its secret in the clear: mount it from a Secret, or name one by valueFrom`,
        })),
      ...(holdsKey(resource)
        ? [{ name: resource.name, message: "holds a private key and is no Secret: everybody who may look reads it" }]
        : []),
    ]),
};
