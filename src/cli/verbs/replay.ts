/** `ringmaster replay`: what a recorded crash holds, and a test of it that fails until it is mended. */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { print, printAside, printable } from '../output.ts';
import { type CrashRecording, readRecording } from '../replay/crash-recording.ts';
import { testOf } from '../replay/emit-test.ts';

type ReplayOptions = { readonly emitTest?: string };

/** Adds it. */
export function addReplay(program: Command): void {
  program
    .command('replay <recording>')
    .description('a crash that `trace --record-crash` has kept: what it holds, or a test of it')
    .option('--emit-test <file>', 'write a file of vitest that fails until the actor is mended')
    .action(async (recording: string, { emitTest }: ReplayOptions) => {
      const crash = await recordingIn(recording);
      if (emitTest === undefined) print(summaryOf(crash));
      else await emit(crash, emitTest);
    });
}

async function emit(crash: CrashRecording, name: string): Promise<void> {
  const file = resolve(name);
  let text: string;
  try {
    text = testOf(crash, file);
  } catch (error) {
    throw new CommandError(
      EXIT.conflict,
      `no test can be made of it: ${(error as Error).message}.`,
    );
  }
  // What somebody wrote is not written over.
  await writeFile(file, text, { flag: 'wx' }).catch((error: Error) => {
    throw new CommandError(EXIT.usage, `${file} cannot be written: ${error.message}.`);
  });
  printAside(`${file} fails until the actor is mended: npx vitest run ${name}`);
}

async function recordingIn(file: string): Promise<CrashRecording> {
  try {
    return readRecording(await readFile(file, 'utf8'));
  } catch (error) {
    throw new CommandError(EXIT.usage, `${file}: ${(error as Error).message}.`);
  }
}

function summaryOf({ path, actor, isWhole, messages, error }: CrashRecording): string {
  const told = messages.map(({ name, payload }, i) => {
    return `${String(i + 1).padStart(6)}  ${name}  ${payload ?? 'cannot be written down'}`;
  });
  return [
    `${path} (${actor.name} of ${actor.url}) failed with ${error}`,
    isWhole ? 'all that it was told since it began:' : 'the last that it was told:',
    ...told,
  ]
    .map(printable)
    .join('\n');
}
