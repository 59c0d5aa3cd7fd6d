/** `chat`: a web page to talk to the models. */
import * as z from "zod";
import { domainName, word } from "../values";

/** `chat`. */
export const chatSchema = z.strictObject(
  {
    /** @default "none" */
    kind: word(["none", "openWebUi", "lobeChat"]).default("none"),
    /** Public name of the page. Needed before it is made. */
    host: domainName('a domain name in lower case, like "chat.my.org"').optional(),
  },
  { error: "a group of keys, such as `kind: openWebUi`" },
);

export const chatKeys = { chat: chatSchema.prefault({}) } as const;
