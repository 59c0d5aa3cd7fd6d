/** `npm run preview`: what an up would do, before anything is touched. */
import pc from "picocolors";
import { runCommand } from "./command";
import { previewCommand, type PreviewOptions } from "./preview/options";
import { answer } from "./preview/run";

void previewCommand()
  .action((options: PreviewOptions) =>
    runCommand(async () => {
      // Beside the answer, so that what is piped is the answer alone.
      const { text, exitCode } = await answer(options, process.stdout, (line) => {
        process.stderr.write(`${pc.dim(`  ${line}`)}\n`);
      });
      process.stdout.write(`${text}\n`);
      process.exitCode = exitCode;
    }),
  )
  .parseAsync();
