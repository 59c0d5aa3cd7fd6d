import type { SigningKey } from "./keys";

/** The keys of the moment: which one signs, and which ones verify. */
export interface KeySource {
  /** Undefined when there is none: then there is no POST /token. */
  signer(): SigningKey | undefined;
  find(kid: string): SigningKey | undefined;
}

/**
 * Signing keys that change while the gateway runs. A new key verifies at once and signs only when it has been here for a while, so
 * that a replica that reads the change later already knows it. A key that is gone is refused at once.
 */
export class KeyRing implements KeySource {
  private keys: readonly SigningKey[];
  private readonly knownSinceMs = new Map<string, number>();

  /** @param keys the first one is to sign */
  constructor(
    keys: readonly SigningKey[],
    private readonly settleSeconds = 0,
    /** Milliseconds on a clock that never steps. */
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.keys = keys;
    for (const { kid } of keys) this.knownSinceMs.set(kid, -Infinity);
  }

  replace(keys: readonly SigningKey[]): void {
    const now = this.nowMs();
    for (const { kid } of keys) if (!this.knownSinceMs.has(kid)) this.knownSinceMs.set(kid, now);
    for (const kid of this.knownSinceMs.keys()) if (!keys.some((key) => key.kid === kid)) this.knownSinceMs.delete(kid);
    this.keys = keys;
  }

  signer(): SigningKey | undefined {
    const settledBefore = this.nowMs() - this.settleSeconds * 1000;
    // With only new keys there is nothing to wait with.
    return this.keys.find(({ kid }) => (this.knownSinceMs.get(kid) ?? 0) <= settledBefore) ?? this.keys[0];
  }

  find(kid: string): SigningKey | undefined {
    return this.keys.find((key) => key.kid === kid);
  }
}
