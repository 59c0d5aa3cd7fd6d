/** A token of root may do anything on every host, and its loss is the loss of all of them. */
import { textAt, type Rule } from "../resource";

/** Proxmox providers that log in as root. */
export const rootTokenRule: Rule = {
  name: "no-root-token",
  description: "Proxmox is used by a user made for it, never by root.",
  scope: "resource",
  check: (resources) =>
    resources
      .filter(({ type }) => type === "pulumi:providers:proxmoxve")
      .filter(({ props }) => [textAt(props, "apiToken"), textAt(props, "username")].some((one) => /^root@/.test(one)))
      .map(({ name }) => ({
        name,
        message: "logs in to Proxmox as root: make a user with the privileges that it needs, and a token of it",
      })),
};
