import { localError, LocalError } from "./report";

/** A model directory that is none. As a fault of the stack file before anything is made, or of the command later. */
export class ModelFault extends LocalError {
  constructor(readonly fault: { readonly found: string; readonly needed: string; readonly fix: string }) {
    super(localError({ checked: "the model's directory", ...fault }).message);
  }
}
