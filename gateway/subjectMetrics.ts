import { Counter, type Registry } from "prom-client";
import type { QuotaKind } from "./quotas";
import type { Usage } from "./usage";

/** Subjects beyond the bound, together. */
const OTHERS = "other";

/** Who used what: for dashboards, bills and the alert on used-up quotas. Names subjects, so it can be turned off. */
export class SubjectMetrics {
  private readonly known = new Set<string>();
  private readonly requests: Counter<"subject" | "model">;
  private readonly tokens: Counter<"subject" | "model" | "kind">;
  private readonly refusals: Counter<"subject" | "kind">;

  /** @param most subjects with series of their own, first come first served; 0: none has, and nothing is counted here */
  constructor(
    registry: Registry,
    private readonly most: number,
  ) {
    const registers = most === 0 ? [] : [registry];
    this.requests = new Counter({
      name: "tokenrack_gateway_subject_requests_total",
      help: "Generations that the engine accepted.",
      labelNames: ["subject", "model"],
      registers,
    });
    this.tokens = new Counter({
      name: "tokenrack_gateway_subject_tokens_total",
      help: "Tokens as the engine counted them.",
      labelNames: ["subject", "model", "kind"],
      registers,
    });
    this.refusals = new Counter({
      name: "tokenrack_gateway_quota_refusals_total",
      help: "Requests refused because a quota was used up.",
      labelNames: ["subject", "kind"],
      registers,
    });
  }

  /** @param model an id that the engine itself accepted, so that clients cannot invent labels */
  countRequest(subject: string, model: string): void {
    if (this.most > 0) this.requests.inc({ subject: this.label(subject), model });
  }

  countTokens(key: string, model: string, { promptTokens, completionTokens }: Usage): void {
    if (this.most === 0) return;
    const subject = this.label(key);
    this.tokens.inc({ subject, model, kind: "prompt" }, promptTokens);
    this.tokens.inc({ subject, model, kind: "completion" }, completionTokens);
  }

  countRefusal(subject: string, kind: QuotaKind): void {
    if (this.most > 0) this.refusals.inc({ subject: this.label(subject), kind });
  }

  private label(subject: string): string {
    if (this.known.has(subject)) return subject;
    if (this.known.size >= this.most) return OTHERS;
    this.known.add(subject);
    return subject;
  }
}
