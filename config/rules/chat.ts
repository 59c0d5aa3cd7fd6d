/** What a chat page needs before it is made. Nothing here puts a secret value, or any part of one, into a fault. */
import { describeHidden } from "../describe";
import type { Fault } from "../errors";
import { isReservedDomain } from "../forms";
import type { SomeSecrets } from "../schema";
import type { ChatProfile } from "../schema/stages/chat";

type ChatKey = "chatSessionKey" | "chatAdminPassword" | "chatOidcClientSecret" | "chatDatabaseUrl" | "chatAccessCode";

/** What each secret looks like. */
const forms: Readonly<Record<ChatKey, { readonly form: RegExp; readonly needed: string }>> = {
  chatSessionKey: { form: /^[\x21-\x7e]{32,512}$/, needed: "32 to 512 letters, digits and signs" },
  chatAdminPassword: { form: /^[^\p{Cc}]{12,72}$/u, needed: "12 to 72 characters, as bcrypt reads no more" },
  chatOidcClientSecret: { form: /^[\x21-\x7e]{8,512}$/, needed: "the client's secret, as the issuer shows it" },
  chatDatabaseUrl: {
    form: /^postgres(?:ql)?:\/\/[^\s:@/]+:[^\s@/]+@[^\s@/]+\/[\w-]+(?:\?\S*)?$/,
    needed: "postgresql://user:password@host:port/name",
  },
  chatAccessCode: { form: /^[\x21-\x7e]{16,128}$/, needed: "16 to 128 letters, digits and signs" },
};

/** What the secrets of a page are for, where the stack wants them. */
function wanted({ kind, oidc, database }: ChatProfile): readonly (readonly [ChatKey, string])[] {
  if (kind === "none") return [];
  if (kind === "lobeChat") return [["chatAccessCode", "what opens the page"]];
  return [
    ["chatSessionKey", "what signs the page's sessions"],
    ["chatAdminPassword", "the password of chat.adminEmail"],
    ...(oidc === undefined ? [] : [["chatOidcClientSecret", "what the issuer knows the page by"] as const]),
    ...(database === undefined ? [] : [["chatDatabaseUrl", "the URL of chat.database"] as const]),
  ];
}

/** Faults of `chat` that stop a bring-up and no plan. */
export function chatFaults(chat: ChatProfile, secrets: SomeSecrets): Fault[] {
  const keys = wanted(chat);
  const missing = keys.filter(([key]) => secrets[key] === undefined);
  const unfit = keys.filter(([key]) => secrets[key] !== undefined && !forms[key].form.test(secrets[key]));
  const reserved = chat.kind !== "none" && chat.host !== undefined && isReservedDomain(chat.host);
  const fix = (key: ChatKey): string => `run \`pulumi config set --secret tokenrack:${key}\``;
  return [
    ...(reserved
      ? [
          {
            path: "chat.host",
            found: `${chat.host ?? ""}, a name kept for examples`,
            needed: "a domain of yours, like chat.my.org",
            fix: "write your own",
          },
        ]
      : []),
    ...missing.map(([key, needed]) => ({ path: key, found: "nothing", needed, fix: fix(key) })),
    ...unfit.map(([key]) => ({
      path: key,
      found: describeHidden(secrets[key]),
      needed: forms[key].needed,
      fix: fix(key),
    })),
  ];
}
