/** The executable of the simulation. The first word says which program it stands in for. */
import { dhctl } from "./dhctl";
import { docker } from "./docker";
import { kubectl } from "./kubectl";

async function main([program = "", ...args]: readonly string[]): Promise<number> {
  switch (program) {
    case "docker":
    case "podman":
      return docker(args);
    case "dhctl":
      return dhctl(args);
    case "kubectl":
      return kubectl(args);
    case "d8":
      return kubectl(args[0] === "k" ? args.slice(1) : args);
    default:
      process.stderr.write(`the simulation has no ${program}\n`);
      return 127;
  }
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
