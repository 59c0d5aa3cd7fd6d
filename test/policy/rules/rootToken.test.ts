import { rootTokenRule } from "../../../policy/rules/rootToken";
import { holds, resource } from "../fixtures";

const provider = (props: Record<string, unknown>) => resource("pulumi:providers:proxmoxve", props);

holds(
  rootTokenRule,
  { "a user made for it": [provider({ apiToken: "tokenrack@pve!up=x" }), provider({ apiToken: "[unknown]" })] },
  {
    "a token of root, and root with a password": [
      [provider({ apiToken: "root@pam!x=CANARY" }), provider({ username: "root@pam", password: "CANARY" })],
      [/^proxmoxve: logs in to Proxmox as root/, /root/],
    ],
  },
);
