/**
 * Units as branded numbers: a plain number cannot slip in where a unit is meant, and GiB cannot be added to bytes by
 * mistake. The brand exists in the type only; at run time and in JSON each is a plain number.
 */
declare const unit: unique symbol;
type Unit<U extends string> = number & { readonly [unit]: U };

/** Gibibytes (2^30 bytes). */
export type Gib = Unit<"GiB">;
/** Mebibytes (2^20 bytes). */
export type Mib = Unit<"MiB">;
/** Bytes; always a whole number. */
export type Bytes = Unit<"B">;
/** Seconds. */
export type Seconds = Unit<"s">;

/** Bytes of one mebibyte and of one gibibyte. */
export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

/** Brands a finite, non-negative number. @throws RangeError otherwise: a caller's mistake, not a user's. */
function brand<U extends string>(value: number, name: U): Unit<U> {
  if (!Number.isFinite(value) || value < 0) {
    throw new RangeError(`${value} is not an amount of ${name}`);
  }
  return value as Unit<U>; // The one cast: this is where a brand is made.
}

/** `n` gibibytes. @throws RangeError for a negative or non-finite number. */
export const gib = (n: number): Gib => brand(n, "GiB");
/** `n` mebibytes. @throws RangeError for a negative or non-finite number. */
export const mib = (n: number): Mib => brand(n, "MiB");
/** `n` bytes, rounded up to a whole byte. @throws RangeError for a negative or non-finite number. */
export const bytes = (n: number): Bytes => brand(Math.ceil(n), "B");
/** `n` seconds. @throws RangeError for a negative or non-finite number. */
export const seconds = (n: number): Seconds => brand(n, "s");

/** GiB as bytes. */
export const gibToBytes = (amount: Gib): Bytes => bytes(amount * GIB);
/** Bytes as GiB, not rounded. */
export const bytesToGib = (amount: Bytes): Gib => gib(amount / GIB);
/** MiB as GiB, not rounded. */
export const mibToGib = (amount: Mib): Gib => gib(amount / (GIB / MIB));
/** MiB as bytes. */
export const mibToBytes = (amount: Mib): Bytes => bytes(amount * MIB);
/** Minutes as seconds. */
export const minutesToSeconds = (minutes: number): Seconds => seconds(minutes * 60);

/** One decimal at most: "4 GiB", "1.5 GiB". */
export const formatGib = (amount: Gib): string => `${Math.round(amount * 10) / 10} GiB`;

/** "1 GPU", "3 GPUs". */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** The largest unit in which the amount is at least 1: "256 B", "12 KiB", "1.5 GiB"; one decimal at most. */
export function formatBytes(amount: Bytes): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = amount < 1 ? 0 : Math.min(Math.floor(Math.log2(amount) / 10), names.length - 1);
  return `${Math.round((amount / 1024 ** power) * 10) / 10} ${names[power] ?? "B"}`;
}

/** "90 s", "1 h", "1 h 5 min": hours and minutes when they come out even, else seconds. */
export function formatSeconds(amount: Seconds): string {
  if (amount < 60 || amount % 60 !== 0) return `${amount} s`;
  const hours = Math.floor(amount / 3600);
  const minutes = (amount % 3600) / 60;
  return [hours > 0 ? `${hours} h` : "", minutes > 0 ? `${minutes} min` : ""].filter(Boolean).join(" ");
}
