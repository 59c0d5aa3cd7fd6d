/** Without a host's key, SSH believes whoever answers, and gives it the commands and what they read. */
import { at, textAt, type PolicyResource, type Rule } from "../resource";

function withoutKey({ type, props }: PolicyResource): readonly string[] {
  if (!type.startsWith("command:remote:")) return [];
  // A connection that holds what only an `up` will know is unknown as a whole: the `up` looks at it again.
  const hops = [["connection"], ["connection", "proxy"]].filter((path) => typeof at(props, ...path) === "object");
  return hops.filter((path) => textAt(props, ...path, "hostKey") === "").map((path) => path.join("."));
}

/** Remote commands and copies without the key of a host on the way. */
export const hostKeyRule: Rule = {
  name: "ssh-host-keys",
  description: "Every SSH connection knows the key of the host that it goes to, and of the one that it goes through.",
  scope: "resource",
  check: (resources) =>
    resources.flatMap((resource) =>
      withoutKey(resource).map((path) => ({
        name: resource.name,
        message: `${path}.hostKey is not set: anybody could answer in the host's place`,
      })),
    ),
};
