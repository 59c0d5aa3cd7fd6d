import { hostKeyRule } from "../../../policy/rules/hostKeys";
import { holds, resource } from "../fixtures";

const remote = (connection: unknown) => resource("command:remote:Command", { create: "true", connection });

holds(
  hostKeyRule,
  {
    "hosts whose keys are known": [
      remote({ host: "a", hostKey: "ssh-ed25519 AAAA", proxy: { host: "b", hostKey: "ssh-ed25519 BBBB" } }),
      remote({ host: "a", hostKey: "[unknown]" }),
    ],
    "a connection that only an up will know": [remote("[unknown]")],
    "a command of this machine": [resource("command:local:Command", { create: "true" })],
  },
  {
    "a host that anybody could answer for": [
      [remote({ host: "a", privateKey: "CANARY" })],
      [/^command: connection\.hostKey is not set/],
    ],
    "a host on the way": [
      [remote({ host: "a", hostKey: "ssh-ed25519 AAAA", proxy: { host: "b" } })],
      [/^command: connection\.proxy\.hostKey is not set/],
    ],
  },
);
