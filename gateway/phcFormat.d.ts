/** `@phc/format` 1.0.0 ships no types. @see https://github.com/simonepri/phc-format#api */
declare module "@phc/format" {
  export interface PhcFields {
    id: string;
    version?: number;
    params?: Record<string, string | number>;
    salt?: Buffer;
    hash?: Buffer;
  }
  export function serialize(fields: PhcFields): string;
  /** @throws TypeError when the text is not a PHC string. */
  export function deserialize(text: string): PhcFields;
}
