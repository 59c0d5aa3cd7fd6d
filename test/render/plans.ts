/** Plans to render, and the golden files to compare with. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makePlan } from "../../plan/plan";
import { laptop, profileOf, rtx3090, withLlama } from "../plan/cases";

/** A committed text: `golden/<name>.golden`, so that no formatter touches it. */
export const golden = (name: string): string => readFileSync(join(__dirname, "golden", `${name}.golden`), "utf8");

/** The built-in model on a CPU. */
export const tiny = makePlan(profileOf(), laptop);

/** An 8B model on a GPU. */
export const llama = makePlan(
  profileOf(
    {},
    { source: "org/llama", revision: "0123abc" },
    { corsOrigins: ["https://b.example", "https://a.example"] },
  ),
  withLlama({ gpus: [rtx3090] }),
);

export const files = {
  signingKeys: ["/run/tokenrack/new.pem", "/run/tokenrack/old.pem"],
  users: "/run/tokenrack/users.json",
};
