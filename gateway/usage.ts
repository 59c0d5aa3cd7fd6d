/** Tokens of one exchange, as the engine counted them. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** `usage` stands at the end of an answer; with every detail it is below this. */
const TAIL_BYTES = 4096;

/** The last bytes of an answer that passes by. */
export class Tail {
  private chunks: Buffer[] = [];
  private size = 0;

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    // Let go of what the tail no longer needs; whole chunks only, so nothing is copied while streaming.
    for (let first = this.chunks[0]; first && this.size - first.length >= TAIL_BYTES; first = this.chunks[0]) {
      this.chunks.shift();
      this.size -= first.length;
    }
  }

  /** Latin-1: byte for byte, so that a character cut in two does no harm. */
  text(): string {
    return Buffer.concat(this.chunks).subarray(-TAIL_BYTES).toString("latin1");
  }
}

/**
 * Finds `usage` at the end of an answer without parsing it. Inside a JSON string the quotes are escaped, so a model's text cannot
 * pose as it.
 */
export function usageIn(text: string): Usage | undefined {
  const at = text.lastIndexOf('"usage":');
  if (at < 0) return undefined;
  const count = (name: string): number => Number(new RegExp(`"${name}":\\s*(\\d+)`).exec(text.slice(at))?.[1] ?? 0);
  const usage = { promptTokens: count("prompt_tokens"), completionTokens: count("completion_tokens") };
  return usage.promptTokens + usage.completionTokens > 0 ? usage : undefined;
}
