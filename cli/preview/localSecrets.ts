/** The secrets that `npm start` made, read and not made. */
import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import { house, type House } from "../house";

const texts = z.record(z.string(), z.string());

/** By their config key; empty where there are none. */
export function localSecretsOf(at: House = house): Readonly<Record<string, string>> {
  if (!existsSync(at.secrets)) return {};
  try {
    return texts.parse(JSON.parse(readFileSync(at.secrets, "utf8")));
  } catch {
    return {}; // `npm start` says what is wrong with it; the message may quote a secret.
  }
}
